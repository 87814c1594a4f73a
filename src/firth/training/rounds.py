"""Training as a stream of rounds: what decides the result, and the threads that do not.

A round is some blocks of centers, all computed from one snapshot of the parameters; their updates are then
added in block order. Everything random depends on the seed, the epoch and the position in the corpus alone. So
the number of threads changes the time, never a bit of the result. `docs/rounds.md` tells the whole of it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from firth.config import TrainingConfig
from firth.errors import CorpusError
from firth.kernels.machine import rng
from firth.kernels.word2vec.blocks import Chunk, Kept, Parameters, Plan, keep_tokens
from firth.reporting.events import NOTHING, Done, Progress
from firth.threads import ThreadPool
from firth.training.sampling import as_thresholds, keep_probabilities
from firth.training.schedule import Tokens, loss_of_nothing, plan_epoch, row_rate_scales
from firth.training.shards import (
    PARTS,
    Combiner,
    Expected,
    PartialSum,
    Period,
    Piece,
    TreeSum,
    by_rows,
    directions_of,
    periods_of,
)
from firth.training.workers import Frozen, Targets, WorkerGroup

VERSION = 7
"""Goes up when the same settings come to other bits, so that no checkpoint of before is gone on with."""
HELD_OUT = 2**32
"""In the place of an epoch's number, for the random numbers of what is held out."""
KERNELS = {
    "add_contracted",
    "add_second_moment",
    "diagonalize",
    "fill_alias_table",
    "fill_exponentials",
    "fill_lengths",
    "fill_logarithms",
    "fill_paths",
    "fill_tree",
    "fill_uniform",
    "keep_tokens",
    "train_rounds",
}
"""What `firth.training.warm_up` compiles."""
CHUNK_TOKENS = 131_072
"""Kept tokens of a chunk, which are read, then trained on: some tenths of a second."""


NO_PAIR = (
    "there is nothing to learn: no two words of the vocabulary stood in one sentence. Is every sentence one word long?"
    " If the corpus is tiny, sample=0 keeps all"
)


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
        while True:
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


def train(
    tokens: Tokens,
    config: TrainingConfig,
    parameters: Parameters,
    *,
    epochs: int,
    threads: int,
    done: Done = NOTHING,
    held_out: Tokens | None = None,
    frozen: Frozen | None = None,
    steps: Steps | None = None,
) -> Generator[Progress, None, None]:
    """Train `parameters` in place, and report now and then: at least once an epoch, when it ends.

    `done` is what a report said was done when the parameters were as they are now: the training goes on from there.
    With tokens held out, their loss is reported when an epoch ends. Rows that are frozen are not changed.
    Who trains an epoch step by step can be said by `steps`: by default it is this machine.

    An epoch in which chance keeps no pair has a loss of NaN. Raises `CorpusError` if there can be none, as no two words
    stand in one sentence, or if there was none in any epoch.
    """
    targets = Targets.of(tokens, config)
    n, of_nothing = len(tokens.ids), loss_of_nothing(targets.tree, config)
    plan = plan_epoch(tokens, config, 0, epochs)
    with ThreadPool(min(threads, plan.round_blocks)) as pool:  # more would find no block to compute, and wait
        group = WorkerGroup(
            pool, config, plan, parameters, targets, tokens.subword_rows, row_rate_scales(tokens, config), frozen
        )
        if done.noise_mean:
            group.updates.noise_mean[0] = done.noise_mean
        has_learned = done.epochs > 0
        if steps is None:
            steps = _by_chunks if config.shards == 1 else ByPeriods(tokens, config, parameters, pool)
        for epoch in range(done.epochs, epochs):
            plan = plan_epoch(tokens, config, epoch, epochs)
            _, skipped, loss, pairs, _ = done if epoch == done.epochs else Done(epoch)
            for number, position, more_loss, more_pairs in steps(group, tokens, config, epoch, plan, skipped):
                loss, pairs = loss + more_loss, pairs + more_pairs
                of_held_out = None
                if held_out is not None and position == n:
                    of_held_out = validation_loss(group, held_out, config, plan)
                yield Progress(
                    epoch=epoch + 1,
                    epochs=epochs,
                    tokens=position,
                    epoch_tokens=n,
                    pairs=max(1, round(pairs)) if pairs else 0,
                    loss=loss / pairs if pairs else float("nan"),
                    learning_rate=max(plan.rate_first + plan.rate_slope * position, plan.rate_least)
                    * (config.learning_rate / config.first_rate),
                    done=Done(epoch, number, loss, pairs, tuple(group.updates.noise_mean[0].tolist()))
                    if position < n
                    else Done(epoch + 1),
                    loss_of_nothing=of_nothing,
                    validation_loss=of_held_out,
                )
            has_learned = has_learned or pairs > 0
            if not has_learned and (epoch == epochs - 1 or not has_neighbors(tokens)):
                raise CorpusError(NO_PAIR)


