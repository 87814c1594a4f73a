"""The one place where benchmarks reach into firth below its public functions: when its kernels change, this changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types

import firth
from benchmarks._lib.corpora import cut, wiki100
from firth.config import TrainingConfig
from firth.jit.instructions import declared
from firth.jit.kernel import compiled
from firth.jit.lowering import replaces
from firth.kernels.machine.atomics import fetch_add, wait_until
from firth.kernels.word2vec.blocks import UNUSED, Chunk, Parameters, Plan, Run
from firth.kernels.word2vec.prefetcher import schedule_nothing
from firth.kernels.word2vec.rounds import (
    Round,
    add_partition,
    bitmap_of,
    clear_touched,
    compute_slot,
    first_block,
    round_of,
    whole_rounds,
)
from firth.threads import ThreadAutotuner, ThreadPool
from firth.training.by_nodes import ByNodes
from firth.training.chunks import ChunkReader
from firth.training.schedule import Tokens, initial_parameters, plan_epoch, row_rate_scales
from firth.training.shards import (
    PARTS,
    ChangeArrays,
    Combiner,
    Expected,
    Period,
    Piece,
    directions_of,
    sum_of_moments,
)
from firth.training.workers import Targets, WorkerGroup

COMPUTE, ADD = 0, 1
TURNS = 10_000


class Setup(NamedTuple):
    """A training that can begin: everything that its parts are called with."""

    config: TrainingConfig
    tokens: Tokens
    plan: Plan
    targets: Targets
    parameters: Parameters


class Steady(ThreadAutotuner):
    """All threads work, whatever is faster."""

    def split(self, units: int) -> Any:
        yield self.threads, units


def set_up(settings: dict[str, Any], megabytes: int = 100) -> Setup:
    """The beginning of wiki100, and parameters that look as if they had learned something."""
    config = TrainingConfig(**settings)
    corpus = firth.encode(cut(wiki100(), megabytes))
    vocabulary = corpus.vocabulary(5)
    tokens = Tokens(corpus.ids, corpus.sentence_starts, vocabulary.counts)
    plan, targets = plan_epoch(tokens, config, 0, 5), Targets.of(tokens, config)
    return Setup(config, tokens, plan, targets, new_parameters(config, len(vocabulary)))


def new_parameters(config: TrainingConfig, words: int) -> Parameters:
    """Parameters of a usual length."""
    parameters, size = initial_parameters(words, config.vector_size, 1), config.vector_size
    for array in parameters:
        array[:, :size] = np.random.default_rng(0).normal(0, 0.2, (len(array), size))
    return parameters


def new_group(setup: Setup, pool: ThreadPool, parameters: Parameters | None = None) -> WorkerGroup:
    """Threads that train these parameters, or others; all of them always."""
    given = setup.parameters if parameters is None else parameters
    rate_scales = row_rate_scales(setup.tokens, setup.config)
    group = WorkerGroup(pool, setup.config, setup.plan, given, setup.targets, rate_scales=rate_scales)
    group.autotuner = Steady(pool.threads)
    return group


def chunks(setup: Setup, epoch: int = 0) -> Any:
    """The chunks of an epoch."""
    for chunk, _ in ChunkReader(setup.tokens, setup.config, epoch, setup.plan):
        yield chunk


def round_size(setup: Setup) -> int:
    """Centers in a round."""
    return setup.plan.block_centers * setup.plan.round_blocks


def train_one_epoch(setup: Setup, *, few: bool = False) -> None:
    """Train on one thread; with `few`, on one chunk only."""
    with ThreadPool(1) as pool:
        group = new_group(setup, pool)
        for chunk in chunks(setup):
            group.train(chunk, setup.plan)
            if few:
                return


# ── what each thread does in a round ─────────────────────────────────────────────────────────────────────────────────


def now() -> int:
    """The processor's counter of cycles, which goes at a steady rate."""
    return 0


@replaces(now, gives=types.int64)
def _now(builder: Any) -> Any:
    kind = ir.FunctionType(ir.IntType(64), [])
    return builder.call(declared(builder, kind, "llvm.readcyclecounter"), [])


@compiled
def _run_round(number, threads, totals, run, workspace, cycles):
    """Note in cycles (2, threads) what each of some threads would take for its part of the two phases of a round."""
    found = round_of(number, run.chunk, run.plan)
    this = Round(number, found.centers, found.blocks, 0.0, False)  # the rate is zero
    for turn in range(threads + 1):
        thread = turn % threads  # the first turn is there to have all code in the caches, and is done once more
        bitmap, behind = bitmap_of(thread, threads), first_block(thread + 1, threads, run.plan)
        schedule_nothing(workspace.scratch.cursors)
        since = now()
        clear_touched(bitmap, run.updates.inputs.touched)
        clear_touched(bitmap, run.updates.outputs.touched)
        for slot in range(first_block(thread, threads, run.plan), behind):
            compute_slot(slot, thread, thread, threads, this, run, workspace)
        cycles[COMPUTE, thread] = now() - since
    for turn in range(threads + 1):
        thread = turn % threads
        since = now()
        add_partition(thread, threads, this, totals, run, workspace)
        cycles[ADD, thread] = now() - since


