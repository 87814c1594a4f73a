"""The matrix products in vectors of 16 numbers that stay in registers (see `firth.kernels.linalg.products`)."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from firth.arrays import LANES
from firth.jit.instructions import Builder, Value, unpacked
from firth.jit.lowering import replaces_with_loops
from firth.jit.simd import List, Matrix, accumulate, horizontal_sums, index, multiply_add, part
from firth.kernels.linalg.product_tiles_llvm import (
    ROW_COLUMNS,
    SCORE_COLUMNS,
    SCORE_ROWS,
    SQUARE_ROWS,
    Rows,
    Sums,
    fill_scores,
    fill_sums,
    weight_of,
)
from firth.kernels.linalg.products import (
    TILE_ROWS,
    between_tiles,
    dot_each,
    matmul_nn_banded,
    matmul_nn_with,
    matmul_nt,
    matmul_nt_banded,
    matmul_tn,
    matmul_tn_banded,
    squared_norms,
)

ROWS_PER_SCORES, ROWS_PER_FEW, ROWS_PER_SUMS = 1, 2, 4
"""Rows of the next block that are asked for after a tile of scores, after one of few scores, and after one of sums."""


def is_none(kind: Any) -> bool:
    """Whether an argument of this type is None, or was left out."""
    return isinstance(kind, types.NoneType | types.Omitted)


def _score_tile(rows: int, columns: int) -> Any:
    @intrinsic
    def tile(typing_context, X, t, Z, z, S):  # type: ignore[no-untyped-def]
        """S[t:t+rows, z:z+columns] = X[t:t+rows] · Z[z:z+columns]ᵀ."""
        signature = types.void(X, types.intp, Z, types.intp, S)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            x, z, s = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2, 4))
            fill_scores(builder, rows, columns, Rows(x), args[1], Rows(z), args[3], s)
            return context.get_dummy_value()

        return signature, generate

    return tile


@intrinsic
def _score_each_tile(typing_context, X, t, Z, of_z, s):  # type: ignore[no-untyped-def]
    """s[i] = X[i] · Z[of_z[i]], for the four i from t on."""
    signature = types.void(X, types.intp, Z, of_z, s)

    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        x, z = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2))
        of_z, scores = (List(context, builder, signature.args[i], args[i]) for i in (3, 4))
        places = [builder.add(args[1], index(k)) for k in range(TILE_ROWS)]
        z_rows = [of_z.row_or_first(place) for place in places]

        def body(column: Value, sums: list[Value]) -> list[Value]:
            vectors = [(x.vector(i, column), z.vector(row, column)) for i, row in zip(places, z_rows, strict=True)]
            return [multiply_add(builder, a, b, total) for (a, b), total in zip(vectors, sums, strict=True)]

        sums = horizontal_sums(builder, accumulate(builder, [x.zeros] * TILE_ROWS, index(0), x.width, LANES, body))
        scores.store(part(builder, sums, 0, TILE_ROWS), args[1])
        return context.get_dummy_value()

    return signature, generate


def _square_tile(rows: int) -> Any:
    @intrinsic
    def tile(typing_context, X, t, s):  # type: ignore[no-untyped-def]
        """s[t:t+rows] = the squares of the lengths of X[t:t+rows]."""
        signature = types.void(X, types.intp, s)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            x = Matrix(context, builder, signature.args[0], args[0])
            s = List(context, builder, signature.args[2], args[2])
            places = [builder.add(args[1], index(r)) for r in range(rows)]

            def body(column: Value, sums: list[Value]) -> list[Value]:
                vectors = [x.vector(row, column) for row in places]
                return [multiply_add(builder, v, v, total) for v, total in zip(vectors, sums, strict=True)]

            sums = horizontal_sums(builder, accumulate(builder, [x.zeros] * rows, index(0), x.width, LANES, body))
            s.store(part(builder, sums, 0, rows), args[1])
            return context.get_dummy_value()

        return signature, generate

    return tile


def _weigh_tile(*, transposed: bool = False) -> Any:
    @intrinsic
    def tile(typing_context, G, r, ranges, Z, out, squares):  # type: ignore[no-untyped-def]
        """out[r:r+4] = Σ G[r:r+4, k] · Z[k], or with G[k, r:r+4]ᵀ, for the k of two ranges, (first, last, first, last);
        squares[r:r+4] = the squares of their lengths, if these are asked for.
        """
        signature = types.void(G, types.intp, types.UniTuple(types.intp, 4), Z, out, squares)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            g, z, out = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 3, 4))
            found = None if is_none(squares) else List(context, builder, signature.args[5], args[5])
            first, last, dense, end = unpacked(builder, args[2], 4)
            sums = Sums(weight_of(g, transposed=transposed), [(first, last), (dense, end)])
            fill_sums(builder, TILE_ROWS, args[1], sums, Rows(z), Rows(out), squares=found)
            return context.get_dummy_value()

        return signature, generate

    return tile


@intrinsic
def _weigh_with_rows(typing_context, G, r, Z, weights, others, of_others, out):  # type: ignore[no-untyped-def]
    """out[i] = Σ G[i, k] · Z[k] + weights[i] · others[of_others[i]], for the four i from r on."""
    signature = types.void(G, types.intp, Z, weights, others, of_others, out)

    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        g, z, others, out = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2, 4, 6))
        weights, of_others = (List(context, builder, signature.args[i], args[i]) for i in (3, 5))
        places = [builder.add(args[1], index(i)) for i in range(TILE_ROWS)]
        own = [(others.broadcast(weights.number(place)), of_others.row_or_first(place)) for place in places]

        def begin(i: int, _: Value, column: Value) -> Value:
            weight, row = own[i]
            return builder.fmul(weight, others.vector(row, column))

        sums = Sums(g.number, [(index(0), z.rows)], begin)
        fill_sums(builder, TILE_ROWS, args[1], sums, Rows(z), Rows(out))
        return context.get_dummy_value()

    return signature, generate


_score_rows = _score_tile(SCORE_ROWS, SCORE_COLUMNS)
_score_row, _score_end = (_score_tile(1, columns) for columns in (ROW_COLUMNS, SCORE_COLUMNS))
_square_rows, _square_few = (_square_tile(rows) for rows in (SQUARE_ROWS, TILE_ROWS))
_weigh_rows = _weigh_tile()
_weigh_columns = _weigh_tile(transposed=True)


@replaces_with_loops(matmul_nt)
def _matmul_nt(X, n, Z, S, queue=None):  # type: ignore[no-untyped-def]
    def tiles(X, n, Z, S, queue=None):  # type: ignore[no-untyped-def]
        whole = n // SCORE_ROWS * SCORE_ROWS
        for z in range(0, Z.shape[0], SCORE_COLUMNS):
            for t in range(0, whole, SCORE_ROWS):
                _score_rows(X, t, Z, z, S)
                between_tiles(ROWS_PER_SCORES, queue)
        long = Z.shape[0] // ROW_COLUMNS * ROW_COLUMNS
        for t in range(whole, n):
            for z in range(0, long, ROW_COLUMNS):
                _score_row(X, t, Z, z, S)
            for z in range(long, Z.shape[0], SCORE_COLUMNS):
                _score_end(X, t, Z, z, S)

    return tiles


@replaces_with_loops(matmul_nt_banded)
def _matmul_nt_banded(X, Z, bands, S, queue=None):  # type: ignore[no-untyped-def]
    def tiles(X, Z, bands, S, queue=None):  # type: ignore[no-untyped-def]
        for z in range(0, Z.shape[0], SCORE_COLUMNS):
            for t in range(bands[z // TILE_ROWS, 0], bands[z // TILE_ROWS, 1], SCORE_ROWS):
                _score_rows(X, t, Z, z, S)
                between_tiles(ROWS_PER_SCORES, queue)

    return tiles


@replaces_with_loops(matmul_nn_with)
def _matmul_nn_with(G, n, Z, weights, others, of_others, out, queue=None):  # type: ignore[no-untyped-def]
    def tiles(G, n, Z, weights, others, of_others, out, queue=None):  # type: ignore[no-untyped-def]
        for r in range(0, n, TILE_ROWS):
            _weigh_with_rows(G, r, Z, weights, others, of_others, out)
            between_tiles(ROWS_PER_SUMS, queue)

    return tiles


@replaces_with_loops(matmul_nn_banded)
def _matmul_nn_banded(G, n, bands, dense, Z, out, squares=None, queue=None):  # type: ignore[no-untyped-def]
    def tiles(G, n, bands, dense, Z, out, squares=None, queue=None):  # type: ignore[no-untyped-def]
        for r in range(0, n, TILE_ROWS):
            first, last = bands[r // TILE_ROWS, 0], bands[r // TILE_ROWS, 1]
            _weigh_rows(G, r, (first, last, dense, Z.shape[0]), Z, out, squares)
            between_tiles(ROWS_PER_SUMS, queue)

    return tiles


@replaces_with_loops(matmul_tn)
def _matmul_tn(G, n, X, out, queue=None):  # type: ignore[no-untyped-def]
    def tiles(G, n, X, out, queue=None):  # type: ignore[no-untyped-def]
        for r in range(0, out.shape[0], TILE_ROWS):
            _weigh_columns(G, r, (0, n, 0, 0), X, out, None)
            between_tiles(ROWS_PER_SUMS, queue)

    return tiles


@replaces_with_loops(matmul_tn_banded)
def _matmul_tn_banded(G, X, bands, out, squares=None, queue=None):  # type: ignore[no-untyped-def]
    def tiles(G, X, bands, out, squares=None, queue=None):  # type: ignore[no-untyped-def]
        for r in range(0, out.shape[0], TILE_ROWS):
            first, last = bands[r // TILE_ROWS, 0], bands[r // TILE_ROWS, 1]
            _weigh_columns(G, r, (first, last, 0, 0), X, out, squares)
            between_tiles(ROWS_PER_SUMS, queue)

    return tiles


@replaces_with_loops(dot_each)
def _dot_each(X, n, Z, of_z, s, queue=None):  # type: ignore[no-untyped-def]
    def tiles(X, n, Z, of_z, s, queue=None):  # type: ignore[no-untyped-def]
        for t in range(0, n, TILE_ROWS):
            _score_each_tile(X, t, Z, of_z, s)
            between_tiles(ROWS_PER_FEW, queue)

    return tiles


@replaces_with_loops(squared_norms)
def _squared_norms(X, n, s):  # type: ignore[no-untyped-def]
    def tiles(X, n, s):  # type: ignore[no-untyped-def]
        whole = n // SQUARE_ROWS * SQUARE_ROWS
        for t in range(0, whole, SQUARE_ROWS):
            _square_rows(X, t, s)
        for t in range(whole, n, TILE_ROWS):
            _square_few(X, t, s)

    return tiles
