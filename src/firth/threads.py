"""Threads that run one kernel side by side, and wait for each other inside it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from firth.errors import FirthError
from firth.jit import target

Item = TypeVar("Item")
Result = TypeVar("Result")

CALLS_TO_SEE, CALLS_ALONE, MOST_CALLS, UNITS_TO_SEE = 8, 2, 32, 8
"""Calls after which it is seen again which is faster, while all work and while one works; the most that these become if
nothing changes; and the part of the work of a call that it is seen by.
"""
CALLS_GROW = 4
"""What these calls are multiplied by then."""
ONE_IS_FASTER = 0.97
"""Seconds of one thread to those of all, below which one is preferred."""


def map_ahead(
    threads: int, work: Callable[[Item], Result], items: Iterable[Item], *, ahead: int | None = None
) -> Iterator[Result]:
    """The results of work on each item, in the order of the items, from some threads that work a few items ahead of the
    caller: `ahead`, by default two for each thread.

    If the work on an item fails, its error is raised in its place.
    """
    most = 2 * threads if ahead is None else ahead
    with ThreadPoolExecutor(threads, thread_name_prefix="firth") as pool:
        at_work: deque[Future[Result]] = deque()
        for item in items:
            at_work.append(pool.submit(work, item))
            if len(at_work) > most:
                yield at_work.popleft().result()
        while at_work:
            yield at_work.popleft().result()


class ThreadAutotuner:
    """Whether work is done by all threads of a pool or by one, whichever was faster of late.

    Where the system puts two threads on processors that are far from each other, or busy, two can take twice as long as
    one. Work that comes to the same whoever does it is given to all, but now and then a little of it to one, to see.
    """

    def __init__(self, threads: int):
        self.threads = threads
        self.calls_left = 1  # until it is seen which is faster
        self.calls_between = 0
        self.seconds: dict[int, float] = {}  # for a unit of work, by how many threads did it

    @property
    def faster(self) -> int:
        """How many threads are to be preferred now."""
        if len(self.seconds) < 2:
            return self.threads
        return 1 if self.seconds[1] < ONE_IS_FASTER * self.seconds[self.threads] else self.threads

    def split(self, units: int) -> Iterator[tuple[int, int]]:
        """How many threads are to do how many of the next units of work. The time is taken in which each part is done,
        until the next is asked for.
        """
        self.calls_left -= 1
        few = units // UNITS_TO_SEE if self.threads > 1 and self.calls_left <= 0 else 0
        if few:
            before = self.faster
            first = self.threads, 1, self.threads  # twice, as at first there may be kernels to load
            for threads in first if not self.seconds else (self.threads + 1 - before,):
                yield from self._timed(threads, few)
                units -= few
            fewest = CALLS_TO_SEE if self.faster > 1 else CALLS_ALONE
            is_as_before = self.faster == before and self.calls_between > 0
            self.calls_between = min(CALLS_GROW * self.calls_between, MOST_CALLS) if is_as_before else fewest
            self.calls_left = self.calls_between
        yield from self._timed(self.faster, units)

    def _timed(self, threads: int, units: int) -> Iterator[tuple[int, int]]:
        if units:
            began = time.perf_counter()
            yield threads, units
            self.seconds[threads] = (time.perf_counter() - began) / units


class ThreadPool:
    """Some threads, all of which run the same work at the same time. Use it as a context manager.

    With the compiler off there is one thread: Python's lock lets no two run side by side.
    """

    def __init__(self, threads: int):
        self.threads = threads if target.is_enabled() else 1
        self.executor = ThreadPoolExecutor(self.threads, thread_name_prefix="firth") if self.threads > 1 else None

    def __enter__(self) -> ThreadPool:
        if self.executor:
            self._start_all(self.executor)
        return self

    def __exit__(self, *exception: object) -> None:
        if self.executor:
            self.executor.shutdown()

    def _start_all(self, pool: ThreadPoolExecutor) -> None:
        """Start every thread now: in a kernel, those that run would wait for ever for one that cannot start."""
        meeting = threading.Barrier(self.threads)
        try:
            for waiting in [pool.submit(meeting.wait, 60) for _ in range(self.threads)]:
                waiting.result()
        except (RuntimeError, threading.BrokenBarrierError) as error:
            meeting.abort()
            pool.shutdown()
            raise FirthError(f"the system would not start {self.threads} threads: ask for fewer") from error

    def run(self, work: Callable[[int], Result], *, alone: bool = False) -> list[Result]:
        """Have every thread do its work, which gets the thread's number; return what each came to. Where it is to be
        done `alone`, the calling thread does it.
        """
        if self.executor is None or alone:
            return [work(0)]
        at_work = []
        try:
            for thread in range(self.threads):
                at_work.append(self.executor.submit(work, thread))
        except BaseException:  # Ctrl-C, most likely: those at work would wait for ever for those not yet asked
            for thread in range(len(at_work), self.threads):
                self.executor.submit(work, thread)
            raise
        return [done.result() for done in at_work]
