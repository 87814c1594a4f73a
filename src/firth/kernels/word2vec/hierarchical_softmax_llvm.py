"""A path's nodes and signs, and sums of its gradients' sizes, in vectors of 16 (see
`firth.kernels.word2vec.hierarchical_softmax`).
"""

from __future__ import annotations

from llvmlite import ir

from firth.arrays import LANES
from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces
from firth.jit.simd import I32, NUMBERS, List, Matrix, absolute, accumulate, broadcast, for_range, horizontal_sum, index
from firth.kernels.word2vec.hierarchical_softmax import follow, sum_sizes


@replaces(follow)
def _follow(builder: Builder, codes: List, first: Value, length: Value, root: Value, nodes: List, signs: List) -> None:
    end, root = (broadcast(builder, builder.trunc(value, I32)) for value in (length, root))
    ones, zeros = ir.Constant(signs.vector_type, [1.0] * LANES), signs.zeros

    def of_vector(k: Value) -> None:
        path = codes.vector(builder.add(first, k))
        to_other = builder.icmp_signed("<", path, ir.Constant(path.type, [0] * LANES))
        is_part = builder.icmp_signed("<", builder.add(broadcast(builder, builder.trunc(k, I32)), NUMBERS), end)
        node = builder.select(to_other, builder.not_(path), path)
        sign = builder.select(to_other, builder.fneg(ones), ones)
        nodes.store(builder.select(is_part, node, root), k)
        signs.store(builder.select(is_part, sign, zeros), k)

    for_range(builder, index(0), length, LANES, of_vector)


@replaces(sum_sizes)
def _sum_sizes(builder: Builder, G: Matrix, n: Value, length: Value, *lists: List) -> None:
    numbers, weights, by_number, by_column, weighted = lists

    def of_vector(column: Value) -> None:
        def of_row(row: Value, sums: list[Value]) -> list[Value]:
            size, number = absolute(builder, G.vector(row, column)), numbers.row(row)
            total = builder.fadd(by_number.number(number), horizontal_sum(builder, size))
            by_number.store(total, number)
            heavy = builder.fmul(size, broadcast(builder, weights.number(number)))
            return [builder.fadd(sums[0], size), builder.fadd(sums[1], heavy)]

        sums = accumulate(builder, [G.zeros] * 2, index(0), n, 1, of_row)
        by_column.store(sums[0], column)
        weighted.store(sums[1], column)

    for_range(builder, index(0), length, LANES, of_vector)
