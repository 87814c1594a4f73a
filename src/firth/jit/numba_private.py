"""What we use of Numba and Numba does not promise: private names, each looked up here once. Loads no Numba by itself.

With them Numba only translates, and LLVM compiles each kernel once and as a whole (`codegen.py`). Where one is missing,
or Numba is newer than any that we know, they are not touched, and kernels are compiled by what Numba documents
(`numba_public.py`): to the same bits, but slowly, and anew in every process.
"""

from __future__ import annotations

import functools
import importlib
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from firth.errors import FirthWarning

NEWEST_TESTED = (0, 68)
"""The newest series of Numba whose private names were tested. Raise it when `tests/jit` passes with a newer one."""

NAMES = {
    "numba.core.compiler_lock:global_compiler_lock": "nobody else compiles while Numba's ways are changed",
    "numba.cpython.slicing:fix_index": "counts a negative index from the end: a compare and an add at each index",
    "numba.core.config:OPT": "the level of Numba's own optimization, which is off: LLVM is run once, on a whole kernel",
    "numba.core.cpu:CPUContext.get_executable": "loads a function as soon as it is translated: not wanted",
    "numba.core.codegen:JITCodeLibrary._finalize_specific": "makes machine code of a library: not wanted",
    "numba.core.codegen:JITCodeLibrary._ensure_finalized": "links a library with what it calls",
    "numba.np.linalg:ensure_blas": "imports SciPy, which takes a good part of the first translation",
    "numba.core.typing.templates:infer": "makes an intrinsic known to type inference …",
    "numba.core.typing.templates:infer_global": "… under the name of a plain function, without a call around it …",
    "numba.core.typing.templates:make_intrinsic_template": "… which would be a function more to compile",
    "numba.core.imputils:lower_constant": "how a choice of kernels, as a value, is translated",
    "numba.core.compiler:CompileResult.fndesc": "of a translated kernel: has its name in LLVM's module",
    "numba.core.funcdesc:FunctionDescriptor.llvm_func_name": "that name",
    "numba.core.types:Callable.get_call_type": "how a choice of kernels finds the one that is called",
    "numba.core.options:DefaultOptions.forceinline": "an option: a helper is part of the kernel",
    "numba.core.options:DefaultOptions._nrt": "an option, off: nobody counts references to arrays, which have no owner",
    "numba.core.options:DefaultOptions.no_cpython_wrapper": "an option: a kernel is not called by Numba",
    "numba.core.options:DefaultOptions.no_cfunc_wrapper": "the same",
}
"""Each name that is looked up, as module:name, and what it is for."""

PUBLIC_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
PRIVATE_OPTIONS: dict[str, Any] = {
    "forceinline": True,
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


def is_tested() -> bool:
    """Whether the installed Numba is of a series that was tested, or older."""
    numbers = re.match(r"(\d+)\.(\d+)", _version())
    return numbers is not None and (int(numbers[1]), int(numbers[2])) <= NEWEST_TESTED


def _version() -> str:
    from importlib.metadata import version  # which takes a while to load

    return version("numba")


@functools.cache
def is_usable() -> bool:
    """Whether Numba's private names are to be used. Where not, a warning says why, once, and what to do."""
    version, (major, minor) = _version(), NEWEST_TESTED
    if not is_tested():
        reason = f"Numba {version} is newer than any that firth was tested with"
    elif missing := [name.replace(":", ".") for name in NAMES if not _is_there(name)]:
        reason = f"Numba {version} lacks what firth uses of it ({', '.join(missing)})"
    else:
        return True
    warnings.warn(
        f"{reason}: kernels are compiled in a slower way, to the same results, and anew in every process. To start in"
        f" milliseconds, install a newer firth, or: pip install 'numba<{major}.{minor + 1}'",
        FirthWarning,
        stacklevel=2,
    )
    return False


def options() -> dict[str, Any]:
    """What kernels, and the functions that take the place of others in them, are compiled with."""
    return PUBLIC_OPTIONS | PRIVATE_OPTIONS if is_usable() else PUBLIC_OPTIONS


@functools.cache
def get(name: str) -> Any:
    """What is called by one of the `NAMES`."""
    owner, attribute = _owner(name)
    return getattr(owner, attribute)


@contextmanager
def replaced(name: str, value: Any) -> Iterator[None]:
    """Within this, one of the `NAMES` stands for something else."""
    owner, attribute = _owner(name)
    before = getattr(owner, attribute)
    setattr(owner, attribute, value)
    try:
        yield
    finally:
        setattr(owner, attribute, before)


def allow_blas(allowed: bool) -> None:
    """Tell a module of Numba's, which asks `ensure_blas` when it is imported, whether there is a BLAS."""
    importlib.import_module("numba.np.arraymath").__dict__["_HAVE_BLAS"] = allowed


def _owner(name: str) -> tuple[Any, str]:
    """The module or class that has a name, and what the name is there."""
    assert name in NAMES
    module, _, path = name.partition(":")
    *classes, attribute = path.split(".")
    return functools.reduce(getattr, classes, importlib.import_module(module)), attribute


def _is_there(name: str) -> bool:
    try:
        owner, attribute = _owner(name)
    except (ImportError, AttributeError):
        return False
    return hasattr(owner, attribute)
