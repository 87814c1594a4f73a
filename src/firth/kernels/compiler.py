"""How kernels are compiled, and where the machine code is kept between runs.

Numba's own cache notices a change of the file a kernel stands in, but not of a helper in another file, nor
an upgrade that keeps a file's size and date. So the machine code lives in a folder named after a hash of all
kernel sources and of the compiler's versions: after any change there is another folder, and never stale code.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import llvmlite
import numba
import numpy as np
import platformdirs

Function = TypeVar("Function", bound=Callable[..., Any])

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
SUMS = {"fastmath": {"reassoc", "contract", "nsz"}}
"""Lets the compiler add a loop's numbers in an order that suits the processor: the same every time on one machine."""


@functools.cache
def cache_folder() -> Path:
    """Where this version's machine code is kept: under `NUMBA_CACHE_DIR` or the user's cache folder."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    versions = (sys.version, numba.__version__, llvmlite.__version__, np.__version__)
    digest.update(repr(versions).encode())
    root = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("firth")
    return Path(root) / "kernels" / digest.hexdigest()[:16]


def is_enabled() -> bool:
    """Whether kernels are compiled at all: with NUMBA_DISABLE_JIT=1 they run as Python, slowly, for coverage."""
    return not numba.config.DISABLE_JIT


def is_compiled(job: str) -> bool:
    """Whether this job has been done on this machine before, and so all kernels it needs been compiled."""
    return not is_enabled() or (cache_folder() / f"{job}.done").exists()


def mark_compiled(job: str) -> None:
    """Remember that a job has been done: its kernels need not be compiled again."""
    with contextlib.suppress(OSError):  # where nothing can be kept, kernels are compiled every time
        (cache_folder() / f"{job}.done").touch()


@contextmanager
def _numba_caches_in(folder: Path) -> Iterator[None]:
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


def compiled(function: Function) -> Function:
    """Compile a kernel on its first call, without the interpreter lock, and keep its machine code."""
    return _compiled(function, OPTIONS)


def compiled_sums(function: Function) -> Function:
    """Compile a kernel whose sums may be added in an order that suits the processor (see `SUMS`)."""
    return _compiled(function, OPTIONS | SUMS)


def _compiled(function: Function, options: dict[str, Any]) -> Function:
    kernel: Function
    if _can_cache():
        with _numba_caches_in(cache_folder()):
            kernel = numba.njit(cache=True, **options)(function)
    else:  # compile anew in every process; Numba left to itself would cache beside the sources
        kernel = numba.njit(**options)(function)
    return kernel


@functools.cache
def _can_cache() -> bool:
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(cache_folder(), os.W_OK)
