"""A replica of the parameters, on which some shards are trained, one after the other."""

from __future__ import annotations

from typing import NamedTuple

from firth.kernels.word2vec.blocks import Parameters, Plan
from firth.training.chunks import ChunkReader, copy_into
from firth.training.overlap import LateChanges
from firth.training.shards import ChangeArrays, Changes, PartialSum, Period, Piece, TreeSum
from firth.training.workers import WorkerGroup


class Loss(NamedTuple):
    """A loss, and the pairs that it is summed over, by their weight."""

    loss: float
    pairs: float


class Trained(NamedTuple):
    """What some shards came to in a period: the loss of each, and its pairs; and what all give to be combined."""

    losses: list[float]
    pairs: list[float]
    changes: TreeSum[Changes]


class Replica:
    """Parameters with the threads that train on them, and arrays for what they change.

    `begin` is the state from which each piece is trained, `late_changes` what was learned and not given so far.
    """

    def __init__(self, group: WorkerGroup, begin: Parameters, arrays: ChangeArrays, late_changes: LateChanges):
        self.group, self.begin, self.arrays, self.late_changes = group, begin, arrays, late_changes
        self.early: Changes | None = None  # what a piece has changed in its early part, if it has a late one

    def train(self, reader: ChunkReader, plan: Plan, period: Period, shards: range) -> Trained:
        """Train some shards, each from `begin`. The parameters are so at first, and then of no use."""
        trained = Trained([], [], TreeSum(self.arrays.joined))
        for shard in shards:
            if shard > shards.start:
                copy_into(self.group.parameters, self.begin, self.group.pool)
            early, given = self.train_early(reader, plan, period, shard)
            late = self.train_late(reader, plan, period, shard)
            trained.losses.append(early.loss + late.loss)
            trained.pairs.append(early.pairs + late.pairs)
            trained.changes.add(PartialSum(shard, 1, given))
        return trained

    def train_early(self, reader: ChunkReader, plan: Plan, period: Period, shard: int) -> tuple[Loss, Changes]:
        """Train a shard up to where it gives what it has changed, and that."""
        loss = self._train(reader, plan, period.early(shard))
        changes = self.arrays.between(self.group.parameters, self.begin)
        self.early = changes if period.late else None
        return loss, self.late_changes.given(shard, changes, self.arrays, is_kept=bool(period.late))

    def train_late(self, reader: ChunkReader, plan: Plan, period: Period, shard: int) -> Loss:
        """Train the rest of a shard's piece, and keep what that changes."""
        if self.early is None:
            return Loss(0.0, 0.0)
        loss = self._train(reader, plan, period.late[shard])
        whole = self.arrays.between(self.group.parameters, self.begin)
        self.late_changes.keep(shard, whole, self.early, self.arrays)
        self.early = None
        return loss

    def _train(self, reader: ChunkReader, plan: Plan, piece: Piece) -> Loss:
        loss = pairs = 0.0
        if piece.end > piece.begin:
            for chunk, _ in reader.within(piece):
                more_loss, more_pairs = self.group.train(chunk, plan)
                loss, pairs = loss + more_loss, pairs + more_pairs
        return Loss(loss, pairs)
