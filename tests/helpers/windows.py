"""Linux as strict as Windows, to see that nothing firth does needs more: `python -m pytest -p tests.helpers.windows`.

A file that is open or mapped in this process, or a folder with one in it, is neither renamed nor removed, a file that
is mapped is not written anew, and a rename never overwrites. Files beside folders are locked, by a stand-in for
`msvcrt`.
"""

import builtins
import errno
import fcntl
import io
import os
import shutil
import sys
import types
from pathlib import Path

import pytest

from firth.storage import system

KEPT_FROM_THE_REAL = {
    name: getattr(os, name) for name in ("rename", "replace", "unlink", "remove", "rmdir", "truncate")
}


def used(path):
    """The open or mapped files of this process that are at a path or below it."""
    real = os.path.realpath(path)
    return [one for one in {*_mapped(), *_opened()} if one == real or one.startswith(real + os.sep)]


def _mapped():
    with real_open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as lines:
        return {fields[5].rstrip("\n") for line in lines if len(fields := line.split(maxsplit=5)) == 6}


def _opened():
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            yield str(descriptor.readlink())
        except OSError:  # the list's own
            continue


real_open = io.open
REFUSED = []
"""The paths that were refused because they were in use."""


def is_of_firth():
    """Whether it is firth that does something now, and not a test, which may damage what it likes."""
    frame = sys._getframe(1)
    while frame is not None:
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        if package in {"firth", "tests"} and frame.f_globals is not globals():
            return package == "firth"
        frame = frame.f_back
    return False


def refuse_used(path):
    """Raise what Windows raises for a file that is open."""
    if is_of_firth() and (found := used(path)):
        REFUSED.append(str(path))
        raise PermissionError(
            errno.EACCES, "The process cannot access the file because it is being used", str(found[0])
        )


def rename(source, target, **_):
    """`os.rename`, as Windows has it."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "Cannot create a file when that file already exists", str(target))
    refuse_used(source)
    KEPT_FROM_THE_REAL["rename"](source, target)


def replace(source, target, **_):
    """`os.replace`, as Windows has it: of files only, and both at rest."""
    if Path(target).is_dir():
        raise PermissionError(errno.EACCES, "Access is denied", str(target))
    refuse_used(source)
    refuse_used(target)
    KEPT_FROM_THE_REAL["replace"](source, target)


def at_rest(name):
    """A function of `os` that is refused for what is in use."""

    def strict(path, *args, **kwargs):
        if kwargs.get("dir_fd") is None and not isinstance(path, int):
            refuse_used(path)
        return KEPT_FROM_THE_REAL[name](path, *args, **kwargs)

    return strict


def open_strictly(file, mode="r", *args, **kwargs):
    """`open`, which does not empty a file that is mapped."""
    is_file = isinstance(file, str | os.PathLike)
    if is_file and "w" in mode and is_of_firth() and os.path.realpath(file) in _mapped():
        raise OSError(errno.EINVAL, "Invalid argument", str(file))
    return real_open(file, mode, *args, **kwargs)


def locking(descriptor, mode, size):
    """`msvcrt.locking`: one holder, at once or not at all."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PermissionError(errno.EACCES, "Permission denied") from error


def become_windows(patch, seconds_to_retry=0.05):
    """Be as strict, until the patch is undone."""
    patch.setattr(system, "IS_WINDOWS", True)
    patch.setattr(system, "SECONDS_TO_RETRY", seconds_to_retry)
    patch.setattr(system, "exchange", lambda new, old: False)
    patch.setattr(os, "rename", rename)
    patch.setattr(os, "replace", replace)
    for name in ("unlink", "remove", "rmdir", "truncate"):
        patch.setattr(os, name, at_rest(name))
    patch.setattr(shutil, "_use_fd_functions", False)
    patch.setattr(io, "open", open_strictly)
    patch.setattr(builtins, "open", open_strictly)
    patch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(locking=locking, LK_NBLCK=2))


def pytest_configure(config):
    """As a plugin: for all tests of the run."""
    become_windows(pytest.MonkeyPatch())
