"""The matrix products in vectors of 16 numbers that stay in registers (see `firth.kernels.linalg.products`): loops over
tiles.
"""

from __future__ import annotations

from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces, replaces_with_loops
from firth.jit.simd import List, Matrix, accumulate, broadcast, in_columns, index, multiply_add
from firth.kernels.linalg import products
from firth.kernels.linalg.product_tiles_llvm import (
    BANDED_COLUMNS,
    BANDED_ROWS,
    ROW_COLUMNS,
    ROW_VECTORS,
    SCORE_COLUMNS,
    SCORE_ROWS,
    SQUARE_ROWS,
    band_tile,
    gathered_sum_tile,
    score_each_tile,
    score_tile,
    shifted_band_tile,
    square_tile,
    sum_tile_with,
    transposed_tile,
)
from firth.kernels.linalg.products import BAND_ROWS, TILE_ROWS, between_tiles

ROWS_PER_SCORES, ROWS_PER_FEW, ROWS_PER_BAND, ROWS_PER_SUMS = 1, 2, 2, 4
"""Rows of the next block that are asked for after a tile of scores, of few scores, of the sums of a band, and of sums.
After banded scores none are: rows that these need may be on their way still.
"""

_score_rows, _score_pair = (score_tile(rows, SCORE_COLUMNS) for rows in (SCORE_ROWS, 2))
_score_banded = score_tile(BANDED_ROWS, BANDED_COLUMNS, may_lack=True)
_score_row, _score_end = (score_tile(1, columns) for columns in (ROW_COLUMNS, SCORE_COLUMNS))
_square_rows, _square_few = (square_tile(rows) for rows in (SQUARE_ROWS, TILE_ROWS))
_sum_rows, _sum_transposed = (band_tile(transposed=transposed) for transposed in (False, True))
_add_rows, _add_pair = (gathered_sum_tile(rows, transposed=False) for rows in (TILE_ROWS, 2))
_add_transposed_rows, _add_transposed_pair, _add_transposed_row = (
    gathered_sum_tile(rows, transposed=True) for rows in (TILE_ROWS, 2, 1)
)


@replaces_with_loops(products.matmul_nt)
def _matmul_nt(X, n, Z, S, queue=None):  # type: ignore[no-untyped-def]
    whole = n // SCORE_ROWS * SCORE_ROWS
    for z in range(0, Z.shape[0], SCORE_COLUMNS):
        for t in range(0, whole, SCORE_ROWS):
            _score_rows(X, None, t, Z, None, z, X.shape[1], S)
            between_tiles(ROWS_PER_SCORES, queue)
    long = Z.shape[0] // ROW_COLUMNS * ROW_COLUMNS
    for t in range(whole, n):
        for z in range(0, long, ROW_COLUMNS):
            _score_row(X, None, t, Z, None, z, X.shape[1], S)
        for z in range(long, Z.shape[0], SCORE_COLUMNS):
            _score_end(X, None, t, Z, None, z, X.shape[1], S)


@replaces_with_loops(products.matmul_nt_banded)
def _matmul_nt_banded(X, of_x, Z, of_z, size, bands, S):  # type: ignore[no-untyped-def]
    for z in range(0, of_z.shape[0], BANDED_COLUMNS):
        begin, end = z // BAND_ROWS, (z + BANDED_COLUMNS - 1) // BAND_ROWS  # the first and the last band of a tile
        first, last = min(bands[begin, 0], bands[end, 0]), max(bands[begin, 1], bands[end, 1])
        for t in range(first, last, BANDED_ROWS):
            _score_banded(X, of_x, t, Z, of_z, z, size, S)


@replaces_with_loops(products.matmul_nn_with)
def _matmul_nn_with(G, n, Z, weights, others, of_others, out, queue=None):  # type: ignore[no-untyped-def]
    for r in range(0, n, TILE_ROWS):
        sum_tile_with(G, r, Z, weights, others, of_others, out)
        between_tiles(ROWS_PER_SUMS, queue)


