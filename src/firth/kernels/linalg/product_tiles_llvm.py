"""Tiles of products, whose numbers stay in registers: what fills them, and how large they are.

How large depends on the processor's registers, and changes the time only: each number of a result is summed by itself,
in the same order in any tile.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
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
    joined,
    multiply_add,
    part,
)
from firth.jit.target import processor
from firth.kernels.linalg.products import BAND_ROWS, TILE_ROWS

WIDE = "+avx512f" in processor()[1]
"""Whether a vector of 16 numbers is one register, of 32; otherwise it takes two or four of 16 or 32."""
PART = LANES if WIDE else LANES // 2
"""The numbers of a vector that products handle at a time: so a row may end with half a vector."""
BAND_PARTS, END_PARTS = ((7, 4, 2, 1), ()) if WIDE else ((6, 4, 2), (3, 1))
"""Parts of each row of a tile where the rows of a band are summed, as they fit the registers; and of the last tile,
where a row ends with half a vector.
"""
SUM_PARTS = {1: (7, 4, 2, 1), 2: (4, 3, 2, 1), 4: (4, 3, 2, 1)} if WIDE else {1: (4, 2), 2: (2,), 4: (2,)}
"""The same of other sums, by how many rows a tile has."""
ROW_VECTORS = (7, 4, 2, 1) if WIDE else (2, 1)
"""Vectors of a row that stay in registers while it is added to others, or others to it: at first 100 numbers, which are
padded to seven.
"""
SCORE_ROWS, SCORE_COLUMNS = (4, 4) if WIDE else (2, 2)
"""The tile of scores, of which each takes a vector."""
BANDED_ROWS, BANDED_COLUMNS = (4, 4) if WIDE else (3, 2)
"""The same in bands, where rows of the tile may be behind the band: 12 sums in registers hide the latency of adding."""
SQUARE_ROWS = 8 if WIDE else 4
"""Rows whose squares are summed in one go."""
ROW_COLUMNS = SCORE_ROWS * SCORE_COLUMNS
"""The scores in a tile of one row."""


@dataclass(frozen=True)
class Rows:
    """Rows of a matrix by their place: in the matrix itself, or in a list of its rows."""

    matrix: Matrix
    listed: List | None = None
    may_lack: bool = False

    def at(self, place: Value) -> Value:
        """The row at a place; the first, where the list may lack some and has none there."""
        if self.listed is None:
            return place
        return self.listed.row_or_first(place) if self.may_lack else self.listed.row(place)


Over = Callable[[Callable[[list[Value]], None]], None]
"""Runs a function over the columns of a row, some at a time."""


@dataclass(frozen=True)
class Sums:
    """What is summed over k: weight(row, k) · the k-th row of another matrix."""

    weight: Callable[[Value, Value], Value]
    ranges: list[tuple[Value, Value]]  # of k
    begin: Callable[[int, Value, Value], Value] | None = None  # at first, by which row, its number, and the column


def places_from(builder: Builder, first: Value, count: int) -> list[Value]:
    """A place and those that follow it, of which there are to be `count`."""
    return [builder.add(first, index(i)) for i in range(count)]


def dots(
    builder: Builder, x: Matrix, columns: Value, count: int, pairs: Callable[[Value, int], list[tuple[Value, Value]]]
) -> Value:
    """A vector that begins with `count` products of rows like those of X, of so many columns; `pairs(column, lanes)`
    are what two rows each have in the lanes from a column on.
    """

    def add(column: Value, sums: list[Value]) -> list[Value]:
        of_columns = pairs(column, sums[0].type.count)
        return [multiply_add(builder, a, b, total) for (a, b), total in zip(of_columns, sums, strict=True)]

    def add_halves(column: Value, sums: list[Value]) -> list[Value]:
        return add(column, sums[:count]) + add(builder.add(column, index(PART)), sums[count:])

    zeros = [x.zeros_of(PART)] * count
    if WIDE:
        sums = accumulate(builder, zeros, index(0), columns, LANES, add)
    else:
        whole = whole_vectors(builder, columns)
        halves = accumulate(builder, zeros * 2, index(0), whole, LANES, add_halves)
        low = accumulate(builder, halves[:count], whole, columns, LANES, add)
        sums = [joined(builder, *both) for both in zip(low, halves[count:], strict=True)]
    unused = (1 << (count - 1).bit_length()) - count
    return horizontal_sums(builder, sums + sums[count - unused :])


def whole_vectors(builder: Builder, columns: Value) -> Value:
    """The columns in whole vectors, where the last may be half a vector; it is whole, if it is not."""
    return builder.and_(builder.add(columns, index(PART - 1)), index(-LANES))


def score_tile(rows: int, columns: int, *, may_lack: bool = False) -> Any:
    """A function that fills a tile of so many rows and columns with products of two rows; their lists may lack some."""

    @built
    def tile(
        builder: Builder,
        X: Matrix,
        of_x: List | None,
        t: Value,
        Z: Matrix,
        of_z: List | None,
        z: Value,
        size: Value,
        S: Matrix,
    ) -> None:
        """S[t:t+rows, z:z+columns] = X[t:t+rows] · Z[z:z+columns]ᵀ, of vectors of this size; of lists of rows if these
        are given.
        """
        tile_rows = places_from(builder, t, rows)
        x_rows = [Rows(X, of_x, may_lack).at(place) for place in tile_rows]
        z_rows = [Rows(Z, of_z, may_lack).at(place) for place in places_from(builder, z, columns)]

        def pairs(column: Value, lanes: int) -> list[tuple[Value, Value]]:
            vectors_of_x = [X.vector(row, column, lanes) for row in x_rows]
            vectors_of_z = [Z.vector(row, column, lanes) for row in z_rows]
            return [(a, b) for a in vectors_of_x for b in vectors_of_z]

        scores = dots(builder, X, size, rows * columns, pairs)
        for r, row in enumerate(tile_rows):
            S.store(part(builder, scores, r * columns, columns), row, z)

    return tile


@built
def score_each_tile(builder: Builder, X: Matrix, t: Value, Z: Matrix, of_z: List, s: List) -> None:
    """s[i] = X[i] · Z[of_z[i]], for the four i from t on."""
    places = places_from(builder, t, TILE_ROWS)
    rows = [(place, of_z.row_or_first(place)) for place in places]

    def pairs(column: Value, lanes: int) -> list[tuple[Value, Value]]:
        return [(X.vector(i, column, lanes), Z.vector(j, column, lanes)) for i, j in rows]

    sums = dots(builder, X, X.width, TILE_ROWS, pairs)
    s.store(part(builder, sums, 0, TILE_ROWS), t)


def square_tile(rows: int) -> Any:
    """A function that squares the lengths of so many rows."""

    @built
    def tile(builder: Builder, X: Matrix, t: Value, s: List) -> None:
        """s[t:t+rows] = the squares of the lengths of X[t:t+rows]."""
        places = places_from(builder, t, rows)

        def pairs(column: Value, lanes: int) -> list[tuple[Value, Value]]:
            return [(v, v) for v in [X.vector(row, column, lanes) for row in places]]

        sums = dots(builder, X, X.width, rows, pairs)
        s.store(part(builder, sums, 0, rows), t)

    return tile


def fill_sums(
    builder: Builder,
    rows: int,
    first: Value,
    sums: Sums,
    z: Rows,
    out: Rows,
    over: Over,
    squares: List | None = None,
) -> None:
    """So many rows of `out`, from the first-th on, become sums over rows of Z; `over` runs a function over the columns.
    The squares of their lengths are found as in `squared_norms`, while they are in registers.
    """
    of_tile = places_from(builder, first, rows)
    out_rows, zeros = [out.at(row) for row in of_tile], out.matrix.zeros_of(PART)
    parts = LANES // PART
    square_slots = [[slot(builder, zeros.type) for _ in range(parts)] for _ in range(rows if squares else 0)]

    def of_columns(columns: list[Value]) -> None:
        places = [(r, row, p, column) for p, column in enumerate(columns) for r, row in enumerate(out_rows)]

        def add(k: Value, totals: list[Value]) -> list[Value]:
            weights = [broadcast(builder, sums.weight(row, k), PART) for row in of_tile]
            vectors = z.matrix.vectors(z.at(k), columns, PART)
            products = [(weight, vector) for vector in vectors for weight in weights]
            return [multiply_add(builder, *product, total) for product, total in zip(products, totals, strict=True)]

        totals = [sums.begin(r, row, column) if sums.begin else zeros for r, row, _, column in places]
        for start, stop in sums.ranges:
            totals = accumulate(builder, totals, start, stop, 1, add)
        for (r, row, p, column), total in zip(places, totals, strict=True):
            out.matrix.store(total, row, column)
            if squares:
                square = square_slots[r][p % parts]
                builder.store(multiply_add(builder, total, total, builder.load(square)), square)

    for square in itertools.chain(*square_slots):
        builder.store(zeros, square)
    over(of_columns)
    if squares:
        found = [
            functools.reduce(lambda a, b: joined(builder, a, b), map(builder.load, of_row)) for of_row in square_slots
        ]
        totals = horizontal_sums(builder, found)
        squares.store(part(builder, totals, 0, rows), first)


def of_size(builder: Builder, size: Value) -> Over:
    """Over the parts of vectors of this size, in tiles of two rows."""
    end = whole = builder.and_(builder.add(size, index(PART - 1)), index(-PART))
    if END_PARTS:
        longest = index(END_PARTS[0] * PART)
        last = builder.select(builder.icmp_signed("<", end, longest), end, longest)
        ends_with_half = builder.icmp_unsigned("!=", builder.and_(end, index(PART)), index(0))
        whole = builder.sub(end, builder.select(ends_with_half, last, index(0)))

    def over(body: Callable[[list[Value]], None]) -> None:
        in_columns(builder, (index(0), whole), BAND_PARTS, body, PART, leaves_whole=True)
        in_columns(builder, (whole, end), END_PARTS, body, PART)

    return over


def between(builder: Builder, columns: Sequence[Value], rows: int) -> Over:
    """Over the parts between two columns, in tiles of so many rows."""
    return lambda body: in_columns(builder, columns, SUM_PARTS[rows], body, PART)


def weight_of(g: Matrix, *, transposed: bool) -> Callable[[Value, Value], Value]:
    """What a row of a sum weighs at k, G[row, k] or G[k, row]."""
    return (lambda row, k: g.number(k, row)) if transposed else g.number


def band_tile(*, transposed: bool) -> Any:
    """A function that fills the rows of a band with weighted sums of rows."""

    @built
    def tile(
        builder: Builder,
        G: Matrix,
        r: Value,
        ranges: list[Value],
        Z: Matrix,
        of_z: List | None,
        size: Value,
        out: Matrix,
        squares: List | None,
    ) -> None:
        """out[r:r+2] = Σ G[r:r+2, k] · Z[of_z[k]], for the k of two ranges, (first, last, first, last), of vectors of
        this size; or with G[k, r:r+2]ᵀ, for those of the first range. squares[r:r+2] = the squares of their lengths.
        Without of_z it is Z[k]; squares may be left out.
        """
        first, last, dense, end = ranges
        sums = Sums(
            weight_of(G, transposed=transposed), [(first, last)] if transposed else [(first, last), (dense, end)]
        )
        fill_sums(builder, BAND_ROWS, r, sums, Rows(Z, of_z, may_lack=True), Rows(out), of_size(builder, size), squares)

    return tile


@built
def transposed_tile(builder: Builder, G: Matrix, r: Value, n: Value, X: Matrix, out: Matrix) -> None:
    """out[r:r+4] = Σ G[k, r:r+4]ᵀ · X[k], for the k below n."""
    sums = Sums(weight_of(G, transposed=True), [(index(0), n)])
    fill_sums(builder, TILE_ROWS, r, sums, Rows(X), Rows(out), between(builder, X.columns, TILE_ROWS))


def gathered_sum_tile(rows: int, *, transposed: bool) -> Any:
    """A function that adds weighted sums of listed rows to so many listed rows."""

    @built
    def tile(
        builder: Builder, G: Matrix, r: Value, Z: Matrix, of_z: List, out: Matrix, of_out: List, columns: list[Value]
    ) -> None:
        """out[of_out[r:r+rows]] += Σ G[r:r+rows, k] · Z[of_z[k]], or with G[k, r:r+rows]ᵀ, in a range of columns."""

        def begin(_: int, row: Value, column: Value) -> Value:
            return out.vector(row, column, PART)

        sums = Sums(weight_of(G, transposed=transposed), [(index(0), of_z.length)], begin)
        fill_sums(builder, rows, r, sums, Rows(Z, of_z), Rows(out, of_out), between(builder, columns, rows))

    return tile


@built
def shifted_band_tile(
    builder: Builder,
    G: Matrix,
    r: Value,
    ranges: list[Value],
    Z: Matrix,
    of_z: List,
    weights: List,
    shift: Matrix,
    size: Value,
    out: Matrix,
    squares: List,
) -> None:
    """As `band_tile` has it, of listed rows, less weights[i] · shift[0]."""
    places = places_from(builder, r, BAND_ROWS)
    own = [broadcast(builder, builder.fneg(weights.number(place)), PART) for place in places]

    def begin(i: int, _: Value, column: Value) -> Value:
        return builder.fmul(own[i], shift.vector(index(0), column, PART))

    first, last, dense, end = ranges
    sums = Sums(G.number, [(first, last), (dense, end)], begin)
    fill_sums(builder, BAND_ROWS, r, sums, Rows(Z, of_z, may_lack=True), Rows(out), of_size(builder, size), squares)


@built
def sum_tile_with(
    builder: Builder, G: Matrix, r: Value, Z: Matrix, weights: List, others: Matrix, of_others: List, out: Matrix
) -> None:
    """out[i] = Σ G[i, k] · Z[k] + weights[i] · others[of_others[i]], for the four i from r on."""
    places = places_from(builder, r, TILE_ROWS)
    own = [(broadcast(builder, weights.number(place), PART), of_others.row_or_first(place)) for place in places]

    def begin(i: int, _: Value, column: Value) -> Value:
        weight, row = own[i]
        return builder.fmul(weight, others.vector(row, column, PART))

    fill_sums(
        builder,
        TILE_ROWS,
        r,
        Sums(G.number, [(index(0), Z.rows)], begin),
        Rows(Z),
        Rows(out),
        between(builder, Z.columns, TILE_ROWS),
    )
