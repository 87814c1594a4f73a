"""Which thread adds all that a round changes of a row: one of those whose blocks change it.

Each thread marks the rows that its blocks change, in a small table of bits, by a hash of the row's number. When all
blocks are done, every thread reads what the others have marked, and finds by itself which of its own bits are its to
add: those that nobody else has set, and of the others its share. So a row is owned by exactly one thread, seldom by
one that has not changed it, and the threads hand each other half a kilobyte, wherever in the vocabulary their rows are.

Who owns a row depends on who computed which block, and so differs from run to run; what is added to it does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from firth.kernels.compiler import compiled

Int64 = np.ndarray[Any, np.dtype[np.int64]]

MARKS, BITS = 64, 64
"""A table of marks: so many numbers of so many bits."""
GROUPS = 8
"""Parts of the table in which the threads take turns to be asked first: MARKS / GROUPS numbers are one register."""
_GOLDEN, _SHIFT = 2654435769, 20
"""2³² divided by the golden ratio: multiples of it are spread evenly. And what is left of 32 bits for MARKS · BITS."""


@compiled
def place_of(row: int) -> int:
    """The bit of a row in a table of marks. Frequent words, whose numbers are small, have bits of their own."""
    return (row * _GOLDEN & 0xFFFFFFFF) >> _SHIFT


@compiled
def mark(marks: Int64, row: int) -> None:
    """Set the bit of a row in one table (MARKS,)."""
    place = place_of(row)
    marks[place // BITS] |= np.int64(1) << np.int64(place % BITS)


@compiled
def is_marked(marks: Int64, row: int) -> int:
    """1 if the bit of a row is set, or 0."""
    place = place_of(row)
    return int(marks[place // BITS] >> np.int64(place % BITS)) & 1


@compiled
def clear_marks(marks: Int64) -> None:
    """Set no bit of a table (MARKS,)."""
    for i in range(MARKS):
        marks[i] = 0


@compiled
def find_own(marks: Int64, thread: int, own: Int64) -> None:
    """own (MARKS,) = the bits of a thread's table that are its to add; `marks` (threads, MARKS) has everybody's.

    Where several have set a bit, it is the first one's, counted from another thread in each part of the table.
    """
    threads, size = marks.shape[0], MARKS // GROUPS
    for group in range(GROUPS):
        first, last = group * size, (group + 1) * size
        for i in range(first, last):
            own[i] = marks[thread, i]
        other = group * threads // GROUPS
        while other != thread:
            for i in range(first, last):
                own[i] &= ~marks[other, i]
            other = other + 1 if other + 1 < threads else 0
