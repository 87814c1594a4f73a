"""From a kernel's Python to machine code, by Numba and LLVM. Imported only where something must be compiled.

Numba turns a kernel and all that it calls into LLVM's language. By itself it would optimize each function, make machine
code of it, and do both again wherever it is inlined; here LLVM does both once, to the whole. The object file is what we
keep. It must stand by itself: a kernel neither allocates arrays nor raises, and so needs nothing of Numba's runtime.
"""

from __future__ import annotations

import functools
import gc
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import types
from numba.extending import models, register_model, typeof_impl

from firth.errors import FirthError
from firth.jit.cache import MachineCode
from firth.jit.compilable import Compilable, CompilableByType
from firth.jit.numba_private import allow_blas, get, options, replaced
from firth.jit.target import target_machine

RUNTIME = ("NRT_", "numba_", "Py", "_Py")
"""How the names of functions begin that are there only where Numba is, or that need Python's lock."""


@typeof_impl.register(Compilable)  # type: ignore[untyped-decorator]
def _type_of_kernel(kernel: Compilable, _: Any = None) -> types.Type:
    """Numba's type of a kernel that another one calls."""
    return types.Dispatcher(_dispatcher(kernel))


@typeof_impl.register(CompilableByType)  # type: ignore[untyped-decorator]
def _type_of_choice(choice: CompilableByType, _: Any = None) -> types.Type:
    """Numba's type of kernels of which one is called, by the type of the last argument."""
    return _choice(choice)


@functools.cache
def _choice(choice: CompilableByType) -> types.Type:
    return Choice(choice)


class Choice(types.Callable):  # type: ignore[misc]
    """What is called as that kernel is."""

    def __init__(self, choice: CompilableByType):
        self.choice = choice
        super().__init__(f"Choice({', '.join(kind.__name__ for kind in choice.kernels)}; {id(choice)})")

    def _kernel(self, args: Any) -> Any:
        return _type_of_kernel(self.choice.chosen(args))

    def get_call_type(self, context: Any, args: Any, keywords: Any) -> Any:
        """The signature of the call, for which the kernel is compiled."""
        return self._kernel(args).get_call_type(context, args, keywords)

    def get_call_signatures(self) -> Any:
        """None but those that were called."""
        return [], True

    def get_impl_key(self, signature: Any) -> Any:
        """What Numba finds the compiled kernel by."""
        return self._kernel(signature.args).get_impl_key(signature)


register_model(Choice)(models.OpaqueModel)


@get("numba.core.imputils:lower_constant")(Choice)  # type: ignore[untyped-decorator]
def _nothing(context: Any, *_: Any) -> Any:
    """As a value, a choice is nothing: it was made when the call's type was found."""
    return context.get_dummy_value()


@functools.cache
def _dispatcher(kernel: Compilable) -> Any:
    return numba.njit(**options())(kernel.function)


def compile_kernel(kernel: Compilable, args: tuple[Any, ...], entry: str) -> MachineCode:
    """Compile a kernel for arguments of these types, to machine code that is entered by this name."""
    module, results = translated(kernel, args, entry)
    machine = target_machine()
    optimize(module, machine)
    code: bytes = machine.emit_object(module)
    return MachineCode(entry, results, code)


def translated(kernel: Compilable, args: tuple[Any, ...], entry: str) -> tuple[Any, tuple[str, ...]]:
    """A kernel for arguments of these types in LLVM's language, not optimized, and the dtypes of its results."""
    dispatcher = _dispatcher(kernel)
    signature = tuple(_type(arg) for arg in args)
    with _translation_only():
        dispatcher.compile(signature)
        made = dispatcher.overloads[signature]
        module = llvm.parse_assembly(dispatcher.inspect_llvm(signature))
    module.get_function(made.fndesc.llvm_func_name).name = entry
    for function in module.functions:
        if not function.is_declaration and function.name != entry:
            function.linkage = "internal"
    return module, _dtypes(made.signature.return_type)


@contextmanager
def _translation_only() -> Iterator[None]:
    """Within this, Numba translates, and leaves the rest to us. Nobody else can compile anything meanwhile."""

    def not_executable(context: Any, library: Any, *_: Any) -> Any:
        library._ensure_finalized()  # which links it with what it calls
        return [].append  # for Numba, a function of its own; never called

    lowest = type(get("numba.core.config:OPT"))(0)
    with (
        get("numba.core.compiler_lock:global_compiler_lock"),
        _without_collection(),
        _without_blas(),
        replaced("numba.cpython.slicing:fix_index", lambda builder, index, size: index),
        replaced("numba.core.config:OPT", lowest),
        replaced("numba.core.cpu:CPUContext.get_executable", not_executable),
        replaced("numba.core.codegen:JITCodeLibrary._finalize_specific", lambda library: None),
    ):
        yield


@contextmanager
def _without_blas() -> Iterator[None]:
    """Within this, Numba loads what it needs, the first time it translates, without SciPy: a good part of it all."""

    def none_found() -> None:
        raise ImportError

    if "numba.np.arraymath" in sys.modules:
        yield
        return
    with replaced("numba.np.linalg:ensure_blas", none_found):
        yield
    allow_blas(importlib.util.find_spec("scipy") is not None)  # for others in this process


@contextmanager
def _without_collection() -> Iterator[None]:
    """Within this, Python does not look for garbage: Numba makes many objects, and keeps nearly all till the end."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def optimize(module: Any, machine: Any) -> None:
    """Optimize a module for a processor. It must need no functions but a C library's."""
    _run_passes(module, machine, 0)
    _run_passes(module, machine, 3)
    needed = {f.name for f in module.functions if f.is_declaration and f.name.startswith(RUNTIME)}
    if needed:
        raise FirthError(f"a kernel may neither allocate nor raise: it calls {', '.join(sorted(needed))}")


def _run_passes(module: Any, machine: Any, level: int) -> None:
    """Run LLVM's passes of a level: 0 inlines and prepares loops, 3 makes them fast."""
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    options.loop_vectorization = options.slp_vectorization = level > 0
    builder = llvm.create_pass_builder(machine, options)
    passes = builder.getModulePassManager()
    if level == 0:
        passes.add_loop_rotate_pass()
        passes.add_instruction_combine_pass()
        passes.add_jump_threading_pass()
    passes.run(module, builder)


def _type(value: Any) -> types.Type:
    """Numba's type of an argument; an array is one that may be written, even if this one may not."""
    if isinstance(value, np.ndarray):
        return types.Array(numba.from_dtype(value.dtype), value.ndim, "C")
    if isinstance(value, tuple):
        return types.NamedTuple([_type(item) for item in value], type(value))
    return numba.typeof(value)


def _dtypes(result: types.Type) -> tuple[str, ...]:
    """The dtypes of a kernel's results."""
    if result == types.none:
        return ()
    if isinstance(result, types.BaseTuple):
        return tuple(str(item) for item in result)
    return (str(result),)
