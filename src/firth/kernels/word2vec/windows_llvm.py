"""The weights of four context words in the pairs with 16 centers at once (see `firth.kernels.word2vec.windows`)."""

from __future__ import annotations

import functools
from typing import Any

from llvmlite import ir
from numba import types

from firth.arrays import LANES
from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces
from firth.jit.simd import I32, NUMBERS, List, Matrix, horizontal_sums, index, part
from firth.kernels.linalg.products import TILE_ROWS
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
def _weigh_tile(windows, tile, first, behind):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        def field(kind: Any, name: str) -> Any:
            number = windows.fields.index(name)
            return kind(context, builder, windows.types[number], builder.extract_value(args[0], number))

        w, reaches, ranges = (field(Matrix, name) for name in ("weights", "reach", "centers_of"))
        near, of_centers, of_tokens = (field(List, name) for name in ("near", "center_weights", "token_weights"))
        _, tile, first, behind = args

        before, after = (reaches.vector(index(side), first) for side in (0, 1))
        begin, middle = builder.mul(tile, index(TILE_ROWS)), builder.lshr(near.length, index(1))
        weights_of_centers, found, pairs = of_centers.vector(first), [], []
        for row in range(TILE_ROWS):
            nearest = builder.sub(behind, index(row))
            distances = builder.add(reaches.broadcast(builder.trunc(nearest, I32)), NUMBERS)
            is_near = builder.icmp_signed("<=", distances, before)
            pairs.append(builder.and_(is_near, builder.icmp_signed("<=", builder.neg(distances), after)))
            by_distance = builder.select(pairs[-1], near.vector(builder.add(middle, nearest)), w.zeros)
            found.append(builder.fmul(by_distance, weights_of_centers))
            w.store(found[-1], builder.add(begin, index(row)), first)
        sums = part(builder, horizontal_sums(builder, found), 0, TILE_ROWS)
        of_tokens.store(builder.fadd(of_tokens.few(begin, TILE_ROWS), sums), begin)
        members = builder.bitcast(functools.reduce(builder.or_, pairs), ir.IntType(LANES))
        _extend_range(builder, ranges, tile, first, members)
        return context.get_dummy_value()

    place = types.intp
    return types.void(windows, place, place, place), generate
