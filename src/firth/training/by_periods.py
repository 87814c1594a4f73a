"""A training in shards by one machine: replicas of the parameters, on which pieces are trained side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np

from firth.config import TrainingConfig
from firth.kernels.word2vec.blocks import Parameters, Plan
from firth.memory import free_memory
from firth.threads import ThreadPool
from firth.training.chunks import ChunkReader, Step, copy_into, middle_rate
from firth.training.overlap import LateChanges, period_before, periods_of_epoch
from firth.training.replica import Replica, Trained
from firth.training.schedule import Tokens, plan_epoch
from firth.training.shards import (
    PARTS,
    ChangeArrays,
    Combiner,
    Expected,
    Period,
    TreeSum,
    add_changes,
    directions_of,
    part,
    sum_of_moments,
)
from firth.training.workers import WorkerGroup

OF_FREE_MEMORY = 4
"""One part in so many is what replicas may take."""


def replicas_that_pay(shards: int, threads: int, parameters: Parameters, overlap: float = 0) -> int:
    """How many copies of the parameters are to be trained on side by side, as threads that share nothing wait for
    nobody: one for each shard, but not more than there are threads, or than fit into memory.
    """
    size = sum(array.nbytes for array in parameters)
    late = shards * size // 2 if overlap else 0  # what each shard keeps to itself
    most = 1 + (free_memory() - late) // OF_FREE_MEMORY // (2 * size)  # the copy, and what it has changed
    return max(1, min(shards, threads, most))


class ByPeriods:
    """Train on the periods of an epoch: on the pieces of all shards, each from the same state.

    `begin` is the state that the last period began from: with an overlap, a training goes on from that and from the
    state after it.
    """

    def __init__(
        self,
        group: WorkerGroup,
        tokens: Tokens,
        config: TrainingConfig,
        epochs: int,
        threads: int,
        begin: Parameters | None,
        new_group: Callable[[ThreadPool, Parameters], WorkerGroup],
        resources: ExitStack,
    ):
        parameters, size = group.parameters, config.vector_size
        self.begin = begin or Parameters(*(np.empty_like(array) for array in parameters))
        self.epochs, self.has_begun = epochs, False
        late_changes = LateChanges()
        self.combiner = Combiner(Expected.of(tokens, config), config, self.begin, group.pool, range(PARTS))
        self.arrays = ChangeArrays(size, group.pool)
        self.replicas = [Replica(group, self.begin, self.arrays, late_changes)]
        count = replicas_that_pay(config.shards, threads, parameters, config.overlap)
        if count > 1:
            self.executor = resources.enter_context(ThreadPoolExecutor(count, thread_name_prefix="firth-replica"))
            self.replicas = []
            for number in range(count):
                pool = resources.enter_context(ThreadPool(min(threads // count, group.pool.threads)))
                own = parameters if number == 0 else Parameters(*(np.empty_like(array) for array in parameters))
                arrays = ChangeArrays(size, pool, self.arrays.spare)
                self.replicas.append(Replica(new_group(pool, own), self.begin, arrays, late_changes))

    def __call__(
        self, group: WorkerGroup, tokens: Tokens, config: TrainingConfig, epoch: int, plan: Plan, skipped: int
    ) -> Iterator[Step]:
        """But for so many periods that are done."""
        periods = periods_of_epoch(tokens.sentence_starts, config, is_last=epoch == self.epochs - 1)
        if config.overlap and not self.has_begun:
            self._train_late_again(periods, tokens, config, epoch, skipped)
        self.has_begun = True
        readers = [ChunkReader(tokens, config, epoch, plan) for _ in self.replicas]
        width = group.parameters.inputs.shape[1]
        for number, period in enumerate(periods[skipped:], start=skipped + 1):
            copy_into(self.begin, group.parameters, group.pool)
            loss, pairs, changes = self._train(period, readers, plan)
            total = changes.total()
            moments = sum_of_moments(self.combiner.moments(total, len(period.pieces)))
            directions = [directions_of(of, width) for of in moments]
            self.combiner.combine(total, directions, period, middle_rate(plan, period))
            add_changes(self.begin, total, group.parameters, group.pool)
            self.arrays.spare.append(total)
            yield Step(number, period.end, sum(loss), sum(pairs))

    def _train_late_again(
        self, periods: Sequence[Period], tokens: Tokens, config: TrainingConfig, epoch: int, skipped: int
    ) -> None:
        """Find what the late parts of the last period had changed when the training was interrupted."""
        before = period_before(periods, tokens.sentence_starts, config, epoch, skipped)
        if before is not None:
            epoch, period = before
            group, plan = self.replicas[0].group, plan_epoch(tokens, config, epoch, self.epochs)
            state = Parameters(*(array.copy() for array in group.parameters))
            copy_into(group.parameters, self.begin, group.pool)
            self._train(period, [ChunkReader(tokens, config, epoch, plan) for _ in self.replicas], plan)
            copy_into(group.parameters, state, group.pool)

    def _train(self, period: Period, readers: Sequence[ChunkReader], plan: Plan) -> Trained:
        """Train the pieces of a period, each replica some neighbors."""
        count = len(self.replicas)

        def work(number: int) -> Trained:
            replica = self.replicas[number]
            if number > 0:
                copy_into(replica.group.parameters, self.begin, replica.group.pool)
            shards = range(*part(len(period.pieces), number, count))
            return replica.train(readers[number], plan, period, shards)

        if count == 1:
            return work(0)
        at_work = [self.executor.submit(work, number) for number in range(count)]
        try:
            trained = [one.result() for one in at_work]
        except BaseException:  # of one of them, or Ctrl-C: the others need not go on
            for reader in readers:
                reader.is_stopped = True
            raise
        found = Trained([], [], TreeSum(self.arrays.joined))
        for losses, pairs, changes in trained:
            found.losses.extend(losses)
            found.pairs.extend(pairs)
            for partial in changes.partial:
                found.changes.add(partial)
        return found
