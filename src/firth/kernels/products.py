"""Small matrix products, where training spends most of its time.

Each stands here twice. The function of that name is NumPy, and is what runs when the compiler is off; below it
is what kernels call in its place, written in vectors of 16 numbers that stay in registers. LLVM splits these on
processors with narrower registers, so every machine adds in the same order and comes to the same bits.

All arrays are float32 and C-contiguous; the width of X, Z and their changes is a multiple of `LANES`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

LANES = 16
"""Numbers in one vector register (512 bits of float32)."""
TILE_ROWS = 8
"""Rows of a product held in registers at a time: enough to hide the latency of a multiply-add."""

Array = np.ndarray[Any, np.dtype[np.float32]]


def score(X: Array, n: int, Z: Array, S: Array) -> None:
    """S[:n, :m] = X[:n] · Zᵀ, for the m rows of Z, a multiple of `LANES`."""
    S[:n, : len(Z)] = X[:n] @ Z.T


def weigh(G: Array, n: int, Z: Array, out: Array) -> None:
    """out[:n] = G[:n, :m] · Z, for the m rows of Z; rows of `out` up to whole tiles are overwritten too."""
    out[:n] = G[:n, : len(Z)] @ Z


def weigh_more(G: Array, n: int, Z: Array, out: Array) -> None:
    """out[:n] += G[:n, :m] · Z, for the m rows of Z. G has zeros in its rows up to the next multiple of `TILE_ROWS`,
    which are added too.
    """
    out[:n] += G[:n, : len(Z)] @ Z


def weigh_transposed(G: Array, n: int, X: Array, out: Array) -> None:
    """Fill out with G[:n]ᵀ · X[:n], as many columns of G as `out` has rows, a multiple of `TILE_ROWS`."""
    out[:] = G[:n, : len(out)].T @ X[:n]
