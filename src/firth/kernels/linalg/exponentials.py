"""The exponential function, and logarithms, without a branch or a table, so that loops over them vectorize.

They add, multiply and divide, and so come to the same bits on every machine. Those of C libraries and of NumPy differ,
from machine to machine, in the last.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from firth.arrays import Float64
from firth.jit.kernel import compiled, lowered_by

lowered_by(f"{__name__}_llvm")

_LOG2_E = 1.4426950408889634
_LN_2_HIGH, _LN_2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # together, ln(2) to 33 digits
_WHOLE = 6755399441055744.0
"""1.5 · 2⁵²: a number less than 2⁵¹ is rounded to a whole one when this is added, and stands in the lowest bits."""


def power_of_two(n: float) -> float:
    """2ⁿ, for a whole number n from -1022 to 1023 given as n + 1.5 · 2⁵²."""
    return float(2.0 ** (n - _WHOLE))


def exponent_of(x: float) -> float:
    """The whole number n of x = 2ⁿ · m, with m from 1 to less than 2, for a positive x that is not denormal."""
    return math.frexp(x)[1] - 1.0


def mantissa_of(x: float) -> float:
    """And that m."""
    return 2.0 * math.frexp(x)[0]


@compiled
def exponential(x: float) -> float:
    """exp(x), to within 4e-16 of itself for x from -700 to 700; beyond, as there; NaN for NaN.

    2ⁿ · exp(r) with |r| ≤ ln(2) / 2, by Taylor's series.
    """
    x = -700.0 if x < -700.0 else x
    x = 700.0 if x > 700.0 else x
    whole = x * _LOG2_E + _WHOLE
    n = whole - _WHOLE
    r = (x - n * _LN_2_HIGH) - n * _LN_2_LOW
    series = 1 / 6227020800
    series = series * r + 1 / 479001600
    series = series * r + 1 / 39916800
    series = series * r + 1 / 3628800
    series = series * r + 1 / 362880
    series = series * r + 1 / 40320
    series = series * r + 1 / 5040
    series = series * r + 1 / 720
    series = series * r + 1 / 120
    series = series * r + 1 / 24
    series = series * r + 1 / 6
    series = series * r + 1 / 2
    return power_of_two(whole) * ((series * r + 1) * r + 1)


@compiled
def log_of_one_and(y: float) -> float:
    """log(1 + y), to within 5e-16 of itself, for y from 0 to 1: 2 · artanh(y / (2 + y)), by its series."""
    z = y / (2 + y)
    square = z * z
    series = 1 / 33
    series = series * square + 1 / 31
    series = series * square + 1 / 29
    series = series * square + 1 / 27
    series = series * square + 1 / 25
    series = series * square + 1 / 23
    series = series * square + 1 / 21
    series = series * square + 1 / 19
    series = series * square + 1 / 17
    series = series * square + 1 / 15
    series = series * square + 1 / 13
    series = series * square + 1 / 11
    series = series * square + 1 / 9
    series = series * square + 1 / 7
    series = series * square + 1 / 5
    series = series * square + 1 / 3
    return 2 * z * (series * square + 1)


@compiled
def logarithm(x: float) -> float:
    """log(x), to within 5e-16 of itself, for x from 3e-308 on; NaN for what is not finite.

    n · ln(2) + 2 · artanh((m - 1) / (m + 1)), with m from √½ to √2, by its series.
    """
    n, m = exponent_of(x), mantissa_of(x)
    is_high = m > 1.4142135623730951
    n = n + 1.0 if is_high else n
    m = 0.5 * m if is_high else m
    z = (m - 1) / (m + 1)
    square = z * z
    series = 1 / 23
    series = series * square + 1 / 21
    series = series * square + 1 / 19
    series = series * square + 1 / 17
    series = series * square + 1 / 15
    series = series * square + 1 / 13
    series = series * square + 1 / 11
    series = series * square + 1 / 9
    series = series * square + 1 / 7
    series = series * square + 1 / 5
    series = series * square + 1 / 3
    return n * _LN_2_HIGH + (2 * z * (series * square + 1) + n * _LN_2_LOW) + (x - x)


@compiled
def fill_exponentials(x: Float64, out: Float64) -> None:
    """out = exp(x)."""
    for i in range(x.shape[0]):
        out[i] = exponential(x[i])


@compiled
def fill_logarithms(x: Float64, out: Float64) -> None:
    """out = log(x)."""
    for i in range(x.shape[0]):
        out[i] = logarithm(x[i])


def exponentials(x: Any) -> Float64:
    """exp(x) of each number of an array, float64 of the same shape."""
    return _each(fill_exponentials, x)


def logarithms(x: Any) -> Float64:
    """log(x) of each number of an array, float64 of the same shape."""
    return _each(fill_logarithms, x)


def _each(fill: Any, x: Any) -> Float64:
    numbers = np.ascontiguousarray(x, np.float64)
    out = np.empty_like(numbers)
    fill(numbers.reshape(-1), out.reshape(-1))
    return out
