"""Machine code as a Python function: loaded by LLVM, called by ctypes, without Numba."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from firth.errors import FirthError
from firth.jit.cache import MachineCode
from firth.jit.target import target_machine

NOTHING = "none"
_SCALARS = {bool: "bool", int: "int64", float: "float64"}
_C_TYPES: dict[str, Any] = {np.dtype(t).name: np.ctypeslib.as_ctypes_type(t) for t in "?bBhHiIqQfd"} | {
    NOTHING: ctypes.c_void_p
}


def flatten(value: Any, types: list[Any], words: list[Any]) -> None:
    """Append a value's type to `types`, and to `words` what the machine code gets for it (Numba's ArrayModel)."""
    if isinstance(value, np.ndarray):
        if not value.flags.c_contiguous:
            raise TypeError("a kernel takes arrays that are C-contiguous only")
        types.append((value.dtype.name, value.ndim))
        words += (None, None, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides)
    elif isinstance(value, tuple):
        types.append((type(value).__name__, len(value)))
        for item in value:
            flatten(item, types, words)
    elif value is None:
        types.append(NOTHING)
        words.append(None)
    else:
        types.append(_SCALARS.get(type(value)) or value.dtype.name)
        words.append(value if type(value) in _SCALARS else value.item())


def linked(machine_code: MachineCode, signature: tuple[Any, ...]) -> Callable[..., Any]:
    """The machine code as a Python function of arguments, and of the same flattened.

    Numba's functions return a status, 0 if all went well, and get the places of the results and of an exception before
    the arguments.
    """
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(machine_code.code))
    engine.finalize_object()
    c_types: list[Any] = []
    for kind in signature:
        if isinstance(kind, str):
            c_types.append(_C_TYPES[kind])
        elif kind[0] in _C_TYPES:
            c_types += [ctypes.c_void_p] * 2 + [ctypes.c_int64] * 2 + [ctypes.c_void_p] + [ctypes.c_int64] * 2 * kind[1]
    fields = [(f"r{i}", _C_TYPES[dtype]) for i, dtype in enumerate(machine_code.results)]
    results_type = type("Results", (ctypes.Structure,), {"_fields_": fields})
    prototype = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *c_types)
    function = prototype(engine.get_function_address(machine_code.entry))

    def run(_: tuple[Any, ...], words: list[Any]) -> Any:
        results, exception = results_type(), ctypes.c_void_p()
        status = function(ctypes.addressof(results), ctypes.addressof(exception), *words)
        if status != 0:
            raise FirthError(f"the kernel {machine_code.entry} failed with status {status}")
        values = tuple(getattr(results, name) for name, _ in fields)
        return values if len(values) > 1 else values[0] if values else None

    return run


@functools.cache
def _engine() -> Any:
    """What loads all machine code of this process, and owns it."""
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