def cycles_of_threads(setup: Setup, threads: int, most_rounds: int, repeats: int) -> np.ndarray:
    """Cycles a center of each thread in each phase of some rounds, (rounds, 2, threads): one core does the work of each
    thread, one after another, `repeats` times, of which the fastest counts. Nothing is learned: the rate is zero.
    """
    group = new_group(setup, ThreadPool(1))
    workspace, totals = group.workspaces[0], np.zeros(2)
    inputs, outputs = (
        updates._replace(touched=np.zeros((threads, updates.touched.shape[1]), np.int64))
        for updates in (group.updates.inputs, group.updates.outputs)
    )
    chunk, changes = next(chunks(setup)), group.updates._replace(inputs=inputs, outputs=outputs)
    run = Run(chunk, setup.plan, setup.parameters, None, group.rate_scales, changes)
    found = []
    for number in range(min(most_rounds, whole_rounds(chunk, setup.plan))):
        times = np.zeros((repeats, 2, threads), np.int64)
        for cycles in times:
            _run_round(number, threads, totals, run, workspace, cycles)
        found.append(times.min(axis=0) / round_size(setup))
    return np.array(found)


# ── what goes from core to core ──────────────────────────────────────────────────────────────────────────────────────


@compiled
def _take_turns(thread, threads, counters):
    """Add one to the same counter, every thread in its turn."""
    for turn in range(TURNS):
        if turn % threads == thread:
            wait_until(counters, 0, turn)
            fetch_add(counters, 0)


def take_turns(pool: ThreadPool) -> int:
    """Have two threads hand a word to each other; return how often they did."""
    counters = np.zeros(8, np.int64)
    pool.run(lambda thread: _take_turns(thread, 2, counters))
    return TURNS


def rows_handed_over(group: WorkerGroup, setup: Setup, chunk: Chunk, rounds: int) -> float:
    """Rows that a round gives from one of two threads to the other, blocks dealt out in turn: copied, or added."""
    words = len(group.parameters.outputs)
    last_changed = {"inputs": np.full(words, -1), "outputs": np.full(words, -1)}
    size, handed = round_size(setup), 0
    for first in range(chunk.first, chunk.first + rounds * size, size):
        group.train(chunk._replace(first=first, last=first + size), setup.plan)
        for kind, owners in last_changed.items():
            updates = getattr(group.updates, kind)
            of_block = [row[:n][row[:n] != UNUSED] for row, n in zip(updates.words, updates.used, strict=True)]
            thread = np.repeat(np.arange(len(of_block)) % 2, [len(of) for of in of_block])
            found = np.concatenate(of_block)
            copied = np.unique(np.stack([found, thread]), axis=1)
            handed += int((owners[copied[0]] == 1 - copied[1]).sum())
            owners[found] = thread  # the last to find a change owns the row
            handed += int((owners[found] != thread).sum())
    return handed / rounds


# ── several machines ─────────────────────────────────────────────────────────────────────────────────────────────────


class TimedPeriod(NamedTuple):
    """What a period of a training by several machines took, as the driver sees it: seconds of all, and of training on
    the slowest machine.
    """

    tokens: int
    seconds: float
    training: float


@contextmanager
def timed_periods() -> Iterator[list[TimedPeriod]]:
    """Note all periods of the trainings within."""
    found: list[TimedPeriod] = []
    tell = ByNodes._tell_efficiency

    def note(self: ByNodes, period: Period, seconds: float, of_nodes: Sequence[float]) -> None:
        found.append(TimedPeriod(period.end - period.begin, seconds, max(of_nodes)))
        tell(self, period, seconds, of_nodes)

    ByNodes._tell_efficiency = note  # type: ignore[method-assign]
    try:
        yield found
    finally:
        ByNodes._tell_efficiency = tell  # type: ignore[method-assign]


class CombiningSeconds(NamedTuple):
    """What combining the changes of shards takes one core: for the moments of a row, for a row, and for the directions
    of the inputs or of the outputs.
    """

    moment: float
    combine: float
    directions: float


def combining_seconds(vector_size: int, rows: int = 20_000, shards: int = 8, repeats: int = 5) -> CombiningSeconds:
    """Those of inputs and outputs of so many rows; the least of several times."""
    config = TrainingConfig(vector_size=vector_size, shards=shards)
    ids = np.arange(rows, dtype=np.int32)
    tokens = Tokens(ids, np.arange(0, rows + 1, 20), np.ones(rows, np.int64))
    begin = new_parameters(config, rows)
    period = Period(tuple(Piece(i * rows // shards, (i + 1) * rows // shards, 0) for i in range(shards)))
    with ThreadPool(1) as pool:
        changes = ChangeArrays(vector_size, pool).between(begin, Parameters(*map(np.zeros_like, begin)))
        combiner = Combiner(Expected.of(tokens, config), config, begin, pool, range(PARTS))
        moments = sum_of_moments(combiner.moments(changes, shards))
        directions = [directions_of(of, begin.inputs.shape[1]) for of in moments]

        def least(work: Callable[[], Any]) -> float:
            return min(_seconds(work) for _ in range(repeats))

        return CombiningSeconds(
            least(lambda: combiner.moments(changes, shards)) / (2 * rows),
            least(lambda: combiner.combine(changes, directions, period, 0.025)) / (2 * rows),
            least(lambda: directions_of(moments.outputs, begin.inputs.shape[1])),
        )


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def padded_width(vector_size: int) -> int:
    """Numbers that a row of the parameters takes."""
    return int(initial_parameters(1, vector_size, 1).inputs.shape[1])
