"""The user's cache folder; or one for temporary files, where there is none that can be written to."""

from __future__ import annotations

import functools
import os
import stat
import tempfile
import warnings
from pathlib import Path

import platformdirs

from firth.errors import FirthWarning


@functools.cache
def user_cache() -> Path:
    """The folder that firth may keep things in for the next time.

    Where the user has no cache folder that can be written to, it is one among the temporary files, which belongs to the
    user alone; a warning says so, once.
    """
    usual = usual_cache()
    if usual is not None and _is_usable(usual):
        return usual
    other = _temporary()
    warnings.warn(
        f"the cache folder {usual or '~/.cache/firth'} cannot be written to: things are kept in {other} instead. Name"
        " another one for encoded text with --cache (in Python, cache=), for machine code with NUMBA_CACHE_DIR, or for"
        " all with XDG_CACHE_HOME",
        FirthWarning,
        stacklevel=2,
    )
    return other


def usual_cache() -> Path | None:
    """The user's own cache folder, whether it is there or not; None where the user has no home."""
    try:
        usual = Path(platformdirs.user_cache_path("firth"))
    except RuntimeError:
        return None
    return usual if usual.is_absolute() else None  # some versions leave "~" as it is


def _is_usable(folder: Path) -> bool:
    """Whether a folder can be written to; it is made, if it is not there."""
    probe = folder / f".{os.urandom(4).hex()}.tmp"  # `os.access` knows nothing of permissions on Windows
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return False
    return True


def _temporary() -> Path:
    """A folder that is the same for all processes of a user; one for this process, if somebody else has made that."""
    user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"firth-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="firth-"))
    if not hasattr(os, "getuid"):  # Windows: each user has temporary files of their own
        return folder
    is_own = found.st_uid == os.getuid()
    if is_own and stat.S_ISDIR(found.st_mode) and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return folder
    return Path(tempfile.mkdtemp(prefix="firth-"))
