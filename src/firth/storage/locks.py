"""Locks by which processes of a machine see that a folder is in use. They end with the process, whatever ends it.

POSIX systems lock the folder itself, which leaves no file behind, and several processes may hold it together. Windows
cannot: there a file beside the folder is locked, by one process, and goes with the lock. Libraries such as `filelock`
lock files alone, for one process at a time, on all systems.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firth.storage import system


def file_lock(folder: Path, *, alone: bool = False) -> contextlib.AbstractContextManager[bool | None]:
    """Let other processes see that a folder is in use, until the end, or until this process is gone.

    Gives whether that could be done: with `alone`, no other process may hold it. None where the system cannot tell.
    Raises `FileNotFoundError` if the folder is not there, or is removed meanwhile.
    """
    return _locked_beside(folder) if system.IS_WINDOWS else _locked(folder, alone)


@contextmanager
def _locked(folder: Path, alone: bool) -> Iterator[bool | None]:
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            done: bool | None = True
            if not os.path.samestat(os.fstat(descriptor), folder.stat()):
                raise FileNotFoundError(errno.ENOENT, "another process has replaced it", str(folder))
        except FileNotFoundError:
            raise
        except BlockingIOError:
            done = False
        except OSError:  # a file system without locks
            done = None
        yield done
    finally:
        os.close(descriptor)


@contextmanager
def _locked_beside(folder: Path) -> Iterator[bool | None]:
    """A lock of the file `.NAME.lock` beside the folder."""
    import msvcrt

    path = folder.with_name(f".{folder.name.lstrip('.')}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    done: bool | None = None
    try:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            done = True
        except OSError as error:  # held, or a file system without locks
            done = False if error.errno in {errno.EACCES, errno.EDEADLK} else None
        folder.stat()
        yield done
    finally:
        os.close(descriptor)
        if done is not False:
            with contextlib.suppress(OSError):  # another process has just opened it
                path.unlink()
