"""A training of given parameters, to its end: epochs, reports, checkpoints, and the best epoch, if it is kept."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from contextlib import closing, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.arrays import Float32, Int64
from firth.config import TrainingConfig
from firth.corpus.corpus import Corpus
from firth.errors import ConfigError, CorpusError, DivergenceError, StopTraining
from firth.history import EpochResult
from firth.jit.cache import mark_compiled
from firth.kernels.word2vec.blocks import Parameters, SubwordRows
from firth.reporting.events import NOTHING, Done, Event, OnCluster, Progress
from firth.training import rounds
from firth.training.checkpoints import (
    BEGIN_NAMES,
    BEST_NAMES,
    Checkpoints,
    Identity,
    Interruption,
    TrainingInterrupted,
    interruptions,
)
from firth.training.schedule import Tokens, is_wide
from firth.training.split import select
from firth.training.workers import Frozen

if TYPE_CHECKING:
    from firth.cluster.nodes import Nodes
    from firth.training.by_nodes import ByNodes


def kernel_set_of(config: TrainingConfig) -> str:
    """The name of the kernels that a training needs."""
    subwords, wide = " subwords" if config.max_n else "", " wide" if is_wide(config) else ""
    shards = " shards" if config.shards > 1 else ""
    return f"{config.architecture} {config.objective}{subwords}{wide}{shards}"


MOST_LENGTH = 1000.0
"""Of a vector: usual ones have lengths of 2 to 20. Where given ones are longer, so many times theirs."""
USUAL_RATE = 0.025
LOSS_ROOM, FIRST_ROOM = 1.02, 2.0
"""What chance may add to the loss of a model that knows nothing, where there is nothing to learn; and, in the first of
several epochs, large steps from vectors that are still at random.
"""
RISE = 1.25
"""From given vectors, the loss may rise by less than this, and fall again before the training ends."""


def longest_row(rows: Float32) -> float:
    """The greatest length of a row; not finite if some number is not."""
    squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64) if len(rows) else np.zeros(1)
    return float(np.sqrt(squares.max()))


def milder(config: TrainingConfig) -> list[str]:
    """What may help where a training diverged: settings that are far from usual, each with what is usual."""
    found = []
    if config.learning_rate > USUAL_RATE:
        found.append(f"a learning_rate below {config.learning_rate:g} ({USUAL_RATE:g} is usual)")
    if config.negative > 5:
        found.append(f"fewer negatives than {config.negative} (negative=5 is usual)")
    if config.window == "sentence" or int(config.window) > 10:
        found.append(f"a smaller window than {config.window} (5 is usual)")
    if config.batch_size is not None:
        found.append("no batch_size, or a smaller one")
    return found or [f"a learning_rate below {config.learning_rate:g}"]


@dataclasses.dataclass
class Trainer:
    """A training of given parameters: with reports, checkpoints, and the best epoch kept if that is asked for."""

    corpus: Corpus
    counts: Int64
    config: TrainingConfig
    threads: int
    report: Callable[[Event], None]
    checkpoints: Checkpoints | None
    start: str
    has_start: bool
    nodes: Nodes | None = None

    def __post_init__(self) -> None:
        self.history: list[EpochResult] = []
        self.best: Parameters | None = None
        self.begin: Parameters | None = None  # of the last period, where a training that goes on needs it
        self.longest_at_start = 0.0
        self.has_frozen = False
        self.by_nodes: ByNodes | None = None
        self.is_to_stop = False

    @cached_property
    def identity(self) -> Identity:
        """What tells this training from others: only its checkpoints need it."""
        folder = str(self.corpus.folder.absolute())
        return Identity(self.config, self.corpus.fingerprint, folder, self.start)

    def run(
        self,
        parameters: Parameters,
        *,
        id_of: Any = None,
        subword_rows: SubwordRows | None = None,
        frozen: Frozen | None = None,
    ) -> tuple[list[EpochResult], Parameters]:
        """Train; return what each epoch came to, and the parameters (those of the best epoch, with patience), without
        padding.
        """
        config = self.config
        self.longest_at_start = max(longest_row(array) for array in parameters)
        self.has_frozen = frozen is not None
        if config.overlap:
            self.begin = Parameters(*(np.empty_like(array) for array in parameters))
        done = self._restored(parameters)
        tokens, held_out = select(
            self.corpus,
            self.counts,
            id_of=id_of,
            subword_rows=subword_rows,
            validation=config.validation,
            seed=config.seed,
        )
        if self.nodes is not None:
            from firth.training.by_nodes import ByNodes

            self.by_nodes = ByNodes(self.nodes, self._of_corpus(tokens), frozen, config.epochs or 1, self.begin)
            self.nodes.report = self._report_of_nodes
        events = rounds.train(
            tokens,
            config,
            parameters,
            epochs=config.epochs or 1,
            threads=self.threads,
            done=done,
            begin=self.begin,
            held_out=held_out,
            frozen=frozen,
            steps=self.by_nodes,
        )
        if not self._is_over():
            saving = interruptions() if self.checkpoints is not None else nullcontext(Interruption())
            with closing(events), saving as asked:
                for event in events:
                    if not self._goes_on_after(event, parameters, asked):
                        break
        if self.history and not any(result.pairs for result in self.history):
            raise CorpusError(rounds.NO_PAIR)
        mark_compiled(kernel_set_of(config))
        inputs, outputs = self.best or parameters
        self.best = None  # each is freed when its copy without padding is made
        width = config.vector_size
        return self.history, Parameters(
            np.ascontiguousarray(inputs[:, :width]), np.ascontiguousarray(outputs[:, :width])
        )

    def _of_corpus(self, tokens: Tokens) -> tuple[str, str, str] | None:
        """The folder, fingerprint and glimpse of the corpus, if its ids are trained on as they are."""
        if tokens.ids is not self.corpus.ids:
            return None
        return self.identity.folder, self.corpus.fingerprint, self.corpus.glimpse()

    def _fetch(self) -> bool:
        """Let the parameters here be those of the machines that train; return whether they are."""
        if self.by_nodes is None:
            return True
        from firth.training.by_nodes import StateLostError

        try:
            self.by_nodes.fetch()
        except StateLostError:
            return False
        return True

    def _restored(self, parameters: Parameters) -> Done:
        """What is done already, by the last checkpoint, and the parameters as they were then."""
        found = self.checkpoints.newest() if self.checkpoints is not None else None
        if found is None:
            return NOTHING
        if different := found.identity.differences(self.identity):
            raise ConfigError(f"cannot go on from {found.path}: {'; '.join(different)}")
        found.restore(parameters)
        self.history = [EpochResult(**result) for result in found.history]
        if found.has_best:
            self.best = Parameters(*(array.copy() for array in parameters))
            found.restore(self.best, BEST_NAMES)
        if self.begin is not None:
            found.restore(self.begin, BEGIN_NAMES)
        return found.done

    def _goes_on_after(self, event: Progress, parameters: Parameters, asked: Interruption) -> bool:
        """Note, report and save what an event tells; return whether the training is to go on."""
        self.corpus.advise_unneeded()
        if event.epoch_done:
            self._note(event, parameters)
        try:
            self.report(event)
            if self.is_to_stop:
                raise StopTraining
        except StopTraining:
            self._fetch()
            if not self.history:
                self.history.append(EpochResult(event.epoch, event.loss, event.pairs))
            return False
        if self.checkpoints is not None and (
            asked.signal is not None or self.checkpoints.are_due(epoch_done=event.epoch_done)
        ):
            path = self.checkpoints.folder / "none"
            if self._fetch():  # or else there is nothing new to save: the training goes back
                results = [dataclasses.asdict(result) for result in self.history]
                path = self.checkpoints.save(self.identity, event.done, results, parameters, self.best, self.begin)
            if asked.signal is not None:
                raise TrainingInterrupted(path, asked.signal)
        return not self._is_over()

    def _report_of_nodes(self, text: str) -> None:
        """Report what the machines tell. If that is to stop the training, it stops at the next event."""
        try:
            self.report(OnCluster(text))
        except StopTraining:
            self.is_to_stop = True

    def _note(self, event: Progress, parameters: Parameters) -> None:
        """What an epoch came to; and its parameters, if it is the best and the best is to be kept."""
        self._refuse_what_diverged(event, parameters)
        self.history.append(EpochResult(event.epoch, event.loss, event.pairs, event.validation_loss))
        if self.config.patience is not None and self._best_epoch() == len(self.history) - 1:
            self.best = Parameters(*(array.copy() for array in parameters))

    def _refuse_what_diverged(self, event: Progress, parameters: Parameters) -> None:
        """Raise `DivergenceError` where what an epoch came to is worse than nothing.

        Vectors that were given may be wrong about this text at first, or all the time if they are frozen: where the
        loss is not above that of the first epoch in the end, nor far above it before, it is no sign of that.
        """
        longest = max(longest_row(array) for array in parameters)
        most = MOST_LENGTH * max(1.0, self.longest_at_start)
        if self.config.max_n:  # n-grams may be long in directions that cancel out in every word
            most = math.inf
        room = FIRST_ROOM if event.epoch == 1 < event.epochs else LOSS_ROOM
        rise = RISE if event.epoch < event.epochs else 1.0
        has_risen = bool(self.history) and event.loss > rise * self.history[0].loss
        judged = not self.has_start or (has_risen and not self.has_frozen)
        if not math.isfinite(longest) or longest > most or (event.pairs and not math.isfinite(event.loss)):
            what = f"the longest vector has a length of {longest:.3g}"
        elif judged and event.pairs and event.loss > room * event.loss_of_nothing:
            what = (
                f"the loss, {event.loss:.4g}, is above {event.loss_of_nothing:.4g}, that of a model that knows nothing"
            )
        else:
            return
        raise DivergenceError(
            f"the training diverged in epoch {event.epoch}: {what}. Try {'; '.join(milder(self.config))}"
        )

    def _best_epoch(self) -> int:
        losses = [math.inf if r.validation_loss is None else r.validation_loss for r in self.history]
        return losses.index(min(losses))

    def _is_over(self) -> bool:
        """Whether patience has come to its end."""
        patience = self.config.patience
        return patience is not None and bool(self.history) and len(self.history) - 1 - self._best_epoch() >= patience
