"""Files that last: written under a temporary name, flushed to the disk, and only then given their own name."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import mmap
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, Protocol

import numpy as np

from firth.arrays import Array
from firth.errors import FormatError, OutputExistsError
from firth.storage import system
from firth.storage.locks import file_lock

PACKERS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zip": "zip"}
"""Programs that pack files, by the endings of what they make."""
CHUNK_BYTES = 1 << 20
UNFINISHED = ".tmp"
"""How the names of folders end that are being written."""
ABANDONED_SECONDS = 60
"""A folder younger than this may not be held yet by the process that makes it."""


class Openable(Protocol):
    """A path, or what else can be opened to be read."""

    def open(self, mode: Literal["rb"], /) -> IO[bytes]:
        """It, to be read."""
        ...


def sha256_of(path: Openable, first: int = 0, size: int | None = None) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal; or of so many of them, if it has them, from `first` on."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(first)
        left = sys.maxsize if size is None else size
        while some := file.read(min(left, CHUNK_BYTES)):
            digest.update(some)
            left -= len(some)
    return digest.hexdigest()


def advise_unneeded(*mapped: Array) -> None:
    """Give back the memory of files that are mapped, as `np.memmap` or an array made of one; of others, nothing.

    The pages are mapped again where they are looked at again, and what was written to them is not lost.
    """
    if hasattr(mmap, "MADV_DONTNEED"):
        for array in mapped:
            memory = getattr(array if isinstance(array, np.memmap) else array.base, "_mmap", None)
            if memory is not None:
                memory.madvise(mmap.MADV_DONTNEED)


def refuse_to_overwrite(path: Path, *, overwrite: bool) -> None:
    """Raise `OutputExistsError` if something stands at this path already, unless asked to overwrite it."""
    if not overwrite and path.exists():
        raise OutputExistsError(f"{path} exists already: choose another path, or ask to overwrite it")


def refuse_to_pack(path: Path) -> None:
    """Raise `FormatError` for a name of a packed file: files are written as they are, and the name would be wrong."""
    if (packer := PACKERS.get(path.suffix.lower())) is not None:
        raise FormatError(
            f"{path} has the name of a packed file, and firth writes files unpacked: write {path.stem}, and pack that"
            f" ({packer})"
        )


@contextmanager
def atomic_file(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A temporary path beside `path`, to be written by the caller; it takes the place of `path` at the end.

    If the caller fails, or the disk is full, what stood at `path` is as it was, and no temporary file stays.
    Raises `FormatError` for the name of a packed file.
    """
    refuse_to_pack(path)
    refuse_to_overwrite(path, overwrite=overwrite)
    temporary = _made_beside(path, ".tmp", lambda new: new.touch(exist_ok=False))
    mode = (path if path.is_file() else temporary).stat().st_mode
    try:
        with _named(path):
            yield temporary
        if not system.IS_WINDOWS:  # which knows of no permissions but read-only
            temporary.chmod(stat.S_IMODE(mode))  # also where the caller put another file there
        system.flush(temporary)
        refuse_to_overwrite(path, overwrite=overwrite)
        system.replace(temporary, path)
        system.flush(path.parent)
    finally:
        system.remove_file(temporary)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let an error of the system, such as that the disk is full, say what was to be written."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def atomic_folder(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A temporary folder beside `path`, to be filled by the caller; it takes the place of `path` at the end.

    If the caller fails, or the disk is full, what stood at `path` is as it was, and no temporary folder stays.
    """
    refuse_to_overwrite(path, overwrite=overwrite)
    temporary = _made_beside(path, UNFINISHED, Path.mkdir)
    with file_lock(temporary):
        try:
            with _named(path):
                yield temporary
            if path.is_dir():
                temporary.chmod(stat.S_IMODE(path.stat().st_mode))
            for file in temporary.iterdir():
                system.flush(file)
            system.flush(temporary)
            _put_in_place(temporary, path, overwrite=overwrite)
            system.flush(path.parent)
        finally:
            system.remove_folder(temporary)


def _put_in_place(new: Path, path: Path, *, overwrite: bool) -> None:
    """Give a folder its own name, also where another process has just made one of that name."""
    if not path.exists():
        try:
            system.rename(new, path)
            return
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
    refuse_to_overwrite(path, overwrite=overwrite)
    _exchange(new, path)


@contextmanager
def folder_for_once(parent: Path) -> Iterator[Path]:
    """A new folder in another one, to work in: removed at the end with what is in it.

    Nothing in it should be mapped any more by then: Windows would keep it, for `remove_abandoned` to remove later.
    """
    import tempfile  # who only reads has no need of it

    folder = Path(tempfile.mkdtemp(prefix=".once-", suffix=UNFINISHED, dir=parent))
    with file_lock(folder):
        try:
            yield folder
        finally:
            system.remove_folder(folder)


def remove_abandoned(parent: Path, pattern: str = f".*{UNFINISHED}", seconds: float | None = None) -> None:
    """Remove the folders of processes that were killed: those of this name that nobody has held for some seconds."""
    young = ABANDONED_SECONDS if seconds is None else seconds
    for folder in parent.glob(pattern):
        with contextlib.suppress(OSError):  # it is gone by now
            if time.time() - folder.stat().st_mtime >= young:
                with file_lock(folder, alone=True) as is_ours:
                    if is_ours:
                        system.remove_folder(folder)


def _made_beside(path: Path, ending: str, make: Callable[[Path], None]) -> Path:
    """A path beside this one that nobody has, made such that it has the permissions of any new file or folder.

    Those of `tempfile` are its owner's alone.
    """
    while True:
        new = path.with_name(f".{path.name}.{os.urandom(4).hex()}{ending}")
        with contextlib.suppress(FileExistsError):
            make(new)
            return new


def _exchange(new: Path, old: Path) -> None:
    """Let two folders change names: in one step where the system can, so that neither is ever missing."""
    if system.exchange(new, old):
        return
    import tempfile  # only systems without that need it

    aside = Path(tempfile.mkdtemp(prefix=f".{old.name}.", suffix=".old", dir=old.parent))
    try:
        system.rename(old, aside / old.name)
        try:
            system.rename(new, old)
        except BaseException:
            (aside / old.name).rename(old)
            raise
    finally:
        system.remove_folder(aside)
