"""Random numbers as a pure function of (key, counter): no state, so any thread may draw any of them.

The generator is SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators",
fig. 17) with the counter as its index: the number of counter c is the c-th output of the stream of the key.
"""

from __future__ import annotations

import numpy as np

from firth.arrays import Array, UInt64
from firth.jit.kernel import compiled

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_30, _27, _31, _32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)

SUBSAMPLING, WINDOWS, NEGATIVES, INITIAL_VECTORS, VALIDATION = range(5)
"""What a stream of random numbers is for: part of its key."""


@compiled
def draw(key: np.uint64, counter: int) -> np.uint64:
    """64 random bits for this key and counter."""
    z = key + np.uint64(counter + 1) * _GOLDEN
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    return np.uint64(z ^ (z >> _31))


@compiled
def high_half(bits: np.uint64) -> np.uint64:
    """The upper 32 of 64 bits, as a number below 2**32."""
    return np.uint64(bits >> _32)


@compiled
def low_half(bits: np.uint64) -> np.uint64:
    """The lower 32 of 64 bits."""
    return np.uint64(bits & np.uint64(0xFFFFFFFF))


@compiled
def scale(half: np.uint64, n: int) -> int:
    """A number below 2**32 scaled to 0 … n-1, each as likely as the next to within n / 2**32."""
    return np.int64((half * np.uint64(n)) >> _32)  # type: ignore[return-value]  # int() would stay unsigned


@compiled
def fill_uniform(rows: Array, width: int, divisor: int, key: np.uint64) -> None:
    """Uniform in ±1/(2·divisor), in the first `width` columns; the others stay as they are."""
    for row in range(rows.shape[0]):
        for column in range(width):
            bits = draw(key, row * width + column)
            unit = np.float64(high_half(bits)) / 4294967296.0 - 0.5
            rows[row, column] = unit / divisor


def draws(key: np.uint64, count: int) -> UInt64:
    """The first numbers that `draw` gives for a key (count,)."""
    z = key + np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    return np.asarray(z ^ (z >> _31))


def stream_key(seed: int, epoch: int, purpose: int) -> np.uint64:
    """The key of the random numbers for one purpose in one epoch of a training with this seed."""
    mask = 2**64 - 1
    key = int(seed) & mask  # which may be one of NumPy's, and too small for the mask
    for part in (int(epoch), purpose):
        z = (key + (part + 1) * int(_GOLDEN)) & mask
        z = ((z ^ (z >> 30)) * int(_MIX_1)) & mask
        z = ((z ^ (z >> 27)) * int(_MIX_2)) & mask
        key = z ^ (z >> 31)
    return np.uint64(key)
