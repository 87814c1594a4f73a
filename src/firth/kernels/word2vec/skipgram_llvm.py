"""The gradients of skip-gram's scores in vectors of 16 (see `firth.kernels.word2vec.skipgram`)."""

from __future__ import annotations

import functools
from typing import Any

from llvmlite import ir
from numba import types

from firth.arrays import LANES
from firth.jit import simd
from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces
from firth.jit.simd import I32, NUMBERS, List, Matrix, accumulate, broadcast, for_range, index, multiply_add
from firth.kernels.linalg.product_tiles_llvm import PART, whole_vectors
from firth.kernels.linalg.products import TILE_ROWS
from firth.kernels.word2vec.blocks import LIMIT, P, Q
from firth.kernels.word2vec.skipgram import fill_row, is_among, scores_to_gradients


def _constant(vector: Value, number: Any) -> Value:
    return ir.Constant(vector.type, [float(number)] * vector.type.count)


def _polynomial(builder: Builder, x: Value, coefficients: tuple[Any, ...]) -> Value:
    """The coefficients begin with that of x⁰."""
    total = _constant(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = multiply_add(builder, total, x, _constant(x, coefficient))
    return total


def logistic(builder: Builder, x: Value) -> Value:
    """As `firth.kernels.word2vec.blocks.logistic`, of a vector; with multiply-adds, so its last bits are others."""
    for limit, beyond in ((-LIMIT, "<"), (LIMIT, ">")):
        x = builder.select(builder.fcmp_ordered(beyond, x, _constant(x, limit)), _constant(x, limit), x)
    square = builder.fmul(x, x)
    quotient = builder.fdiv(_polynomial(builder, square, P), _polynomial(builder, square, Q))
    return multiply_add(builder, x, quotient, _constant(x, 0.5))


@replaces(scores_to_gradients)
def _scores_to_gradients(
    builder: Builder,
    S: Matrix,
    W: Matrix,
    n: Value,
    first: Value,
    last: Value,
    rate: Value,
    by_row: List,
    by_column: List,
) -> None:
    def of_columns(column: Value, lanes: int) -> None:
        rates, zeros = broadcast(builder, rate, lanes), S.zeros_of(lanes)
        begins = builder.icmp_unsigned("==", column, first)

        def sizes(row: Value) -> Value:
            """Those of a row's gradients, which are stored."""
            weight, score = W.vector(row, column, lanes), S.vector(row, column, lanes)
            is_negative = builder.fcmp_ordered("<", weight, zeros)
            error = logistic(builder, builder.select(is_negative, score, builder.fneg(score)))
            gradient = builder.fmul(builder.fmul(rates, weight), error)
            S.store(gradient, row, column)
            return simd.absolute(builder, gradient)

        def of_tile(row: Value, sums: list[Value]) -> list[Value]:
            of_rows = [sizes(builder.add(row, index(k))) for k in range(TILE_ROWS)]
            vectors = of_rows if lanes == LANES else [simd.joined(builder, size, zeros) for size in of_rows]
            these = simd.part(builder, simd.horizontal_sums(builder, vectors), 0, TILE_ROWS)
            before = by_row.vector(row, TILE_ROWS)
            before = builder.select(begins, ir.Constant(before.type, [0.0] * TILE_ROWS), before)
            by_row.store(builder.fadd(before, these), row)
            return [functools.reduce(builder.fadd, of_rows, sums[0])]

        (total,) = accumulate(builder, [zeros], index(0), n, TILE_ROWS, of_tile)
        by_column.store(total, column)

    width = builder.sub(last, first)
    whole = builder.add(first, whole_vectors(builder, width))
    for_range(builder, first, whole, LANES, lambda column: of_columns(column, LANES))
    for_range(builder, whole, last, LANES, lambda column: of_columns(column, PART))


@replaces(is_among, gives=types.boolean)
def _is_among(builder: Builder, words: List, n: Value, word: Value) -> Value:
    wanted, kind = broadcast(builder, builder.trunc(word, I32)), ir.IntType(LANES)

    def of_vector(place: Value, found: list[Value]) -> list[Value]:
        equal = builder.icmp_signed("==", words.vector(place), wanted)
        return [builder.or_(found[0], builder.bitcast(equal, kind))]

    (found,) = accumulate(builder, [kind(0)], index(0), n, LANES, of_vector)
    return builder.icmp_unsigned("!=", found, kind(0))


@replaces(fill_row)
def _fill_row(builder: Builder, rows: Matrix, row: Value, first: Value, count: Value, value: Value) -> None:
    values, end = (broadcast(builder, number) for number in (value, builder.trunc(count, I32)))

    def of_vector(column: Value) -> None:
        numbers = builder.add(broadcast(builder, builder.trunc(column, I32)), NUMBERS)
        is_part = builder.icmp_signed("<", numbers, end)
        rows.store(builder.select(is_part, values, rows.zeros), row, builder.add(first, column))

    for_range(builder, index(0), count, LANES, of_vector)
