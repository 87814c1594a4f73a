"""Ask the processor for a row before it is needed: rows are scattered over memory, and waiting for one costs more
than all arithmetic on it.
"""

from __future__ import annotations

from typing import Any

from firth.arrays import Array
from firth.jit.kernel import lowered_by

lowered_by(f"{__name__}_llvm")


def prefetch_row(rows: Array, row: Any) -> None:
    """Fetch a row of a (n, width) array into the caches, at one place in 16 numbers. Changes nothing but the time."""


def prefetch_number(numbers: Array, place: Any) -> None:
    """Fetch a number of an (n,) array, with those that share its cache line. Changes nothing but the time."""
