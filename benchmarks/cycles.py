"""The processor's own counter, for kernels that time themselves."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from firth.kernels.intrinsics.replacing import replaces


def now():
    """The processor's counter of cycles, which goes at a steady rate."""
    return 0


@replaces(now)
def _now(typing_context: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(64), [])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.readcyclecounter"), [])

    return types.int64(), generate
