"""Sums of rows over the windows of a text, in as many additions for a wide window as for a narrow one.

Each is written twice, as the products are (`firth.kernels.linalg.products`): the function here is NumPy, and is
what runs when the compiler is off; kernels call in its place one written in vectors of 16 numbers that stay in
registers, which adds in the same order on every machine. All arrays of rows are float32 and C-contiguous, and their
width is a multiple of `LANES`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from firth.arrays import Float32, Int32
from firth.jit.kernel import lowered_by

lowered_by(f"{__name__}_llvm")


def prefix_sum(rows: Float32, words: Int32, n: Any, sums: Float32) -> None:
    """sums[t] = rows[words[0]] + … + rows[words[t - 1]], for t from 0 to n."""
    sums[0] = 0
    np.cumsum(rows[words[:n]], axis=0, out=sums[1 : n + 1])


def sum_windows(sums: Float32, reach: Int32, scales: Float32, first: Any, n: Any, out: Float32) -> None:
    """out[i] = scales[i] · the sum of the rows in the window of each of n centers, save its own row, by the running
    `sums` of all. Center i is token first + i; its window reaches reach[0, i] tokens before it, and reach[1, i] after.
    """
    own = first + np.arange(n)
    before, after = sums[own] - sums[own - reach[0, :n]], sums[own + reach[1, :n] + 1] - sums[own + 1]
    out[:n] = scales[:n, None] * (after + before)


def spread_windows(rows: Float32, reach: Int32, scales: Float32, first: Any, n: Any, tokens: Any, out: Float32) -> None:
    """out[t] = Σᵢ scales[i] · rows[i], for each of some tokens, over the n centers i that have it in their windows but
    are not itself; centers and windows are those of `sum_windows`. Found as a running sum, which a row joins where its
    window begins, and leaves where it ends; row `tokens` of `out` is used up.
    """
    own, scaled = first + np.arange(n), scales[:n, None] * rows[:n]
    out[: tokens + 1] = 0
    np.add.at(out, own - reach[0, :n], scaled)
    np.subtract.at(out, own + reach[1, :n] + 1, scaled)
    np.cumsum(out[:tokens], axis=0, out=out[:tokens])
    out[own] -= scaled
