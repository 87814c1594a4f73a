"""Numbers of 16 bits: the upper half of a float32, rounded to the nearest, and to an even one from the middle.

That is bfloat16 (Intel 2018, "BFLOAT16 – Hardware Numerics Definition"), the range of float32 at 8 significant bits. An
array holds the bits, as uint16.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from firth.arrays import Float32, UInt16
from firth.jit.kernel import compiled

NOT_A_NUMBER = np.uint16(0x7FC0)


@compiled
def rounded(value: Any) -> Any:
    """The bits of a float32 in 16."""
    bits = np.float32(value).view(np.int32)
    upper = np.uint16(np.uint32(bits + np.int32(0x7FFF) + ((bits >> np.int32(16)) & np.int32(1))) >> np.uint32(16))
    return upper if value == value else NOT_A_NUMBER  # noqa: PLR0124


@compiled
def widened(bits: Any) -> Any:
    """The float32 of 16 bits."""
    return np.int32(np.int32(bits) << np.int32(16)).view(np.float32)


@compiled
def round_differences(after: Float32, before: Float32, out: UInt16, begin: int, end: int) -> None:
    """out[begin:end] (V, d) = after - before, of which each row has at least d numbers."""
    for v in range(begin, end):
        for j in range(out.shape[1]):
            out[v, j] = rounded(after[v, j] - before[v, j])


@compiled
def add_rounded(left: UInt16, right: UInt16, begin: int, end: int) -> None:
    """left[begin:end] += right[begin:end], rounded."""
    for v in range(begin, end):
        for j in range(left.shape[1]):
            left[v, j] = rounded(widened(left[v, j]) + widened(right[v, j]))


@compiled
def subtract_rounded(left: UInt16, right: UInt16, begin: int, end: int) -> None:
    """left[begin:end] -= right[begin:end], rounded."""
    for v in range(begin, end):
        for j in range(left.shape[1]):
            left[v, j] = rounded(widened(left[v, j]) - widened(right[v, j]))


@compiled
def add_widened(rows: Float32, steps: UInt16, out: Float32, begin: int, end: int) -> None:
    """out[begin:end] = rows + steps, of which each row of out and rows has at least as many numbers as steps."""
    for v in range(begin, end):
        for j in range(steps.shape[1]):
            out[v, j] = rows[v, j] + widened(steps[v, j])
