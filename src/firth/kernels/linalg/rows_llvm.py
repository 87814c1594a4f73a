"""Sums over rows in vectors of 16 numbers, and one by one where a row's width leaves some over (see
`firth.kernels.linalg.rows`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firth.arrays import LANES
from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces
from firth.jit.simd import List, Matrix, accumulate, for_range, horizontal_sum, in_columns, index, multiply_add
from firth.kernels.linalg import rows

SUMS = 4
"""Sums of a product of two rows: enough to hide the latency of a multiply-add."""
VECTORS = (7, 4, 1)
"""Vectors of a row that are summed in one go: at first 128 numbers."""


def _whole(builder: Builder, width: Value, stride: int) -> Value:
    """The columns that fill blocks of a stride, which is a power of two."""
    return builder.and_(width, index(-stride))


def _over_row(builder: Builder, width: Value, body: Callable[[list[Value], Callable[..., Value]], None]) -> None:
    """Run `body(columns, read)` over the vectors of a row, then over each number left over; `read` is what loads these
    from a matrix.
    """
    in_columns(builder, (index(0), width), VECTORS, lambda columns: body(columns, Matrix.vector))
    rest = _whole(builder, width, LANES)
    for_range(builder, rest, width, 1, lambda column: body([column], Matrix.number))


def _sum_of_rows(
    builder: Builder,
    between: tuple[Value, Value],
    term: Callable[[Value], tuple[Value, Value]],
    rows: Matrix,
    sums: Matrix,
    o: Value,
) -> None:
    """sums[o] = the sum over k in a range of weight · rows[row], where `term(k)` is (weight, row)."""

    def body(columns: list[Value], read: Callable[..., Value]) -> None:
        def add(k: Value, totals: list[Value]) -> list[Value]:
            weight, row = term(k)
            numbers = [read(rows, row, c) for c in columns]
            return [multiply_add(builder, weight, n, total) for n, total in zip(numbers, totals, strict=True)]

        zero = rows.zeros if read == Matrix.vector else rows.zeros.type.element(0.0)
        sums.store_all(accumulate(builder, [zero] * len(columns), *between, 1, add), o, columns)

    _over_row(builder, rows.width, body)


@replaces(rows.dot, gives=lambda x, *_: x.dtype)
def _dot(builder: Builder, x: Matrix, i: Value, z: Matrix, j: Value) -> Value:
    def add(column: Value, sums: list[Value], read: Callable[..., Value] = Matrix.vector) -> list[Value]:
        columns = [builder.add(column, index(v * LANES)) for v in range(len(sums))]
        return [multiply_add(builder, read(x, i, c), read(z, j, c), s) for c, s in zip(columns, sums, strict=True)]

    def add_number(column: Value, sums: list[Value]) -> list[Value]:
        return add(column, sums, Matrix.number)

    blocks, vectors = (_whole(builder, z.width, stride) for stride in (SUMS * LANES, LANES))
    sums = accumulate(builder, [z.zeros] * SUMS, index(0), blocks, SUMS * LANES, add)
    total = builder.fadd(builder.fadd(sums[0], sums[1]), builder.fadd(sums[2], sums[3]))
    (total,) = accumulate(builder, [total], blocks, vectors, LANES, add)
    (total,) = accumulate(builder, [horizontal_sum(builder, total)], vectors, z.width, 1, add_number)
    return total


@replaces(rows.axpy)
def _axpy(builder: Builder, out: Matrix, o: Value, weight: Value, z: Matrix, i: Value) -> None:
    def body(columns: list[Value], read: Callable[..., Value]) -> None:
        for c in columns:
            out.store(multiply_add(builder, weight, read(z, i, c), read(out, o, c)), o, c)

    _over_row(builder, z.width, body)


@replaces(rows.copy_row)
def _copy_row(builder: Builder, out: Matrix, o: Value, z: Matrix, i: Value) -> None:
    def body(columns: list[Value], read: Callable[..., Value]) -> None:
        out.store_all([read(z, i, c) for c in columns], o, columns)

    _over_row(builder, z.width, body)


@replaces(rows.sum_rows)
def _sum_rows(builder: Builder, z: Matrix, numbers: List, out: Matrix, o: Value) -> None:
    one = z.zeros.type.element(1.0)
    _sum_of_rows(builder, (index(0), numbers.length), lambda k: (one, numbers.row(k)), z, out, o)


@replaces(rows.weigh_rows)
def _weigh_rows(
    builder: Builder, g: Matrix, i: Value, z: Matrix, first: Value, numbers: List, out: Matrix, o: Value
) -> None:
    def term(j: Value) -> tuple[Value, Value]:
        return g.number(i, j), builder.add(first, numbers.row(j))

    _sum_of_rows(builder, (index(0), numbers.length), term, z, out, o)


@replaces(rows.sum_places)
def _sum_places(builder: Builder, weights: List, which: List, z: Matrix, numbers: List, *args: Any) -> None:
    begin, end, out, o = args

    def term(p: Value) -> tuple[Value, Value]:
        return weights.number(which.row(p)), numbers.row(p)

    _sum_of_rows(builder, (begin, end), term, z, out, o)
