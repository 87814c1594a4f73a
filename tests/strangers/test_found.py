"""What fuzzing found is read again: nothing but an error of ours may come of it, and soon."""

import time

import numpy as np
import pytest

from firth.errors import FirthError
from firth.jit import target
from tests.strangers import READERS, found, whole

NEEDS = {"parquet": "pyarrow", "arrow": "pyarrow", "index": "faiss", "zstd": "zstandard", "vectors-parquet": "pyarrow"}
NEEDS_THE_COMPILER = {"interrupted", "corpus"}
SECONDS = 5


@pytest.fixture(autouse=True)
def needed(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    if name in NEEDS_THE_COMPILER and not target.is_enabled():
        pytest.skip("the compiler is off")


@pytest.mark.parametrize("name", READERS)
def test_whole__is_read(name, tmp_path):
    """Else the fuzzing would begin with what is refused."""
    (tmp_path / "made").mkdir()
    for number, content in enumerate(whole(name, tmp_path / "made")):
        (folder := tmp_path / str(number)).mkdir()
        READERS[name](content, folder)


@pytest.mark.filterwarnings("ignore:.* It is read as text:firth.errors.FirthWarning")
@pytest.mark.parametrize("name", READERS)
def test_found__is_read_or_refused(name, tmp_path):
    inputs = found(name)
    if not inputs:
        pytest.skip(f"nothing was found for {name}")
    for title, content in inputs.items():
        (folder := tmp_path / title).mkdir()
        begun = time.monotonic()
        try:
            with np.errstate(all="ignore"):
                READERS[name](content, folder)
        except FirthError:
            pass
        assert time.monotonic() - begun < SECONDS, title
