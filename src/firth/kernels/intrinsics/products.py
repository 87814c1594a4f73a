"""The matrix products in vectors of 16 numbers that stay in registers (see `firth.kernels.products`)."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic, overload

from firth.kernels.compiler import OPTIONS
from firth.kernels.intrinsics.registers import Builder, Matrix, Value, accumulate, index, lane_sums, multiply_add
from firth.kernels.products import LANES, TILE_ROWS, score, weigh, weigh_more, weigh_transposed


@intrinsic
def _score_tile(typing_context, X, t, Z, z, S):  # type: ignore[no-untyped-def]
    """S[t, z:z+16] = X[t] · Z[z:z+16]ᵀ."""
    signature = types.void(X, types.intp, Z, types.intp, S)

    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        x, z, s = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2, 4))
        rows = [builder.add(args[3], index(r)) for r in range(LANES)]

        def body(column: Value, sums: list[Value]) -> list[Value]:
            numbers = x.vector(args[1], column)
            return [
                multiply_add(builder, numbers, z.vector(row, column), total)
                for row, total in zip(rows, sums, strict=True)
            ]

        sums = accumulate(builder, [x.zeros] * LANES, index(0), x.width, LANES, body)
        s.store(lane_sums(builder, sums), args[1], args[3])
        return context.get_dummy_value()

    return signature, generate


def _weigh_tile(*, rows: int = TILE_ROWS, vectors: int = 1, transposed: bool = False, more: bool = False) -> Any:
    @intrinsic
    def tile(typing_context, G, r, n, Z, column, out):  # type: ignore[no-untyped-def]
        """out[r:r+rows, c] = G[r:r+rows, :n] · Z[:n, c], or with G[:n, r:r+rows]ᵀ, for some columns c; or += it."""
        signature = types.void(G, types.intp, types.intp, Z, types.intp, out)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            g, z, out = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 3, 5))
            own_rows = [builder.add(args[1], index(r)) for r in range(rows)]
            columns = [builder.add(args[4], index(v * LANES)) for v in range(vectors)]
            places = [(row, column) for row in own_rows for column in columns]

            def body(k: Value, sums: list[Value]) -> list[Value]:
                numbers = [z.vector(k, column) for column in columns]
                weights = [g.number(k, row) if transposed else g.number(row, k) for row in own_rows]
                products = [(weight, number) for weight in weights for number in numbers]
                return [
                    multiply_add(builder, weight, number, total)
                    for (weight, number), total in zip(products, sums, strict=True)
                ]

            begin = [out.vector(*place) if more else z.zeros for place in places]
            sums = accumulate(builder, begin, index(0), args[2], 1, body)
            for place, total in zip(places, sums, strict=True):
                out.store(total, *place)
            return context.get_dummy_value()

        return signature, generate

    return tile


_FEW_ROWS = TILE_ROWS // 2
"""Rows of a smaller tile, two vectors wide, where no more are left."""
_weigh_rows = _weigh_tile()
_weigh_few_rows = _weigh_tile(rows=_FEW_ROWS, vectors=2)
_weigh_few_rows_narrow = _weigh_tile(rows=_FEW_ROWS)
_weigh_more_rows = _weigh_tile(more=True)
_weigh_more_few_rows = _weigh_tile(rows=_FEW_ROWS, vectors=2, more=True)
_weigh_more_few_rows_narrow = _weigh_tile(rows=_FEW_ROWS, more=True)
_weigh_columns = _weigh_tile(transposed=True)


@overload(score, jit_options=OPTIONS)
def _score(X, n, Z, S):  # type: ignore[no-untyped-def]
    def tiles(X, n, Z, S):  # type: ignore[no-untyped-def]
        for z in range(0, Z.shape[0], LANES):
            for t in range(n):
                _score_tile(X, t, Z, z, S)

    return tiles


def _in_tiles(many: Any, few: Any, narrow: Any) -> Any:
    """A product in tiles: whole ones, and where few rows are left smaller ones, the last of one vector."""

    def tiles(G, n, Z, out):  # type: ignore[no-untyped-def]
        width = Z.shape[1]
        even = width // (2 * LANES) * (2 * LANES)
        for r in range(0, n, TILE_ROWS):
            if n - r > _FEW_ROWS:
                for column in range(0, width, LANES):
                    many(G, r, Z.shape[0], Z, column, out)
            else:
                for column in range(0, even, 2 * LANES):
                    few(G, r, Z.shape[0], Z, column, out)
                if even < width:
                    narrow(G, r, Z.shape[0], Z, even, out)

    return tiles


@overload(weigh, jit_options=OPTIONS)
def _weigh(G, n, Z, out):  # type: ignore[no-untyped-def]
    return _in_tiles(_weigh_rows, _weigh_few_rows, _weigh_few_rows_narrow)


@overload(weigh_more, jit_options=OPTIONS)
def _weigh_more(G, n, Z, out):  # type: ignore[no-untyped-def]
    return _in_tiles(_weigh_more_rows, _weigh_more_few_rows, _weigh_more_few_rows_narrow)


@overload(weigh_transposed, jit_options=OPTIONS)
def _weigh_transposed(G, n, X, out):  # type: ignore[no-untyped-def]
    def tiles(G, n, X, out):  # type: ignore[no-untyped-def]
        for r in range(0, out.shape[0], TILE_ROWS):
            for column in range(0, X.shape[1], LANES):
                _weigh_columns(G, r, n, X, column, out)

    return tiles
