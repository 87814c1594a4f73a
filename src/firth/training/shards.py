"""A training in shards: pieces of the text that learn side by side from one state, whose changes are then combined.

`docs/shards.md` has the definition, and how changes are combined.
"""

from __future__ import annotations

import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from firth.arrays import Float64, Int64, UInt16, aligned_zeros
from firth.config import TrainingConfig
from firth.errors import CorpusError
from firth.kernels.linalg.bfloat16 import add_rounded, add_widened, round_differences
from firth.kernels.linalg.eigenvectors import diagonalize
from firth.kernels.word2vec.blocks import Parameters
from firth.kernels.word2vec.contraction import (
    ContractionWorkspace,
    Directions,
    MomentWorkspace,
    contract,
    find_second_moment,
)
from firth.threads import ThreadPool
from firth.training.sampling import noise_distribution
from firth.training.schedule import Tokens, Visits, kept_counts, kept_frequencies, visits, word_frequencies

PERIODS, PERIODS_OF_SHARD, PERIODS_THAT_OVERLAP = 12, 2, 4
"""In an epoch, unless a length is asked for: so many, or if less, so many for each shard; and with an overlap."""
BLOCK_ROWS, PARTS = 64, 64
"""Rows that are multiplied at a time; and parts of all rows whose moments are found side by side, then summed."""
CURVATURE, FEW_SHARDS = 0.3, 8
"""Of the loss of a pair, by its score, in units of which a row's visits contract it: σ(1 - σ), twice. With more shards
than these it is raised with their number: see `docs/shards.md`.
"""


class Piece(NamedTuple):
    """Tokens of whole sentences: positions from begin to end, the first of sentence number `sentence`."""

    begin: int
    end: int
    sentence: int


class Period(NamedTuple):
    """Pieces that are trained from one state: one a shard, or none where a long sentence has taken its place.

    `late` has the part of each that is trained while what came before it is combined (`firth.training.overlap`).
    """

    pieces: tuple[Piece, ...]
    late: tuple[Piece, ...] = ()

    @property
    def begin(self) -> int:
        """The first position."""
        return self.pieces[0].begin

    @property
    def end(self) -> int:
        """The position after the last."""
        return self.pieces[-1].end

    def early(self, shard: int) -> Piece:
        """What a shard trains before that."""
        piece = self.pieces[shard]
        return piece._replace(end=self.late[shard].begin) if self.late else piece


def usual_periods(shards: int, overlap: float = 0) -> int:
    """How many periods an epoch has, unless a length is asked for."""
    return PERIODS_THAT_OVERLAP if overlap else min(PERIODS, PERIODS_OF_SHARD * shards)


def periods_of(sentence_starts: Int64, config: TrainingConfig) -> list[Period]:
    """The periods of an epoch. Raises `CorpusError` if there are fewer sentences than shards."""
    tokens, sentences = int(sentence_starts[-1]), len(sentence_starts) - 1
    if sentences < config.shards:
        raise CorpusError(
            f"the corpus has {sentences:,} sentences, fewer than the {config.shards:,} shards: shards={sentences}"
            " would do, though shards pay with millions of tokens only"
        )
    periods = usual_periods(config.shards, config.overlap)
    if config.period_tokens is not None:
        periods = max(1, round(tokens / (config.period_tokens * config.shards)))
    bounds = np.arange(periods * config.shards + 1) * tokens // (periods * config.shards)
    first = np.searchsorted(sentence_starts, bounds)  # sentences
    pieces = [Piece(int(sentence_starts[a]), int(sentence_starts[b]), int(a)) for a, b in itertools.pairwise(first)]
    found = [pieces[i : i + config.shards] for i in range(0, len(pieces), config.shards)]
    return [Period(some) for period in found if (some := tuple(p for p in period if p.end > p.begin))]


class Changes(NamedTuple):
    """What input and output vectors change by, (V, d) each, in 16 bits (`firth.kernels.linalg.bfloat16`)."""

    inputs: UInt16
    outputs: UInt16


class Moments(NamedTuple):
    """Second moments (d, d) float64: of output vectors, the partners of inputs; and of input vectors."""

    outputs: Float64
    inputs: Float64


Value = TypeVar("Value")


class PartialSum(NamedTuple, Generic[Value]):
    """The sum of some values, from the first on: a node of the tree of all."""

    first: int
    size: int
    value: Value


