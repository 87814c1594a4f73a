"""Atomic counters, and a system call (see `firth.kernels.machine.atomics`)."""

from __future__ import annotations

import os
from typing import Any

from llvmlite import ir
from numba import types

from firth.jit.instructions import declared
from firth.jit.lowering import replaces
from firth.kernels.machine.atomics import compare_exchange, fetch_add, read_counter, sched_yield


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


@replaces(fetch_add)
def _fetch_add(counters, index):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], *args)
        return builder.atomic_rmw("add", address, ir.Constant(ir.IntType(64), 1), "seq_cst")

    return types.int64(counters, types.intp), generate


@replaces(compare_exchange)
def _compare_exchange(counters, index, wanted):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], *args[:2])
        more = builder.add(args[2], ir.Constant(ir.IntType(64), 1))
        return builder.extract_value(builder.cmpxchg(address, args[2], more, "seq_cst", "seq_cst"), 1)

    return types.boolean(counters, types.intp, types.int64), generate


@replaces(read_counter)
def _read_counter(counters, index):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_address(context, builder, signature.args[0], *args), "seq_cst", 8)

    return types.int64(counters, types.intp), generate


@replaces(sched_yield)
def _sched_yield():  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if os.name == "posix":
            kind = ir.FunctionType(ir.IntType(32), [])
            builder.call(declared(builder, kind, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), generate
