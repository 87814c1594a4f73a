"""The nearest rows to many queries, exactly: matrix products in blocks, and of each only what can be among the best.

All words are gone through once, some thousand at a time, with all queries: so memory is bounded, and each vector is
scaled once. What is not better than a query's worst so far, which is nearly everything, is dismissed by one comparison.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]

QUERIES, WORDS = 128, 8192
"""Similarities held at once. The best of the first words set the bar for the others."""
FEW_QUERIES = 32
"""With no more than these, similarities are scaled rather than vectors."""


def nearest(
    queries: Float32, vectors: Float32, inverse_norms: Float32, left_out: list[list[int]], k: int
) -> tuple[Float32, Int64]:
    """The cosines (n, k) of queries (n, d) of length 1 with the nearest of `vectors` (V, d), and their rows (n, k).

    The nearest come first; of equals, the lower row. `left_out` are rows not wanted, for each query. Where fewer than k
    are left, the cosines end with -inf.
    """
    n, k = len(queries), min(k, len(vectors))
    best, ids = np.full((n, k), -np.inf, np.float32), np.zeros((n, k), np.int64)
    unwanted = np.array([(query, i) for query, rows in enumerate(left_out) for i in rows], np.int64).reshape(-1, 2)
    step = min(max(WORDS, 2 * k), len(vectors))
    room = np.empty(min(n, QUERIES) * step, np.float32)
    for start in range(0, len(vectors), step or 1):
        stop = min(start + step, len(vectors))
        part, scales = vectors[start:stop], inverse_norms[start:stop]
        if n > FEW_QUERIES:
            part = part * scales[:, None]
        here = unwanted[(unwanted[:, 1] >= start) & (unwanted[:, 1] < stop)] - [0, start]
        for first in range(0, n, QUERIES):
            block = slice(first, first + QUERIES)
            shape = (len(queries[block]), stop - start)
            similarities = np.matmul(queries[block], part.T, out=room[: math.prod(shape)].reshape(shape))
            if n <= FEW_QUERIES:
                similarities *= scales
            of_block = here[slice(*np.searchsorted(here[:, 0], [first, first + QUERIES]))] - [first, 0]
            similarities[tuple(of_block.T)] = -np.inf
            bar = best[block, -1:]
            if not start:
                some = similarities[:, :: max(1, min(4, similarities.shape[1] // (8 * k)))]  # whose best are no better
                least = np.partition(some, -k, axis=1)[:, -k, None]
                bar = np.nextafter(least, np.float32(-np.inf))  # of equals, the lower row is wanted: look at all
            rows, columns = _above(similarities, bar)
            if len(rows):
                found = similarities[rows, columns]
                best[block], ids[block] = _best(best[block], ids[block], rows, found, columns + start)
    return best, ids


def _above(similarities: Float32, bar: Float32) -> tuple[Int64, Int64]:
    """The rows and columns of numbers above their row's bar (n, 1)."""
    above = np.packbits(similarities > bar, axis=1)
    above = np.pad(above, ((0, 0), (0, -above.shape[1] % 8)))
    rows, groups = np.nonzero(above.view(np.uint64))  # 64 at a time: nearly all are below
    found, eights = np.nonzero(above.reshape(len(above), -1, 8)[rows, groups])
    rows, groups = rows[found], groups[found] * 8 + eights
    found, columns = np.nonzero(np.unpackbits(above[rows, groups, None], axis=1))
    return rows[found], groups[found] * 8 + columns


def _best(best: Float32, ids: Int64, rows: Int64, found: Float32, found_ids: Int64) -> tuple[Float32, Int64]:
    """The best (n, k) so far, made better by what was found in these rows."""
    n, k = best.shape
    rows = np.concatenate([np.repeat(np.arange(n, dtype=np.uint16), k), rows.astype(np.uint16)])
    similarities, ids = np.concatenate([best.ravel(), found]), np.concatenate([ids.ravel(), found_ids])
    order = np.argsort(-similarities, kind="stable")  # of equals, those found before have the lower ids
    order = order[np.argsort(rows[order], kind="stable")]
    firsts = order[np.searchsorted(rows[order], np.arange(n, dtype=np.uint16))[:, None] + np.arange(k)]
    return similarities[firsts], ids[firsts]