class TreeSum(Generic[Value]):
    """A sum in a fixed binary tree, whoever brings the values, and whichever nodes of it are brought.

    Neighbors are joined first: values 0 and 1, 2 and 3, then the four of them. What is joined may be changed.
    """

    def __init__(self, join: Callable[[Value, Value], Value]) -> None:
        self.join = join
        self.partial: list[PartialSum[Value]] = []

    def add(self, more: PartialSum[Value]) -> None:
        """Take the next."""
        self.partial.append(more)
        while len(self.partial) > 1 and self._are_neighbors(*self.partial[-2:]):
            self._join_last()

    def total(self) -> Value:
        """The sum of all."""
        while len(self.partial) > 1:
            self._join_last()
        return self.partial.pop().value

    @staticmethod
    def _are_neighbors(left: PartialSum[Value], right: PartialSum[Value]) -> bool:
        return left.size == right.size and left.first % (2 * left.size) == 0

    def _join_last(self) -> None:
        right, left = self.partial.pop(), self.partial.pop()
        self.partial.append(PartialSum(left.first, left.size + right.size, self.join(left.value, right.value)))


class ChangeArrays:
    """What shards change, found and added in arrays that are used again: the system is slow to give new ones."""

    def __init__(self, size: int, pool: ThreadPool, spare: deque[Changes] | None = None):
        self.size, self.pool = size, pool
        self.spare = deque() if spare is None else spare

    def between(self, after: Parameters, before: Parameters) -> Changes:
        """What the first `size` numbers of each row have changed by."""
        rows = len(before.inputs)
        try:
            found = self.spare.pop()
        except IndexError:
            found = Changes(*(np.empty((rows, self.size), np.uint16) for _ in before))
        for new, old, out in zip(after, before, found, strict=True):
            by_rows(self.pool, rows, functools.partial(round_differences, new, old, out))
        return found

    def joined(self, left: Changes, right: Changes) -> Changes:
        """How a tree joins them, in the place of the left ones."""
        for into, more in zip(left, right, strict=True):
            by_rows(self.pool, len(into), functools.partial(add_rounded, into, more))
        self.spare.append(right)
        return left


def moments_joined(left: Moments, right: Moments) -> Moments:
    """How a tree joins moments."""
    return Moments(left.outputs + right.outputs, left.inputs + right.inputs)


def add_changes(before: Parameters, changes: Changes, out: Parameters, pool: ThreadPool) -> None:
    """Let some rows be as they were before, and what they change by."""
    for old, change, new in zip(before, changes, out, strict=True):
        by_rows(pool, len(change), functools.partial(add_widened, old, change, new))


def by_rows(pool: ThreadPool, rows: int, work: Callable[[int, int], None]) -> None:
    """Work on so many rows, on each thread from its first to its last."""
    pool.run(lambda thread: work(*part(rows, thread, pool.threads)))


class Expected(NamedTuple):
    """What a training's shards are expected to do, by the words' frequencies alone.

    `visits` are the pairs and negatives that change each row, for each kept token; `partners` how often each output
    vector is the partner of an input vector, and each input vector that of an output vector: (V,) each. `kept` is the
    fraction of the tokens that subsampling keeps.
    """

    visits: Visits
    partners: tuple[Float64, Float64]
    kept: float
    curvature: float

    @classmethod
    def of(cls, tokens: Tokens, config: TrainingConfig) -> Expected:
        """That of a training on these tokens."""
        p, k = kept_frequencies(tokens, config), config.negative
        q = noise_distribution(tokens.counts, config.noise_exponent)
        kept = float(kept_counts(tokens, config).sum()) / len(tokens.ids)
        return cls(visits(tokens, config, word_frequencies), ((p + k * q) / (1 + k), p), kept, curvature(config.shards))

    def visits_in(self, period: Period, rate: float) -> tuple[Float64, Float64]:
        """What an eigenvalue of the partners' moment is multiplied by, for each row of the inputs and of the outputs:
        the visits of one shard in a period, by the learning rate and the loss's curvature.
        """
        tokens = (period.end - period.begin) / len(period.pieces)
        inputs, outputs = (self.curvature * rate * tokens * self.kept * of for of in self.visits)
        return inputs, outputs


def curvature(shards: int) -> float:
    """What is reckoned with in a training of so many shards."""
    return CURVATURE * max(1, shards / FEW_SHARDS)


