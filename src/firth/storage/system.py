"""What differs between systems where files are renamed, removed, flushed and mapped.

Windows neither renames nor removes a file that is open or mapped, nor a folder with such a file in it. There, models
are read instead of mapped, a folder is removed whole or not at all, and what fails is tried again for a while: a virus
scanner or an indexer may have opened what was just written.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import os
import sys
import time
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Array

IS_WINDOWS = os.name == "nt"
"""Whether open and mapped files stay where they are; a test sets it on other systems."""
SECONDS_TO_RETRY = 2.0
"""How long a file that may be open for a moment is waited for."""
FULL_FLUSH = 51
"""macOS's `F_FULLFSYNC`: `fsync` alone leaves data in the disk's own memory there."""


def rename(old: Path, new: Path) -> None:
    """Rename a file or a folder; there must not be one of the new name. Raises `PermissionError` if it is in use."""
    _tried(lambda: old.rename(new), old)


def replace(old: Path, new: Path) -> None:
    """Rename a file, also where there is one of the new name. Raises `PermissionError` if one of them is in use."""
    _tried(lambda: old.replace(new), new)


def _tried(move: Callable[[], object], path: Path) -> None:
    """Do something with a path; on Windows, again and again while the path is in use."""
    if not IS_WINDOWS:
        move()
        return
    begun, seconds = time.monotonic(), 0.01
    while True:
        try:
            move()
            return
        except PermissionError as error:
            if time.monotonic() - begun > SECONDS_TO_RETRY:
                raise _in_use(path) from error
        gc.collect()  # what is mapped may hang on a circle of objects that nobody has any more
        time.sleep(seconds)
        seconds *= 2


def _in_use(path: Path) -> PermissionError:
    return PermissionError(
        errno.EACCES,
        "Windows lets it be neither replaced nor removed: a file is open there, in this program or another, or may not"
        " be written. Close what uses it, or choose another path",
        str(path),
    )


def remove_folder(folder: Path) -> bool:
    """Remove a folder with what is in it; return whether it is gone. One that is in use on Windows stays whole."""
    import shutil  # who only reads has no need of it, and it takes its time to start

    if IS_WINDOWS and folder.is_dir():
        aside = folder.with_name(f".{folder.name.lstrip('.')}.{os.urandom(4).hex()}.tmp")
        try:
            rename(folder, aside)
        except PermissionError:
            return False
        except OSError:  # then as far as it can be removed where it is
            aside = folder
        folder = aside
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def remove_file(path: Path) -> bool:
    """Remove a file, if it is there; return whether it is gone. One that is in use on Windows stays."""
    try:
        _tried(lambda: path.unlink(missing_ok=True), path)
    except PermissionError:
        if not IS_WINDOWS:
            raise
    return not path.exists()


def exchange(new: Path, old: Path) -> bool:
    """Let two folders change names in one step, so that neither is ever missing; False where the system cannot."""
    at_working_folder, swap = -100, 2  # RENAME_EXCHANGE, which macOS calls RENAME_SWAP
    libc = ctypes.CDLL(None) if sys.platform in {"linux", "darwin"} else None
    if call := getattr(libc, "renameat2", None):
        return bool(call(at_working_folder, os.fsencode(new), at_working_folder, os.fsencode(old), swap) == 0)
    if call := getattr(libc, "renamex_np", None):
        return bool(call(os.fsencode(new), os.fsencode(old), swap) == 0)
    return False


def flush(path: Path) -> None:
    """Have the system write a file, or a folder's list of names, to the disk."""
    if IS_WINDOWS and path.is_dir():
        return  # it has no way to flush a folder
    descriptor = os.open(path, os.O_RDWR if IS_WINDOWS else os.O_RDONLY)
    try:
        flush_open(descriptor)
    finally:
        os.close(descriptor)


def flush_open(descriptor: int) -> None:
    """Have the system write an open file to the disk."""
    if sys.platform == "darwin":
        import fcntl

        with contextlib.suppress(OSError):  # a network's file system may not know of it
            fcntl.fcntl(descriptor, FULL_FLUSH)
            return
    os.fsync(descriptor)


def mapped(path: Path, dtype: Any, shape: tuple[int, ...], offset: int = 0) -> Array:
    """Numbers in a file, read-only: mapped into memory; on Windows read, so that the file can be replaced."""
    if not IS_WINDOWS:
        return np.asarray(np.memmap(path, dtype, "r", offset, shape))
    numbers = np.fromfile(path, dtype, int(np.prod(shape, dtype=np.int64)), offset=offset).reshape(shape)
    numbers.flags.writeable = False
    return numbers


def when_unmapped(arrays: Iterable[np.memmap[Any, Any]], done: Callable[[], object]) -> None:
    """Have `done` called when nobody has any of these arrays any more, or at the end of the process."""
    mappings = {id(array._mmap): array._mmap for array in arrays}  # type: ignore[attr-defined]
    left = set(mappings)

    def one_less(mapping: int) -> None:
        left.discard(mapping)
        if not left:
            done()

    for number, mapping in mappings.items():
        weakref.finalize(mapping, one_less, number)
