"""The gradients of skip-gram's scores in vectors of 16 (see `firth.kernels.word2vec.skipgram`)."""

from __future__ import annotations

import functools
from typing import Any

from llvmlite import ir
from numba import types

from firth.arrays import LANES
from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces
from firth.jit.simd import (
    I32,
    NUMBERS,
    List,
    Matrix,
    absolute,
    accumulate,
    broadcast,
    for_range,
    horizontal_sums,
    index,
    multiply_add,
    part,
)
from firth.kernels.linalg.products import TILE_ROWS
from firth.kernels.word2vec.blocks import LIMIT, P, Q
from firth.kernels.word2vec.skipgram import fill_row, is_among, scores_to_gradients


def _constant(vector: Value, number: Any) -> Value:
    return ir.Constant(vector.type, [float(number)] * LANES)


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
def _scores_to_gradients(S, W, n, rate, by_row, by_column):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        s, w = (Matrix(context, builder, signature.args[k], args[k]) for k in (0, 1))
        by_row, by_column = (List(context, builder, signature.args[k], args[k]) for k in (4, 5))
        n, rate = args[2], s.broadcast(args[3])

        def of_vector(column: Value) -> None:
            is_first = builder.icmp_unsigned("==", column, index(0))

            def sizes(row: Value) -> Value:
                """Those of a row's gradients, which are stored."""
                weight, score = w.vector(row, column), s.vector(row, column)
                is_noise = builder.fcmp_ordered("<", weight, s.zeros)
                error = logistic(builder, builder.select(is_noise, score, builder.fneg(score)))
                gradient = builder.fmul(builder.fmul(rate, weight), error)
                s.store(gradient, row, column)
                return absolute(builder, gradient)

            def of_tile(row: Value, sums: list[Value]) -> list[Value]:
                of_rows = [sizes(builder.add(row, index(k))) for k in range(TILE_ROWS)]
                these = part(builder, horizontal_sums(builder, of_rows), 0, TILE_ROWS)
                before = by_row.few(row, TILE_ROWS)
                before = builder.select(is_first, ir.Constant(before.type, [0.0] * TILE_ROWS), before)
                by_row.store(builder.fadd(before, these), row)
                return [functools.reduce(builder.fadd, of_rows, sums[0])]

            (total,) = accumulate(builder, [s.zeros], index(0), n, TILE_ROWS, of_tile)
            by_column.store(total, column)

        for_range(builder, *s.columns, LANES, of_vector)
        return context.get_dummy_value()

    return types.void(S, W, types.intp, S.dtype, by_row, by_column), generate


@replaces(is_among)
def _is_among(words, n, word):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        words = List(context, builder, signature.args[0], args[0])
        wanted, kind = broadcast(builder, args[2]), ir.IntType(LANES)

        def of_vector(place: Value, found: list[Value]) -> list[Value]:
            equal = builder.icmp_signed("==", words.vector(place), wanted)
            return [builder.or_(found[0], builder.bitcast(equal, kind))]

        (found,) = accumulate(builder, [kind(0)], index(0), args[1], LANES, of_vector)
        return builder.icmp_unsigned("!=", found, kind(0))

    return types.boolean(words, types.intp, words.dtype), generate


@replaces(fill_row)
def _fill_row(rows, row, first, count, value):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        matrix = Matrix(context, builder, signature.args[0], args[0])
        _, row, first, count, value = args
        values, end = matrix.broadcast(value), broadcast(builder, builder.trunc(count, I32))

        def of_vector(column: Value) -> None:
            numbers = builder.add(broadcast(builder, builder.trunc(column, I32)), NUMBERS)
            is_part = builder.icmp_signed("<", numbers, end)
            matrix.store(builder.select(is_part, values, matrix.zeros), row, builder.add(first, column))

        for_range(builder, index(0), count, LANES, of_vector)
        return context.get_dummy_value()

    return types.void(rows, types.intp, types.intp, types.intp, rows.dtype), generate
