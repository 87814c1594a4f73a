"""The turns of a path in vectors of 16 (see `firth.kernels.hierarchy`)."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from firth.kernels.hierarchy import follow
from firth.kernels.intrinsics.registers import I32, NUMBERS, Builder, List, Value, for_range, in_every_lane, index
from firth.kernels.intrinsics.replacing import replaces
from firth.kernels.products import LANES


@replaces(follow)
def _follow(typing_context, turns, first, length, root, nodes, signs):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        turns, nodes, signs = (List(context, builder, signature.args[n], args[n]) for n in (0, 4, 5))
        first, length, root = args[1:4]
        end, root = (in_every_lane(builder, builder.trunc(value, I32)) for value in (length, root))
        ones, zeros = (ir.Constant(signs.vector_type, [sign] * LANES) for sign in (1.0, 0.0))

        def of_vector(k: Value) -> None:
            path = turns.vector(builder.add(first, k))
            to_other = builder.icmp_signed("<", path, ir.Constant(path.type, [0] * LANES))
            is_part = builder.icmp_signed("<", builder.add(in_every_lane(builder, builder.trunc(k, I32)), NUMBERS), end)
            node = builder.select(to_other, builder.not_(path), path)
            sign = builder.select(to_other, builder.fneg(ones), ones)
            nodes.store(builder.select(is_part, node, root), k)
            signs.store(builder.select(is_part, sign, zeros), k)

        for_range(builder, index(0), length, LANES, of_vector)
        return context.get_dummy_value()

    return types.void(turns, types.intp, types.intp, types.intp, nodes, signs), generate
