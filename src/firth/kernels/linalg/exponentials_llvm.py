"""A power of two by the bits of a number (see `firth.kernels.linalg.exponentials`)."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from firth.jit.lowering import replaces
from firth.jit.simd import index
from firth.kernels.linalg.exponentials import power_of_two

EXPONENT_FROM_BIT, ONE = 52, 0x3FF0000000000000


@replaces(power_of_two)
def _power_of_two(n):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lowest_bits = builder.bitcast(args[0], ir.IntType(64))
        bits = builder.add(builder.shl(lowest_bits, index(EXPONENT_FROM_BIT)), index(ONE))
        return builder.bitcast(bits, ir.DoubleType())

    return types.float64(types.float64), generate
