"""Sums over windows in vectors of 16 numbers that stay in registers (see `firth.kernels.sums`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core import cgutils

from firth.kernels.intrinsics.products import WIDE
from firth.kernels.intrinsics.registers import (
    Builder,
    Matrix,
    Value,
    accumulate,
    for_range,
    in_columns,
    index,
    multiply_add,
)
from firth.kernels.intrinsics.replacing import replaces
from firth.kernels.sums import spread_windows, sum_up, sum_windows

VECTORS = 8 if WIDE else 2
"""Vectors of a row that are summed in one go, at most."""


def _list_of_rows(context: Any, builder: Builder, kind: Any, value: Value) -> Callable[[Value], Value]:
    """The numbers of a list, an array argument."""
    data = context.make_array(kind)(context, builder, value).data
    return lambda place: builder.sext(builder.load(builder.gep(data, [place])), place.type)


@replaces(sum_up)
def _sum_up(typing_context, rows, words, n, sums):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        z, sums = (Matrix(context, builder, signature.args[k], args[k]) for k in (0, 3))
        word = _list_of_rows(context, builder, signature.args[1], args[1])

        def of_columns(columns: list[Value]) -> None:
            def add(t: Value, totals: list[Value]) -> list[Value]:
                row, after = word(t), builder.add(t, index(1))
                found = [builder.fadd(total, z.vector(row, c)) for c, total in zip(columns, totals, strict=True)]
                for c, total in zip(columns, found, strict=True):
                    sums.store(total, after, c)
                return found

            for c in columns:
                sums.store(z.zeros, index(0), c)
            accumulate(builder, [z.zeros] * len(columns), index(0), args[2], 1, add)

        in_columns(builder, z.width, VECTORS, of_columns)
        return context.get_dummy_value()

    return types.void(rows, words, types.intp, sums), generate


@replaces(sum_windows)
def _sum_windows(typing_context, sums, reach, scales, first, n, out):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        z, reaches, out = (Matrix(context, builder, signature.args[k], args[k]) for k in (0, 1, 5))
        scale_data = context.make_array(signature.args[2])(context, builder, args[2]).data
        first, n = args[3:5]

        def of_columns(columns: list[Value]) -> None:
            def of_centre(i: Value) -> None:
                own = builder.add(first, i)
                to_begin, to_end = (
                    builder.sext(builder.load(reaches.at(index(side), i)), own.type) for side in range(2)
                )
                begin, after = builder.sub(own, to_begin), builder.add(own, index(1))
                end = builder.add(after, to_end)
                scale = z.in_every_lane(builder.load(builder.gep(scale_data, [i])))
                for c in columns:
                    of_after = builder.fsub(z.vector(end, c), z.vector(after, c))
                    of_before = builder.fsub(z.vector(own, c), z.vector(begin, c))
                    out.store(builder.fmul(scale, builder.fadd(of_after, of_before)), i, c)

            for_range(builder, index(0), n, 1, of_centre)

        in_columns(builder, z.width, VECTORS, of_columns)
        return context.get_dummy_value()

    return types.void(sums, reach, scales, types.intp, types.intp, out), generate


@replaces(spread_windows)
def _spread_windows(typing_context, rows, scales, begins, ends, first, n, tokens, out):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
        z, out = (Matrix(context, builder, signature.args[k], args[k]) for k in (0, 7))
        scale_data = context.make_array(signature.args[1])(context, builder, args[1]).data
        (starting, started), (ending, ended) = (
            [
                _list_of_rows(context, builder, kind, value)
                for kind, value in zip(signature.args[k].types, cgutils.unpack_tuple(builder, args[k]), strict=True)
            ]
            for k in (2, 3)
        )
        first, n, tokens = args[4:7]

        def of_columns(columns: list[Value]) -> None:
            def with_row(i: Value, totals: list[Value], *, less: bool) -> list[Value]:
                scale = builder.load(builder.gep(scale_data, [i]))
                scale = z.in_every_lane(builder.fneg(scale) if less else scale)
                return [multiply_add(builder, scale, z.vector(i, c), t) for c, t in zip(columns, totals, strict=True)]

            def store(totals: list[Value], t: Value) -> None:
                for c, total in zip(columns, totals, strict=True):
                    out.store(total, t, c)

            def at_token(t: Value, totals: list[Value]) -> list[Value]:
                after = builder.add(t, index(1))
                totals = accumulate(
                    builder,
                    totals,
                    started(t),
                    started(after),
                    1,
                    lambda k, sums: with_row(starting(k), sums, less=False),
                )
                totals = accumulate(
                    builder, totals, ended(t), ended(after), 1, lambda k, sums: with_row(ending(k), sums, less=True)
                )
                own = builder.sub(t, first)
                is_centre = builder.icmp_unsigned("<", own, n)
                with builder.if_else(is_centre) as (centre, other):
                    with centre:
                        store(with_row(own, totals, less=True), t)
                    with other:
                        store(totals, t)
                return totals

            accumulate(builder, [z.zeros] * len(columns), index(0), tokens, 1, at_token)

        in_columns(builder, z.width, VECTORS, of_columns)
        return context.get_dummy_value()

    place = types.intp
    return types.void(rows, scales, begins, ends, place, place, place, out), generate
