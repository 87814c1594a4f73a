"""Matrix products of rows that do not stand one after the other: lists say which they are.

The rest is as in `firth.kernels.linalg.products`.
"""

from __future__ import annotations

import numpy as np

from firth.arrays import Float32, Int32
from firth.jit.lowerings import lowered_by

lowered_by(f"{__name__}_llvm")


def matmul_nt_gathered(X: Float32, of_x: Int32, Z: Float32, of_z: Int32, S: Float32) -> None:
    """S[i, j] = X[of_x[i]] · Z[of_z[j]]. Of Z there are whole tiles."""
    S[: len(of_x), : len(of_z)] = X[of_x] @ Z[of_z].T


def matmul_nn_gathered(G: Float32, Z: Float32, of_z: Int32, out: Float32, of_out: Int32) -> None:
    """out[of_out[i]] += Σⱼ G[i, j] · Z[of_z[j]], for an even number of rows; one listed twice may get either."""
    out[of_out] += G[: len(of_out), : len(of_z)] @ Z[of_z]


def matmul_tn_gathered(G: Float32, X: Float32, of_x: Int32, out: Float32, of_out: Int32, first: int, last: int) -> None:
    """out[of_out[i], c] += Σⱼ G[j, i] · X[of_x[j], c] for the columns c from `first` to `last`, whole vectors."""
    out[of_out, first:last] += G[: len(of_x), : len(of_out)].T @ X[of_x, first:last]


def learn_gathered(g: Float32, H: Float32, i: int, Z: Float32, of_z: Int32, out: Float32) -> None:
    """out[i] = Σⱼ g[j] · Z[of_z[j]], and Z[of_z[j]] += g[j] · H[i]; no row of Z is listed twice."""
    weights = g[: len(of_z)]
    out[i] = weights @ Z[of_z]
    Z[of_z] += np.outer(weights, H[i])
