"""Types of arrays, and arrays that begin at a cache line.

A vector register's worth of numbers is then never split between two lines of the cache.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]
Bool: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Float32: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
Float64: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Int8: TypeAlias = np.ndarray[Any, np.dtype[np.int8]]
Int16: TypeAlias = np.ndarray[Any, np.dtype[np.int16]]
Int32: TypeAlias = np.ndarray[Any, np.dtype[np.int32]]
Int64: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
UInt8: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
UInt16: TypeAlias = np.ndarray[Any, np.dtype[np.uint16]]
UInt32: TypeAlias = np.ndarray[Any, np.dtype[np.uint32]]
UInt64: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]

CACHE_LINE_BYTES = 64
LANES = 16
"""Numbers in one vector register (512 bits of float32): the width of arrays that kernels work on is a multiple."""


def aligned_zeros(rows: int, width: int, dtype: Any = np.float32) -> Array:
    """A (rows, width) array of zeros that begins at a cache line."""
    size = rows * width * np.dtype(dtype).itemsize
    raw = np.zeros(size + CACHE_LINE_BYTES, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE_BYTES
    rows_of_numbers: Array = raw[start : start + size].view(dtype).reshape(rows, width)
    return rows_of_numbers
