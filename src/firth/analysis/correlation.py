"""Correlation of two lists of numbers: Pearson's and Spearman's, with p-values and intervals."""

from __future__ import annotations

import math

import numpy as np

from firth.arrays import Float64

NORMAL_95 = 1.959964
VARIANCE = {"pearson": 1.0, "spearman": 1.06}
"""Of Fisher's z, times n - 3. Spearman's: Fieller, Hartley and Pearson (1957)."""
MOST_TERMS = 1000
PRECISION = 1e-15
TINIEST = 1e-300


def pearson(a: Float64, b: Float64) -> float:
    """Pearson's correlation. NaN where all numbers are equal."""
    a, b = (_centered(np.asarray(values, np.float64)) for values in (a, b))
    with np.errstate(invalid="ignore"):
        return float(np.clip((a @ b) / np.sqrt((a @ a) * (b @ b)), -1, 1))


def _centered(values: Float64) -> Float64:
    """Numbers of at most 1, whose mean is 0: the squares of large ones would be infinite, of small ones 0."""
    if values.min() == values.max():  # rounding would leave something of them
        return np.zeros_like(values)
    scaled = values / np.abs(values).max()
    difference: Float64 = scaled - scaled.mean()
    difference /= np.abs(difference).max()
    return difference


def spearman(a: Float64, b: Float64) -> float:
    """Spearman's rank correlation; equal numbers share their mean rank. NaN where all are equal."""
    return pearson(*(_ranks(np.asarray(values, np.float64)) for values in (a, b)))


def p_value(correlation: float, n: int) -> float:
    """How likely a correlation as far from 0 is between n pairs that have none. NaN for fewer than three.

    It is two-sided, by Student's t with n - 2 degrees of freedom: exact for Pearson's of normal numbers, and usual for
    Spearman's (as SciPy has it).
    """
    if n < 3 or math.isnan(correlation):
        return math.nan
    return _incomplete_beta((n - 2) / 2, 0.5, max(0.0, 1 - correlation * correlation))


def interval(correlation: float, n: int, kind: str) -> tuple[float, float]:
    """Where the correlation is with 95% certainty, by Fisher's z."""
    if math.isnan(correlation) or n <= 3:
        return -1.0, 1.0
    if abs(correlation) >= 1:
        return correlation, correlation
    z, half = math.atanh(correlation), NORMAL_95 * math.sqrt(VARIANCE[kind] / (n - 3))
    return math.tanh(z - half), math.tanh(z + half)


def _ranks(values: Float64) -> Float64:
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Float64 = (ends - (counts - 1) / 2)[which]
    return ranks


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function I_x(a, b) (DLMF 8.17.22: a continued fraction, by Lentz's method)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly: DLMF 8.17.4
        return 1 - _incomplete_beta(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    fraction = c = 1.0
    d = 0.0
    for term in range(MOST_TERMS):
        m = term // 2
        if term == 0:
            step = 1.0
        elif term % 2:
            step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            step = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + step * d or TINIEST)
        c = 1 + step / c or TINIEST
        fraction *= c * d
        if abs(1 - c * d) < PRECISION:
            break
    return math.exp(log_front) * (fraction - 1) / a
