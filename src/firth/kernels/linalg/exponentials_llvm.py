"""Powers of two by the bits of a number (see `firth.kernels.linalg.exponentials`)."""

from __future__ import annotations

from llvmlite import ir
from numba import types

from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces
from firth.jit.simd import index
from firth.kernels.linalg.exponentials import exponent_of, mantissa_of, power_of_two

EXPONENT_FROM_BIT, ONE, OF_ONE = 52, 0x3FF0000000000000, 1023
EXPONENT, MANTISSA = 0x7FF, 0xFFFFFFFFFFFFF


@replaces(power_of_two, gives=types.float64)
def _power_of_two(builder: Builder, n: Value) -> Value:
    lowest_bits = builder.bitcast(n, ir.IntType(64))
    bits = builder.add(builder.shl(lowest_bits, index(EXPONENT_FROM_BIT)), index(ONE))
    return builder.bitcast(bits, ir.DoubleType())


@replaces(exponent_of, gives=types.float64)
def _exponent_of(builder: Builder, x: Value) -> Value:
    bits = builder.lshr(builder.bitcast(x, ir.IntType(64)), index(EXPONENT_FROM_BIT))
    number = builder.sub(builder.and_(bits, index(EXPONENT)), index(OF_ONE))
    return builder.sitofp(number, ir.DoubleType())


@replaces(mantissa_of, gives=types.float64)
def _mantissa_of(builder: Builder, x: Value) -> Value:
    bits = builder.and_(builder.bitcast(x, ir.IntType(64)), index(MANTISSA))
    return builder.bitcast(builder.or_(bits, index(ONE)), ir.DoubleType())
