"""A training in shards by one machine: replicas of the parameters, on which pieces are trained side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np

from firth.config import TrainingConfig
from firth.kernels.word2vec.blocks import Parameters, Plan
from firth.memory import free_memory
from firth.threads import ThreadPool
from firth.training.chunks import ChunkReader, Step, Trained, copy_into, middle_rate, train_pieces
from firth.training.schedule import Tokens
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
    periods_of,
    sum_of_moments,
)
from firth.training.workers import WorkerGroup

OF_FREE_MEMORY = 4
"""One part in so many is what replicas may take."""


def replicas_that_pay(shards: int, threads: int, parameters: Parameters) -> int:
    """How many copies of the parameters are to be trained on side by side, as threads that share nothing wait for
    nobody: one for each shard, but not more than there are threads, or than fit into memory.
    """
    size = sum(array.nbytes for array in parameters)
    most = 1 + free_memory() // OF_FREE_MEMORY // (2 * size)  # the copy, and what it has changed
    return max(1, min(shards, threads, most))


class Replica(NamedTuple):
    """Parameters with the threads that train on them, and arrays for what they change."""

    group: WorkerGroup
    arrays: ChangeArrays


class ByPeriods:
    """Train on the periods of an epoch: on the pieces of all shards, each from the same state."""

    def __init__(
        self,
        group: WorkerGroup,
        tokens: Tokens,
        config: TrainingConfig,
        threads: int,
        new_group: Callable[[ThreadPool, Parameters], WorkerGroup],
        resources: ExitStack,
    ):
        parameters, size = group.parameters, config.vector_size
        self.begin = Parameters(*(np.empty_like(array) for array in parameters))
        self.combiner = Combiner(Expected.of(tokens, config), config, self.begin, group.pool, range(PARTS))
        self.arrays = ChangeArrays(size, group.pool)
        self.replicas = [Replica(group, self.arrays)]
        count = replicas_that_pay(config.shards, threads, parameters)
        if count > 1:
            self.executor = resources.enter_context(ThreadPoolExecutor(count, thread_name_prefix="firth-replica"))
            self.replicas = []
            for number in range(count):
                pool = resources.enter_context(ThreadPool(min(threads // count, group.pool.threads)))
                own = parameters if number == 0 else Parameters(*(np.empty_like(array) for array in parameters))
                arrays = ChangeArrays(size, pool, self.arrays.spare)
                self.replicas.append(Replica(new_group(pool, own), arrays))

    def __call__(
        self, group: WorkerGroup, tokens: Tokens, config: TrainingConfig, epoch: int, plan: Plan, skipped: int
    ) -> Iterator[Step]:
        """But for so many periods that are done."""
        readers = [ChunkReader(tokens, config, epoch, plan) for _ in self.replicas]
        width = group.parameters.inputs.shape[1]
        for number, period in enumerate(periods_of(tokens.sentence_starts, config)[skipped:], start=skipped + 1):
            copy_into(self.begin, group.parameters, group.pool)
            loss, pairs, changes = self._train(period, readers, plan)
            total = changes.total()
            moments = sum_of_moments(self.combiner.moments(total, len(period.pieces)))
            directions = [directions_of(of, width) for of in moments]
            self.combiner.combine(total, directions, period, middle_rate(plan, period))
            add_changes(self.begin, total, group.parameters, group.pool)
            self.arrays.spare.append(total)
            yield Step(number, period.end, sum(loss), sum(pairs))

    def _train(self, period: Period, readers: Sequence[ChunkReader], plan: Plan) -> Trained:
        """Train the pieces of a period, each replica some neighbors."""
        count = len(self.replicas)

        def work(number: int) -> Trained:
            replica = self.replicas[number]
            first, last = part(len(period.pieces), number, count)
            if number > 0:
                copy_into(replica.group.parameters, self.begin, replica.group.pool)
            pieces = period.pieces[first:last]
            return train_pieces(replica.group, readers[number], plan, pieces, self.begin, replica.arrays, first)

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
