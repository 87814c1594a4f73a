"""A training of given parameters, to its end: epochs, reports, checkpoints, and the best epoch, if it is kept."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from contextlib import closing, nullcontext
from functools import cached_property
from typing import Any

import numpy as np

from firth import rounds
from firth.checkpoints import Checkpoints, Identity, Interruption, TrainingInterrupted, interruptions
from firth.config import TrainingConfig
from firth.corpus import Corpus
from firth.crew import Frozen
from firth.errors import ConfigError, FirthError, StopTraining
from firth.kernels import compiler
from firth.kernels.blocks import Parameters, Parts
from firth.model import EpochResult
from firth.planning import is_wide
from firth.progress import Event
from firth.rounds import Done, Progress
from firth.selection import select


def job_of(config: TrainingConfig) -> str:
    """The kind of training, by which kernels it needs."""
    subwords, wide = " subwords" if config.max_n else "", " wide" if is_wide(config) else ""
    return f"{config.architecture} {config.objective}{subwords}{wide}"


@dataclasses.dataclass
class Fit:
    """A training of given parameters: with reports, checkpoints, and the best epoch kept if that is asked for."""

    corpus: Corpus
    counts: np.ndarray[Any, np.dtype[np.int64]]
    config: TrainingConfig
    threads: int
    report: Callable[[Event], None]
    checkpoints: Checkpoints | None
    start: str

    def __post_init__(self) -> None:
        self.history: list[EpochResult] = []
        self.best: Parameters | None = None

    @cached_property
    def identity(self) -> Identity:
        """What tells this training from others: only its checkpoints need it."""
        folder = str(self.corpus.folder.absolute())
        return Identity(self.config, self.corpus.fingerprint, folder, self.start)

    def run(
        self, parameters: Parameters, *, id_of: Any = None, parts: Parts | None = None, frozen: Frozen | None = None
    ) -> tuple[list[EpochResult], Parameters]:
        """Train; return what each epoch came to, and the parameters (those of the best epoch, with patience), without
        padding.
        """
        config = self.config
        done = self._restored(parameters)
        tokens, held_out = select(
            self.corpus, self.counts, id_of=id_of, parts=parts, validation=config.validation, seed=config.seed
        )
        events = rounds.train(
            tokens,
            config,
            parameters,
            epochs=config.epochs or 1,
            threads=self.threads,
            done=done,
            held_out=held_out,
            frozen=frozen,
        )
        if not self._is_over():
            saving = interruptions() if self.checkpoints is not None else nullcontext(Interruption())
            with closing(events), saving as asked:
                for event in events:
                    if not self._goes_on_after(event, parameters, asked):
                        break
        compiler.mark_compiled(job_of(config))
        inputs, outputs = self.best or parameters
        self.best = None  # each is freed when its copy without padding is made
        width = config.vector_size
        return self.history, Parameters(
            np.ascontiguousarray(inputs[:, :width]), np.ascontiguousarray(outputs[:, :width])
        )

    def _restored(self, parameters: Parameters) -> Done:
        """What is done already, by the last checkpoint, and the parameters as they were then."""
        found = self.checkpoints.newest() if self.checkpoints is not None else None
        if found is None:
            return rounds.NOTHING
        if different := found.identity.differences(self.identity):
            raise ConfigError(f"cannot go on from {found.path}: {'; '.join(different)}")
        found.restore(parameters)
        self.history = [EpochResult(**result) for result in found.history]
        if found.has_best:
            self.best = Parameters(*(array.copy() for array in parameters))
            found.restore(self.best, best=True)
        return found.done

    def _goes_on_after(self, event: Progress, parameters: Parameters, asked: Interruption) -> bool:
        """Note, report and save what an event tells; return whether the training is to go on."""
        self.corpus.release_pages()
        if event.epoch_done:
            self._note(event, parameters)
        try:
            self.report(event)
        except StopTraining:
            if not self.history:
                self.history.append(EpochResult(event.epoch, event.loss, event.pairs))
            return False
        if self.checkpoints is not None and (
            asked.signal is not None or self.checkpoints.are_due(epoch_done=event.epoch_done)
        ):
            results = [dataclasses.asdict(result) for result in self.history]
            path = self.checkpoints.save(self.identity, event.done, results, parameters, self.best)
            if asked.signal is not None:
                raise TrainingInterrupted(path, asked.signal)
        return not self._is_over()

    def _note(self, event: Progress, parameters: Parameters) -> None:
        """What an epoch came to; and its parameters, if it is the best and the best is to be kept."""
        if event.pairs and not math.isfinite(event.loss):
            raise FirthError(
                f"the training diverged: try a learning_rate below {self.config.learning_rate}"
                " (0.025 is usual), or a smaller window"
            )
        self.history.append(EpochResult(event.epoch, event.loss, event.pairs, event.validation_loss))
        if self.config.patience is not None and self._best_epoch() == len(self.history) - 1:
            self.best = Parameters(*(array.copy() for array in parameters))

    def _best_epoch(self) -> int:
        losses = [math.inf if r.validation_loss is None else r.validation_loss for r in self.history]
        return losses.index(min(losses))

    def _is_over(self) -> bool:
        """Whether patience has come to its end."""
        patience = self.config.patience
        return patience is not None and bool(self.history) and len(self.history) - 1 - self._best_epoch() >= patience
