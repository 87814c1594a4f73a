"""The softmax over the whole vocabulary, compiled: its logits, losses and gradients, by products in a fixed order.

The words are cut into pieces. Each has a matrix of logits of its own, of all examples of a batch, so that pieces, or
examples, can be shared among threads: each number is summed by itself, whoever does it.
"""

from __future__ import annotations

import math

from firth.arrays import LANES, Array, Bool, Float64, Int32
from firth.jit.kernel import compiled
from firth.kernels.linalg.exponentials import exponential, logarithm
from firth.kernels.linalg.products import matmul_nn_with, matmul_nt, matmul_tn

PIECE_WORDS = 256
"""So many that their vectors stay in a cache, while those of all examples are multiplied by them."""


@compiled
def piece_logits(targets: Array, contexts: Array, logits: Array) -> None:
    """The logits (n, `PIECE_WORDS`) of a piece's words, by vectors of the targets (n, d) and of these words."""
    matmul_nt(targets, targets.shape[0], contexts, logits)


@compiled
def replace_by_exponentials(i: int, greatest: float, logits: Array, sums: Float64) -> float:
    """Replace the logits of an example by exp(logit - greatest), and return the sum of these."""
    for lane in range(LANES):
        sums[lane] = 0.0
    for p in range(logits.shape[0]):
        for j in range(PIECE_WORDS):
            logits[p, i, j] = exponential(float(logits[p, i, j] - greatest))
        for start in range(0, PIECE_WORDS, LANES):
            for lane in range(LANES):
                sums[lane] += logits[p, i, start + lane]
    total = 0.0
    for lane in range(LANES):
        total += sums[lane]
    return total


@compiled
def piece_losses(
    first: int, last: int, words: int, classes: Int32, logits: Array, losses: Float64, right: Bool, sums: Float64
) -> None:
    """Replace the logits (pieces, n, `PIECE_WORDS`) of some examples by the gradients of their losses; write these, and
    which examples were answered right. The last piece has some words less. `sums` (`LANES`,) is working space.
    """
    pieces = logits.shape[0]
    for i in range(first, last):
        for j in range(words - (pieces - 1) * PIECE_WORDS, PIECE_WORDS):
            logits[pieces - 1, i, j] = -math.inf
        piece, word = classes[i] // PIECE_WORDS, classes[i] % PIECE_WORDS
        greatest, answer = logits[0, i, 0], 0
        for p in range(pieces):
            for j in range(PIECE_WORDS):
                if logits[p, i, j] > greatest:
                    greatest, answer = logits[p, i, j], p * PIECE_WORDS + j
        right[i] = answer == classes[i]
        loss = float(greatest) - float(logits[piece, i, word])
        total = replace_by_exponentials(i, greatest, logits, sums)
        losses[i] = loss + logarithm(total)
        for p in range(pieces):
            for j in range(PIECE_WORDS):
                logits[p, i, j] /= total
        logits[piece, i, word] -= 1


@compiled
def add_by_targets(by_logits: Array, contexts: Array, ones: Array, rows: Int32, by_targets: Array) -> None:
    """Add what the words of a piece give to the gradients (n, d) by the vectors of some examples' targets."""
    matmul_nn_with(by_logits, by_logits.shape[0], contexts, ones, by_targets, rows, by_targets)


@compiled
def by_piece(by_logits: Array, examples: int, targets: Array, by_contexts: Array) -> None:
    """The gradients (`PIECE_WORDS`, d) by the vectors of a piece's words."""
    matmul_tn(by_logits, examples, targets, by_contexts)
