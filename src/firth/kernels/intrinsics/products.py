"""The matrix products in vectors of 16 numbers that stay in registers (see `firth.kernels.products`).

How many of them a tile has depends on the processor's registers, and changes the time only: each number of a result is
summed by itself, in the same order in any tile.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from firth.kernels.compiler import OPTIONS, processor
from firth.kernels.intrinsics.registers import (
    Builder,
    Matrix,
    Value,
    accumulate,
    for_range,
    index,
    lane_sums,
    multiply_add,
)
from firth.kernels.products import (
    LANES,
    TILE_ROWS,
    score,
    score_bands,
    weigh,
    weigh_bands,
    weigh_more,
    weigh_transposed,
    weigh_transposed_bands,
)

WIDE = "+avx512f" in processor()[1]
"""Whether a vector of 16 numbers is one register, of 32; otherwise it takes two or four of 16 or 32."""
VECTORS = 4 if WIDE else 1
"""Vectors of each row of a tile, at most, where rows are summed."""
SCORE_ROWS, SCORE_COLUMNS = (4, 4) if WIDE else (2, 2)
"""The tile of scores, of which each takes a vector."""
ROW_COLUMNS = SCORE_ROWS * SCORE_COLUMNS
"""The scores in a tile of one row."""


def _score_tile(rows: int, columns: int) -> Any:
    @intrinsic
    def tile(typing_context, X, t, Z, z, S):  # type: ignore[no-untyped-def]
        """S[t:t+rows, z:z+columns] = X[t:t+rows] · Z[z:z+columns]ᵀ."""
        signature = types.void(X, types.intp, Z, types.intp, S)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            x, z, s = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2, 4))
            x_rows = [builder.add(args[1], index(r)) for r in range(rows)]
            z_rows = [builder.add(args[3], index(r)) for r in range(columns)]

            def body(column: Value, sums: list[Value]) -> list[Value]:
                of_x, of_z = ([m.vector(row, column) for row in of] for m, of in ((x, x_rows), (z, z_rows)))
                pairs = [(a, b) for a in of_x for b in of_z]
                return [multiply_add(builder, a, b, total) for (a, b), total in zip(pairs, sums, strict=True)]

            sums = accumulate(builder, [x.zeros] * (rows * columns), index(0), x.width, LANES, body)
            scores = lane_sums(builder, sums)
            for r, row in enumerate(x_rows):
                s.store(_part(builder, scores, r * columns, columns), row, args[3])
            return context.get_dummy_value()

        return signature, generate

    return tile


def _part(builder: Builder, vector: Value, first: int, count: int) -> Value:
    """Some neighboring numbers of a vector, as one of its own."""
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), count), list(range(first, first + count)))
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), lanes)


def _in_columns(builder: Builder, width: Value, body: Callable[..., None]) -> None:
    """Run `body(column, vectors)` over the columns of a row: as many tiles of `VECTORS` vectors as fit, and a last one
    of what is left over.
    """
    start = index(0)
    for vectors in range(VECTORS, 0, -1):
        left = builder.sub(width, start)
        whole = builder.mul(builder.udiv(left, index(vectors * LANES)), index(vectors * LANES))
        stop = builder.add(start, whole)
        for_range(builder, start, stop, vectors * LANES, functools.partial(body, vectors=vectors))
        start = stop


def _weigh_tile(*, transposed: bool = False, more: bool = False) -> Any:
    @intrinsic
    def tile(typing_context, G, r, first, last, dense, end, Z, out):  # type: ignore[no-untyped-def]
        """out[r:r+4] = Σ G[r:r+4, k] · Z[k], or with G[k, r:r+4]ᵀ, for k from `first` to `last`, and then from `dense`
        to `end`; or += it.
        """
        signature = types.void(G, *[types.intp] * 5, Z, out)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            g, z, out = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 6, 7))
            rows = [builder.add(args[1], index(r)) for r in range(TILE_ROWS)]

            def in_columns(column: Value, vectors: int) -> None:
                columns = [builder.add(column, index(v * LANES)) for v in range(vectors)]
                places = [(row, column) for row in rows for column in columns]

                def body(k: Value, sums: list[Value]) -> list[Value]:
                    numbers = [z.vector(k, column) for column in columns]
                    weights = [g.number(k, row) if transposed else g.number(row, k) for row in rows]
                    products = [(weight, number) for weight in weights for number in numbers]
                    return [
                        multiply_add(builder, weight, number, total)
                        for (weight, number), total in zip(products, sums, strict=True)
                    ]

                sums = [out.vector(*place) if more else z.zeros for place in places]
                for begin, stop in (args[2:4], args[4:6]):
                    sums = accumulate(builder, sums, begin, stop, 1, body)
                for place, total in zip(places, sums, strict=True):
                    out.store(total, *place)

            _in_columns(builder, z.width, in_columns)
            return context.get_dummy_value()

        return signature, generate

    return tile


_score_rows = _score_tile(SCORE_ROWS, SCORE_COLUMNS)
_score_row = _score_tile(1, ROW_COLUMNS)
_weigh_rows = _weigh_tile()
_weigh_more_rows = _weigh_tile(more=True)
_weigh_columns = _weigh_tile(transposed=True)


@overload(score, jit_options=OPTIONS)
def _score(X, n, Z, S):  # type: ignore[no-untyped-def]
    def tiles(X, n, Z, S):  # type: ignore[no-untyped-def]
        whole = n // SCORE_ROWS * SCORE_ROWS
        for z in range(0, Z.shape[0], SCORE_COLUMNS):
            for t in range(0, whole, SCORE_ROWS):
                _score_rows(X, t, Z, z, S)
        for t in range(whole, n):
            for z in range(0, Z.shape[0], ROW_COLUMNS):
                _score_row(X, t, Z, z, S)

    return tiles


@overload(score_bands, jit_options=OPTIONS)
def _score_bands(X, Z, bands, S):  # type: ignore[no-untyped-def]
    def tiles(X, Z, bands, S):  # type: ignore[no-untyped-def]
        for z in range(0, Z.shape[0], SCORE_COLUMNS):
            for t in range(bands[z // TILE_ROWS, 0], bands[z // TILE_ROWS, 1], SCORE_ROWS):
                _score_rows(X, t, Z, z, S)

    return tiles


@overload(weigh, jit_options=OPTIONS)
def _weigh(G, n, Z, out):  # type: ignore[no-untyped-def]
    def tiles(G, n, Z, out):  # type: ignore[no-untyped-def]
        for r in range(0, n, TILE_ROWS):
            _weigh_rows(G, r, 0, Z.shape[0], 0, 0, Z, out)

    return tiles


@overload(weigh_more, jit_options=OPTIONS)
def _weigh_more(G, n, Z, out):  # type: ignore[no-untyped-def]
    def tiles(G, n, Z, out):  # type: ignore[no-untyped-def]
        for r in range(0, n, TILE_ROWS):
            _weigh_more_rows(G, r, 0, Z.shape[0], 0, 0, Z, out)

    return tiles


@overload(weigh_bands, jit_options=OPTIONS)
def _weigh_bands(G, n, bands, dense, Z, out):  # type: ignore[no-untyped-def]
    def tiles(G, n, bands, dense, Z, out):  # type: ignore[no-untyped-def]
        for r in range(0, n, TILE_ROWS):
            first, last = bands[r // TILE_ROWS, 0], bands[r // TILE_ROWS, 1]
            _weigh_rows(G, r, first, last, dense, Z.shape[0], Z, out)

    return tiles


@overload(weigh_transposed, jit_options=OPTIONS)
def _weigh_transposed(G, n, X, out):  # type: ignore[no-untyped-def]
    def tiles(G, n, X, out):  # type: ignore[no-untyped-def]
        for r in range(0, out.shape[0], TILE_ROWS):
            _weigh_columns(G, r, 0, n, 0, 0, X, out)

    return tiles


@overload(weigh_transposed_bands, jit_options=OPTIONS)
def _weigh_transposed_bands(G, X, bands, out):  # type: ignore[no-untyped-def]
    def tiles(G, X, bands, out):  # type: ignore[no-untyped-def]
        for r in range(0, out.shape[0], TILE_ROWS):
            _weigh_columns(G, r, bands[r // TILE_ROWS, 0], bands[r // TILE_ROWS, 1], 0, 0, X, out)

    return tiles
