"""What is trained on a chunk at a time: an epoch of the text, or a shard's piece of it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from firth.arrays import Float32
from firth.config import TrainingConfig
from firth.kernels.machine import rng
from firth.kernels.word2vec.blocks import Chunk, Kept, Parameters, Plan, keep_tokens
from firth.threads import ThreadPool
from firth.training.sampling import as_thresholds, keep_probabilities
from firth.training.schedule import Tokens
from firth.training.shards import Period, Piece, by_rows

CHUNK_TOKENS = 131_072
"""Kept tokens of a chunk, which are read, then trained on: some tenths of a second."""


class Step(NamedTuple):
    """What was done between two reports: its number in the epoch, the position reached, the loss, and its pairs."""

    number: int
    position: int
    loss: float
    pairs: float


class ChunkReader:
    """The kept tokens of one epoch, a chunk at a time, each chunk with its neighbors on both sides."""

    def __init__(self, tokens: Tokens, config: TrainingConfig, epoch: int, plan: Plan):
        self.tokens = tokens
        self.keep = as_thresholds(keep_probabilities(tokens.counts, config.sample))
        self.key = rng.stream_key(config.seed, epoch, rng.SUBSAMPLING)
        self.is_stopped = False  # by another thread: there are no more chunks then
        self.window = plan.window
        self.block_centers = plan.block_centers
        self.round_size = plan.block_centers * plan.round_blocks
        size = max(CHUNK_TOKENS, self.round_size) + 2 * plan.window
        self.kept = Kept(np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int64))

    def __iter__(self) -> Iterator[tuple[Chunk, int]]:
        """The chunks of the whole epoch."""
        return self.within(Piece(0, len(self.tokens.ids), 0))

    def within(self, piece: Piece) -> Iterator[tuple[Chunk, int]]:
        """Chunks of whole rounds (the last may be shorter), each with the corpus position it reaches."""
        position, end, sentence = piece
        filled = first = block = 0
        ids = self.tokens.ids[:end]
        while not self.is_stopped:
            position, sentence, filled = keep_tokens(
                ids, self.tokens.sentence_starts, position, sentence, self.keep, self.key,
                self.kept, filled,
            )  # fmt: skip
            at_end = position == end
            last = filled
            if not at_end:  # the neighbors of the last centers must be known, and rounds whole
                last = first + (filled - self.window - first) // self.round_size * self.round_size
            tokens, sentences, positions = self.kept
            chunk = Chunk(tokens[:filled], sentences[:filled], positions[:filled], first, last, block)
            yield chunk, end if at_end else int(positions[last])
            if at_end:
                return
            block += (last - first) // self.block_centers
            start = max(0, last - self.window)
            for array in self.kept:
                array[: filled - start] = array[start:filled].copy()
            first, filled = last - start, filled - start


def copy_into(parameters: Parameters, others: Parameters, pool: ThreadPool) -> None:
    """Let parameters be as others are."""
    for into, array in zip(parameters, others, strict=True):
        by_rows(pool, len(into), functools.partial(_copy_rows, into, array))


def _copy_rows(into: Float32, array: Float32, begin: int, end: int) -> None:
    into[begin:end] = array[begin:end]


def middle_rate(plan: Plan, period: Period) -> float:
    """The learning rate in the middle of a period."""
    return max(plan.rate_first + plan.rate_slope * (period.begin + period.end) / 2, plan.rate_least)
