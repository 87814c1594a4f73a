"""Training as a stream of rounds: what decides the result, and the threads that do not.

A round is some blocks of centers, all computed from one snapshot of the parameters; their updates are then
added in block order. Everything random depends on the seed, the epoch and the position in the corpus alone. So
the number of threads changes the time, never a bit of the result. `docs/rounds.md` tells the whole of it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import numpy as np

from firth.config import TrainingConfig
from firth.errors import CorpusError
from firth.kernels.machine import rng
from firth.kernels.word2vec.blocks import Parameters, Plan
from firth.reporting.events import NOTHING, Done, Progress
from firth.threads import ThreadPool
from firth.training.by_periods import ByPeriods
from firth.training.chunks import ChunkReader, Step
from firth.training.schedule import Tokens, loss_of_nothing, plan_epoch, row_rate_scales
from firth.training.workers import Frozen, Targets, WorkerGroup

VERSION = 10
"""Goes up when the same settings come to other bits, so that no checkpoint of before is gone on with."""
HELD_OUT = 2**32
"""In the place of an epoch's number, for the random numbers of what is held out."""
KERNELS = {
    "add_rounded",
    "add_widened",
    "contract",
    "diagonalize",
    "fill_alias_table",
    "fill_exponentials",
    "fill_lengths",
    "fill_logarithms",
    "fill_paths",
    "fill_tree",
    "fill_uniform",
    "find_second_moment",
    "keep_tokens",
    "round_differences",
    "subtract_rounded",
    "train_rounds",
}
"""What `firth.training.warm_up` compiles."""
NO_PAIR = (
    "there is nothing to learn: no two words of the vocabulary stood in one sentence. Is every sentence one word long?"
    " If the corpus is tiny, sample=0 keeps all"
)


def train(
    tokens: Tokens,
    config: TrainingConfig,
    parameters: Parameters,
    *,
    epochs: int,
    threads: int,
    done: Done = NOTHING,
    begin: Parameters | None = None,
    held_out: Tokens | None = None,
    frozen: Frozen | None = None,
    steps: Steps | None = None,
) -> Generator[Progress, None, None]:
    """Train `parameters` in place, and report now and then: at least once an epoch, when it ends.

    `done` is what a report said was done when the parameters were as they are now: the training goes on from there.
    With an overlap, that needs the state from which the last period began, `begin`, which is kept up to date.
    With tokens held out, their loss is reported when an epoch ends. Rows that are frozen are not changed.
    Who trains an epoch step by step can be said by `steps`: by default it is this machine.

    An epoch in which chance keeps no pair has a loss of NaN. Raises `CorpusError` if there can be none, as no two words
    stand in one sentence, or if there was none in any epoch.
    """
    targets = Targets.of(tokens, config)
    n, of_nothing = len(tokens.ids), loss_of_nothing(targets.tree, config)
    plan = plan_epoch(tokens, config, 0, epochs)
    of_threads = ThreadPool(min(threads, plan.round_blocks))  # more would find no block to compute, and wait
    with of_threads as pool, ExitStack() as resources:
        rate_scales = row_rate_scales(tokens, config)

        def new_group(pool: ThreadPool, parameters: Parameters) -> WorkerGroup:
            return WorkerGroup(pool, config, plan, parameters, targets, tokens.subword_rows, rate_scales, frozen)

        group = new_group(pool, parameters)
        if done.noise_mean:
            group.updates.noise_mean[0] = done.noise_mean
        has_learned = done.epochs > 0
        if steps is None and config.shards == 1:
            steps = _by_chunks
        elif steps is None:
            steps = ByPeriods(group, tokens, config, epochs, threads, begin, new_group, resources)
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
