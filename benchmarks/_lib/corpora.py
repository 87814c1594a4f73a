"""The corpora of the benchmarks, and the settings that all programs are given."""

from __future__ import annotations

import lzma
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("FIRTH_TEST_DATA", ROOT.parent / "shared" / "data"))
WORK = Path(tempfile.gettempdir()) / "firth-benchmarks"
"""What takes long to make is kept here: unpacked corpora, the peers' vectors."""

SETTINGS = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-3, "min_count": 5}
"""The usual settings, the same for every program; the learning rate falls from 0.025."""


def wiki100() -> Path:
    """The corpus as a plain text file, unpacked once."""
    return unpacked("wiki100.txt")


def wiki300() -> str:
    """wiki100 and wiki200, unpacked once: a pattern of their paths."""
    for name in ("wiki100.txt", "wiki200.txt"):
        unpacked(name)
    return str(WORK / "wiki[12]00.txt")


def unpacked(name: str) -> Path:
    """A text of the corpora, unpacked the first time."""
    WORK.mkdir(exist_ok=True)
    path = WORK / name
    if not path.exists():
        packed = DATA / f"{name}.xz"
        if not packed.exists():
            sys.exit(f"{packed} is not there: set FIRTH_TEST_DATA to the folder of corpora")
        with lzma.open(packed) as file, path.with_suffix(".tmp").open("wb") as plain:
            shutil.copyfileobj(file, plain)
        path.with_suffix(".tmp").rename(path)
    return path


def cut(corpus: Path, megabytes: float) -> Path:
    """The beginning of a corpus, to the end of a line."""
    path = WORK / f"{corpus.stem}-{megabytes:g}.txt"
    if not path.exists():
        with corpus.open("rb") as file:
            path.write_bytes(file.read(int(megabytes * 1e6)) + file.readline())
    return path


def words_of(corpus: Path) -> int:
    """How many words a text has; counted line by line, since a process inherits the peak memory of its parent."""
    with corpus.open("rb") as file:
        return sum(len(line.split()) for line in file)
