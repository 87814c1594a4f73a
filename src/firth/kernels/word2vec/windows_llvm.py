"""The weights of four context words in the pairs with 16 centers at once (see `firth.kernels.word2vec.windows`)."""

from __future__ import annotations

import functools
from typing import Any

from llvmlite import ir

from firth.arrays import LANES
from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces
from firth.jit.simd import I32, NUMBERS, Matrix, broadcast, horizontal_sums, index, part
from firth.kernels.linalg.products import BAND_ROWS, TILE_ROWS
from firth.kernels.word2vec.windows import weigh_tile


def _extend_range(builder: Builder, ranges: Matrix, row: Value, first: Value, members: Value) -> None:
    """ranges[row] = from its beginning, or the first of the members, if it is empty, to behind the last of them. A bit
    of `members` says whether the number that is so many above `first` is one.
    """
    begin, end = (ranges.at(row, index(side)) for side in (0, 1))
    number = builder.zext(members, I32)
    first = builder.trunc(first, I32)
    lowest = builder.add(first, builder.cttz(number, ir.Constant(ir.IntType(1), 0)))
    behind = builder.sub(builder.add(first, I32(32)), builder.ctlz(number, ir.Constant(ir.IntType(1), 0)))
    has_members, was = builder.icmp_unsigned("!=", number, I32(0)), builder.load(end)
    is_first = builder.and_(has_members, builder.icmp_signed("==", was, I32(0)))
    builder.store(builder.select(is_first, lowest, builder.load(begin)), begin)
    builder.store(builder.select(has_members, behind, was), end)


@replaces(weigh_tile)
def _weigh_tile(builder: Builder, windows: Any, tile: Value, first: Value, behind: Value) -> None:
    """`windows` has lists and matrices in the place of arrays."""
    near, of_tokens, weights = windows.near, windows.token_weights, windows.weights
    before, after = (windows.reach.vector(index(side), first) for side in (0, 1))
    begin, middle = builder.mul(tile, index(TILE_ROWS)), builder.lshr(near.length, index(1))
    weights_of_centers, found, pairs = windows.center_weights.vector(first), [], []
    for row in range(TILE_ROWS):
        nearest = builder.sub(behind, index(row))
        distances = builder.add(broadcast(builder, builder.trunc(nearest, I32)), NUMBERS)
        is_near = builder.icmp_signed("<=", distances, before)
        pairs.append(builder.and_(is_near, builder.icmp_signed("<=", builder.neg(distances), after)))
        by_distance = builder.select(pairs[-1], near.vector(builder.add(middle, nearest)), weights.zeros)
        found.append(builder.fmul(by_distance, weights_of_centers))
        weights.store(found[-1], builder.add(begin, index(row)), first)
    sums = part(builder, horizontal_sums(builder, found), 0, TILE_ROWS)
    of_tokens.store(builder.fadd(of_tokens.vector(begin, TILE_ROWS), sums), begin)
    for row in range(0, TILE_ROWS, BAND_ROWS):
        members = builder.bitcast(functools.reduce(builder.or_, pairs[row : row + BAND_ROWS]), ir.IntType(LANES))
        band = builder.udiv(builder.add(begin, index(row)), index(BAND_ROWS))
        _extend_range(builder, windows.centers_of, band, first, members)
