"""From a kernel's Python to machine code, by Numba and LLVM. Imported only where something must be compiled.

Numba compiles, and optimises for this processor; what we keep is the object file that LLVM makes of the result. It
must stand by itself: a kernel neither allocates arrays nor raises, and so needs nothing of Numba's runtime.
"""

from __future__ import annotations

import functools
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import types

import firth.kernels.intrinsics  # noqa: F401  # what kernels call in the place of some functions
from firth.errors import FirthError
from firth.kernels.compiler import Kernel, MachineCode, target_machine

ALONE = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
RUNTIME = ("NRT_", "numba_", "Py", "_Py")
"""How the names of functions begin that are there only where Numba is, or that need Python's lock."""
NEVER_CALLED = {"NRT_MemInfo_call_dtor", "NRT_Free"}
"""Views of an array count their references to its owner; the arrays of a kernel have none, so none is ever freed."""


def type_of(kernel: Kernel) -> types.Type:
    """Numba's type of a kernel that another one calls."""
    return types.Dispatcher(_dispatcher(kernel))


@functools.cache
def _dispatcher(kernel: Kernel) -> Any:
    return numba.njit(**kernel.options, **ALONE)(kernel.function)


def compile_kernel(kernel: Kernel, args: tuple[Any, ...]) -> MachineCode:
    """Compile a kernel for arguments of these types."""
    dispatcher = _dispatcher(kernel)
    signature = tuple(_type(arg) for arg in args)
    dispatcher.compile(signature)
    made = dispatcher.overloads[signature]
    entry = made.fndesc.llvm_func_name
    module = llvm.parse_assembly(dispatcher.inspect_llvm(signature))
    for function in module.functions:
        if not function.is_declaration and function.name != entry:
            function.linkage = "internal"
    return MachineCode(entry, _dtypes(made.signature.return_type), _object_code(module))


def _object_code(module: Any) -> bytes:
    """LLVM's object file of a module, whose functions are there wherever there is a C library."""
    absent = {f.name for f in module.functions if f.is_declaration and f.name.startswith(RUNTIME)}
    if not absent <= NEVER_CALLED:
        raise FirthError(f"a kernel may neither allocate nor raise: it calls {', '.join(absent - NEVER_CALLED)}")
    if absent:
        stops = [f"define void @{name}() {{ call void @llvm.trap() unreachable }}" for name in absent]
        module.link_in(llvm.parse_assembly("\n".join([*stops, "declare void @llvm.trap()"])))
    code: bytes = target_machine().emit_object(module)
    return code


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
