"""A power of two by the bits of a number (see `firth.kernels.linalg.exponentials`)."""

from __future__ import annotations

from llvmlite import ir
from numba import types

from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces
from firth.jit.simd import index
from firth.kernels.linalg.exponentials import power_of_two

EXPONENT_FROM_BIT, ONE = 52, 0x3FF0000000000000


@replaces(power_of_two, gives=types.float64)
def _power_of_two(builder: Builder, n: Value) -> Value:
    lowest_bits = builder.bitcast(n, ir.IntType(64))
    bits = builder.add(builder.shl(lowest_bits, index(EXPONENT_FROM_BIT)), index(ONE))
    return builder.bitcast(bits, ir.DoubleType())
