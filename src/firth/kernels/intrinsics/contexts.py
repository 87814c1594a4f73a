"""The weights of a context word in the pairs with 16 centres, all at once (see `firth.kernels.contexts`)."""

from __future__ import annotations

from typing import Any

from numba import types

from firth.kernels.contexts import weigh_row
from firth.kernels.intrinsics.registers import I32, NUMBERS, Builder, List, Matrix, Value, index, lane_sum
from firth.kernels.intrinsics.replacing import replaces


@replaces(weigh_row)
def _weigh_row(typing_context, weights, row, first, near, behind, reach):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        w, reaches = (Matrix(context, builder, signature.args[n], args[n]) for n in (0, 5))
        _, row, first, near, behind, _ = args
        near = List(context, builder, signature.args[3], near)

        nearest = w.in_every_lane(builder.trunc(behind, I32))
        distances = builder.add(nearest, NUMBERS)
        before, after = (reaches.vector(index(side), first) for side in (0, 1))
        is_pair = builder.and_(
            builder.icmp_signed("<=", distances, before), builder.icmp_signed("<=", builder.neg(distances), after)
        )
        middle = builder.lshr(near.length, index(1))
        found = builder.select(is_pair, near.vector(builder.add(middle, behind)), w.zeros)
        w.store(found, row, first)
        return lane_sum(builder, found)

    return weights.dtype(weights, types.intp, types.intp, near, types.intp, reach), generate
