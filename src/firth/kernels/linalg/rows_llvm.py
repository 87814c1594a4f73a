"""Sums over rows in vectors of 16 numbers, and one by one where a row's width leaves some over (see
`firth.kernels.linalg.rows`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types

from firth.arrays import LANES
from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces
from firth.jit.simd import List, Matrix, accumulate, for_range, horizontal_sum, in_columns, index, multiply_add
from firth.kernels.linalg.rows import axpy, copy_row, dot, sum_places, weigh_rows

SUMS = 4
"""Sums of a product of two rows: enough to hide the latency of a multiply-add."""
VECTORS = (7, 4, 1)
"""Vectors of a row that are summed in one go: at first 128 numbers."""


def _whole(builder: Builder, width: Value, stride: int) -> Value:
    """The columns that fill blocks of a stride, which is a power of two."""
    return builder.and_(width, index(-stride))


def _over_row(builder: Builder, width: Value, body: Callable[[list[Value], bool], None]) -> None:
    """Run `body(columns, True)` over the vectors of a row, and `body([column], False)` over the numbers left over."""
    in_columns(builder, (index(0), width), VECTORS, lambda columns: body(columns, True))
    for_range(builder, _whole(builder, width, LANES), width, 1, lambda column: body([column], False))


def _sum_of_rows(
    builder: Builder,
    begin: Value,
    end: Value,
    term: Callable[[Value], tuple[Value, Value]],
    rows: Matrix,
    sums: Matrix,
    o: Value,
) -> None:
    """sums[o] = the sum over k in range(begin, end) of weight · rows[row], where `term(k)` is (weight, row)."""

    def body(columns: list[Value], whole: bool) -> None:
        def add(k: Value, totals: list[Value]) -> list[Value]:
            weight, row = term(k)
            if whole:
                weight = rows.broadcast(weight)
            numbers = [rows.vector(row, c) if whole else builder.load(rows.at(row, c)) for c in columns]
            return [multiply_add(builder, weight, n, total) for n, total in zip(numbers, totals, strict=True)]

        zero = rows.zeros if whole else rows.zeros.type.element(0.0)
        totals = accumulate(builder, [zero] * len(columns), begin, end, 1, add)
        for c, total in zip(columns, totals, strict=True):
            sums.store(total, o, c)

    _over_row(builder, rows.width, body)


@replaces(dot)
def _dot(rows, i, others, j):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        x, z = (Matrix(context, builder, signature.args[n], args[n]) for n in (0, 2))
        _, i, _, j = args

        def block(column: Value, sums: list[Value]) -> list[Value]:
            columns = [builder.add(column, index(v * LANES)) for v in range(len(sums))]
            return [
                multiply_add(builder, x.vector(i, c), z.vector(j, c), s) for c, s in zip(columns, sums, strict=True)
            ]

        def number(column: Value, sums: list[Value]) -> list[Value]:
            return [
                multiply_add(builder, builder.load(x.at(i, column)), builder.load(z.at(j, column)), total)
                for total in sums
            ]

        blocks, vectors = (_whole(builder, z.width, stride) for stride in (SUMS * LANES, LANES))
        sums = accumulate(builder, [z.zeros] * SUMS, index(0), blocks, SUMS * LANES, block)
        total = builder.fadd(builder.fadd(sums[0], sums[1]), builder.fadd(sums[2], sums[3]))
        (total,) = accumulate(builder, [total], blocks, vectors, LANES, block)
        (total,) = accumulate(builder, [horizontal_sum(builder, total)], vectors, z.width, 1, number)
        return total

    return rows.dtype(rows, types.intp, others, types.intp), generate


@replaces(axpy)
def _axpy(out, o, weight, rows, i):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        sums, z = (Matrix(context, builder, signature.args[n], args[n]) for n in (0, 3))
        _, o, weight, _, i = args
        weights = z.broadcast(weight)

        def body(columns: list[Value], whole: bool) -> None:
            for c in columns:
                if whole:
                    total = multiply_add(builder, weights, z.vector(i, c), sums.vector(o, c))
                else:
                    total = multiply_add(builder, weight, builder.load(z.at(i, c)), builder.load(sums.at(o, c)))
                sums.store(total, o, c)

        _over_row(builder, z.width, body)
        return context.get_dummy_value()

    return types.void(out, types.intp, rows.dtype, rows, types.intp), generate


@replaces(copy_row)
def _copy_row(out, o, rows, i):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        copies, z = (Matrix(context, builder, signature.args[n], args[n]) for n in (0, 2))
        _, o, _, i = args

        def body(columns: list[Value], whole: bool) -> None:
            found = [z.vector(i, c) if whole else builder.load(z.at(i, c)) for c in columns]
            for number, c in zip(found, columns, strict=True):
                copies.store(number, o, c)

        _over_row(builder, z.width, body)
        return context.get_dummy_value()

    return types.void(out, types.intp, rows, types.intp), generate


@replaces(weigh_rows)
def _weigh_rows(weights, i, rows, first, numbers, out, o):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        g, z, sums = (Matrix(context, builder, signature.args[n], args[n]) for n in (0, 2, 5))
        i, first, o = args[1], args[3], args[6]
        numbers = List(context, builder, signature.args[4], args[4])

        def term(j: Value) -> tuple[Value, Value]:
            return builder.load(g.at(i, j)), builder.add(first, numbers.row(j))

        _sum_of_rows(builder, index(0), numbers.length, term, z, sums, o)
        return context.get_dummy_value()

    return types.void(weights, types.intp, rows, types.intp, numbers, out, types.intp), generate


@replaces(sum_places)
def _sum_places(weights, which, rows, numbers, begin, end, out, o):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        z, sums = (Matrix(context, builder, signature.args[n], args[n]) for n in (2, 6))
        weights, which, numbers = (List(context, builder, signature.args[n], args[n]) for n in (0, 1, 3))
        begin, end, o = args[4], args[5], args[7]

        def term(p: Value) -> tuple[Value, Value]:
            return weights.number(which.row(p)), numbers.row(p)

        _sum_of_rows(builder, begin, end, term, z, sums, o)
        return context.get_dummy_value()

    return types.void(weights, which, rows, numbers, types.intp, types.intp, out, types.intp), generate