Steps = Callable[[WorkerGroup, Tokens, TrainingConfig, int, Plan, int], Iterator[Step]]
"""Train an epoch, by its number and plan, but for so many steps that are done."""


def _by_chunks(
    group: WorkerGroup, tokens: Tokens, config: TrainingConfig, epoch: int, plan: Plan, skipped: int
) -> Iterator[Step]:
    """Train on the chunks of an epoch, one after the other, but for so many that are done."""
    for number, (chunk, position) in enumerate(ChunkReader(tokens, config, epoch, plan), start=1):
        if number > skipped:
            yield Step(number, position, *group.train(chunk, plan))


class ByPeriods:
    """Train on the periods of an epoch: on the pieces of all shards, one after the other, each from the same state."""

    def __init__(self, tokens: Tokens, config: TrainingConfig, parameters: Parameters, pool: ThreadPool):
        self.begin = Parameters(*(np.empty_like(array) for array in parameters))
        self.combiner = Combiner(Expected.of(tokens, config), config, self.begin, pool, range(PARTS))

    def __call__(
        self, group: WorkerGroup, tokens: Tokens, config: TrainingConfig, epoch: int, plan: Plan, skipped: int
    ) -> Iterator[Step]:
        """But for so many periods that are done."""
        reader, width = ChunkReader(tokens, config, epoch, plan), group.parameters.inputs.shape[1]
        for number, period in enumerate(periods_of(tokens.sentence_starts, config)[skipped:], start=skipped + 1):
            copy_into(self.begin, group.parameters, group.pool)
            loss, pairs, changes = train_pieces(group, reader, plan, period.pieces, self.begin)
            total = changes.total()
            if total.inputs is group.parameters.inputs:
                total = Parameters(*(array.copy() for array in total))
            copy_into(group.parameters, self.begin, group.pool)
            moments = self.combiner.moments(total, len(period.pieces))
            directions = [directions_of(list(of), width) for of in zip(*moments, strict=True)]
            self.combiner.combine(total, directions, period, middle_rate(plan, period), group.parameters)
            yield Step(number, period.end, sum(loss), sum(pairs))


def train_pieces(
    group: WorkerGroup, reader: ChunkReader, plan: Plan, pieces: Sequence[Piece], begin: Parameters, first: int = 0
) -> tuple[list[float], list[float], TreeSum]:
    """Train on pieces, that of shard number `first` and the next ones, each from the state `begin`; return the loss and
    the pairs of each, and what all have changed.

    The parameters are as they began at first, and then of no use: the last change takes their place.
    """
    losses, pairs, changes = [0.0] * len(pieces), [0.0] * len(pieces), TreeSum(group.pool)
    for number, piece in enumerate(pieces):
        for chunk, _ in reader.within(piece):
            more_loss, more_pairs = group.train(chunk, plan)
            losses[number], pairs[number] = losses[number] + more_loss, pairs[number] + more_pairs
        is_last = number == len(pieces) - 1
        change = group.parameters if is_last else Parameters(*(np.empty_like(array) for array in begin))
        by_rows(np.subtract, group.pool, change, group.parameters, begin)
        changes.add(PartialSum(first + number, 1, change))
        if not is_last:
            copy_into(group.parameters, begin, group.pool)
    return losses, pairs, changes


def copy_into(parameters: Parameters, others: Parameters, pool: ThreadPool) -> None:
    """Let parameters be as others are."""
    by_rows(np.positive, pool, parameters, others)


def middle_rate(plan: Plan, period: Period) -> float:
    """The learning rate in the middle of a period."""
    return max(plan.rate_first + plan.rate_slope * (period.begin + period.end) / 2, plan.rate_least)


def has_neighbors(tokens: Tokens) -> bool:
    """Whether any sentence has two tokens of the vocabulary."""
    known = np.concatenate([[0], np.cumsum(tokens.ids < len(tokens.counts))])
    return bool((np.diff(known[tokens.sentence_starts]) > 1).any())


def validation_loss(group: WorkerGroup, held_out: Tokens, config: TrainingConfig, plan: Plan) -> float:
    """The mean loss of all pairs of the tokens held out. Raises `CorpusError` if they have none.

    They are read as in training, with a learning rate of zero, and always with the same random numbers, so that
    epochs can be compared.
    """
    still = plan._replace(
        rate_first=0.0,
        rate_slope=0.0,
        rate_least=0.0,
        loss_blocks=1,
        window_key=rng.stream_key(config.seed, HELD_OUT, rng.WINDOWS),
        negatives_key=rng.stream_key(config.seed, HELD_OUT, rng.NEGATIVES),
    )
    loss, pairs = 0.0, 0.0
    for chunk, _ in ChunkReader(held_out, config, HELD_OUT, still):
        more_loss, more_pairs = group.train(chunk, still)
        loss, pairs = loss + more_loss, pairs + more_pairs
    if pairs == 0:
        raise CorpusError("the sentences held out have no two words near each other: hold out more (validation)")
    return loss / pairs
