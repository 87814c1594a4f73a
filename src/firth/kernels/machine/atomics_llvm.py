"""Atomic counters, and a system call (see `firth.kernels.machine.atomics`)."""

from __future__ import annotations

import os

from llvmlite import ir
from numba import types

from firth.jit.instructions import Builder, Value, declared
from firth.jit.lowering import replaces
from firth.jit.simd import List, index
from firth.kernels.machine import atomics


@replaces(atomics.fetch_add, gives=types.int64)
def _fetch_add(builder: Builder, counters: List, place: Value) -> Value:
    return builder.atomic_rmw("add", counters.at(place), index(1), "seq_cst")


@replaces(atomics.compare_exchange, gives=types.boolean)
def _compare_exchange(builder: Builder, counters: List, place: Value, wanted: Value) -> Value:
    more = builder.add(wanted, index(1))
    return builder.extract_value(builder.cmpxchg(counters.at(place), wanted, more, "seq_cst", "seq_cst"), 1)


@replaces(atomics.read_counter, gives=types.int64)
def _read_counter(builder: Builder, counters: List, place: Value) -> Value:
    return builder.load_atomic(counters.at(place), "seq_cst", 8)


@replaces(atomics.sched_yield)
def _sched_yield(builder: Builder) -> None:
    kind = ir.FunctionType(ir.IntType(32), [])
    builder.call(declared(builder, kind, "sched_yield" if os.name == "posix" else "SwitchToThread"), [])
