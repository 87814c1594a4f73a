"""What shards changed, combined: steps that contract a row towards its optimum, as if one shard followed the other.

Sums are taken in a fixed order, and nothing is left to a library whose bits depend on the processor.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.arrays import Float32, Float64, UInt16
from firth.jit.kernel import compiled
from firth.kernels.linalg.bfloat16 import rounded, widened
from firth.kernels.linalg.exponentials import exponential
from firth.kernels.linalg.products import matmul_nt, matmul_tn


class MomentWorkspace(NamedTuple):
    """A thread's arrays for second moments: of blocks of rows (n, d'), d' being d in whole tiles, and of their sums."""

    weighted: Float32
    block: Float32
    product: Float32
    moment: Float64


class Directions(NamedTuple):
    """The eigenvalues (d,) of a symmetric matrix, and its eigenvectors: the rows of (d', d'), the columns of another,
    where d' is d in whole tiles, and what is beyond d is zero.
    """

    values: Float64
    vectors: Float32
    columns: Float32


class ContractionWorkspace(NamedTuple):
    """A thread's arrays for combining: of blocks of rows (n, d'), and of one row (d,)."""

    block: Float32
    along: Float32
    steps: Float64
    left: Float64


@compiled
def find_second_moment(
    rows: Float32, changes: UInt16, shards: int, weights: Float64, begin: int, end: int, work: MomentWorkspace
) -> None:
    """work.moment (d', d') = Σ_v weights[v] · r_v ⊗ r_v, for v from begin to end, by blocks of rows.

    r_v is where a row comes to with the mean of the shards' changes, which are given summed, (V, d).
    """
    weighted, block, product, moment = work
    most, width = block.shape
    for i in range(width):
        for j in range(width):
            moment[i, j] = 0.0
    for first in range(begin, end, most):
        size = min(most, end - first)
        for v in range(size):
            weight = np.float32(weights[first + v])
            for j in range(changes.shape[1]):
                row = rows[first + v, j] + widened(changes[first + v, j]) / np.float32(shards)
                block[v, j] = row
                weighted[v, j] = weight * row
        matmul_tn(weighted, size, block, product)
        for i in range(width):
            for j in range(width):
                moment[i, j] += product[i, j]


@compiled
def find_steps(rate: float, values: Float64, shards: int, left: Float64, steps: Float64) -> None:
    """steps (d,) = (1 - e^(-W·a)) / (1 - e^(-a)), where a is the rate times an eigenvalue: by how much the step of one
    shard, which goes 1 - e^(-a) of the way, is multiplied for that of W of them, one after the other. From W, where
    nothing was learned, down to 1.
    """
    for i in range(values.shape[0]):
        left[i] = exponential(-rate * values[i])
        steps[i] = 1.0
    for _ in range(shards - 1):
        for i in range(values.shape[0]):
            steps[i] = steps[i] * left[i] + 1


@compiled
def contract(
    changes: UInt16,
    rates: Float64,
    directions: Directions,
    shards: int,
    work: ContractionWorkspace,
    begin: int,
    end: int,
) -> None:
    """changes[begin:end] = the mean of the shards' changes, each direction by the steps that they stand for.

    `changes` is their sum, (V, d), and `rates` (V,) what an eigenvalue is multiplied by in each row.
    """
    values, vectors, columns = directions
    block, along, steps, left = work
    size, most = values.shape[0], block.shape[0]
    for first in range(begin, end, most):
        count = min(most, end - first)
        for v in range(count):
            for j in range(size):
                block[v, j] = widened(changes[first + v, j]) / np.float32(shards)
            for j in range(size, block.shape[1]):
                block[v, j] = 0.0
        matmul_nt(block, count, vectors, along)
        for v in range(count):
            find_steps(rates[first + v], values, shards, left, steps)
            for i in range(size):
                along[v, i] = np.float32(along[v, i] * steps[i])
        matmul_nt(along, count, columns, block)
        for v in range(count):
            for j in range(size):
                changes[first + v, j] = rounded(block[v, j])
