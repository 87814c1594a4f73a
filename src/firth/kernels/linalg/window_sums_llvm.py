"""Sums over windows in vectors of 16 numbers that stay in registers (see `firth.kernels.linalg.window_sums`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types

from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces
from firth.jit.simd import List, Matrix, accumulate, for_range, in_columns, index, multiply_add
from firth.kernels.linalg.product_tiles_llvm import ROW_VECTORS
from firth.kernels.linalg.window_sums import prefix_sum, spread_windows, sum_windows


def _window(builder: Builder, reach: Matrix, first: Value, i: Value) -> tuple[Value, Value, Value, Value]:
    """Where the window of center i begins, its own place, the next one, and where the window ends."""
    own = builder.add(first, i)
    to_begin, to_end = (builder.sext(builder.load(reach.at(index(side), i)), own.type) for side in range(2))
    after = builder.add(own, index(1))
    return builder.sub(own, to_begin), own, after, builder.add(after, to_end)


@replaces(prefix_sum)
def _prefix_sum(rows, words, n, sums):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        z, sums = (Matrix(context, builder, signature.args[k], args[k]) for k in (0, 3))
        words = List(context, builder, signature.args[1], args[1])

        def of_columns(columns: list[Value]) -> None:
            def add(t: Value, totals: list[Value]) -> list[Value]:
                row, after = words.row(t), builder.add(t, index(1))
                found = [builder.fadd(total, z.vector(row, c)) for c, total in zip(columns, totals, strict=True)]
                for c, total in zip(columns, found, strict=True):
                    sums.store(total, after, c)
                return found

            for c in columns:
                sums.store(z.zeros, index(0), c)
            accumulate(builder, [z.zeros] * len(columns), index(0), args[2], 1, add)

        in_columns(builder, z.columns, ROW_VECTORS, of_columns)
        return context.get_dummy_value()

    return types.void(rows, words, types.intp, sums), generate


@replaces(sum_windows)
def _sum_windows(sums, reach, scales, first, n, out):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        z, reaches, out = (Matrix(context, builder, signature.args[k], args[k]) for k in (0, 1, 5))
        scales = List(context, builder, signature.args[2], args[2])
        first, n = args[3:5]

        def of_columns(columns: list[Value]) -> None:
            def of_center(i: Value) -> None:
                begin, own, after, end = _window(builder, reaches, first, i)
                scale = z.broadcast(scales.number(i))
                for c in columns:
                    of_after = builder.fsub(z.vector(end, c), z.vector(after, c))
                    of_before = builder.fsub(z.vector(own, c), z.vector(begin, c))
                    out.store(builder.fmul(scale, builder.fadd(of_after, of_before)), i, c)

            for_range(builder, index(0), n, 1, of_center)

        in_columns(builder, z.columns, ROW_VECTORS, of_columns)
        return context.get_dummy_value()

    return types.void(sums, reach, scales, types.intp, types.intp, out), generate


@replaces(spread_windows)
def _spread_windows(rows, reach, scales, first, n, tokens, out):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        z, reaches, out = (Matrix(context, builder, signature.args[k], args[k]) for k in (0, 1, 6))
        scales = List(context, builder, signature.args[2], args[2])
        first, n, tokens = args[3:6]

        def of_columns(columns: list[Value]) -> None:
            def scaled(i: Value, sign: int) -> Callable[[Value, Value], Value]:
                """From a column and a vector to the sum of that vector and scales[i] · rows[i], or their difference."""
                scale = scales.number(i)
                scale = z.broadcast(scale if sign > 0 else builder.fneg(scale))
                return lambda c, vector: multiply_add(builder, scale, z.vector(i, c), vector)

            def of_center(i: Value) -> None:
                begin, _, _, end = _window(builder, reaches, first, i)
                for row, sign in ((begin, 1), (end, -1)):
                    with_row = scaled(i, sign)
                    for c in columns:
                        out.store(with_row(c, out.vector(row, c)), row, c)

            def of_token(t: Value, totals: list[Value]) -> list[Value]:
                found = [builder.fadd(total, out.vector(t, c)) for c, total in zip(columns, totals, strict=True)]
                own = builder.sub(t, first)
                with builder.if_else(builder.icmp_unsigned("<", own, n)) as (center, other):
                    with center:
                        without_own = scaled(own, -1)
                        for c, total in zip(columns, found, strict=True):
                            out.store(without_own(c, total), t, c)
                    with other:
                        for c, total in zip(columns, found, strict=True):
                            out.store(total, t, c)
                return found

            def clear(t: Value) -> None:
                for c in columns:
                    out.store(out.zeros, t, c)

            for_range(builder, index(0), builder.add(tokens, index(1)), 1, clear)
            for_range(builder, index(0), n, 1, of_center)
            accumulate(builder, [z.zeros] * len(columns), index(0), tokens, 1, of_token)

        in_columns(builder, z.columns, ROW_VECTORS, of_columns)
        return context.get_dummy_value()

    place = types.intp
    return types.void(rows, reach, scales, place, place, place, out), generate
