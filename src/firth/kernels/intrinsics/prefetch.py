"""LLVM's instruction to fetch a row (see `firth.kernels.prefetch`)."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from firth.kernels.compiler import OPTIONS
from firth.kernels.prefetch import prefetch_row

NUMBERS_IN_A_CACHE_LINE = 16


@intrinsic
def _prefetch(typing_context, rows, row, column):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        _, width = cgutils.unpack_tuple(builder, array.shape, 2)
        address = builder.gep(array.data, [builder.add(builder.mul(args[1], width), args[2])])
        address = builder.bitcast(address, ir.IntType(8).as_pointer())
        i32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), i32, i32, i32])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        read, keep_near, data = ir.Constant(i32, 0), ir.Constant(i32, 3), ir.Constant(i32, 1)
        builder.call(prefetch, [address, read, keep_near, data])
        return context.get_dummy_value()

    return types.void(rows, types.intp, types.intp), generate


@overload(prefetch_row, jit_options=OPTIONS)
def _prefetch_row(rows, row):  # type: ignore[no-untyped-def]
    def lines(rows, row):  # type: ignore[no-untyped-def]
        for column in range(0, rows.shape[1], NUMBERS_IN_A_CACHE_LINE):
            _prefetch(rows, row, column)

    return lines
