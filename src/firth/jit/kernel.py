"""Kernels: functions that run as machine code.

Numba compiles a kernel when it is first called with arguments of given types (`codegen.py`). The machine code is kept
in a file (`cache.py`), so that the next process only has to load it: in milliseconds, and without importing Numba.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np  # noqa: F401

from firth.jit import cache
from firth.jit.linking import flatten, linked
from firth.jit.target import is_enabled
from firth.jit.warmup import background_compile

Function = TypeVar("Function", bound=Callable[..., Any])

# "_nrt" off: nobody counts the references to a kernel's arrays, which have no owner
OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "forceinline": True,
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


def compiled(function: Function) -> Function:
    """Compile a kernel on its first call, without the interpreter lock, and keep its machine code."""
    return cast(Function, Kernel(function, OPTIONS))


def compiled_by_type(kernels: dict[type, Callable[..., Any]]) -> KernelByType:
    """Choose a kernel by the type of the last argument, where it is called: when the caller is compiled, or runs."""
    return KernelByType(kernels)


class Kernel:
    """A function over arrays and numbers that runs as machine code, one for each choice of argument types.

    Arguments are C-contiguous arrays, Python's or NumPy's numbers, None, and named tuples of these; results are
    numbers. Where a kernel asks whether an argument is None, the other branch is not compiled. An index counts from the
    beginning: a negative one is out of the array.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]):
        functools.update_wrapper(self, function)
        self.function = function
        self.options = options
        self.loaded: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def __call__(self, *args: Any) -> Any:
        """Run the machine code for arguments of these types: from memory, from the cache, or compiled now."""
        if not is_enabled():
            return self.function(*args)
        types: list[Any] = []
        words: list[Any] = []
        for arg in args:
            flatten(arg, types, words)
        signature = tuple(types)
        run = self.loaded.get(signature)
        if run is None:
            with _loading:
                run = self.loaded.get(signature) or self.loaded.setdefault(signature, self._load(signature, args))
        return run(*words)

    @property
    def _numba_type_(self) -> Any:
        """How Numba, while it compiles a kernel that calls this one, knows what it is."""
        from firth.jit import codegen

        return codegen.type_of(self)

    def _load(self, signature: tuple[Any, ...], args: tuple[Any, ...]) -> Callable[..., Any]:
        code = self.function.__code__  # that of a kernel outside this package may change, too
        digest = hashlib.sha256(repr((signature, code.co_code, code.co_consts)).encode()).hexdigest()[:16]
        name = f"{self.function.__module__.rpartition('.')[2]}.{self.function.__name__}-{digest}"
        found = cache.find(name)
        if found is None:
            background_compile.wait_for(self.function.__name__)
            found = cache.find(name)
        if found is None:
            from firth.jit import codegen

            found = codegen.compile_kernel(self, args, name)
            cache.keep(name, found)
        return linked(found, signature)


class KernelByType:
    """Kernels that take the same arguments but the last, whose type says which of them is called."""

    def __init__(self, kernels: dict[type, Callable[..., Any]]):
        self.kernels = kernels

    def __call__(self, *args: Any) -> Any:
        """Call the kernel for the last argument's type."""
        *_, last = args
        return self.kernels[type(last)](*args)

    @property
    def _numba_type_(self) -> Any:
        from firth.jit import codegen

        return codegen.type_of_choice(self)


_loading = threading.RLock()
