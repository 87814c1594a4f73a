"""Kernels compiled by Numba's private names, and without them: to the same results."""

import os
import subprocess
import sys
import warnings

import pytest

from firth.errors import FirthWarning
from firth.jit import numba_private, target
from firth.jit.background import BackgroundCompile

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")


@pytest.fixture
def unknown(monkeypatch):
    """Nothing is known about Numba yet."""
    numba_private.is_usable.cache_clear()
    yield monkeypatch
    numba_private.is_usable.cache_clear()


def usable_and_warned():
    """Whether private names are used, asked twice, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        first, second = numba_private.is_usable(), numba_private.is_usable()
    assert first == second
    return first, [str(one.message) for one in caught if issubclass(one.category, FirthWarning)]


def test_numba__as_installed_is_used_without_a_word(unknown):
    assert usable_and_warned() == (True, [])


def test_numba__newer_than_tested_is_warned_of_once_with_what_to_install(unknown):
    unknown.setattr(numba_private, "NEWEST_TESTED", (0, 60))
    usable, (message,) = usable_and_warned()
    assert not usable
    assert "newer than any that firth was tested with" in message
    assert "pip install 'numba<0.61'" in message


def test_numba__without_a_private_name_is_warned_of_once_with_the_name(unknown):
    from numba.cpython import slicing

    unknown.delattr(slicing, "fix_index")
    usable, (message,) = usable_and_warned()
    assert not usable
    assert "lacks what firth uses of it (numba.cpython.slicing.fix_index)" in message


@pytest.mark.parametrize("name", numba_private.NAMES)
def test_names__each_is_there_and_has_a_use(name):
    assert numba_private._is_there(name)
    assert numba_private.NAMES[name]


def test_names__one_of_a_class_or_a_module_that_is_gone_is_not_there(monkeypatch):
    for name in ("numba.no_such:name", "numba.core.cpu:NoSuch.get_executable", "numba.core.config:NO_SUCH"):
        monkeypatch.setitem(numba_private.NAMES, name, "a test")
        assert not numba_private._is_there(name)


@pytest.mark.parametrize(
    ("version", "is_tested"),
    [("0.61.0", True), ("0.68.1", True), ("0.68.9", True), ("0.69.0rc1", False), ("0.100.0", False), ("1.0", False),
     ("unknown", False)],
)  # fmt: skip
def test_is_tested__up_to_the_newest_series(monkeypatch, version, is_tested):
    monkeypatch.setattr(numba_private, "_version", lambda: version)
    monkeypatch.setattr(numba_private, "NEWEST_TESTED", (0, 68))
    assert numba_private.is_tested() == is_tested


def test_beside__starts_no_process_whose_kernels_nobody_can_use(monkeypatch):
    monkeypatch.setattr(numba_private, "NEWEST_TESTED", (0, 60))
    background_compile = BackgroundCompile()
    background_compile.start({"a_kernel"}, "this")
    assert background_compile.process is None


PUBLIC = """
from firth.jit import numba_private
numba_private.NEWEST_TESTED = (0, 60)
"""


def by_both(lines, tmp_path):
    """What a script prints with the private names and without, each in a process without machine code."""
    printed = []
    for folder, before in (("private", ""), ("public", PUBLIC)):
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / folder)}
        found = subprocess.run(
            [sys.executable, "-c", before + lines], env=environment, text=True, capture_output=True, check=True
        )
        assert found.stderr.count("FirthWarning: Numba") == (folder == "public")
        printed.append(found.stdout)
    assert list((tmp_path / "private").rglob("*.kernel"))
    assert not list((tmp_path / "public").rglob("*.kernel"))
    return printed


def test_kernel__compiled_by_public_names_gives_the_same(tmp_path):
    private, public = by_both(
        """
from tests.jit.test_kernel import Line, example, measure, value_at
import numpy as np
arguments = example()
print(measure(*arguments), arguments[1].tolist(), value_at(Line(2, np.array([3.0])), 0))
try:
    measure(arguments[0], np.asfortranarray(arguments[1]), *arguments[2:])
except TypeError as error:
    print(error)
arguments[0].points.flags.writeable = False
print(value_at(arguments[0], 1))
""",
        tmp_path,
    )
    assert "104.0" in private
    assert "C-contiguous" in private
    assert public == private


@pytest.mark.long
@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"architecture": "cbow"},
        {"objective": "hierarchical-softmax"},
        {"objective": "hierarchical-softmax", "architecture": "cbow"},
        {"max_n": 4, "batch_size": 1024},
    ],
)
def test_training__compiled_by_public_names_comes_to_the_same_bits(tmp_path, kind):
    private, public = by_both(
        f"""
import hashlib, numpy as np, firth
text = [[f"w{{word}}" for word in np.random.default_rng(k).zipf(1.5, 30) if word < 200] for k in range(50)]
model = firth.train(text, epochs=2, vector_size=20, min_count=1, threads=2, progress=False, **{kind})
print(hashlib.sha256(model.vectors.tobytes() + model.output_vectors.tobytes()).hexdigest(), model.history[-1].loss)
""",
        tmp_path,
    )
    assert len(private) > 64
    assert public == private
