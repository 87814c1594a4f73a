"""Tiles of products, whose numbers stay in registers: what fills them, and how large they are.

How large depends on the processor's registers, and changes the time only: each number of a result is summed by itself,
in the same order in any tile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from firth.arrays import LANES
from firth.jit.instructions import Builder, Value, slot
from firth.jit.lowering import built
from firth.jit.simd import (
    List,
    Matrix,
    accumulate,
    broadcast,
    horizontal_sums,
    in_columns,
    index,
    multiply_add,
    part,
)
from firth.jit.target import processor
from firth.kernels.linalg.products import TILE_ROWS

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
    listed: List | None = None

    def at(self, place: Value) -> Value:
        """The row at a place."""
        return place if self.listed is None else self.listed.row(place)


@dataclass(frozen=True)
class Sums:
    """What is summed over k: weight(row, k) · the k-th row of another matrix."""

    weight: Callable[[Value, Value], Value]
    ranges: list[tuple[Value, Value]]  # of k
    begin: Callable[[int, Value, Value], Value] | None = None  # at first, by which row, its number, and the column


def places_from(builder: Builder, first: Value, count: int) -> list[Value]:
    """A place and those that follow it, of which there are to be `count`."""
    return [builder.add(first, index(i)) for i in range(count)]


def dots(builder: Builder, x: Matrix, count: int, pairs: Callable[[Value], list[tuple[Value, Value]]]) -> Value:
    """A vector that begins with `count` products of rows as wide as those of X; `pairs(column)` are what two rows each
    have from a column on.
    """

    def add(column: Value, sums: list[Value]) -> list[Value]:
        return [multiply_add(builder, a, b, total) for (a, b), total in zip(pairs(column), sums, strict=True)]

    return horizontal_sums(builder, accumulate(builder, [x.zeros] * count, index(0), x.width, LANES, add))


def score_tile(rows: int, columns: int) -> Any:
    """A function that fills a tile of so many rows and columns with products of two rows."""

    @built
    def tile(
        builder: Builder, X: Matrix, of_x: List | None, t: Value, Z: Matrix, of_z: List | None, z: Value, S: Matrix
    ) -> None:
        """S[t:t+rows, z:z+columns] = X[t:t+rows] · Z[z:z+columns]ᵀ; of lists of rows if these are given."""
        tile_rows = places_from(builder, t, rows)
        x_rows = [Rows(X, of_x).at(place) for place in tile_rows]
        z_rows = [Rows(Z, of_z).at(place) for place in places_from(builder, z, columns)]

        def pairs(column: Value) -> list[tuple[Value, Value]]:
            vectors_of_x = [X.vector(row, column) for row in x_rows]
            vectors_of_z = [Z.vector(row, column) for row in z_rows]
            return [(a, b) for a in vectors_of_x for b in vectors_of_z]

        scores = dots(builder, X, rows * columns, pairs)
        for r, row in enumerate(tile_rows):
            S.store(part(builder, scores, r * columns, columns), row, z)

    return tile


@built
def score_each_tile(builder: Builder, X: Matrix, t: Value, Z: Matrix, of_z: List, s: List) -> None:
    """s[i] = X[i] · Z[of_z[i]], for the four i from t on."""
    places = places_from(builder, t, TILE_ROWS)
    rows = [(place, of_z.row_or_first(place)) for place in places]
    sums = dots(builder, X, TILE_ROWS, lambda column: [(X.vector(i, column), Z.vector(j, column)) for i, j in rows])
    s.store(part(builder, sums, 0, TILE_ROWS), t)


def square_tile(rows: int) -> Any:
    """A function that squares the lengths of so many rows."""

    @built
    def tile(builder: Builder, X: Matrix, t: Value, s: List) -> None:
        """s[t:t+rows] = the squares of the lengths of X[t:t+rows]."""
        places = places_from(builder, t, rows)
        sums = dots(builder, X, rows, lambda column: [(v, v) for v in [X.vector(row, column) for row in places]])
        s.store(part(builder, sums, 0, rows), t)

    return tile


def fill_sums(
    builder: Builder,
    rows: int,
    first: Value,
    sums: Sums,
    z: Rows,
    out: Rows,
    *,
    between: list[Value] | None = None,
    squares: List | None = None,
) -> None:
    """So many rows of `out`, from the first-th on, become sums over rows of Z; where columns are given, `between`
    these. The squares of their lengths are found as in `squared_norms`, while they are in registers.
    """
    of_tile = places_from(builder, first, rows)
    out_rows, zeros = [out.at(row) for row in of_tile], out.matrix.zeros
    square_slots = [slot(builder, zeros.type) for _ in range(rows if squares else 0)]

    def of_columns(columns: list[Value]) -> None:
        places = [(r, row, column) for r, row in enumerate(out_rows) for column in columns]

        def add(k: Value, totals: list[Value]) -> list[Value]:
            vectors = z.matrix.vectors(z.at(k), columns)
            weights = [broadcast(builder, sums.weight(row, k)) for row in of_tile]
            products = [(weight, vector) for weight in weights for vector in vectors]
            return [multiply_add(builder, *product, total) for product, total in zip(products, totals, strict=True)]

        totals = [sums.begin(*place) if sums.begin else zeros for place in places]
        for start, stop in sums.ranges:
            totals = accumulate(builder, totals, start, stop, 1, add)
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


def weight_of(g: Matrix, *, transposed: bool) -> Callable[[Value, Value], Value]:
    """What a row of a sum weighs at k, G[row, k] or G[k, row]."""
    return (lambda row, k: g.number(k, row)) if transposed else g.number


def sum_tile(*, transposed: bool) -> Any:
    """A function that fills four rows with weighted sums of rows."""

    @built
    def tile(
        builder: Builder, G: Matrix, r: Value, ranges: list[Value], Z: Matrix, out: Matrix, squares: List | None
    ) -> None:
        """out[r:r+4] = Σ G[r:r+4, k] · Z[k], or with G[k, r:r+4]ᵀ, for the k of two ranges, (first, last, first, last);
        squares[r:r+4] = the squares of their lengths, if these are asked for.
        """
        first, last, dense, end = ranges
        sums = Sums(weight_of(G, transposed=transposed), [(first, last), (dense, end)])
        fill_sums(builder, TILE_ROWS, r, sums, Rows(Z), Rows(out), squares=squares)

    return tile


def gathered_sum_tile(rows: int, *, transposed: bool) -> Any:
    """A function that adds weighted sums of listed rows to so many listed rows."""

    @built
    def tile(
        builder: Builder, G: Matrix, r: Value, Z: Matrix, of_z: List, out: Matrix, of_out: List, columns: list[Value]
    ) -> None:
        """out[of_out[r:r+rows]] += Σ G[r:r+rows, k] · Z[of_z[k]], or with G[k, r:r+rows]ᵀ, in a range of columns."""

        def begin(_: int, row: Value, column: Value) -> Value:
            return out.vector(row, column)

        sums = Sums(weight_of(G, transposed=transposed), [(index(0), of_z.length)], begin)
        fill_sums(builder, rows, r, sums, Rows(Z, of_z), Rows(out, of_out), between=columns)

    return tile


@built
def sum_tile_with(
    builder: Builder, G: Matrix, r: Value, Z: Matrix, weights: List, others: Matrix, of_others: List, out: Matrix
) -> None:
    """out[i] = Σ G[i, k] · Z[k] + weights[i] · others[of_others[i]], for the four i from r on."""
    places = places_from(builder, r, TILE_ROWS)
    own = [(broadcast(builder, weights.number(place)), of_others.row_or_first(place)) for place in places]

    def begin(i: int, _: Value, column: Value) -> Value:
        weight, row = own[i]
        return builder.fmul(weight, others.vector(row, column))

    fill_sums(builder, TILE_ROWS, r, Sums(G.number, [(index(0), Z.rows)], begin), Rows(Z), Rows(out))
