"""LLVM's instruction to fetch a row (see `firth.kernels.machine.prefetch`)."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from firth.jit.instructions import declared, loop, unpacked
from firth.jit.lowering import replaces
from firth.jit.simd import index
from firth.kernels.machine.prefetch import prefetch_number, prefetch_row

NUMBERS_IN_A_CACHE_LINE = 16


def _prefetch(builder: Any, address: Any) -> None:
    i8, i32 = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [i8, i32, i32, i32])
    prefetch = declared(builder, kind, "llvm.prefetch.p0")
    read, keep_near, data = ir.Constant(i32, 0), ir.Constant(i32, 3), ir.Constant(i32, 1)
    builder.call(prefetch, [builder.bitcast(address, i8), read, keep_near, data])


@replaces(prefetch_row)
def _prefetch_row(rows, row):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        _, width = unpacked(builder, array.shape, 2)
        begin = builder.mul(args[1], width)
        with loop(builder, index(0), width, index(NUMBERS_IN_A_CACHE_LINE)) as column:
            _prefetch(builder, builder.gep(array.data, [builder.add(begin, column)]))
        return context.get_dummy_value()

    return types.void(rows, types.intp), generate


@replaces(prefetch_number)
def _prefetch_number(numbers, place):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        _prefetch(builder, builder.gep(array.data, [args[1]]))
        return context.get_dummy_value()

    return types.void(numbers, types.intp), generate
