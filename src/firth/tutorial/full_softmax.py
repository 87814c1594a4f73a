"""The softmax over the whole vocabulary, by threads: losses and gradients of a batch, the same bits on any machine.

NumPy's products add in an order of the processor's and of its library; these do not. `objectives.full_softmax` is the
same in NumPy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.arrays import LANES, Array, Bool, Float64, Int32, aligned_zeros
from firth.kernels.linalg.products import TILE_ROWS
from firth.kernels.tutorial.full_softmax import PIECE_WORDS, add_by_targets, by_piece, piece_logits, piece_losses
from firth.threads import ThreadPool


class Padded(NamedTuple):
    """The vectors of a batch's targets (n, d) and of all words (V, d), with zeros up to whole tiles and pieces."""

    targets: Array
    contexts: Array


def padded(target: Array, context: Array, targets: Int32) -> Padded:
    """Copies of what a batch of these targets multiplies."""
    return Padded(_whole(target[targets], TILE_ROWS), _whole(context, PIECE_WORDS))


def losses(vectors: Padded, words: int, classes: Int32, pool: ThreadPool) -> tuple[Float64, Bool, Array]:
    """The losses (n,), which examples are answered right (n,), and the gradients of the losses by the logits, in pieces
    (pieces, rows, `PIECE_WORDS`), of which the first n rows are examples.
    """
    n, rows = len(classes), len(vectors.targets)
    by_word = _pieces(vectors.contexts)
    logits = aligned_zeros(len(by_word) * rows, PIECE_WORDS, vectors.targets.dtype).reshape(-1, rows, PIECE_WORDS)
    found, right = np.empty(n), np.empty(n, np.bool_)

    def multiply(thread: int) -> None:
        for piece in range(thread, len(by_word), pool.threads):
            piece_logits(vectors.targets, by_word[piece], logits[piece])

    def compare(thread: int) -> None:
        first, last = (part * n // pool.threads for part in (thread, thread + 1))
        piece_losses(first, last, words, classes, logits, found, right, np.empty(LANES))

    pool.run(multiply)
    pool.run(compare)
    return found, right, logits


def gradients(vectors: Padded, examples: int, by_logits: Array, pool: ThreadPool) -> tuple[Array, Array]:
    """The gradients by the vectors of the examples' targets (rows, d), and by those of all words, as padded."""
    by_targets, by_contexts = (aligned_zeros(len(of), of.shape[1], of.dtype) for of in vectors)
    by_word, of_words = _pieces(vectors.contexts), _pieces(by_contexts)
    tiles = len(vectors.targets) // TILE_ROWS
    ones, numbers = np.ones(len(by_targets), by_targets.dtype), np.arange(len(by_targets), dtype=np.int32)

    def multiply(thread: int) -> None:
        for piece in range(thread, len(by_word), pool.threads):
            by_piece(by_logits[piece], examples, vectors.targets, of_words[piece])
        first, last = (part * tiles // pool.threads * TILE_ROWS for part in (thread, thread + 1))
        own = by_targets[first:last]
        for piece in range(len(by_word)):
            add_by_targets(by_logits[piece, first:last], by_word[piece], ones, numbers[: len(own)], own)

    pool.run(multiply)
    return by_targets, by_contexts


def _whole(vectors: Array, rows: int) -> Array:
    """A copy of vectors with zeros up to so many rows, or twice as many …, and up to whole vectors of 16 numbers."""
    height, width = (-(-size // whole) * whole for size, whole in zip(vectors.shape, (rows, LANES), strict=True))
    copy = aligned_zeros(height, width, vectors.dtype)
    copy[: len(vectors), : vectors.shape[1]] = vectors
    return copy


def _pieces(of_words: Array) -> Array:
    return of_words.reshape(-1, PIECE_WORDS, of_words.shape[1])