@replaces_with_loops(products.matmul_nn_banded)
def _matmul_nn_banded(G, n, bands, dense, Z, size, out, queue=None):  # type: ignore[no-untyped-def]
    for r in range(0, n, BAND_ROWS):
        first, last = bands[r // BAND_ROWS, 0], bands[r // BAND_ROWS, 1]
        _sum_rows(G, r, (first, last, dense, Z.shape[0]), Z, None, size, out, None)
        between_tiles(ROWS_PER_BAND, queue)


@replaces_with_loops(products.matmul_nn_shifted)
def _matmul_nn_shifted(G, n, bands, dense, Z, of_z, weights, shift, size, out, squares, queue=None):  # type: ignore[no-untyped-def]
    for r in range(0, n, BAND_ROWS):
        ranges = (bands[r // BAND_ROWS, 0], bands[r // BAND_ROWS, 1], dense, of_z.shape[0])
        shifted_band_tile(G, r, ranges, Z, of_z, weights, shift, size, out, squares)
        between_tiles(ROWS_PER_BAND, queue)


@replaces_with_loops(products.matmul_tn)
def _matmul_tn(G, n, X, out, queue=None):  # type: ignore[no-untyped-def]
    for r in range(0, out.shape[0], TILE_ROWS):
        transposed_tile(G, r, n, X, out)
        between_tiles(ROWS_PER_SUMS, queue)


@replaces_with_loops(products.matmul_tn_banded)
def _matmul_tn_banded(G, X, of_x, size, bands, out, squares=None, queue=None):  # type: ignore[no-untyped-def]
    for r in range(0, out.shape[0], BAND_ROWS):
        first, last = bands[r // BAND_ROWS, 0], bands[r // BAND_ROWS, 1]
        _sum_transposed(G, r, (first, last, 0, 0), X, of_x, size, out, squares)
        between_tiles(ROWS_PER_BAND, queue)


@replaces_with_loops(products.dot_each)
def _dot_each(X, n, Z, of_z, s, queue=None):  # type: ignore[no-untyped-def]
    for t in range(0, n, TILE_ROWS):
        score_each_tile(X, t, Z, of_z, s)
        between_tiles(ROWS_PER_FEW, queue)


@replaces_with_loops(products.squared_norms)
def _squared_norms(X, n, s):  # type: ignore[no-untyped-def]
    whole = n // SQUARE_ROWS * SQUARE_ROWS
    for t in range(0, whole, SQUARE_ROWS):
        _square_rows(X, t, s)
    for t in range(whole, n, TILE_ROWS):
        _square_few(X, t, s)


@replaces_with_loops(products.matmul_nt_gathered)
def _matmul_nt_gathered(X, of_x, Z, of_z, S):  # type: ignore[no-untyped-def]
    whole, even = of_x.shape[0] // SCORE_ROWS * SCORE_ROWS, of_x.shape[0] // 2 * 2
    for z in range(0, of_z.shape[0], SCORE_COLUMNS):
        for t in range(0, whole, SCORE_ROWS):
            _score_rows(X, of_x, t, Z, of_z, z, X.shape[1], S)
        for t in range(whole, even, 2):
            _score_pair(X, of_x, t, Z, of_z, z, X.shape[1], S)
    long = of_z.shape[0] // ROW_COLUMNS * ROW_COLUMNS
    for t in range(even, of_x.shape[0]):
        for z in range(0, long, ROW_COLUMNS):
            _score_row(X, of_x, t, Z, of_z, z, X.shape[1], S)
        for z in range(long, of_z.shape[0], SCORE_COLUMNS):
            _score_end(X, of_x, t, Z, of_z, z, X.shape[1], S)


@replaces_with_loops(products.matmul_nn_gathered)
def _matmul_nn_gathered(G, Z, of_z, out, of_out):  # type: ignore[no-untyped-def]
    whole = of_out.shape[0] // TILE_ROWS * TILE_ROWS
    for r in range(0, whole, TILE_ROWS):
        _add_rows(G, r, Z, of_z, out, of_out, (0, out.shape[1]))
    for r in range(whole, of_out.shape[0], 2):
        _add_pair(G, r, Z, of_z, out, of_out, (0, out.shape[1]))


@replaces_with_loops(products.matmul_tn_gathered)
def _matmul_tn_gathered(G, X, of_x, out, of_out, first, last):  # type: ignore[no-untyped-def]
    whole, even = of_out.shape[0] // TILE_ROWS * TILE_ROWS, of_out.shape[0] // 2 * 2
    for r in range(0, whole, TILE_ROWS):
        _add_transposed_rows(G, r, X, of_x, out, of_out, (first, last))
    for r in range(whole, even, 2):
        _add_transposed_pair(G, r, X, of_x, out, of_out, (first, last))
    for r in range(even, of_out.shape[0]):
        _add_transposed_row(G, r, X, of_x, out, of_out, (first, last))


@replaces(products.learn_gathered)
def _learn_gathered(builder: Builder, g: List, H: Matrix, i: Value, Z: Matrix, of_z: List, out: Matrix) -> None:
    """Row i of H, and the sum, stay in registers."""

    def of_columns(columns: list[Value]) -> None:
        numbers = H.vectors(i, columns)

        def learn(j: Value, sums: list[Value]) -> list[Value]:
            weight, row = broadcast(builder, g.number(j)), of_z.row(j)
            were = Z.vectors(row, columns)
            found = [multiply_add(builder, weight, was, total) for was, total in zip(were, sums, strict=True)]
            learned = [multiply_add(builder, weight, number, was) for number, was in zip(numbers, were, strict=True)]
            Z.store_all(learned, row, columns)
            return found

        out.store_all(accumulate(builder, [Z.zeros] * len(columns), index(0), of_z.length, 1, learn), i, columns)

    in_columns(builder, Z.columns, ROW_VECTORS, of_columns)
