"""A machine's part of a training in shards: it keeps all parameters, and trains some shards.

The driver (`firth.training.by_nodes`) calls the methods, in the order in which they stand here. What machines give each
other is in `firth.training.exchange`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from firth.arrays import Int32, Int64, aligned_zeros
from firth.cluster.peers import Peers, StaleCallError
from firth.config import TrainingConfig
from firth.corpus.corpus import Corpus
from firth.errors import FirthError, FormatError
from firth.kernels.word2vec.blocks import Parameters, Plan, RateScales
from firth.threads import ThreadPool
from firth.training.chunks import ChunkReader, copy_into, middle_rate
from firth.training.exchange import Exchange
from firth.training.overlap import LateChanges
from firth.training.replica import Replica, Trained
from firth.training.schedule import Tokens
from firth.training.shards import ChangeArrays, Changes, Expected, Period, Piece, add_changes, rows_of
from firth.training.workers import Frozen, Targets, WorkerGroup


class Setup(NamedTuple):
    """What a machine needs to know of a training, but for the text and the parameters."""

    config: TrainingConfig
    tokens: int
    sentences: int
    counts: Int64
    targets: Targets
    rate_scales: RateScales
    expected: Expected
    frozen: Frozen | None
    corpus: tuple[str, str, str] | None  # its folder, fingerprint and glimpse, if the tokens are those of the corpus


class PieceTokens(NamedTuple):
    """The text of a piece: its ids, and the starts of its sentences with the end of the last."""

    ids: Int32
    sentence_starts: Int64


class PlannedPeriod(NamedTuple):
    """A period of an epoch, with the number of the epoch and its plan."""

    epoch: int
    plan: Plan
    period: Period


class AtWork(NamedTuple):
    """What a machine has trained of a period, and with what it trains the rest."""

    planned: PlannedPeriod
    shards: range
    reader: ChunkReader
    replica: Replica
    trained: Trained


class ShardNode:
    """What a machine holds.

    `begin` is the state that the periods done so far have come to, `number` of them. `parameters` is where pieces are
    trained, and then the next state, which is `begin` when the next period starts. So a period can be done again. With
    an overlap, `previous` is the state before `begin`: from there, late changes that were lost are found again.
    """

    def __init__(self, peers: Peers, setup: Setup, plan: Plan, width: int, threads: int):
        self.setup = setup
        threads = min(threads, plan.round_blocks)
        self.pool = ThreadPool(threads)
        self.pool.__enter__()  # for as long as the process lives
        rows = len(setup.counts)
        self.parameters, self.begin = (
            Parameters(aligned_zeros(rows, width), aligned_zeros(rows, width)) for _ in range(2)
        )
        self.previous: Parameters | None = None
        if setup.config.overlap:
            self.previous = Parameters(_on_disk(np.float32, rows, width), _on_disk(np.float32, rows, width))
        visible = _visible_tokens(setup)
        self.has_text = visible is not None
        self.tokens = visible or _room_for_tokens(setup)
        self.group = WorkerGroup(
            self.pool, setup.config, plan, self.parameters, setup.targets, None, setup.rate_scales, setup.frozen
        )
        self.kept: set[Piece] = set()
        self.number, self.has_next = -1, False
        self.attempt = -1
        self.arrays = ChangeArrays(setup.config.vector_size, self.pool)
        self.late_changes = LateChanges()
        self.at_work: AtWork | None = None
        self.seconds = 0.0  # in which that was trained
        self.exchange = Exchange(peers, setup.config, setup.expected, self.begin, threads)

    def sees_text(self) -> bool:
        """Whether it reads the corpus where the driver does, and needs no pieces of it."""
        return self.has_text

    def load(self, number: int, parts: Sequence[range], *rows: Parameters) -> None:
        """Begin from the state after so many periods, of which each part's rows are given."""
        self._load(self.begin, parts, rows)
        self.number, self.has_next = number, False

    def load_previous(self, parts: Sequence[range], *rows: Parameters) -> None:
        """Take the state before that one."""
        assert self.previous is not None
        self._load(self.previous, parts, rows)

    def train(
        self,
        attempt: int,
        number: int,
        planned: PlannedPeriod,
        last: PlannedPeriod | None,
        shards: range,
        missing: Sequence[Piece],
        *texts: PieceTokens,
    ) -> None:
        """Train some shards in the period after `number` others, of which `last` was the last, if it had late parts:
        until what they give is known. The text comes with this of pieces that were missing here.
        """
        began = time.perf_counter()
        self._start(attempt, number)
        for piece, text in zip(missing, texts, strict=True):
            self._keep(piece, text)
        if last is not None:
            self._train_late_again(last, shards)
        reader = self._reader(planned, shards)
        replica = Replica(self.group, self.begin, self.arrays, self.late_changes)
        trained = replica.train_until_late(reader, planned.plan, planned.period, shards)
        self.arrays.spare.clear()  # the exchange needs the memory
        self.at_work = AtWork(planned, shards, reader, replica, trained)
        self.seconds = time.perf_counter() - began

    def combine(self, attempt: int) -> tuple[list[float], list[float], float]:
        """Exchange what all machines have changed in the period, which gives the next state, and train what is left of
        the period meanwhile. Returns the losses of the shards, their pairs, and the seconds in which they were trained.
        """
        at_work = self.at_work
        if attempt != self.attempt or at_work is None:
            raise StaleCallError(f"attempt {attempt} was given up, this is {self.attempt}")
        (_, plan, period), trained = at_work.planned, at_work.trained
        exchanged = self.exchange.combined(attempt, trained.changes.partial, period, middle_rate(plan, period))
        if period.late:
            exchanged = iter(self._trained_meanwhile(at_work, exchanged))
        for parts, changes in exchanged:
            begin, next_ = (_rows(parameters, parts) for parameters in (self.begin, self.parameters))
            add_changes(begin, changes, next_, self.exchange.pool)
        self.has_next = True
        return trained.losses, trained.pairs, self.seconds

    def rows(self, number: int, parts: range) -> Parameters:
        """The rows of some parts after so many periods."""
        states = {self.number: self.begin}
        if self.has_next:
            states[self.number + 1] = self.parameters
        if self.previous is not None:
            states[self.number - 1] = self.previous
        if number not in states:
            raise FirthError(f"asked for the state after {number} periods, it is that after {self.number}")
        return _rows(states[number], parts)

    def _load(self, state: Parameters, parts: Sequence[range], rows: Sequence[Parameters]) -> None:
        for of_part, some in zip(parts, rows, strict=True):
            copy_into(_rows(state, of_part), some, self.pool)

    def _start(self, attempt: int, number: int) -> None:
        """Let both copies of the parameters be the state after so many periods."""
        if attempt <= self.attempt:
            raise StaleCallError(f"attempt {attempt} was given up, this is {self.attempt}")
        if self.has_next and number == self.number + 1:
            if self.previous is not None:
                copy_into(self.previous, self.begin, self.pool)
            copy_into(self.begin, self.parameters, self.pool)
            self.number = number
        elif number == self.number:
            copy_into(self.parameters, self.begin, self.pool)
            self.late_changes.of_shards.clear()  # what was not given yet may have been, in vain
        else:
            raise FirthError(f"asked to go on after {number} periods, the state is that after {self.number}")
        self.attempt, self.has_next = attempt, False
        if self.at_work is not None:
            given = self.at_work.trained.changes.partial  # which Ray has copied
            self.arrays.spare += [partial.value for partial in given]
            self.at_work = None

    def _train_late_again(self, last: PlannedPeriod, shards: range) -> None:
        """Find what some shards had changed in the late parts of the last period, where this machine has not got it."""
        kept = self.late_changes.of_shards
        for shard in kept.keys() - set(shards):
            del kept[shard]
        lacking = [shard for shard in shards if shard not in kept]
        if lacking:
            assert self.previous is not None
            reader = self._reader(last, lacking)
            replica = Replica(self.group, self.previous, self.arrays, self.late_changes)
            for shard in lacking:
                copy_into(self.parameters, self.previous, self.pool)
                replica.train(reader, last.plan, last.period, range(shard, shard + 1))
            copy_into(self.parameters, self.begin, self.pool)

    def _trained_meanwhile(
        self, at_work: AtWork, exchanged: Iterator[tuple[range, Changes]]
    ) -> list[tuple[range, Changes]]:
        """What comes of an exchange, while the late part of the last piece is trained with the parameters."""
        began = time.perf_counter()
        planned, shards, reader, replica, trained = at_work

        def train_late() -> None:
            replica.train_late(reader, planned.plan, planned.period, shards, trained)
            self.seconds += time.perf_counter() - began

        with ThreadPoolExecutor(1, thread_name_prefix="firth-late") as executor:
            late = executor.submit(train_late)
            try:
                come = [(parts, Changes(*(array.copy() for array in changes))) for parts, changes in exchanged]
            except BaseException:
                reader.is_stopped = True
                raise
            late.result()
        return come

    def _reader(self, planned: PlannedPeriod, shards: Iterable[int]) -> ChunkReader:
        """What reads the text of some shards. Raises `FirthError` if it is not here."""
        pieces = [planned.period.pieces[shard] for shard in shards]
        if not self.has_text and not self.kept.issuperset(pieces):
            raise FirthError("the text of some pieces was never sent here")
        return ChunkReader(self.tokens, self.setup.config, planned.epoch, planned.plan)

    def _keep(self, piece: Piece, text: PieceTokens) -> None:
        """Take the text of a piece."""
        self.tokens.ids[piece.begin : piece.end] = text.ids
        self.tokens.sentence_starts[piece.sentence : piece.sentence + len(text.sentence_starts)] = text.sentence_starts
        self.kept.add(piece)


def _rows(parameters: Parameters, parts: range) -> Parameters:
    """Those of some parts."""
    return Parameters(*(array[rows_of(parts, len(array))] for array in parameters))


def _visible_tokens(setup: Setup) -> Tokens | None:
    """The tokens of the encoded corpus, if this machine sees the folder, with the same content."""
    if setup.corpus is None:
        return None
    folder, fingerprint, glimpse = setup.corpus
    try:
        corpus = Corpus(Path(folder))
        if (corpus.fingerprint, corpus.glimpse(), len(corpus)) != (fingerprint, glimpse, setup.tokens):
            return None
    except (FormatError, OSError):
        return None
    return Tokens(corpus.ids, corpus.sentence_starts, setup.counts)


def _room_for_tokens(setup: Setup) -> Tokens:
    """Arrays for all tokens, in files that take only as much of the disk as pieces are kept."""
    return Tokens(_on_disk(np.int32, setup.tokens), _on_disk(np.int64, setup.sentences + 1), setup.counts)


def _on_disk(dtype: Any, *shape: int) -> Any:
    """An array in a file that nobody else sees, and that is gone with it."""
    with tempfile.TemporaryFile() as file:
        return np.asarray(np.memmap(file, dtype, "w+", shape=shape))
