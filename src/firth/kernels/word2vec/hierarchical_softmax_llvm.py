"""A path's nodes and signs, and sums of its gradients' sizes, in vectors of 16 (see
`firth.kernels.word2vec.hierarchical_softmax`).
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from firth.arrays import LANES
from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces
from firth.jit.simd import I32, NUMBERS, List, Matrix, absolute, accumulate, broadcast, for_range, horizontal_sum, index
from firth.kernels.word2vec.hierarchical_softmax import follow, sum_sizes


@replaces(follow)
def _follow(codes, first, length, root, nodes, signs):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        codes, nodes, signs = (List(context, builder, signature.args[n], args[n]) for n in (0, 4, 5))
        first, length, root = args[1:4]
        end, root = (broadcast(builder, builder.trunc(value, I32)) for value in (length, root))
        ones, zeros = (ir.Constant(signs.vector_type, [sign] * LANES) for sign in (1.0, 0.0))

        def of_vector(k: Value) -> None:
            path = codes.vector(builder.add(first, k))
            to_other = builder.icmp_signed("<", path, ir.Constant(path.type, [0] * LANES))
            is_part = builder.icmp_signed("<", builder.add(broadcast(builder, builder.trunc(k, I32)), NUMBERS), end)
            node = builder.select(to_other, builder.not_(path), path)
            sign = builder.select(to_other, builder.fneg(ones), ones)
            nodes.store(builder.select(is_part, node, root), k)
            signs.store(builder.select(is_part, sign, zeros), k)

        for_range(builder, index(0), length, LANES, of_vector)
        return context.get_dummy_value()

    return types.void(codes, types.intp, types.intp, types.intp, nodes, signs), generate


@replaces(sum_sizes)
def _sum_sizes(G, n, length, numbers, weights, by_number, by_column, weighted):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        g = Matrix(context, builder, signature.args[0], args[0])
        numbers, weights, by_number, by_column, weighted = (
            List(context, builder, signature.args[k], args[k]) for k in range(3, 8)
        )

        def of_vector(column: Value) -> None:
            def of_row(row: Value, sums: list[Value]) -> list[Value]:
                size, number = absolute(builder, g.vector(row, column)), numbers.row(row)
                total = builder.fadd(by_number.number(number), horizontal_sum(builder, size))
                by_number.store_number(total, number)
                heavy = builder.fmul(size, broadcast(builder, weights.number(number)))
                return [builder.fadd(sums[0], size), builder.fadd(sums[1], heavy)]

            sums = accumulate(builder, [g.zeros] * 2, index(0), args[1], 1, of_row)
            by_column.store(sums[0], column)
            weighted.store(sums[1], column)

        for_range(builder, index(0), args[2], LANES, of_vector)
        return context.get_dummy_value()

    place = types.intp
    return types.void(G, place, place, numbers, weights, by_number, by_column, weighted), generate
