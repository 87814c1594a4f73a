"""Sums over windows in vectors of 16 numbers that stay in registers (see `firth.kernels.linalg.window_sums`)."""

from __future__ import annotations

from firth.jit.instructions import Builder, Value
from firth.jit.lowering import replaces
from firth.jit.simd import List, Matrix, accumulate, broadcast, for_range, in_columns, index, multiply_add
from firth.kernels.linalg.product_tiles_llvm import ROW_VECTORS
from firth.kernels.linalg.window_sums import prefix_sum, spread_windows, sum_windows


def _window(builder: Builder, reach: Matrix, first: Value, i: Value) -> tuple[Value, Value, Value, Value]:
    """Where the window of center i begins, its own place, the next one, and where the window ends."""
    own = builder.add(first, i)
    to_begin, to_end = (builder.sext(reach.number(index(side), i), own.type) for side in range(2))
    after = builder.add(own, index(1))
    return builder.sub(own, to_begin), own, after, builder.add(after, to_end)


def _added(builder: Builder, totals: list[Value], vectors: list[Value]) -> list[Value]:
    return [builder.fadd(total, vector) for total, vector in zip(totals, vectors, strict=True)]


@replaces(prefix_sum)
def _prefix_sum(builder: Builder, rows: Matrix, words: List, n: Value, sums: Matrix) -> None:
    def of_columns(columns: list[Value]) -> None:
        def add(t: Value, totals: list[Value]) -> list[Value]:
            row, after = words.row(t), builder.add(t, index(1))
            found = _added(builder, totals, rows.vectors(row, columns))
            sums.store_all(found, after, columns)
            return found

        zeros = [rows.zeros] * len(columns)
        sums.store_all(zeros, index(0), columns)
        accumulate(builder, zeros, index(0), n, 1, add)

    in_columns(builder, rows.columns, ROW_VECTORS, of_columns)


@replaces(sum_windows)
def _sum_windows(
    builder: Builder, sums: Matrix, reach: Matrix, scales: List, first: Value, n: Value, out: Matrix
) -> None:
    def of_columns(columns: list[Value]) -> None:
        def of_center(i: Value) -> None:
            begin, own, after, end = _window(builder, reach, first, i)
            scale = broadcast(builder, scales.number(i))
            for c in columns:
                of_after = builder.fsub(sums.vector(end, c), sums.vector(after, c))
                of_before = builder.fsub(sums.vector(own, c), sums.vector(begin, c))
                out.store(builder.fmul(scale, builder.fadd(of_after, of_before)), i, c)

        for_range(builder, index(0), n, 1, of_center)

    in_columns(builder, sums.columns, ROW_VECTORS, of_columns)


@replaces(spread_windows)
def _spread_windows(
    builder: Builder, rows: Matrix, reach: Matrix, scales: List, first: Value, n: Value, tokens: Value, out: Matrix
) -> None:
    def of_columns(columns: list[Value]) -> None:
        def with_row(i: Value, sign: int, vectors: list[Value]) -> list[Value]:
            """The sums of vectors and those of scales[i] · rows[i], or their differences."""
            scale = broadcast(builder, scales.number(i) if sign > 0 else builder.fneg(scales.number(i)))
            pairs = zip(rows.vectors(i, columns), vectors, strict=True)
            return [multiply_add(builder, scale, own, vector) for own, vector in pairs]

        def clear(t: Value) -> None:
            out.store_all([out.zeros] * len(columns), t, columns)

        def of_center(i: Value) -> None:
            begin, _, _, end = _window(builder, reach, first, i)
            for row, sign in ((begin, 1), (end, -1)):
                out.store_all(with_row(i, sign, out.vectors(row, columns)), row, columns)

        def of_token(t: Value, totals: list[Value]) -> list[Value]:
            found = _added(builder, totals, out.vectors(t, columns))
            own = builder.sub(t, first)
            with builder.if_else(builder.icmp_unsigned("<", own, n)) as (center, other):
                with center:
                    out.store_all(with_row(own, -1, found), t, columns)
                with other:
                    out.store_all(found, t, columns)
            return found

        for_range(builder, index(0), builder.add(tokens, index(1)), 1, clear)
        for_range(builder, index(0), n, 1, of_center)
        accumulate(builder, [rows.zeros] * len(columns), index(0), tokens, 1, of_token)

    in_columns(builder, rows.columns, ROW_VECTORS, of_columns)
