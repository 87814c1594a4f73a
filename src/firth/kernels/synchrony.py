"""How the threads of a training wait for each other inside a kernel: an atomic counter and a barrier.

The plain functions are what runs when the compiler is off, where there is one thread only.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from firth.kernels.compiler import OPTIONS, compiled

Counters = np.ndarray[Any, np.dtype[np.int64]]

ARRIVALS = 0
"""The counter of arrivals at the barrier; the others are free for tickets."""
PATIENCE = 2000
"""Looks at the barrier before a waiting thread offers its core to others (some microseconds)."""


def take_ticket(counters: Counters, index: int) -> int:
    """Add one to a counter, and return what it was before: no two threads get the same number."""
    ticket = counters[index]
    counters[index] += 1
    return int(ticket)


def read_counter(counters: Counters, index: int) -> int:
    """A counter's value now, whichever thread changed it."""
    return int(counters[index])


def offer_core() -> None:
    """Let another thread run, where the system has a call for it."""


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


@intrinsic
def _atomic_add_one(typing_context, counters, index):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], *args)
        return builder.atomic_rmw("add", address, ir.Constant(ir.IntType(64), 1), "seq_cst")

    return types.int64(counters, types.intp), generate


@intrinsic
def _atomic_load(typing_context, counters, index):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_address(context, builder, signature.args[0], *args), "seq_cst", 8)

    return types.int64(counters, types.intp), generate


@intrinsic
def _sched_yield(typing_context):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if os.name == "posix":
            kind = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), generate


@overload(take_ticket, jit_options=OPTIONS)
def _take_ticket(counters, index):  # type: ignore[no-untyped-def]
    return lambda counters, index: _atomic_add_one(counters, index)


@overload(read_counter, jit_options=OPTIONS)
def _read_counter(counters, index):  # type: ignore[no-untyped-def]
    return lambda counters, index: _atomic_load(counters, index)


@overload(offer_core, jit_options=OPTIONS)
def _offer_core():  # type: ignore[no-untyped-def]
    return lambda: _sched_yield()


@compiled
def wait_for_all(counters: Counters, meeting: int, threads: int) -> None:
    """Return when all threads have come to this meeting. Meetings are numbered from 1, in order."""
    take_ticket(counters, ARRIVALS)
    looks = 0
    while read_counter(counters, ARRIVALS) < meeting * threads:
        looks += 1
        if looks > PATIENCE:
            offer_core()
