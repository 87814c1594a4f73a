"""Sums of rows over the windows of a text, in as many additions for a wide window as for a narrow one.

Each stands here twice, as the products do (`firth.kernels.products`): the function of that name is NumPy, and is what
runs when the compiler is off; kernels call in its place one written in vectors of 16 numbers that stay in registers,
which adds in the same order on every machine. All arrays of rows are float32 and C-contiguous, and their width is a
multiple of `LANES`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from firth.kernels.compiler import compiled

Array = np.ndarray[Any, np.dtype[np.float32]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]


class Ends(NamedTuple):
    """Where the windows of some centres begin, or end: the centres sorted by that place."""

    centres: Int32  # (B,)
    until: Int32  # (T + 2,) those of place t are centres[until[t]:until[t + 1]]


@compiled
def sort_ends(places: Int32, n: int, tokens: int, ends: Ends) -> None:
    """Sort the first n centres by their places, which are from 0 to `tokens`."""
    until = ends.until
    for place in range(tokens + 2):
        until[place] = 0
    for i in range(n):
        until[places[i]] += 1
    total = 0
    for place in range(tokens + 2):
        total += until[place]
        until[place] = total
    for i in range(n - 1, -1, -1):  # from behind, so that those of one place stay in their order
        until[places[i]] -= 1
        ends.centres[until[places[i]]] = i


def sum_up(rows: Array, words: Int32, n: Any, sums: Array) -> None:
    """sums[t] = rows[words[0]] + … + rows[words[t - 1]], for t from 0 to n."""
    sums[0] = 0
    np.cumsum(rows[words[:n]], axis=0, out=sums[1 : n + 1])


def sum_windows(sums: Array, reach: Int32, scales: Array, first: Any, n: Any, out: Array) -> None:
    """out[i] = scales[i] · the sum of the rows in the window of each of n centres, save its own row, by the running
    `sums` of all. Centre i is token first + i; its window reaches reach[0, i] tokens before it, and reach[1, i] after.
    """
    own = first + np.arange(n)
    before, after = sums[own] - sums[own - reach[0, :n]], sums[own + reach[1, :n] + 1] - sums[own + 1]
    out[:n] = scales[:n, None] * (after + before)


def spread_windows(
    rows: Array, scales: Array, begins: Ends, ends: Ends, first: Any, n: Any, tokens: Any, out: Array
) -> None:
    """out[t] = Σᵢ scales[i] · rows[i], for each of some tokens, over the n centres i that have it in their windows but
    are not itself: centre i is token first + i. Found as a running sum, which a row joins where its window begins.
    """
    total = np.zeros_like(rows[0])
    for t in range(tokens):
        for i in begins.centres[begins.until[t] : begins.until[t + 1]]:
            total += scales[i] * rows[i]
        for i in ends.centres[ends.until[t] : ends.until[t + 1]]:
            total -= scales[i] * rows[i]
        own = t - first
        out[t] = total - scales[own] * rows[own] if 0 <= own < n else total
