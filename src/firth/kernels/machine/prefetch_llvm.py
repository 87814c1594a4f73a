"""LLVM's instruction to fetch a row (see `firth.kernels.machine.prefetch`)."""

from __future__ import annotations

from llvmlite import ir

from firth.jit.instructions import Builder, Value, declared
from firth.jit.lowering import replaces
from firth.jit.simd import List, Matrix, for_range
from firth.kernels.machine.prefetch import prefetch_number, prefetch_row

NUMBERS_IN_A_CACHE_LINE = 16


def _prefetch(builder: Builder, address: Value) -> None:
    i8, i32 = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [i8, i32, i32, i32])
    prefetch = declared(builder, kind, "llvm.prefetch.p0")
    read, keep_near, data = i32(0), i32(3), i32(1)
    builder.call(prefetch, [builder.bitcast(address, i8), read, keep_near, data])


@replaces(prefetch_row)
def _prefetch_row(builder: Builder, rows: Matrix, row: Value) -> None:
    def at(column: Value) -> None:
        _prefetch(builder, rows.at(row, column))

    for_range(builder, *rows.columns, NUMBERS_IN_A_CACHE_LINE, at)


@replaces(prefetch_number)
def _prefetch_number(builder: Builder, numbers: List, place: Value) -> None:
    _prefetch(builder, numbers.at(place))
