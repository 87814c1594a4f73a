"""The exponential function, and a logarithm, without a branch or a table, so that loops over them vectorize."""

from __future__ import annotations

from firth.jit.kernel import compiled, lowered_by

lowered_by(f"{__name__}_llvm")

_LOG2_E = 1.4426950408889634
_LN_2_HIGH, _LN_2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # together, ln(2) to 33 digits
_WHOLE = 6755399441055744.0
"""1.5 · 2⁵²: a number less than 2⁵¹ is rounded to a whole one when this is added, and stands in the lowest bits."""


def power_of_two(n: float) -> float:
    """2ⁿ, for a whole number n from -1022 to 1023 given as n + 1.5 · 2⁵²."""
    return float(2.0 ** (n - _WHOLE))


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
