"""The matrix products in vectors of 16 numbers that stay in registers (see `firth.kernels.linalg.products`).

How many of them a tile has depends on the processor's registers, and changes the time only: each number of a result is
summed by itself, in the same order in any tile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numba import types
from numba.extending import intrinsic

from firth.arrays import LANES
from firth.jit.instructions import Builder, Value, slot, unpacked
from firth.jit.lowering import replaces, replaces_with_loops
from firth.jit.simd import List, Matrix, accumulate, in_columns, index, lane_sums, multiply_add, part
from firth.jit.target import processor
from firth.kernels.linalg.products import (
    TILE_ROWS,
    between_tiles,
    learn_listed,
    score,
    score_bands,
    score_each,
    score_listed,
    square_each,
    weigh_bands,
    weigh_listed,
    weigh_transposed,
    weigh_transposed_bands,
    weigh_transposed_listed,
    weigh_with,
)

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
ASKED_A_SCORE, ASKED_A_FEW, ASKED_A_SUM = 1, 2, 4
"""Rows of the next block that are asked for after a tile of scores, after one of few scores, and after one of sums."""


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


def is_none(kind: Any) -> bool:
    """Whether an argument of this type is None, or was left out."""
    return isinstance(kind, types.NoneType | types.Omitted)


def _fill_scores(builder: Builder, rows: int, columns: int, x: Rows, t: Value, z: Rows, c: Value, s: Matrix) -> None:
    """S[t:t+rows, c:c+columns] = the products of so many rows of X, from the t-th on, and of Z, from the c-th on."""
    x_rows = [x.at(builder.add(t, index(r))) for r in range(rows)]
    z_rows = [z.at(builder.add(c, index(r))) for r in range(columns)]

    def body(column: Value, sums: list[Value]) -> list[Value]:
        vectors_of_x = [x.matrix.vector(row, column) for row in x_rows]
        vectors_of_z = [z.matrix.vector(row, column) for row in z_rows]
        pairs = [(a, b) for a in vectors_of_x for b in vectors_of_z]
        return [multiply_add(builder, a, b, total) for (a, b), total in zip(pairs, sums, strict=True)]

    sums = accumulate(builder, [s.zeros] * (rows * columns), index(0), x.matrix.width, LANES, body)
    scores = lane_sums(builder, sums)
    for r in range(rows):
        s.store(part(builder, scores, r * columns, columns), builder.add(t, index(r)), c)


def _score_tile(rows: int, columns: int) -> Any:
    @intrinsic
    def tile(typing_context, X, t, Z, z, S):  # type: ignore[no-untyped-def]
        """S[t:t+rows, z:z+columns] = X[t:t+rows] · Z[z:z+columns]ᵀ."""
        signature = types.void(X, types.intp, Z, types.intp, S)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            x, z, s = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2, 4))
            _fill_scores(builder, rows, columns, Rows(x), args[1], Rows(z), args[3], s)
            return context.get_dummy_value()

        return signature, generate

    return tile


@intrinsic
def _score_each_tile(typing_context, X, t, Z, of_z, s):  # type: ignore[no-untyped-def]
    """s[i] = X[i] · Z[of_z[i]], for the four i from t on."""
    signature = types.void(X, types.intp, Z, of_z, s)

    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        x, z = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2))
        of_z, scores = (List(context, builder, signature.args[i], args[i]) for i in (3, 4))
        places = [builder.add(args[1], index(k)) for k in range(TILE_ROWS)]
        z_rows = [of_z.row_or_first(place) for place in places]

        def body(column: Value, sums: list[Value]) -> list[Value]:
            vectors = [(x.vector(i, column), z.vector(row, column)) for i, row in zip(places, z_rows, strict=True)]
            return [multiply_add(builder, a, b, total) for (a, b), total in zip(vectors, sums, strict=True)]

        sums = lane_sums(builder, accumulate(builder, [x.zeros] * TILE_ROWS, index(0), x.width, LANES, body))
        scores.store(part(builder, sums, 0, TILE_ROWS), args[1])
        return context.get_dummy_value()

    return signature, generate


def _square_tile(rows: int) -> Any:
    @intrinsic
    def tile(typing_context, X, t, s):  # type: ignore[no-untyped-def]
        """s[t:t+rows] = the squares of the lengths of X[t:t+rows]."""
        signature = types.void(X, types.intp, s)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            x = Matrix(context, builder, signature.args[0], args[0])
            s = List(context, builder, signature.args[2], args[2])
            places = [builder.add(args[1], index(r)) for r in range(rows)]

            def body(column: Value, sums: list[Value]) -> list[Value]:
                vectors = [x.vector(row, column) for row in places]
                return [multiply_add(builder, v, v, total) for v, total in zip(vectors, sums, strict=True)]

            sums = lane_sums(builder, accumulate(builder, [x.zeros] * rows, index(0), x.width, LANES, body))
            s.store(part(builder, sums, 0, rows), args[1])
            return context.get_dummy_value()

        return signature, generate

    return tile


def _listed_score_tile(rows: int, columns: int) -> Any:
    @intrinsic
    def tile(typing_context, X, of_x, t, Z, of_z, z, S):  # type: ignore[no-untyped-def]
        """S[t:t+rows, z:z+columns] = X[of_x[t:t+rows]] · Z[of_z[z:z+columns]]ᵀ."""
        signature = types.void(X, of_x, types.intp, Z, of_z, types.intp, S)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            x, z, s = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 3, 6))
            of_x, of_z = (List(context, builder, signature.args[i], args[i]) for i in (1, 4))
            _fill_scores(builder, rows, columns, Rows(x, of_x.row), args[2], Rows(z, of_z.row), args[5], s)
            return context.get_dummy_value()

        return signature, generate

    return tile


def _fill_sums(
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
    these. The squares of their lengths are found as in `square_each`, while they are in registers.
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
        totals = lane_sums(builder, [builder.load(square) for square in square_slots])
        squares.store(part(builder, totals, 0, rows), first)


def _onto(out: Matrix) -> Callable[[int, Value, Value], Value]:
    """Sums begin as what is there."""
    return lambda _, row, column: out.vector(row, column)


def _weight(g: Matrix, *, transposed: bool) -> Callable[[Value, Value], Value]:
    return (lambda row, k: g.number(k, row)) if transposed else g.number


def _weigh_tile(*, transposed: bool = False) -> Any:
    @intrinsic
    def tile(typing_context, G, r, ranges, Z, out, squares):  # type: ignore[no-untyped-def]
        """out[r:r+4] = Σ G[r:r+4, k] · Z[k], or with G[k, r:r+4]ᵀ, for the k of two ranges, (first, last, first, last);
        squares[r:r+4] = the squares of their lengths, if these are asked for.
        """
        signature = types.void(G, types.intp, types.UniTuple(types.intp, 4), Z, out, squares)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            g, z, out = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 3, 4))
            found = None if is_none(squares) else List(context, builder, signature.args[5], args[5])
            first, last, dense, end = unpacked(builder, args[2], 4)
            sums = Sums(_weight(g, transposed=transposed), [(first, last), (dense, end)])
            _fill_sums(builder, TILE_ROWS, args[1], sums, Rows(z), Rows(out), squares=found)
            return context.get_dummy_value()

        return signature, generate

    return tile


@intrinsic
def _weigh_with_rows(typing_context, G, r, Z, weights, others, of_others, out):  # type: ignore[no-untyped-def]
    """out[i] = Σ G[i, k] · Z[k] + weights[i] · others[of_others[i]], for the four i from r on."""
    signature = types.void(G, types.intp, Z, weights, others, of_others, out)

    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        g, z, others, out = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2, 4, 6))
        weights, of_others = (List(context, builder, signature.args[i], args[i]) for i in (3, 5))
        places = [builder.add(args[1], index(i)) for i in range(TILE_ROWS)]
        own = [(others.in_every_lane(weights.number(place)), of_others.row_or_first(place)) for place in places]

        def begin(i: int, _: Value, column: Value) -> Value:
            weight, row = own[i]
            return builder.fmul(weight, others.vector(row, column))

        sums = Sums(g.number, [(index(0), z.rows)], begin)
        _fill_sums(builder, TILE_ROWS, args[1], sums, Rows(z), Rows(out))
        return context.get_dummy_value()

    return signature, generate


def _listed_weigh_tile(rows: int) -> Any:
    @intrinsic
    def tile(typing_context, G, r, Z, of_z, out, of_out):  # type: ignore[no-untyped-def]
        """out[of_out[r:r+rows]] += Σ G[r:r+rows, k] · Z[of_z[k]]."""
        signature = types.void(G, types.intp, Z, of_z, out, of_out)

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            g, z, out = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2, 4))
            of_z, of_out = (List(context, builder, signature.args[i], args[i]) for i in (3, 5))
            sums = Sums(g.number, [(index(0), of_z.length)], _onto(out))
            _fill_sums(builder, rows, args[1], sums, Rows(z, of_z.row), Rows(out, of_out.row))
            return context.get_dummy_value()

        return signature, generate

    return tile


def _listed_weigh_transposed_tile(rows: int) -> Any:
    @intrinsic
    def tile(typing_context, G, r, X, of_x, out, of_out, columns):  # type: ignore[no-untyped-def]
        """out[of_out[r:r+rows]] += Σ G[k, r:r+rows] · X[of_x[k]], in a range of columns."""
        signature = types.void(G, types.intp, X, of_x, out, of_out, types.UniTuple(types.intp, 2))

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            g, x, out = (Matrix(context, builder, signature.args[i], args[i]) for i in (0, 2, 4))
            of_x, of_out = (List(context, builder, signature.args[i], args[i]) for i in (3, 5))
            sums = Sums(_weight(g, transposed=True), [(index(0), of_x.length)], _onto(out))
            between = tuple(unpacked(builder, args[6], 2))
            _fill_sums(builder, rows, args[1], sums, Rows(x, of_x.row), Rows(out, of_out.row), between=between)
            return context.get_dummy_value()

        return signature, generate

    return tile


@replaces(learn_listed)
def _learn_listed(g, H, i, Z, of_z, out):  # type: ignore[no-untyped-def]
    """Row i of H, and the sum, stay in registers."""

    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        h, z, out = (Matrix(context, builder, signature.args[n], args[n]) for n in (1, 3, 5))
        g, of_z = (List(context, builder, signature.args[n], args[n]) for n in (0, 4))
        i = args[2]

        def of_columns(columns: list[Value]) -> None:
            numbers = [h.vector(i, column) for column in columns]

            def learn(j: Value, sums: list[Value]) -> list[Value]:
                weight, row = z.in_every_lane(g.number(j)), of_z.row(j)
                were = [z.vector(row, column) for column in columns]
                found = [multiply_add(builder, weight, was, total) for was, total in zip(were, sums, strict=True)]
                for number, was, column in zip(numbers, were, columns, strict=True):
                    z.store(multiply_add(builder, weight, number, was), row, column)
                return found

            sums = accumulate(builder, [z.zeros] * len(columns), index(0), of_z.length, 1, learn)
            for total, column in zip(sums, columns, strict=True):
                out.store(total, i, column)

        in_columns(builder, z.columns, ROW_VECTORS, of_columns)
        return context.get_dummy_value()

    return types.void(g, H, types.intp, Z, of_z, out), generate


_score_rows = _score_tile(SCORE_ROWS, SCORE_COLUMNS)
_score_row, _score_end = (_score_tile(1, columns) for columns in (ROW_COLUMNS, SCORE_COLUMNS))
_square_rows, _square_few = (_square_tile(rows) for rows in (SQUARE_ROWS, TILE_ROWS))
_weigh_rows = _weigh_tile()
_weigh_columns = _weigh_tile(transposed=True)
_score_listed_rows = _listed_score_tile(SCORE_ROWS, SCORE_COLUMNS)
_score_listed_pair = _listed_score_tile(2, SCORE_COLUMNS)
_score_listed_row, _score_listed_end = (_listed_score_tile(1, columns) for columns in (ROW_COLUMNS, SCORE_COLUMNS))
_weigh_listed_rows, _weigh_listed_pair = (_listed_weigh_tile(rows) for rows in (TILE_ROWS, 2))
_weigh_transposed_listed_rows, _weigh_transposed_listed_pair, _weigh_transposed_listed_row = (
    _listed_weigh_transposed_tile(rows) for rows in (TILE_ROWS, 2, 1)
)


@replaces_with_loops(score)
def _score(X, n, Z, S, ahead=None):  # type: ignore[no-untyped-def]
    def tiles(X, n, Z, S, ahead=None):  # type: ignore[no-untyped-def]
        whole = n // SCORE_ROWS * SCORE_ROWS
        for z in range(0, Z.shape[0], SCORE_COLUMNS):
            for t in range(0, whole, SCORE_ROWS):
                _score_rows(X, t, Z, z, S)
                between_tiles(ASKED_A_SCORE, ahead)
        long = Z.shape[0] // ROW_COLUMNS * ROW_COLUMNS
        for t in range(whole, n):
            for z in range(0, long, ROW_COLUMNS):
                _score_row(X, t, Z, z, S)
            for z in range(long, Z.shape[0], SCORE_COLUMNS):
                _score_end(X, t, Z, z, S)

    return tiles


@replaces_with_loops(score_bands)
def _score_bands(X, Z, bands, S, ahead=None):  # type: ignore[no-untyped-def]
    def tiles(X, Z, bands, S, ahead=None):  # type: ignore[no-untyped-def]
        for z in range(0, Z.shape[0], SCORE_COLUMNS):
            for t in range(bands[z // TILE_ROWS, 0], bands[z // TILE_ROWS, 1], SCORE_ROWS):
                _score_rows(X, t, Z, z, S)
                between_tiles(ASKED_A_SCORE, ahead)

    return tiles


@replaces_with_loops(weigh_with)
def _weigh_with(G, n, Z, weights, others, of_others, out, ahead=None):  # type: ignore[no-untyped-def]
    def tiles(G, n, Z, weights, others, of_others, out, ahead=None):  # type: ignore[no-untyped-def]
        for r in range(0, n, TILE_ROWS):
            _weigh_with_rows(G, r, Z, weights, others, of_others, out)
            between_tiles(ASKED_A_SUM, ahead)

    return tiles


@replaces_with_loops(weigh_bands)
def _weigh_bands(G, n, bands, dense, Z, out, squares=None, ahead=None):  # type: ignore[no-untyped-def]
    def tiles(G, n, bands, dense, Z, out, squares=None, ahead=None):  # type: ignore[no-untyped-def]
        for r in range(0, n, TILE_ROWS):
            first, last = bands[r // TILE_ROWS, 0], bands[r // TILE_ROWS, 1]
            _weigh_rows(G, r, (first, last, dense, Z.shape[0]), Z, out, squares)
            between_tiles(ASKED_A_SUM, ahead)

    return tiles


@replaces_with_loops(weigh_transposed)
def _weigh_transposed(G, n, X, out, ahead=None):  # type: ignore[no-untyped-def]
    def tiles(G, n, X, out, ahead=None):  # type: ignore[no-untyped-def]
        for r in range(0, out.shape[0], TILE_ROWS):
            _weigh_columns(G, r, (0, n, 0, 0), X, out, None)
            between_tiles(ASKED_A_SUM, ahead)

    return tiles


@replaces_with_loops(weigh_transposed_bands)
def _weigh_transposed_bands(G, X, bands, out, squares=None, ahead=None):  # type: ignore[no-untyped-def]
    def tiles(G, X, bands, out, squares=None, ahead=None):  # type: ignore[no-untyped-def]
        for r in range(0, out.shape[0], TILE_ROWS):
            first, last = bands[r // TILE_ROWS, 0], bands[r // TILE_ROWS, 1]
            _weigh_columns(G, r, (first, last, 0, 0), X, out, squares)
            between_tiles(ASKED_A_SUM, ahead)

    return tiles


@replaces_with_loops(score_each)
def _score_each(X, n, Z, of_z, s, ahead=None):  # type: ignore[no-untyped-def]
    def tiles(X, n, Z, of_z, s, ahead=None):  # type: ignore[no-untyped-def]
        for t in range(0, n, TILE_ROWS):
            _score_each_tile(X, t, Z, of_z, s)
            between_tiles(ASKED_A_FEW, ahead)

    return tiles


@replaces_with_loops(square_each)
def _square_each(X, n, s):  # type: ignore[no-untyped-def]
    def tiles(X, n, s):  # type: ignore[no-untyped-def]
        whole = n // SQUARE_ROWS * SQUARE_ROWS
        for t in range(0, whole, SQUARE_ROWS):
            _square_rows(X, t, s)
        for t in range(whole, n, TILE_ROWS):
            _square_few(X, t, s)

    return tiles


@replaces_with_loops(score_listed)
def _score_listed(X, of_x, Z, of_z, S):  # type: ignore[no-untyped-def]
    def tiles(X, of_x, Z, of_z, S):  # type: ignore[no-untyped-def]
        whole, even = of_x.shape[0] // SCORE_ROWS * SCORE_ROWS, of_x.shape[0] // 2 * 2
        for z in range(0, of_z.shape[0], SCORE_COLUMNS):
            for t in range(0, whole, SCORE_ROWS):
                _score_listed_rows(X, of_x, t, Z, of_z, z, S)
            for t in range(whole, even, 2):
                _score_listed_pair(X, of_x, t, Z, of_z, z, S)
        long = of_z.shape[0] // ROW_COLUMNS * ROW_COLUMNS
        for t in range(even, of_x.shape[0]):
            for z in range(0, long, ROW_COLUMNS):
                _score_listed_row(X, of_x, t, Z, of_z, z, S)
            for z in range(long, of_z.shape[0], SCORE_COLUMNS):
                _score_listed_end(X, of_x, t, Z, of_z, z, S)

    return tiles


@replaces_with_loops(weigh_listed)
def _weigh_listed(G, Z, of_z, out, of_out):  # type: ignore[no-untyped-def]
    def tiles(G, Z, of_z, out, of_out):  # type: ignore[no-untyped-def]
        whole = of_out.shape[0] // TILE_ROWS * TILE_ROWS
        for r in range(0, whole, TILE_ROWS):
            _weigh_listed_rows(G, r, Z, of_z, out, of_out)
        for r in range(whole, of_out.shape[0], 2):
            _weigh_listed_pair(G, r, Z, of_z, out, of_out)

    return tiles


@replaces_with_loops(weigh_transposed_listed)
def _weigh_transposed_listed(G, X, of_x, out, of_out, first, last):  # type: ignore[no-untyped-def]
    def tiles(G, X, of_x, out, of_out, first, last):  # type: ignore[no-untyped-def]
        whole, even = of_out.shape[0] // TILE_ROWS * TILE_ROWS, of_out.shape[0] // 2 * 2
        for r in range(0, whole, TILE_ROWS):
            _weigh_transposed_listed_rows(G, r, X, of_x, out, of_out, (first, last))
        for r in range(whole, even, 2):
            _weigh_transposed_listed_pair(G, r, X, of_x, out, of_out, (first, last))
        for r in range(even, of_out.shape[0]):
            _weigh_transposed_listed_row(G, r, X, of_x, out, of_out, (first, last))

    return tiles
