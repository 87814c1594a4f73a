"""LLVM's instruction to fetch a row (see `firth.kernels.prefetch`)."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from firth.kernels.intrinsics.registers import index
from firth.kernels.intrinsics.replacing import replaces
from firth.kernels.prefetch import prefetch_row

NUMBERS_IN_A_CACHE_LINE = 16


@replaces(prefetch_row)
def _prefetch_row(typing_context, rows, row):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        _, width = cgutils.unpack_tuple(builder, array.shape, 2)
        begin = builder.mul(args[1], width)
        i32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), i32, i32, i32])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        read, keep_near, data = ir.Constant(i32, 0), ir.Constant(i32, 3), ir.Constant(i32, 1)
        with cgutils.for_range_slice(builder, index(0), width, index(NUMBERS_IN_A_CACHE_LINE)) as (column, _):
            address = builder.gep(array.data, [builder.add(begin, column)])
            builder.call(prefetch, [builder.bitcast(address, ir.IntType(8).as_pointer()), read, keep_near, data])
        return context.get_dummy_value()

    return types.void(rows, types.intp), generate
