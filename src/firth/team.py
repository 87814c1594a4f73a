"""Threads that run one kernel side by side, and wait for each other inside it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from firth.errors import FirthError
from firth.kernels import compiler

Result = TypeVar("Result")


def usable_threads() -> int:
    """The processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Team:
    """Some threads, all of which run the same work at the same time. Use it as a context manager.

    With the compiler off there is one thread: Python's lock lets no two run side by side.
    """

    def __init__(self, threads: int):
        self.threads = threads if compiler.is_enabled() else 1
        self.pool = ThreadPoolExecutor(self.threads, thread_name_prefix="firth") if self.threads > 1 else None

    def __enter__(self) -> Team:
        if self.pool:
            self._muster(self.pool)
        return self

    def __exit__(self, *exception: object) -> None:
        if self.pool:
            self.pool.shutdown()

    def _muster(self, pool: ThreadPoolExecutor) -> None:
        """Start every thread now: in a kernel, those that run would wait for ever for one that cannot start."""
        meeting = threading.Barrier(self.threads)
        try:
            for waiting in [pool.submit(meeting.wait, 60) for _ in range(self.threads)]:
                waiting.result()
        except (RuntimeError, threading.BrokenBarrierError) as error:
            meeting.abort()
            pool.shutdown()
            raise FirthError(f"the system would not start {self.threads} threads: ask for fewer") from error

    def run(self, work: Callable[[int], Result]) -> list[Result]:
        """Have every thread do its work, which gets the thread's number; return what each came to."""
        if self.pool is None:
            return [work(0)]
        at_work = []
        try:
            for thread in range(self.threads):
                at_work.append(self.pool.submit(work, thread))
        except BaseException:  # Ctrl-C, most likely: those at work would wait for ever for those not yet asked
            for thread in range(len(at_work), self.threads):
                self.pool.submit(work, thread)
            raise
        return [done.result() for done in at_work]
