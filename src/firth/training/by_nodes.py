"""A training in shards by several machines: who trains and combines what, and what happens when one is lost."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from firth.cluster.nodes import Node, Nodes, machines
from firth.config import TrainingConfig
from firth.errors import ClusterError, FirthError
from firth.kernels.word2vec.blocks import Parameters, Plan
from firth.training.chunks import Step
from firth.training.overlap import period_before, periods_of_epoch
from firth.training.schedule import Tokens, plan_epoch, row_rate_scales
from firth.training.shard_node import PieceTokens, PlannedPeriod, Setup
from firth.training.shards import PARTS, Expected, Period, Piece, part, parts_of_owners, rows_of
from firth.training.workers import Frozen, Targets, WorkerGroup

LITTLE_TRAINING = 0.85
"""The part of a period that should be training: with less, it is said what would help."""


class StateLostError(ClusterError):
    """No machine has the state any more that the driver asks for."""


@dataclass
class HeldText:
    """The text that a machine has: all, where it sees the encoded corpus, or the pieces that it was given."""

    sees_all: bool
    pieces: set[Piece] = field(default_factory=set)


class ByNodes:
    """Train on the periods of an epoch: each machine on some shards, from the same state.

    The driver keeps a state of its own, which it fetches when an epoch ends or it is asked for.
    """

    def __init__(
        self,
        nodes: Nodes,
        corpus: tuple[str, str, str] | None,
        frozen: Frozen | None,
        epochs: int,
        begin: Parameters | None,
    ):
        self.nodes, self.corpus, self.frozen, self.epochs = nodes, corpus, frozen, epochs
        self.begin = begin  # the driver's state of a period before, which an overlap needs
        self.number = self.fetched = 0  # periods done, by the machines' state and by that which the driver has
        self.attempt = 0
        self.circle: list[Node] = []  # who know each other, and wait for nothing
        self.setup: Any = None
        self.has_told = False

    def __call__(
        self, group: WorkerGroup, tokens: Tokens, config: TrainingConfig, epoch: int, plan: Plan, skipped: int
    ) -> Iterator[Step]:
        """Train an epoch, without its first `skipped` periods."""
        self.tokens, self.plan, self.parameters = tokens, plan, group.parameters
        starts, is_last = tokens.sentence_starts, epoch == self.epochs - 1
        periods = periods_of_epoch(starts, config, is_last=is_last)
        if self.setup is None:
            self._set_up(config)
        first = self.number - skipped  # the periods of before this epoch
        told = skipped
        while self.number - first < len(periods):
            period = periods[self.number - first]
            planned = PlannedPeriod(epoch, plan, period)
            before = period_before(periods, starts, config, epoch, self.number - first)
            last = self._planned(*before, config, planned) if before else None
            try:
                losses, pairs = self.nodes.again_where_lost(functools.partial(self._train, planned, last))
                self.number += 1
                if self.number - first == len(periods):
                    self.fetch()
            except StateLostError:
                self.nodes.report(
                    f"all machines were lost: the training goes back to the state that the driver has, by"
                    f" {self.number - self.fetched} of its periods"
                )
                self.number = self.fetched
                continue
            if self.number - first > told:
                told = self.number - first
                yield Step(told, period.end, sum(losses), sum(pairs))

    def fetch(self) -> None:
        """Let the driver's parameters be those of the machines. Raises `StateLostError` if all of these are lost."""
        if self.fetched != self.number:
            self.nodes.again_where_lost(self._fetch)
            self.fetched = self.number

    # ── a period ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _planned(self, epoch: int, period: Period, config: TrainingConfig, following: PlannedPeriod) -> PlannedPeriod:
        """The period before another, perhaps of the epoch before."""
        plan = following.plan if epoch == following.epoch else plan_epoch(self.tokens, config, epoch, self.epochs)
        return PlannedPeriod(epoch, plan, period)

    def _train(self, planned: PlannedPeriod, last: PlannedPeriod | None) -> tuple[list[float], list[float]]:
        """Have a period trained; return the loss and the pairs of each shard."""
        self.nodes.newcomers()
        self._meet()
        self.attempt += 1
        began = time.perf_counter()
        alive, self.circle = self.circle, []
        shares = shards_of(len(planned.period.pieces), [node.cpus for node in alive])
        needed = [_pieces_needed(shards, planned, last) for shards in shares]
        trained = [
            self._train_on(node, planned, last, shards, pieces)
            for node, shards, pieces in zip(alive, shares, needed, strict=True)
        ]
        combined = [node.call("combine", self.attempt) for node in alive]
        self.nodes.results(trained, alive)
        for node, pieces in zip(alive, needed, strict=True):
            node.state.pieces.update(pieces)
        told = self.nodes.results(combined, alive)
        self.circle = alive
        self._tell_efficiency(planned.period, time.perf_counter() - began, [seconds for _, _, seconds in told])
        losses, pairs = (list(itertools.chain.from_iterable(of)) for of in list(zip(*told, strict=True))[:2])
        return losses, pairs

    def _train_on(
        self, node: Node, planned: PlannedPeriod, last: PlannedPeriod | None, shards: range, pieces: Sequence[Piece]
    ) -> Any:
        """Have a machine train some shards, for which it needs some pieces; return a reference to when it has."""
        missing = [] if node.state.sees_all else [piece for piece in pieces if piece not in node.state.pieces]
        texts = [self._text_of(piece) for piece in missing]
        return node.call("train", self.attempt, self.number, planned, last, shards, missing, *texts)

    def _text_of(self, piece: Piece) -> Any:
        """A reference to the text of a piece."""
        starts = self.tokens.sentence_starts
        end = int(np.searchsorted(starts, piece.end))
        text = PieceTokens(self.tokens.ids[piece.begin : piece.end], starts[piece.sentence : end + 1])
        return self.nodes.put(text)

    def _tell_efficiency(self, period: Period, seconds: float, of_nodes: Sequence[float]) -> None:
        """Say, of the second period, what the exchange costs: the first has kernels to load."""
        if self.number == 1 and not self.has_told:
            self.has_told = True
            training = max(of_nodes)
            what = "waiting for the exchange" if period.late else "the exchange"
            would_help = not period.late and training < LITTLE_TRAINING * seconds
            hint = "; with an overlap, they would train on meanwhile" if would_help else ""
            self.nodes.report(
                f"{machines(len(of_nodes))}: a period of {period.end - period.begin:,} tokens takes {seconds:.1f} s,"
                f" {seconds - training:.1f} s of them {what} ({training / seconds:.0%} is training){hint}"
            )

    # ── states ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _set_up(self, config: TrainingConfig) -> None:
        """Put what every machine needs to know into the object store."""
        tokens = self.tokens
        setup = Setup(
            config,
            len(tokens.ids),
            len(tokens.sentence_starts) - 1,
            tokens.counts,
            Targets.of(tokens, config),
            row_rate_scales(tokens, config),
            Expected.of(tokens, config),
            self.frozen,
            self.corpus,
        )
        self.setup = self.nodes.put(setup)

    def _meet(self) -> None:
        """Have all machines know each other, after some have come or gone, or an attempt has failed: what they still
        wait for is given up. New ones begin from the state.
        """
        while self.circle != self.nodes.alive:  # a new one may be left out
            circle = list(self.nodes.alive)
            actors = self.nodes.put([node.actor for node in circle])
            self.nodes.results([node.meet(self.attempt, number, actors) for number, node in enumerate(circle)], circle)
            self._welcome()
            self.circle = circle

    def _welcome(self) -> None:
        """Have new machines begin from the state: the driver's if it has it, or else another machine's."""
        new = self._made([node for node in self.nodes.alive if node.state is None])
        if not new:
            return
        parts, rows = self._state(self.number, self.parameters)
        self.nodes.results([node.call("load", self.number, parts, *rows) for node in new])
        if self.begin is not None:
            parts, rows = self._state(self.number - 1, self.begin)
            self.nodes.results([node.call("load_previous", parts, *rows) for node in new])
        sees_text = self.nodes.results([node.call("sees_text") for node in new])
        for node, sees in zip(new, sees_text, strict=True):
            node.state = HeldText(sees)
        if self.attempt > 0:
            self.nodes.report(f"{', '.join(map(str, new))} joined: {machines(len(self.nodes.alive))}")

    def _made(self, new: list[Node]) -> list[Node]:
        """New machines with what they hold made. One that cannot hold it is left out, if others work."""
        width = self.parameters.inputs.shape[1]
        arguments = "firth.training.shard_node", "ShardNode", self.setup, self.plan, width
        references = [node.actor.make.remote(*arguments, node.cpus) for node in new]
        made = []
        for node, reference in zip(new, references, strict=True):
            try:
                self._check_store(node)
                self.nodes.results([reference])
                made.append(node)
            except FirthError as error:
                if all(other.state is None for other in self.nodes.alive):
                    raise
                self.nodes.leave_out(node, error)
        return made

    def _state(self, number: int, of_driver: Parameters) -> tuple[list[range], list[Any]]:
        """The parts of the rows after so many periods, and references to the rows of each: of the driver, if it has
        them now, or else of the machines.
        """
        if self.fetched == self.number:
            parts = [range(i, i + 1) for i in range(PARTS)]
            return parts, [
                self.nodes.put(Parameters(*(array[rows_of(of, len(array))] for array in of_driver))) for of in parts
            ]
        having = [node for node in self.nodes.alive if node.state is not None]
        if not having:
            raise StateLostError(
                "all machines were lost while the driver asked for their state: go on with resume=True"
            )
        parts = [range(*part(PARTS, i, len(having))) for i in range(len(having))]
        return parts, [node.call("rows", number, of) for node, of in zip(having, parts, strict=True)]

    def _fetch(self) -> None:
        self._meet()
        parts = parts_of_owners(len(self.nodes.alive))
        owners = list(zip(self.nodes.alive, parts, strict=False))  # there may be more machines
        states = {self.number: self.parameters}
        if self.begin is not None:
            states[self.number - 1] = self.begin
        asked = [node.call("rows", number, of) for number in states for node, of in owners]
        rows = iter(self.nodes.results(asked))  # of both, before one is written: neither can be lost then
        for parameters in states.values():
            for of in parts:
                for array, values in zip(parameters, next(rows), strict=True):
                    array[rows_of(of, len(array))] = values

    def _check_store(self, node: Node) -> None:
        """Raise `ClusterError` for a machine whose object store has no room for what is exchanged at a time."""
        needed = 3 * sum(array.nbytes for array in self.parameters) // 2
        if node.store_bytes < needed:
            raise ClusterError(
                f"the object store of {node} has {node.store_bytes / 1e6:.0f} MB, and the exchange of"
                f" {len(self.parameters.inputs):,} vectors needs {needed / 1e6:.0f} MB: start Ray there with"
                f" --object-store-memory={needed} or more (and /dev/shm as large)"
            )


def shards_of(shards: int, cpus: Sequence[int]) -> list[range]:
    """Those of each machine, by how many processors each has."""
    bounds = [round(shards * done / sum(cpus)) for done in itertools.accumulate(cpus, initial=0)]
    return [range(*of) for of in itertools.pairwise(bounds)]


def _pieces_needed(shards: range, planned: PlannedPeriod, last: PlannedPeriod | None) -> list[Piece]:
    """The pieces whose text a machine needs for some shards: also those of the last period, where it may have to find
    again what these had changed.
    """
    return [of.period.pieces[shard] for of in (planned, last) if of is not None for shard in shards]
