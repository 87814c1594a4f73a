"""Arrays that begin at a cache line: a vector register's worth of numbers is then never split between two."""

from __future__ import annotations

from typing import Any

import numpy as np

CACHE_LINE_BYTES = 64
LANES = 16
"""Numbers in one vector register (512 bits of float32): the width of arrays that kernels work on is a multiple."""


def aligned_zeros(rows: int, width: int, dtype: Any = np.float32) -> np.ndarray[Any, Any]:
    """A (rows, width) array of zeros that begins at a cache line."""
    size = rows * width * np.dtype(dtype).itemsize
    raw = np.zeros(size + CACHE_LINE_BYTES, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE_BYTES
    rows_of_numbers: np.ndarray[Any, Any] = raw[start : start + size].view(dtype).reshape(rows, width)
    return rows_of_numbers