class Combiner:
    """Combines the changes of a period's shards, for the rows of some parts of the parameters.

    The parts' moments are summed in the order of the parts, whoever found them.
    """

    def __init__(self, expected: Expected, config: TrainingConfig, begin: Parameters, pool: ThreadPool, parts: range):
        self.expected, self.config, self.begin, self.pool, self.parts = expected, config, begin, pool, parts
        width = begin.inputs.shape[1]
        self.rows = rows_of(parts, len(begin.inputs))
        self.of_moments = [new_moment_workspace(width) for _ in range(pool.threads)]
        self.of_threads = [new_contraction_workspace(width, config.vector_size) for _ in range(pool.threads)]

    def moments(self, changes: Changes, shards: int) -> list[PartialSum[Moments]]:
        """Those of these parts, where their rows come to with the mean of the changes, which are given summed."""
        size = self.config.vector_size
        found = [Moments(np.empty((size, size)), np.empty((size, size))) for _ in self.parts]
        begin = Parameters(*(array[self.rows] for array in self.begin))

        def work(thread: int) -> None:
            workspace = self.of_moments[thread]
            for number in range(thread, len(self.parts), self.pool.threads):
                rows = rows_of(self.parts[number : number + 1], len(self.begin.inputs))
                here = rows.start - self.rows.start, rows.stop - self.rows.start
                partners = (weights[self.rows] for weights in self.expected.partners)
                of_both = zip(found[number], reversed(begin), reversed(changes), partners, strict=True)
                for moment, old, change, weights in of_both:
                    find_second_moment(old, change, shards, weights, *here, workspace)
                    moment[...] = workspace.moment[:size, :size]

        self.pool.run(work)
        tree = TreeSum(moments_joined)
        for number, of_part in zip(self.parts, found, strict=True):
            tree.add(PartialSum(number, 1, of_part))
        return tree.partial

    def combine(self, changes: Changes, directions: Sequence[Directions], period: Period, rate: float) -> None:
        """Turn the changes of these parts, which are given summed, into what their rows change by."""
        of_visits = self.expected.visits_in(period, rate)
        for change, rates, of in zip(changes, of_visits, directions, strict=True):
            self._contract(change, rates[self.rows], of, len(period.pieces))

    def _contract(self, changes: UInt16, rates: Float64, directions: Directions, shards: int) -> None:
        """Contract the changes of some rows at these rates."""

        def work(thread: int) -> None:
            begin, end = part(len(changes), thread, self.pool.threads)
            contract(changes, rates, directions, shards, self.of_threads[thread], begin, end)

        self.pool.run(work)


def directions_of(moment: Float64, width: int) -> Directions:
    """The eigenvectors of a moment: what the changes of its vectors' partners are taken apart by. Their rows have the
    width of the parameters'.
    """
    size = len(moment)
    values, found = np.zeros(size), np.zeros((size, size))
    diagonalize(moment.copy(), values, found, np.zeros((3, size)))
    vectors, columns = aligned_zeros(width, width), aligned_zeros(width, width)
    vectors[:size, :size], columns[:size, :size] = found, found.T
    return Directions(np.maximum(values, 0), vectors, columns)


def sum_of_moments(partial: Iterable[PartialSum[Moments]]) -> Moments:
    """The moments of all parts, of which sums are given, in any order."""
    return total_of(partial, moments_joined)


def total_of(partial: Iterable[PartialSum[Value]], join: Callable[[Value, Value], Value]) -> Value:
    """The sum of all values, of which sums are given that are nodes of the tree of all, in any order."""
    tree = TreeSum(join)
    for some in sorted(partial, key=lambda one: one.first):
        tree.add(some)
    return tree.total()


def parts_of_owners(machines: int) -> list[range]:
    """The parts of the rows that each of some machines combines, from the first on; there may be more machines."""
    owners = min(machines, PARTS)
    return [range(*part(PARTS, number, owners)) for number in range(owners)]


def part(size: int, number: int, parts: int) -> tuple[int, int]:
    """Where one of several equal parts begins and ends."""
    return size * number // parts, size * (number + 1) // parts


def rows_of(parts: range, rows: int) -> slice:
    """The rows of some parts, neighbors of each other, of so many rows."""
    return slice(part(rows, parts.start, PARTS)[0], part(rows, parts.stop, PARTS)[0])


def new_moment_workspace(width: int) -> MomentWorkspace:
    """What the moment of a part of the rows needs."""
    weighted, block = aligned_zeros(BLOCK_ROWS, width), aligned_zeros(BLOCK_ROWS, width)
    return MomentWorkspace(weighted, block, aligned_zeros(width, width), np.zeros((width, width)))


def new_contraction_workspace(width: int, size: int) -> ContractionWorkspace:
    """What a thread needs to combine changes."""
    block, along = aligned_zeros(BLOCK_ROWS, width), aligned_zeros(BLOCK_ROWS, width)
    return ContractionWorkspace(block, along, np.zeros(size), np.zeros(size))
