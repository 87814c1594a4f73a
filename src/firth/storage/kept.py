"""What firth keeps for the next time: encoded corpora, machine code, texts of demonstrations. `firth cache` shows it.

All of it is made again where it is missing. Corpora that nobody has trained on for long go by themselves.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from firth.storage.system import remove_file, remove_folder

DAY_SECONDS = 24 * 3600.0
CORPORA, KERNELS, TEXTS = "corpora", "kernels", "texts"
KINDS = (CORPORA, KERNELS, TEXTS)
"""The folders in the cache, by what is in them."""
KERNELS_NAME = re.compile("[0-9a-f]{16}")
"""What a folder of machine code is called: by a hash."""
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


def remove(things: Iterable[Kept]) -> list[Kept]:
    """Take things out of the cache; return those that stay: on Windows, those in use."""
    gone = {one: remove_folder(one.path) if one.path.is_dir() else remove_file(one.path) for one in things}
    return [one for one, is_gone in gone.items() if not is_gone]


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


def remove_old_kernels(in_use: Path) -> None:
    """Remove machine code that was not used for long, of another firth, Python or processor than that in the folder
    `in_use`. Only folders with the names that kernels' have are removed: `NUMBA_CACHE_DIR` may be anyone's.
    """
    others = [path for path in in_use.parent.iterdir() if path != in_use and path.is_dir()]
    kernels = [_kept(KERNELS, path) for path in others if KERNELS_NAME.fullmatch(path.name)]
    remove(beyond(kernels, days=MOST_DAYS))


def _kept(kind: str, path: Path) -> Kept:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    sizes, used = 0, 0.0
    for file in files:
        with suppress(FileNotFoundError):  # another process may be at work here
            about = file.stat()
            sizes, used = sizes + about.st_size, max(used, about.st_mtime)
    if used == 0.0:  # nothing is in it yet: another process has just made it
        with suppress(FileNotFoundError):
            used = path.stat().st_mtime
    return Kept(kind, path, sizes, used, _source(path) if kind == CORPORA else path.name)


def _source(corpus: Path) -> str:
    try:
        return str(json.loads((corpus / "corpus.json").read_text("utf-8"))["source"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
