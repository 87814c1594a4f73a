"""Which thread adds all that a round changes of a row.

Few threads deal rows out among those that change them. Each sets, in a small bitmap, a bit for each row that its
blocks change, by a hash of the row's number. When all are done, every thread reads the others' bitmaps, and finds
by itself which of its own bits are its to add: those that nobody else has set, and of the others its part. So they
hand each other half a kilobyte, wherever in the vocabulary their rows are, and what only one of them changes stays in
its core. Who owns a row depends on who computed which block, and so differs from run to run; what is added does not.

Many threads would read for longer than that saves: each owns an equal part of all bits, whoever changes their rows.
"""

from __future__ import annotations

import numpy as np

from firth.arrays import Int64
from firth.jit.kernel import compiled

FEW = 8
"""So many threads at most own what they change."""
BITMAP_WORDS, BITS = 64, 64
"""A bitmap: so many numbers of so many bits."""
GROUPS = 8
"""Parts of a bitmap in which the threads take turns to be asked first: BITMAP_WORDS / GROUPS numbers are one register.
"""
_GOLDEN, _SHIFT = 2654435769, 20
"""2³² divided by the golden ratio: multiples of it are spread evenly. And a shift, to BITMAP_WORDS · BITS of 2³²."""


@compiled
def place_of(row: int) -> int:
    """The bit of a row in a bitmap. Frequent words, whose numbers are small, have bits of their own."""
    return (int(row) * _GOLDEN & 0xFFFFFFFF) >> _SHIFT


@compiled
def touch(touched: Int64, row: int) -> None:
    """Set the bit of a row in one bitmap (BITMAP_WORDS,)."""
    place = place_of(row)
    touched[place // BITS] |= np.int64(1) << np.int64(place % BITS)


@compiled
def is_touched(touched: Int64, row: int) -> int:
    """1 if the bit of a row is set, or 0."""
    place = place_of(row)
    return int(touched[place // BITS] >> np.int64(place % BITS)) & 1


@compiled
def clear_bitmap(touched: Int64) -> None:
    """Clear all bits of a bitmap (BITMAP_WORDS,)."""
    for i in range(BITMAP_WORDS):
        touched[i] = 0


@compiled
def bits_below(place: int) -> np.int64:
    """A number's bits below this place, all of them if it is beyond the number."""
    return np.int64(-1) if place >= BITS else (np.int64(1) << np.int64(max(place, 0))) - 1


@compiled
def find_owned(touched: Int64, thread: int, own: Int64) -> None:
    """own (BITMAP_WORDS,) = the bits whose rows a thread is to add, by `touched` (threads, BITMAP_WORDS), all bitmaps.

    Where several of a few threads have set a bit, it is the first one's, counted from another in each part of the
    table.
    """
    threads, size = touched.shape[0], BITMAP_WORDS // GROUPS
    if threads > FEW:
        begin, end = BITMAP_WORDS * BITS * thread // threads, BITMAP_WORDS * BITS * (thread + 1) // threads
        for i in range(BITMAP_WORDS):
            own[i] = bits_below(end - i * BITS) & ~bits_below(begin - i * BITS)
        return
    for group in range(GROUPS):
        first, last = group * size, (group + 1) * size
        for i in range(first, last):
            own[i] = touched[thread, i]
        other = group * threads // GROUPS
        while other != thread:
            for i in range(first, last):
                own[i] &= ~touched[other, i]
            other = other + 1 if other + 1 < threads else 0
