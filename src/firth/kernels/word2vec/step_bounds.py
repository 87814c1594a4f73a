"""A bound on what a round changes a row by, whatever the settings: a stochastic Polyak step.

A change Δ = Σ g·v is a sum of vectors v, and a coefficient g is learning rate × weight × error probability p. Since
-log(1 - p) ≥ p, its errors E = Σ|g| are at most learning rate × loss of the pairs in it. A step that would take away
more loss than there is overshoots, and that is one whose ratio ‖Δ‖² / E is above 1 (Polyak 1969; Loizou, Vaswani,
Laradji and Lacoste-Julien 2021, "Stochastic Polyak step-size for SGD", equation 3, with c = 1 and a least loss of 0).

All changes of a round are found from one snapshot, so their ratios add up. Where the changes of a row have ratios of R
in sum, they move it as far as D(R) = R would, up to 1, and as D(R) = 2 - 1/R above. So a round moves no row by more
than √(2 E), E being the errors of all its changes (`docs/rounds.md` has the proof), and these are at most learning
rate × weight of the row's pairs: the bound follows from the settings alone.

Rows are told apart by their bits (`firth.kernels.word2vec.row_owners`). Two with one bit limit each other, never too
little; one thread adds the changes of both.
"""

from __future__ import annotations

import numpy as np

from firth.arrays import Float32
from firth.jit.kernel import compiled
from firth.kernels.linalg.products import squared_norms
from firth.kernels.word2vec.row_owners import BITMAP_WORDS, BITS, place_of

LEAST_ERRORS = np.float32(1e-9)
"""Errors that are less count as so many: they may be what rounding left of none."""
_ONE, _TWO = np.float32(1), np.float32(2)


def new_limits() -> Float32:
    """The sum of the ratios of the rows of each bit, (bits,)."""
    return np.zeros(BITMAP_WORDS * BITS, np.float32)


@compiled
def forget_limits(limits: Float32) -> None:
    """Begin a round: no row has been changed."""
    for place in range(limits.shape[0]):
        limits[place] = 0


@compiled
def find_ratios(rows: Float32, n: int, errors: Float32, ratios: Float32) -> None:
    """ratios[i] = ‖rows[i]‖² / errors[i], for the first n rows."""
    squared_norms(rows, n, ratios)
    squares_to_ratios(n, errors, ratios)


@compiled
def squares_to_ratios(n: int, errors: Float32, ratios: Float32) -> None:
    """Divide the first n squares by their errors."""
    for i in range(n):
        ratios[i] /= max(errors[i], LEAST_ERRORS)


@compiled
def moved(ratio: np.float32) -> np.float32:
    """D(R) / R: what changes of this ratio in sum are multiplied by together."""
    return _ONE if ratio <= _ONE else np.float32((_TWO - _ONE / ratio) / ratio)


@compiled
def limited(limits: Float32, row: int, step: np.float32, ratio: np.float32) -> np.float32:
    """What the next change of a row in a round, of this ratio, is multiplied by: `step`, or as much less as the bound
    asks for: step · (D(R + step · ratio) - D(R)) / (step · ratio), with R from the changes before.
    """
    place = place_of(row)
    before = limits[place]
    after = before + step * ratio
    limits[place] = after
    if after <= _ONE:
        return step
    if before >= _ONE:
        return np.float32(step / (before * after))
    return np.float32(step * (_TWO - _ONE / after - before) / (after - before))
