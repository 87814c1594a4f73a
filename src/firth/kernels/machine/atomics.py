"""How the threads of a training wait for each other inside a kernel: atomic counters, and claims.

A thread that has claimed a piece of work is waited for; one that has not may be away, where the system gives its core
to somebody else, and the others do the work without it.

The plain functions are what runs when the compiler is off, where there is one thread only.
"""

from __future__ import annotations

from firth.arrays import Int64
from firth.jit.kernel import compiled, lowered_by

lowered_by(f"{__name__}_llvm")


NONE_LEFT = -1
SPINS_BEFORE_YIELD = 2000
"""Looks at a counter before a waiting thread offers its core to others (some microseconds)."""
SPIN_LIMIT = 500
"""Looks at a counter before a thread that is done sees whether others are away, whose work it may do."""


def fetch_add(counters: Int64, index: int) -> int:
    """Add one to a counter, and return what it was before: no two threads get the same number."""
    ticket = counters[index]
    counters[index] += 1
    return int(ticket)


def compare_exchange(counters: Int64, index: int, wanted: int) -> bool:
    """Add one to a counter if it is `wanted`; return whether it was: of those who want one number, one gets it."""
    was = counters[index]
    counters[index] += was == wanted
    return bool(was == wanted)


def read_counter(counters: Int64, index: int) -> int:
    """A counter's value now, whichever thread changed it."""
    return int(counters[index])


def sched_yield() -> None:
    """Let another thread run."""


@compiled
def claim_below(counters: Int64, index: int, end: int) -> int:
    """Claim a counter's next number, if that is below `end`: no two threads get the same; `NONE_LEFT` otherwise."""
    ticket = read_counter(counters, index)
    while ticket < end:
        if compare_exchange(counters, index, ticket):
            return ticket
        ticket = read_counter(counters, index)
    return NONE_LEFT


@compiled
def is_soon(counters: Int64, index: int, number: int) -> bool:
    """Whether a counter comes to this number within a few glances."""
    glances = 0
    while read_counter(counters, index) < number and glances < SPIN_LIMIT:
        glances += 1
    return glances < SPIN_LIMIT


@compiled
def wait_until(counters: Int64, index: int, number: int) -> None:
    """Return when a counter has come to this number."""
    looks = 0
    while read_counter(counters, index) < number:
        looks += 1
        if looks > SPINS_BEFORE_YIELD:
            sched_yield()
