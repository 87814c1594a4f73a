"""Small matrix products, where training spends most of its time.

Each is written twice. The function here is NumPy, and is what runs when the compiler is off; the one of that name in
`products_llvm` is what kernels call in its place, in vectors of 16 numbers that stay in registers. LLVM splits these on
processors with narrower registers, so every machine adds in the same order and comes to the same bits.

All arrays are float32 and C-contiguous; the width of X, Z and their changes is a multiple of `LANES`. Rows of a result
up to whole tiles are overwritten too, with numbers that mean nothing.

Where most of a product is known to be zero, its bands say where it is not: band k, of two rows or of two columns, is a
range (first, last) of the other index. That of an empty one is (0, 0).

In products of rows that do not stand one after the other, lists say which they are: of_x of X, of_z of Z. In bands, -1
may stand for any row, and `size` is how many columns are in use: behind these, rows are zero.

Between tiles something else can be done, of which `queue` is the state: `firth.kernels.word2vec.prefetcher` asks for
rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from firth.arrays import Float32, Int32
from firth.jit.kernel import compiled, compiled_by_type, lowered_by

lowered_by(f"{__name__}_llvm")

TILE_ROWS = 4
"""Rows of a product held in registers at a time, where all of it is wanted. Rows are padded to whole tiles."""
BAND_ROWS = 2
"""Rows, or columns, that share a band."""


@compiled
def nothing(rows: int, queue: None) -> None:
    """Between tiles, do nothing."""


between_tiles = compiled_by_type({type(None): nothing})
"""between_tiles(n, queue): what is done after a tile, beside which n rows can be prefetched, by the type of `queue`."""


def _listed(rows: Float32, numbers: Int32 | None) -> Float32:
    """The rows of these numbers, of which -1 may be any row; all, if none are given."""
    return rows if numbers is None else rows[np.maximum(numbers, 0)]


def matmul_nt(X: Float32, n: int, Z: Float32, S: Float32, queue: Any = None) -> None:
    """S[:n, :m] = X[:n] · Zᵀ, for the m rows of Z, which are whole tiles."""
    S[:n, : len(Z)] = X[:n] @ Z.T


def matmul_nt_banded(
    X: Float32, of_x: Int32 | None, Z: Float32, of_z: Int32, size: int, bands: Int32, S: Float32
) -> None:
    """S[i, j] = X[of_x[i]] · Z[of_z[j]], of the k-th `BAND_ROWS` columns only the rows of band k."""
    for k, (first, last) in enumerate(bands[: len(of_z) // BAND_ROWS]):
        columns = slice(k * BAND_ROWS, (k + 1) * BAND_ROWS)
        S[first:last, columns] = _listed(X, of_x)[first:last] @ _listed(Z, of_z)[columns].T


def matmul_nn_with(
    G: Float32, n: Any, Z: Float32, weights: Float32, others: Float32, of_others: Int32, out: Float32, queue: Any = None
) -> None:
    """out[i] = G[i, :m] · Z + weights[i] · others[of_others[i]], for the m rows of Z and n rows of out. Where none
    of the others is listed, it is the first.
    """
    out[:n] = G[:n, : len(Z)] @ Z + weights[:n, None] * others[np.maximum(of_others[:n], 0)]


def matmul_nn_banded(
    G: Float32, n: int, bands: Int32, dense: int, Z: Float32, size: int, out: Float32, queue: Any = None
) -> None:
    """out[:n] = G[:n] · Z. The k-th `BAND_ROWS` rows of G are zero outside band k and the columns from `dense` on."""
    for k, (first, last) in enumerate(bands[: -(-n // BAND_ROWS)]):
        rows = slice(k * BAND_ROWS, (k + 1) * BAND_ROWS)
        out[rows] = G[rows, first:last] @ Z[first:last] + G[rows, dense : len(Z)] @ Z[dense:]


def matmul_nn_shifted(
    G: Float32,
    n: int,
    bands: Int32,
    dense: int,
    Z: Float32,
    of_z: Int32,
    weights: Float32,
    shift: Float32,
    size: int,
    out: Float32,
    squares: Float32,
    queue: Any = None,
) -> None:
    """out[i] = Σⱼ G[i, j] · Z[of_z[j]] - weights[i] · shift[0], and squares[i] that of its length, for i below n. The
    k-th `BAND_ROWS` rows of G are zero outside band k and the columns from `dense` on.
    """
    matmul_nn_banded(G, n, bands, dense, _listed(Z, of_z), size, out)
    out[:n] -= weights[:n, None] * shift
    squared_norms(out, n, squares)


def matmul_tn(G: Float32, n: int, X: Float32, out: Float32, queue: Any = None) -> None:
    """Fill out with G[:n]ᵀ · X[:n], as many columns of G as `out` has rows, a multiple of `TILE_ROWS`."""
    out[:] = G[:n, : len(out)].T @ X[:n]


def matmul_tn_banded(
    G: Float32,
    X: Float32,
    of_x: Int32 | None,
    size: int,
    bands: Int32,
    out: Float32,
    squares: Any = None,
    queue: Any = None,
) -> None:
    """out[i] = Σⱼ G[j, i] · X[of_x[j]], and squares[i] that of its length, if an array is given. The k-th `BAND_ROWS`
    columns of G are zero outside the rows of band k.
    """
    for k, (first, last) in enumerate(bands[: len(out) // BAND_ROWS]):
        columns = slice(k * BAND_ROWS, (k + 1) * BAND_ROWS)
        out[columns] = G[first:last, columns].T @ _listed(X, of_x)[first:last]
    if squares is not None:
        squared_norms(out, len(out), squares)


def dot_each(X: Float32, n: Any, Z: Float32, of_z: Int32, s: Float32, queue: Any = None) -> None:
    """s[i] = X[i] · Z[of_z[i]], or of the first row where none is listed, for the first n rows of X."""
    s[:n] = (X[:n] * Z[np.maximum(of_z[:n], 0)]).sum(axis=1)


def squared_norms(X: Float32, n: Any, s: Float32) -> None:
    """s[i] = X[i] · X[i], for the first n rows of X."""
    s[:n] = (X[:n] * X[:n]).sum(axis=1)


def matmul_nt_gathered(X: Float32, of_x: Int32, Z: Float32, of_z: Int32, S: Float32) -> None:
    """S[i, j] = X[of_x[i]] · Z[of_z[j]]. Of Z there are whole tiles."""
    S[: len(of_x), : len(of_z)] = X[of_x] @ Z[of_z].T


def matmul_nn_gathered(G: Float32, Z: Float32, of_z: Int32, out: Float32, of_out: Int32) -> None:
    """out[of_out[i]] += Σⱼ G[i, j] · Z[of_z[j]], for an even number of rows; one listed twice may get either."""
    out[of_out] += G[: len(of_out), : len(of_z)] @ Z[of_z]


def matmul_tn_gathered(G: Float32, X: Float32, of_x: Int32, out: Float32, of_out: Int32, first: int, last: int) -> None:
    """out[of_out[i], c] += Σⱼ G[j, i] · X[of_x[j], c] for the columns c from `first` to `last`, whole vectors."""
    out[of_out, first:last] += G[: len(of_x), : len(of_out)].T @ X[of_x, first:last]


def learn_gathered(g: Float32, H: Float32, i: int, Z: Float32, of_z: Int32, out: Float32) -> None:
    """out[i] = Σⱼ g[j] · Z[of_z[j]], and Z[of_z[j]] += g[j] · H[i]; no row of Z is listed twice."""
    weights = g[: len(of_z)]
    out[i] = weights @ Z[of_z]
    Z[of_z] += np.outer(weights, H[i])
