"""A machine's part of a training in shards: it keeps all parameters, and trains some shards.

The driver (`firth.training.by_nodes`) calls the methods, in the order in which they stand here. What machines give each
other is in `firth.training.exchange`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
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
from firth.training.chunks import ChunkReader, copy_into, middle_rate, train_pieces
from firth.training.exchange import Exchange
from firth.training.schedule import Tokens
from firth.training.shards import ChangeArrays, Changes, Expected, PartialSum, Period, Piece, add_changes, rows_of
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


class ShardNode:
    """What a machine holds.

    `begin` is the state that the periods done so far have come to, `number` of them. `parameters` is where pieces are
    trained, and then the next state, which is `begin` when the next period starts. So a period can be done again.
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
        self.given: list[PartialSum[Changes]] = []  # to the exchange
        self.exchange = Exchange(peers, setup.config, setup.expected, self.begin, threads)

    def sees_text(self) -> bool:
        """Whether it reads the corpus where the driver does, and needs no pieces of it."""
        return self.has_text

    def load(self, number: int, parts: Sequence[range], *rows: Parameters) -> None:
        """Begin from the state after so many periods, of which each part's rows are given."""
        for of_part, some in zip(parts, rows, strict=True):
            copy_into(_rows(self.begin, of_part), some, self.pool)
        self.number, self.has_next = number, False

    def train(
        self,
        attempt: int,
        number: int,
        epoch: int,
        plan: Plan,
        pieces: Sequence[Piece],
        first: int,
        missing: Sequence[Piece],
        *texts: PieceTokens,
    ) -> tuple[list[float], list[float], float]:
        """Train the pieces of shard number `first` and the next ones, in the period after `number` others.

        Returns their losses, their pairs and the seconds it took.
        """
        began = time.perf_counter()
        self._start(attempt, number)
        for piece, text in zip(missing, texts, strict=True):
            self._keep(piece, text)
        if not self.has_text and not self.kept.issuperset(pieces):
            raise FirthError("the text of some pieces was never sent here")
        reader = ChunkReader(self.tokens, self.setup.config, epoch, plan)
        losses, pairs, changes = train_pieces(self.group, reader, plan, pieces, self.begin, self.arrays, first)
        self.given = changes.partial
        self.arrays.spare.clear()  # the exchange needs the memory
        return losses, pairs, time.perf_counter() - began

    def combine(self, attempt: int, plan: Plan, period: Period) -> None:
        """Exchange what all machines have changed in the period: that gives the next state."""
        self._check(attempt)
        for parts, changes in self.exchange.combined(attempt, self.given, period, middle_rate(plan, period)):
            begin, next_ = (_rows(parameters, parts) for parameters in (self.begin, self.parameters))
            add_changes(begin, changes, next_, self.exchange.pool)
        self.has_next = True

    def rows(self, number: int, parts: range) -> Parameters:
        """The rows of some parts after so many periods."""
        if number not in (self.number, self.number + self.has_next):
            raise FirthError(f"asked for the state after {number} periods, it is that after {self.number}")
        of = self.begin if number == self.number else self.parameters
        return _rows(of, parts)

    def _start(self, attempt: int, number: int) -> None:
        """Let both copies of the parameters be the state after so many periods."""
        if attempt <= self.attempt:
            raise StaleCallError(f"attempt {attempt} was given up, this is {self.attempt}")
        if self.has_next and number == self.number + 1:
            copy_into(self.begin, self.parameters, self.pool)
            self.number = number
        elif number == self.number:
            copy_into(self.parameters, self.begin, self.pool)
        else:
            raise FirthError(f"asked to go on after {number} periods, the state is that after {self.number}")
        self.attempt, self.has_next = attempt, False
        self.arrays.spare += [partial.value for partial in self.given]  # Ray has copied what it was given
        self.given = []

    def _check(self, attempt: int) -> None:
        if attempt != self.attempt:
            raise StaleCallError(f"attempt {attempt} was given up, this is {self.attempt}")

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

    def room(dtype: Any, size: int) -> Any:
        with tempfile.TemporaryFile() as file:
            return np.asarray(np.memmap(file, dtype, "w+", shape=(size,)))

    return Tokens(room(np.int32, setup.tokens), room(np.int64, setup.sentences + 1), setup.counts)
