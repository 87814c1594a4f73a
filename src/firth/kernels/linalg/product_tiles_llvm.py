"""Tiles of products, whose numbers stay in registers: what fills them, and how large they are.

How large depends on the processor's registers, and changes the time only: each number of a result is summed by itself,
in the same order in any tile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from firth.arrays import LANES
from firth.jit.instructions import Builder, Value, slot
from firth.jit.simd import List, Matrix, accumulate, horizontal_sums, in_columns, index, multiply_add, part
from firth.jit.target import processor

WIDE = "+avx512f" in processor()[1]
"""Whether a vector of 16 numbers is one register, of 32; otherwise it takes two or four of 16 or 32."""
VECTORS = 4 if WIDE else 1
"""Vectors of each row of a tile, at most, where rows are summed; of a row by itself twice as many."""
ROW_VECTORS = (7, 4, 2, 1) if WIDE else (2, 1)
"""Vectors of a row that stay in registers while it is added to others, or others to it: at first 100 numbers, which are
padded to seven.
"""
SCORE_ROWS, SCORE_COLUMNS = (4, 4) if WIDE else (2, 2)
"""The tile of scores, of which each takes a vector."""
SQUARE_ROWS = 8 if WIDE else 4
"""Rows whose squares are summed in one go."""
ROW_COLUMNS = SCORE_ROWS * SCORE_COLUMNS
"""The scores in a tile of one row."""


@dataclass(frozen=True)
class Rows:
    """Rows of a matrix by their place: in the matrix itself, or in a list of its rows."""

    matrix: Matrix
    at: Callable[[Value], Value] = lambda place: place  # from the place to the row


@dataclass(frozen=True)
class Sums:
    """What is summed over k: weight(row, k) · the k-th row of another matrix."""

    weight: Callable[[Value, Value], Value]
    ranges: list[tuple[Value, Value]]  # of k
    begin: Callable[[int, Value, Value], Value] | None = None  # at first, by which row, its number, and the column


def fill_scores(builder: Builder, rows: int, columns: int, x: Rows, t: Value, z: Rows, c: Value, s: Matrix) -> None:
    """S[t:t+rows, c:c+columns] = the products of so many rows of X, from the t-th on, and of Z, from the c-th on."""
    x_rows = [x.at(builder.add(t, index(r))) for r in range(rows)]
    z_rows = [z.at(builder.add(c, index(r))) for r in range(columns)]

    def body(column: Value, sums: list[Value]) -> list[Value]:
        vectors_of_x = [x.matrix.vector(row, column) for row in x_rows]
        vectors_of_z = [z.matrix.vector(row, column) for row in z_rows]
        pairs = [(a, b) for a in vectors_of_x for b in vectors_of_z]
        return [multiply_add(builder, a, b, total) for (a, b), total in zip(pairs, sums, strict=True)]

    sums = accumulate(builder, [s.zeros] * (rows * columns), index(0), x.matrix.width, LANES, body)
    scores = horizontal_sums(builder, sums)
    for r in range(rows):
        s.store(part(builder, scores, r * columns, columns), builder.add(t, index(r)), c)


def fill_sums(
    builder: Builder,
    rows: int,
    first: Value,
    sums: Sums,
    z: Rows,
    out: Rows,
    *,
    between: tuple[Value, Value] | None = None,
    squares: List | None = None,
) -> None:
    """So many rows of `out`, from the first-th on, become sums over rows of Z; where columns are given, `between`
    these. The squares of their lengths are found as in `squared_norms`, while they are in registers.
    """
    of_tile = [builder.add(first, index(r)) for r in range(rows)]
    out_rows, zeros = [out.at(row) for row in of_tile], out.matrix.zeros
    square_slots = [slot(builder, zeros.type) for _ in range(rows if squares else 0)]

    def of_columns(columns: list[Value]) -> None:
        places = [(r, row, column) for r, row in enumerate(out_rows) for column in columns]

        def body(k: Value, totals: list[Value]) -> list[Value]:
            z_row = z.at(k)
            numbers = [z.matrix.vector(z_row, column) for column in columns]
            products = [(of_row, number) for of_row in [sums.weight(row, k) for row in of_tile] for number in numbers]
            return [
                multiply_add(builder, of_row, number, total)
                for (of_row, number), total in zip(products, totals, strict=True)
            ]

        totals = [sums.begin(*place) if sums.begin else zeros for place in places]
        for start, stop in sums.ranges:
            totals = accumulate(builder, totals, start, stop, 1, body)
        for (r, row, column), total in zip(places, totals, strict=True):
            out.matrix.store(total, row, column)
            if squares:
                square = square_slots[r]
                builder.store(multiply_add(builder, total, total, builder.load(square)), square)

    for square in square_slots:
        builder.store(zeros, square)
    most = VECTORS * (2 if rows == 1 else 1)
    in_columns(builder, between or out.matrix.columns, range(most, 0, -1), of_columns)
    if squares:
        totals = horizontal_sums(builder, [builder.load(square) for square in square_slots])
        squares.store(part(builder, totals, 0, rows), first)


def onto(out: Matrix) -> Callable[[int, Value, Value], Value]:
    """Sums begin as what is there."""
    return lambda _, row, column: out.vector(row, column)


def weight_of(g: Matrix, *, transposed: bool) -> Callable[[Value, Value], Value]:
    """What a row of a sum weighs at k, G[row, k] or G[k, row]."""
    return (lambda row, k: g.number(k, row)) if transposed else g.number
