"""The nearest rows to many queries, exactly: matrix products in blocks, and of each only what can be among the best.

All words are gone through once, some thousand at a time, with all queries: so memory is bounded, and each vector is
scaled once. What is not better than a query's worst so far, which is nearly everything, is dismissed by one comparison.

A row with a number that is not finite is nobody's neighbor: its inverse length is NaN, and nothing is made of it.
"""

from __future__ import annotations

import math

import numpy as np

from firth.arrays import Bool, Float32, Int64

QUERIES, WORDS = 128, 8192
"""Similarities held at once. The best of the first words set the bar for the others."""
FEW_QUERIES = 32
"""With no more than these, similarities are scaled rather than vectors, and products are small (below)."""
ONE_BY_ONE = 8
"""No more queries than these are multiplied one by one, which is faster than a product of matrices."""
MULTIPLICATIONS_AT_A_TIME = 1 << 18
"""In a product, for few queries: BLAS wakes its threads for more, which takes up to ten times the processor time."""
ROWS_AT_A_TIME = 1 << 16
SHORTEST, LONGEST = 1e-30, 1e30
"""Vectors of other lengths are scaled in float64: in float32 their products could overflow, or vanish."""


def inverse_lengths(vectors: Float32) -> Float32:
    """One by the length of each row (V,); 0 for a row of zeros, NaN for one with a number that is not finite."""
    inverse = np.empty(len(vectors), np.float32)
    for start in range(0, len(inverse), ROWS_AT_A_TIME):  # not all squares at once
        rows = vectors[start : start + ROWS_AT_A_TIME]
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
        lengths[~np.isfinite(lengths)] = np.nan  # the squares of finite float32 are finite float64
        with np.errstate(divide="ignore", over="ignore"):
            inverse[start : start + ROWS_AT_A_TIME] = np.where(lengths == 0, 0, 1 / lengths)
    return inverse


def unit_rows(vectors: Float32, inverse: Float32) -> Float32:
    """Rows (n, d) scaled to length 1 by their inverse lengths (n,): zeros stay, those not finite are NaN."""
    with np.errstate(invalid="ignore", over="ignore"):  # also of signalling NaNs, by any arithmetic
        units: Float32 = vectors * inverse[:, None]
        odd = np.flatnonzero(~_is_usual(inverse))
        if len(odd):
            rows = vectors[odd].astype(np.float64)
            rows[np.isnan(inverse[odd])] = np.nan
            units[odd] = rows / np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return units


def _is_usual(inverse: Float32) -> Bool:
    """Whether rows can be scaled in float32; those of zeros are."""
    usual: Bool = (inverse == 0) | ((inverse > SHORTEST) & (inverse < LONGEST))
    return usual


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
        if is_scaled := n > FEW_QUERIES or not _is_usual(scales).all():
            part = unit_rows(part, scales)
        not_finite = np.flatnonzero(np.isnan(scales))
        here = unwanted[(unwanted[:, 1] >= start) & (unwanted[:, 1] < stop)] - [0, start]
        for first in range(0, n, QUERIES):
            block = slice(first, first + QUERIES)
            shape = (len(queries[block]), stop - start)
            similarities = _products(queries[block], part, room[: math.prod(shape)].reshape(shape))
            if not is_scaled:
                similarities *= scales
            similarities[:, not_finite] = -np.inf
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


def cosines(queries: Float32, vectors: Float32, inverse_norms: Float32) -> Float32:
    """The cosines (n, V) of queries (n, d) of length 1 with all of `vectors` (V, d); NaN with rows not finite."""
    similarities = np.empty((len(queries), len(vectors)), np.float32)
    for start in range(0, len(vectors), WORDS):
        some = slice(start, start + WORDS)
        similarities[:, some] = _products(
            queries, unit_rows(vectors[some], inverse_norms[some]), np.empty_like(similarities[:, some])
        )
    return similarities


def _products(queries: Float32, part: Float32, out: Float32) -> Float32:
    """The products of queries (n, d) and rows (m, d), written into `out` (n, m)."""
    if len(queries) > FEW_QUERIES:
        return np.matmul(queries, part.T, out=out)
    at_a_time = 1 if len(queries) <= ONE_BY_ONE else len(queries)
    rows = max(1, MULTIPLICATIONS_AT_A_TIME // max(1, at_a_time * part.shape[1]))
    for start in range(0, len(part), rows):
        some = slice(start, start + rows)
        if at_a_time > 1:
            np.matmul(queries, part[some].T, out=out[:, some])
            continue
        for query, products in zip(queries, out, strict=True):
            np.matmul(part[some], query, out=products[some])
    return out


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
