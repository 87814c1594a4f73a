"""The matrix products in vectors of 16 numbers that stay in registers (see `firth.kernels.products`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from firth.kernels.compiler import OPTIONS
from firth.kernels.products import LANES, TILE_ROWS, score, weigh, weigh_transposed

Builder = Any
Value = Any
_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
_SHUFFLE = ir.VectorType(ir.IntType(32), LANES)
_ZERO = ir.Constant(_VECTOR, [0.0] * LANES)


def _index(n: int) -> Value:
    return ir.Constant(ir.IntType(64), n)


class _Matrix:
    """A two-dimensional array argument: where its rows begin, and how to load and store its numbers."""

    def __init__(self, context: Any, builder: Builder, array_type: Any, value: Value):
        array = context.make_array(array_type)(context, builder, value)
        self.builder = builder
        self.data = array.data
        _, self.width = cgutils.unpack_tuple(builder, array.shape, 2)

    def at(self, row: Value, column: Value) -> Value:
        offset = self.builder.add(self.builder.mul(row, self.width), column)
        return self.builder.gep(self.data, [offset])

    def number(self, row: Value, column: Value) -> Value:
        """One number, in every lane."""
        none = ir.Constant(_VECTOR, ir.Undefined)
        number = self.builder.load(self.at(row, column))
        vector = self.builder.insert_element(none, number, ir.Constant(ir.IntType(32), 0))
        return self.builder.shuffle_vector(vector, none, ir.Constant(_SHUFFLE, [0] * LANES))

    def vector(self, row: Value, column: Value) -> Value:
        return self.builder.load(self._vector_at(row, column), align=4)

    def store(self, vector: Value, row: Value, column: Value) -> None:
        self.builder.store(vector, self._vector_at(row, column), align=4)

    def _vector_at(self, row: Value, column: Value) -> Value:
        return self.builder.bitcast(self.at(row, column), _VECTOR.as_pointer())


def _multiply_add(builder: Builder, a: Value, b: Value, c: Value) -> Value:
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    name = f"llvm.fma.v{LANES}f32"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [a, b, c])


def _accumulate(
    builder: Builder, count: int, steps: Value, stride: int, body: Callable[[Value, list[Value]], list[Value]]
) -> list[Value]:
    """Run `sums = body(k, sums)` for k in range(0, steps, stride), on `count` sums that start at zero."""
    slots = [cgutils.alloca_once(builder, _VECTOR) for _ in range(count)]
    for slot in slots:
        builder.store(_ZERO, slot)
    with cgutils.for_range_slice(builder, _index(0), steps, _index(stride)) as (k, _):
        for slot, total in zip(slots, body(k, [builder.load(slot) for slot in slots]), strict=True):
            builder.store(total, slot)
    return [builder.load(slot) for slot in slots]


def _lane_sums(builder: Builder, vectors: list[Value]) -> Value:
    """One vector that holds the sum over the lanes of each of 16 vectors: a tree of pairwise additions."""
    even = ir.Constant(_SHUFFLE, list(range(0, 2 * LANES, 2)))
    odd = ir.Constant(_SHUFFLE, list(range(1, 2 * LANES, 2)))
    while len(vectors) > 1:
        vectors = [
            builder.fadd(builder.shuffle_vector(a, b, even), builder.shuffle_vector(a, b, odd))
            for a, b in zip(vectors[::2], vectors[1::2], strict=True)
        ]
    return vectors[0]


@intrinsic
def _score_tile(typing_context, X, t, Z, z, S):  # type: ignore[no-untyped-def]
    """S[t, z:z+16] = X[t] · Z[z:z+16]ᵀ."""
    signature = types.void(X, types.intp, Z, types.intp, S)

    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        x, z, s = (_Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2, 4))
        rows = [builder.add(args[3], _index(r)) for r in range(LANES)]

        def body(column: Value, sums: list[Value]) -> list[Value]:
            numbers = x.vector(args[1], column)
            return [
                _multiply_add(builder, numbers, z.vector(row, column), total)
                for row, total in zip(rows, sums, strict=True)
            ]

        sums = _accumulate(builder, LANES, x.width, LANES, body)
        s.store(_lane_sums(builder, sums), args[1], args[3])
        return context.get_dummy_value()

    return signature, generate


def _weigh_tile(*, transposed: bool) -> Any:
    @intrinsic
    def tile(typing_context, G, r, n, Z, column, out):  # type: ignore[no-untyped-def]
        """out[r:r+8, column:column+16] = G[r:r+8, :n] · Z[:n, column:column+16], or with G[:n, r:r+8]ᵀ."""
        signature = types.void(G, types.intp, types.intp, Z, types.intp, out)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            g, z, out = (_Matrix(context, builder, signature.args[i], args[i]) for i in (0, 3, 5))
            rows = [builder.add(args[1], _index(r)) for r in range(TILE_ROWS)]

            def body(k: Value, sums: list[Value]) -> list[Value]:
                numbers = z.vector(k, args[4])
                weights = [g.number(k, row) if transposed else g.number(row, k) for row in rows]
                return [
                    _multiply_add(builder, weight, numbers, total) for weight, total in zip(weights, sums, strict=True)
                ]

            sums = _accumulate(builder, TILE_ROWS, args[2], 1, body)
            for row, total in zip(rows, sums, strict=True):
                out.store(total, row, args[4])
            return context.get_dummy_value()

        return signature, generate

    return tile


_weigh_rows = _weigh_tile(transposed=False)
_weigh_columns = _weigh_tile(transposed=True)


@overload(score, jit_options=OPTIONS)
def _score(X, n, Z, S):  # type: ignore[no-untyped-def]
    def tiles(X, n, Z, S):  # type: ignore[no-untyped-def]
        for z in range(0, Z.shape[0], LANES):
            for t in range(n):
                _score_tile(X, t, Z, z, S)

    return tiles


@overload(weigh, jit_options=OPTIONS)
def _weigh(G, n, Z, out):  # type: ignore[no-untyped-def]
    def tiles(G, n, Z, out):  # type: ignore[no-untyped-def]
        for r in range(0, n, TILE_ROWS):
            for column in range(0, Z.shape[1], LANES):
                _weigh_rows(G, r, Z.shape[0], Z, column, out)

    return tiles


@overload(weigh_transposed, jit_options=OPTIONS)
def _weigh_transposed(G, n, X, out):  # type: ignore[no-untyped-def]
    def tiles(G, n, X, out):  # type: ignore[no-untyped-def]
        for r in range(0, out.shape[0], TILE_ROWS):
            for column in range(0, X.shape[1], LANES):
                _weigh_columns(G, r, n, X, column, out)

    return tiles
