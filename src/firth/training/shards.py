"""A training in shards: pieces of the text that learn side by side from one state, whose changes are then combined.

`docs/shards.md` has the definition, and how changes are combined.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from firth.arrays import Float32, Float64, Int64, aligned_zeros
from firth.config import TrainingConfig
from firth.errors import CorpusError
from firth.kernels.word2vec.blocks import Parameters
from firth.kernels.word2vec.contraction import (
    ContractionWorkspace,
    Directions,
    MomentWorkspace,
    add_contracted,
    add_second_moment,
    diagonalize,
)
from firth.threads import ThreadPool
from firth.training.sampling import noise_distribution
from firth.training.schedule import Tokens, kept_counts, kept_frequencies, visits, word_frequencies

PERIODS = 48
"""In an epoch, unless a length is asked for."""
BLOCK_ROWS, MOMENT_PARTS = 64, 16
"""Rows that are multiplied at a time; and parts of all rows whose moments are found side by side, then summed."""
CURVATURE = 0.3
"""Of the loss of a pair, by its score: σ(1 - σ), at most .25, in units of which a row's visits contract it."""


class Piece(NamedTuple):
    """Tokens of whole sentences: positions from begin to end, the first of sentence number `sentence`."""

    begin: int
    end: int
    sentence: int


def periods_of(sentence_starts: Int64, config: TrainingConfig) -> list[list[Piece]]:
    """The pieces of each period of an epoch, one a shard, or none where a long sentence has taken its place.

    Raises `CorpusError` if there are fewer sentences than shards.
    """
    tokens, sentences = int(sentence_starts[-1]), len(sentence_starts) - 1
    if sentences < config.shards:
        raise CorpusError(
            f"the corpus has {sentences:,} sentences, fewer than the {config.shards:,} shards: shards={sentences}"
            " would do, though shards pay with millions of tokens only"
        )
    of_period = (tokens // PERIODS) if config.period_tokens is None else config.period_tokens * config.shards
    periods = max(1, round(tokens / max(1, of_period)))
    bounds = np.arange(periods * config.shards + 1) * tokens // (periods * config.shards)
    first = np.searchsorted(sentence_starts, bounds)  # sentences
    pieces = [Piece(int(sentence_starts[a]), int(sentence_starts[b]), int(a)) for a, b in itertools.pairwise(first)]
    found = [pieces[i : i + config.shards] for i in range(0, len(pieces), config.shards)]
    return [some for period in found if (some := [piece for piece in period if piece.end > piece.begin])]


class TreeSum:
    """A sum of pairs of arrays in a fixed binary tree: neighbors first, whoever brings them."""

    def __init__(self) -> None:
        self.partial: list[tuple[int, Parameters]] = []

    def add(self, arrays: Parameters) -> None:
        """Take the next; the arrays are the tree's from now on."""
        self.partial.append((1, arrays))
        while len(self.partial) > 1 and self.partial[-1][0] == self.partial[-2][0]:
            self._join()

    def total(self) -> Parameters:
        """The sum of all."""
        while len(self.partial) > 1:
            self._join()
        return self.partial.pop()[1]

    def _join(self) -> None:
        (right_size, right), (left_size, left) = self.partial.pop(), self.partial.pop()
        np.add(left.inputs, right.inputs, out=left.inputs)
        np.add(left.outputs, right.outputs, out=left.outputs)
        self.partial.append((left_size + right_size, left))


class Combiner:
    """The changes of a period's shards, put together."""

    def __init__(self, tokens: Tokens, config: TrainingConfig, parameters: Parameters, pool: ThreadPool):
        self.config, self.parameters, self.pool = config, parameters, pool
        p, k = kept_frequencies(tokens, config), config.negative
        q = noise_distribution(tokens.counts, config.noise_exponent)
        self.visits = visits(tokens, config, word_frequencies)
        self.kept_share = float(kept_counts(tokens, config).sum()) / len(tokens.ids)
        self.partners = ((p + k * q) / (1 + k), p)
        """How often each output vector is the partner of an input vector, and each input vector of an output vector."""
        self.begin = Parameters(*(np.empty_like(array) for array in parameters))
        self.changes = TreeSum()
        width = parameters.inputs.shape[1]
        self.of_moments = [new_moment_workspace(width) for _ in range(MOMENT_PARTS)]
        self.of_threads = [new_contraction_workspace(width, config.vector_size) for _ in range(pool.threads)]

    def start(self) -> None:
        """Begin a period: all shards start from the parameters as they are."""
        for begin, array in zip(self.begin, self.parameters, strict=True):
            begin[...] = array

    def take(self) -> None:
        """Take what a shard has changed, and put the parameters back."""
        self.changes.add(Parameters(*(array - begin for array, begin in zip(self.parameters, self.begin, strict=True))))
        for array, begin in zip(self.parameters, self.begin, strict=True):
            array[...] = begin

    def combine(self, shards: int, tokens: float, rate: float) -> None:
        """Add the changes of so many shards, each of so many tokens, at this learning rate."""
        changes = self.changes.total()
        ends = [begin + change / np.float32(shards) for begin, change in zip(self.begin, changes, strict=True)]
        visits = [CURVATURE * rate * tokens * self.kept_share * of for of in self.visits]
        for array, change, rates, partners, weights in zip(
            self.parameters, changes, visits, reversed(ends), self.partners, strict=True
        ):
            self._add(array, change, rates, self._directions(partners, weights), shards)

    def _add(self, rows: Float32, changes: Float32, rates: Float64, directions: Directions, shards: int) -> None:
        """Add the changes to some parameters, whose rows are contracted at these rates."""

        def work(thread: int) -> None:
            begin, end = part(len(rows), thread, self.pool.threads)
            add_contracted(rows, changes, rates, directions, shards, self.of_threads[thread], begin, end)

        self.pool.run(work)

    def _directions(self, rows: Float32, weights: Float64) -> Directions:
        """Those of the second moment of vectors (V, d'), as the sum of those of some parts of them, in their order."""

        def work(thread: int) -> None:
            for number in range(thread, MOMENT_PARTS, self.pool.threads):
                add_second_moment(rows, weights, *part(len(rows), number, MOMENT_PARTS), self.of_moments[number])

        self.pool.run(work)
        size, width = self.config.vector_size, rows.shape[1]
        moment, found = np.zeros((size, size)), np.zeros((size, size))
        for workspace in self.of_moments:
            moment += workspace.moment[:size, :size]
        diagonalize(moment, found)
        vectors, columns = aligned_zeros(width, width), aligned_zeros(width, width)
        vectors[:size, :size], columns[:size, :size] = found, found.T
        return Directions(np.maximum(moment.diagonal(), 0), vectors, columns)


def part(size: int, number: int, parts: int) -> tuple[int, int]:
    """Where one of several equal parts begins and ends."""
    return size * number // parts, size * (number + 1) // parts


def new_moment_workspace(width: int) -> MomentWorkspace:
    """What the moment of a part of the rows needs."""
    weighted, block = aligned_zeros(BLOCK_ROWS, width), aligned_zeros(BLOCK_ROWS, width)
    return MomentWorkspace(weighted, block, aligned_zeros(width, width), np.zeros((width, width)))


def new_contraction_workspace(width: int, size: int) -> ContractionWorkspace:
    """What a thread needs to combine changes."""
    block, along = aligned_zeros(BLOCK_ROWS, width), aligned_zeros(BLOCK_ROWS, width)
    return ContractionWorkspace(block, along, np.zeros(size), np.zeros(size))
