"""What firth keeps for the next time: encoded corpora, machine code, texts of demonstrations. `firth cache` shows it.

All of it is made again where it is missing. Corpora that nobody has trained on for long go by themselves.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

DAY_SECONDS = 24 * 3600.0
CORPORA, KERNELS, TEXTS = "corpora", "kernels", "texts"
KINDS = (CORPORA, KERNELS, TEXTS)
"""The folders in the cache, by what is in them."""
MOST_DAYS, FEWEST_DAYS, MOST_BYTES = 90.0, 7.0, 10 << 30
"""A corpus goes that was not used for the first, or for the second where all take more bytes than these."""


@dataclass(frozen=True)
class Kept:
    """A folder or file that is kept: `bytes` on the disk, when it was last used (seconds since 1970), and of what."""

    kind: str
    path: Path
    bytes: int
    used: float
    source: str

    @property
    def days(self) -> float:
        """How long ago it was used."""
        return max(0.0, time.time() - self.used) / DAY_SECONDS


def kept(root: Path, kinds: Iterable[str] = KINDS) -> list[Kept]:
    """All that is kept in a cache of these kinds, the last used first. What is being written is left out."""
    found = []
    for kind in kinds:
        with suppress(FileNotFoundError, NotADirectoryError):
            found += [_kept(kind, path) for path in (root / kind).iterdir() if not path.name.startswith(".")]
    return sorted(found, key=lambda one: -one.used)


def touch(corpus: Path) -> None:
    """Note that a corpus has been used now."""
    with suppress(OSError):
        os.utime(corpus / "corpus.json")


def remove(things: Iterable[Kept]) -> None:
    """Take things out of the cache."""
    for one in things:
        if one.path.is_dir():
            shutil.rmtree(one.path, ignore_errors=True)
        else:
            one.path.unlink(missing_ok=True)


def beyond(things: Iterable[Kept], *, days: float | None = None, most_bytes: int | None = None) -> list[Kept]:
    """Those not used for so many days; and those used least lately, as many as have all others take so many bytes."""
    found, total = [], 0
    for one in sorted(things, key=lambda one: -one.used):
        total += one.bytes
        is_old, is_beyond = days is not None and one.days > days, most_bytes is not None and total > most_bytes
        if is_old or is_beyond:
            found.append(one)
            total -= one.bytes
    return found


def remove_old_corpora(folder: Path) -> None:
    """Take corpora out of the cache that were not used for long, or are many."""
    corpora = [_kept(CORPORA, path) for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir()]
    old = beyond(corpora, days=MOST_DAYS)
    many = [one for one in beyond(corpora, most_bytes=MOST_BYTES) if one.days > FEWEST_DAYS]
    remove(one for one in {*old, *many} if (one.path / "corpus.json").is_file())


def remove_old_kernels(folder: Path) -> None:
    """Take machine code out of the cache that was not used for long: of firth, a Python or a processor of before."""
    kernels = [_kept(KERNELS, path) for path in folder.iterdir() if path.is_dir()]
    remove(one for one in beyond(kernels, days=MOST_DAYS) if one.bytes > 0)  # a new one is empty at first


def _kept(kind: str, path: Path) -> Kept:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    sizes, used = 0, 0.0
    for file in files:
        with suppress(FileNotFoundError):  # another process may be at work here
            about = file.stat()
            sizes, used = sizes + about.st_size, max(used, about.st_mtime)
    return Kept(kind, path, sizes, used, _source(path) if kind == CORPORA else path.name)


def _source(corpus: Path) -> str:
    try:
        return str(json.loads((corpus / "corpus.json").read_text("utf-8"))["source"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
