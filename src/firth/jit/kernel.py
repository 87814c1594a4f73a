"""Kernels: functions that run as machine code.

Numba compiles a kernel when it is first called with arguments of given types (`codegen.py`). The machine code is kept
in a file (`cache.py`), so that the next process only has to load it: in milliseconds, and without importing Numba.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from firth.jit import cache, numba_private, shipped
from firth.jit.background import background_compile
from firth.jit.checked import call_checked
from firth.jit.compilable import Compilable, CompilableByType
from firth.jit.linking import flatten, linked
from firth.jit.target import is_enabled, warn_if_slow

Function = TypeVar("Function", bound=Callable[..., Any])


_lowerings: set[str] = set()


def lowered_by(module: str) -> None:
    """Have a module, imported before anything is compiled, say what kernels run in the place of plain functions."""
    _lowerings.add(module)


def _import_lowerings() -> None:
    for module in sorted(_lowerings):
        importlib.import_module(module)


def compiled(function: Function) -> Function:
    """Compile a kernel on its first call, without the interpreter lock, and keep its machine code."""
    return cast(Function, Kernel(function))


def compiled_by_type(kernels: dict[type, Any]) -> KernelByType:
    """Choose a kernel by the type of the last argument, where it is called: when the caller is compiled, or runs."""
    return KernelByType(kernels)


class Kernel(Compilable):
    """A function over arrays and numbers that runs as machine code, one for each choice of argument types.

    Arguments are C-contiguous arrays, Python's or NumPy's numbers, None, and named tuples of these; results are
    numbers. Where a kernel asks whether an argument is None, the other branch is not compiled. An index counts from the
    beginning: a negative one is out of the array.
    """

    def __init__(self, function: Callable[..., Any]):
        functools.update_wrapper(self, function)
        self.function = function
        self.loaded: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def __call__(self, *args: Any) -> Any:
        """Run the machine code for arguments of these types: from memory, from the cache, or compiled now."""
        if not is_enabled():
            return call_checked(self.function, args)
        types: list[Any] = []
        words: list[Any] = []
        for arg in args:
            flatten(arg, types, words)
        signature = tuple(types)
        run = self.loaded.get(signature)
        if run is None:
            with _loading:
                run = self.loaded.get(signature) or self.loaded.setdefault(signature, self._load(signature, args))
        return run(args, words)

    def _load(self, signature: tuple[Any, ...], args: tuple[Any, ...]) -> Callable[..., Any]:
        """What runs this kernel for arguments of these types; it gets them as they are, and flattened."""
        warn_if_slow()
        code = self.function.__code__  # that of a kernel outside this package may change, too
        digest = hashlib.sha256(repr((signature, code.co_code, code.co_consts)).encode()).hexdigest()[:16]
        name = f"{self.function.__module__.rpartition('.')[2]}.{self.function.__name__}-{digest}"
        found = shipped.find(self.function, signature) or cache.find(name)
        if found is None:
            background_compile.wait_for(self.function.__name__)
            found = cache.find(name)
        if found is None and not numba_private.is_usable():
            return self._compile_publicly()
        if found is None:
            found = self._compile(args, name)
            cache.keep(name, found)
        return linked(found, signature)

    def _compile(self, args: tuple[Any, ...], name: str) -> cache.MachineCode:
        from firth.jit import codegen

        _import_lowerings()
        return codegen.compile_kernel(self, args, name)

    def _compile_publicly(self) -> Callable[..., Any]:
        from firth.jit import numba_public

        _import_lowerings()
        dispatcher = numba_public.dispatcher(self)
        return lambda args, words: dispatcher(*args)


class KernelByType(CompilableByType):
    """Kernels that take the same arguments but the last, whose type says which of them is called."""

    def __init__(self, kernels: dict[type, Any]):
        self.kernels = kernels

    def __call__(self, *args: Any) -> Any:
        """Call the kernel for the last argument's type."""
        *_, last = args
        return self.kernels[type(last)](*args)


_loading = threading.RLock()
