"""The products of gathered rows in vectors of 16 numbers that stay in registers (see
`firth.kernels.linalg.gathered_products`).
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from firth.jit.instructions import Builder, Value, unpacked
from firth.jit.lowering import replaces, replaces_with_loops
from firth.jit.simd import List, Matrix, accumulate, in_columns, index, multiply_add
from firth.kernels.linalg.gathered_products import (
    learn_gathered,
    matmul_nn_gathered,
    matmul_nt_gathered,
    matmul_tn_gathered,
)
from firth.kernels.linalg.product_tiles_llvm import (
    ROW_COLUMNS,
    ROW_VECTORS,
    SCORE_COLUMNS,
    SCORE_ROWS,
    Rows,
    Sums,
    fill_scores,
    fill_sums,
    onto,
    weight_of,
)
from firth.kernels.linalg.products import TILE_ROWS


def _listed_score_tile(rows: int, columns: int) -> Any:
    @intrinsic
    def tile(typing_context, X, of_x, t, Z, of_z, z, S):  # type: ignore[no-untyped-def]
        """S[t:t+rows, z:z+columns] = X[of_x[t:t+rows]] · Z[of_z[z:z+columns]]ᵀ."""
        signature = types.void(X, of_x, types.intp, Z, of_z, types.intp, S)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            x, z, s = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 3, 6))
            of_x, of_z = (List(context, builder, signature.args[i], args[i]) for i in (1, 4))
            fill_scores(builder, rows, columns, Rows(x, of_x.row), args[2], Rows(z, of_z.row), args[5], s)
            return context.get_dummy_value()

        return signature, generate

    return tile


def _listed_weigh_tile(rows: int) -> Any:
    @intrinsic
    def tile(typing_context, G, r, Z, of_z, out, of_out):  # type: ignore[no-untyped-def]
        """out[of_out[r:r+rows]] += Σ G[r:r+rows, k] · Z[of_z[k]]."""
        signature = types.void(G, types.intp, Z, of_z, out, of_out)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            g, z, out = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2, 4))
            of_z, of_out = (List(context, builder, signature.args[i], args[i]) for i in (3, 5))
            sums = Sums(g.number, [(index(0), of_z.length)], onto(out))
            fill_sums(builder, rows, args[1], sums, Rows(z, of_z.row), Rows(out, of_out.row))
            return context.get_dummy_value()

        return signature, generate

    return tile


def _listed_weigh_transposed_tile(rows: int) -> Any:
    @intrinsic
    def tile(typing_context, G, r, X, of_x, out, of_out, columns):  # type: ignore[no-untyped-def]
        """out[of_out[r:r+rows]] += Σ G[k, r:r+rows] · X[of_x[k]], in a range of columns."""
        signature = types.void(G, types.intp, X, of_x, out, of_out, types.UniTuple(types.intp, 2))

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            g, x, out = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2, 4))
            of_x, of_out = (List(context, builder, signature.args[i], args[i]) for i in (3, 5))
            sums = Sums(weight_of(g, transposed=True), [(index(0), of_x.length)], onto(out))
            between = tuple(unpacked(builder, args[6], 2))
            fill_sums(builder, rows, args[1], sums, Rows(x, of_x.row), Rows(out, of_out.row), between=between)
            return context.get_dummy_value()

        return signature, generate

    return tile


@replaces(learn_gathered)
def _learn_gathered(g, H, i, Z, of_z, out):  # type: ignore[no-untyped-def]
    """Row i of H, and the sum, stay in registers."""

    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        h, z, out = (Matrix(context, builder, signature.args[n], args[n]) for n in (1, 3, 5))
        g, of_z = (List(context, builder, signature.args[n], args[n]) for n in (0, 4))
        i = args[2]

        def of_columns(columns: list[Value]) -> None:
            numbers = [h.vector(i, column) for column in columns]

            def learn(j: Value, sums: list[Value]) -> list[Value]:
                weight, row = z.broadcast(g.number(j)), of_z.row(j)
                were = [z.vector(row, column) for column in columns]
                found = [multiply_add(builder, weight, was, total) for was, total in zip(were, sums, strict=True)]
                for number, was, column in zip(numbers, were, columns, strict=True):
                    z.store(multiply_add(builder, weight, number, was), row, column)
                return found

            sums = accumulate(builder, [z.zeros] * len(columns), index(0), of_z.length, 1, learn)
            for total, column in zip(sums, columns, strict=True):
                out.store(total, i, column)

        in_columns(builder, z.columns, ROW_VECTORS, of_columns)
        return context.get_dummy_value()

    return types.void(g, H, types.intp, Z, of_z, out), generate


_score_listed_rows = _listed_score_tile(SCORE_ROWS, SCORE_COLUMNS)
_score_listed_pair = _listed_score_tile(2, SCORE_COLUMNS)
_score_listed_row, _score_listed_end = (_listed_score_tile(1, columns) for columns in (ROW_COLUMNS, SCORE_COLUMNS))
_weigh_listed_rows, _weigh_listed_pair = (_listed_weigh_tile(rows) for rows in (TILE_ROWS, 2))
_weigh_transposed_listed_rows, _weigh_transposed_listed_pair, _weigh_transposed_listed_row = (
    _listed_weigh_transposed_tile(rows) for rows in (TILE_ROWS, 2, 1)
)


@replaces_with_loops(matmul_nt_gathered)
def _matmul_nt_gathered(X, of_x, Z, of_z, S):  # type: ignore[no-untyped-def]
    def tiles(X, of_x, Z, of_z, S):  # type: ignore[no-untyped-def]
        whole, even = of_x.shape[0] // SCORE_ROWS * SCORE_ROWS, of_x.shape[0] // 2 * 2
        for z in range(0, of_z.shape[0], SCORE_COLUMNS):
            for t in range(0, whole, SCORE_ROWS):
                _score_listed_rows(X, of_x, t, Z, of_z, z, S)
            for t in range(whole, even, 2):
                _score_listed_pair(X, of_x, t, Z, of_z, z, S)
        long = of_z.shape[0] // ROW_COLUMNS * ROW_COLUMNS
        for t in range(even, of_x.shape[0]):
            for z in range(0, long, ROW_COLUMNS):
                _score_listed_row(X, of_x, t, Z, of_z, z, S)
            for z in range(long, of_z.shape[0], SCORE_COLUMNS):
                _score_listed_end(X, of_x, t, Z, of_z, z, S)

    return tiles


@replaces_with_loops(matmul_nn_gathered)
def _matmul_nn_gathered(G, Z, of_z, out, of_out):  # type: ignore[no-untyped-def]
    def tiles(G, Z, of_z, out, of_out):  # type: ignore[no-untyped-def]
        whole = of_out.shape[0] // TILE_ROWS * TILE_ROWS
        for r in range(0, whole, TILE_ROWS):
            _weigh_listed_rows(G, r, Z, of_z, out, of_out)
        for r in range(whole, of_out.shape[0], 2):
            _weigh_listed_pair(G, r, Z, of_z, out, of_out)

    return tiles


@replaces_with_loops(matmul_tn_gathered)
def _matmul_tn_gathered(G, X, of_x, out, of_out, first, last):  # type: ignore[no-untyped-def]
    def tiles(G, X, of_x, out, of_out, first, last):  # type: ignore[no-untyped-def]
        whole, even = of_out.shape[0] // TILE_ROWS * TILE_ROWS, of_out.shape[0] // 2 * 2
        for r in range(0, whole, TILE_ROWS):
            _weigh_transposed_listed_rows(G, r, X, of_x, out, of_out, (first, last))
        for r in range(whole, even, 2):
            _weigh_transposed_listed_pair(G, r, X, of_x, out, of_out, (first, last))
        for r in range(even, of_out.shape[0]):
            _weigh_transposed_listed_row(G, r, X, of_x, out, of_out, (first, last))

    return tiles
