"""A replica of the parameters, on which some shards are trained, one after the other."""

from __future__ import annotations

from typing import NamedTuple

from firth.kernels.word2vec.blocks import Parameters, Plan
from firth.training.chunks import ChunkReader, copy_into
from firth.training.overlap import LateChanges
from firth.training.shards import ChangeArrays, Changes, PartialSum, Period, Piece, TreeSum
from firth.training.workers import WorkerGroup


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
        trained = self.train_until_late(reader, plan, period, shards)
        self.train_late(reader, plan, period, shards, trained)
        return trained

    def train_until_late(self, reader: ChunkReader, plan: Plan, period: Period, shards: range) -> Trained:
        """Train some shards, but not the late part of the last one's piece: what they give is known without it."""
        trained = Trained([], [], TreeSum(self.arrays.joined))
        for shard in shards:
            if shard > shards.start:
                self.train_late(reader, plan, period, range(shard), trained)
                copy_into(self.group.parameters, self.begin, self.group.pool)
            loss, pairs = self._train(reader, plan, period.early(shard))
            trained.losses.append(loss)
            trained.pairs.append(pairs)
            trained.changes.add(PartialSum(shard, 1, self._given(period, shard)))
        return trained

    def train_late(self, reader: ChunkReader, plan: Plan, period: Period, shards: range, trained: Trained) -> None:
        """Train the late part of the last shard's piece, if it has one, and keep what that changes."""
        if not period.late or not shards:
            return
        loss, pairs = self._train(reader, plan, period.late[shards[-1]])
        trained.losses[-1] += loss
        trained.pairs[-1] += pairs
        assert self.early is not None
        whole = self.arrays.between(self.group.parameters, self.begin)
        self.late_changes.keep(shards[-1], whole, self.early, self.arrays)

    def _given(self, period: Period, shard: int) -> Changes:
        """What a shard gives, when the early part of its piece is trained."""
        has_late = bool(period.late)
        changes = self.arrays.between(self.group.parameters, self.begin)
        self.early = changes if has_late else None
        return self.late_changes.given(shard, changes, self.arrays, is_kept=has_late)

    def _train(self, reader: ChunkReader, plan: Plan, piece: Piece) -> tuple[float, float]:
        """Train a piece, and return its loss, and its pairs."""
        loss = pairs = 0.0
        if piece.end > piece.begin:
            for chunk, _ in reader.within(piece):
                more_loss, more_pairs = self.group.train(chunk, plan)
                loss, pairs = loss + more_loss, pairs + more_pairs
        return loss, pairs
