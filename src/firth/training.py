"""The story from text to vectors."""

from __future__ import annotations

import dataclasses
import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from firth import rounds
from firth.checkpoints import Checkpoints, Identity, Interruption, TrainingInterrupted, interruptions
from firth.config import TrainingConfig
from firth.corpus import Corpus, is_encoded
from firth.encoding import encode
from firth.errors import ConfigError, FirthError, FormatError
from firth.kernels import compiler
from firth.model import EpochResult, Word2Vec
from firth.progress import Event, ProgressBar, wanted
from firth.rounds import Progress
from firth.team import usable_threads
from firth.tensorboard import ScalarLog
from firth.vocabulary import Vocabulary

TOKENS_TO_LEARN_FROM = 40_000_000
FEWEST_EPOCHS, MOST_EPOCHS = 5, 50


def train(
    source: Any,
    *,
    threads: int | None = None,
    progress: bool | Callable[[Event], None] | None = None,
    cache: str | Path | None = None,
    tensorboard: str | Path | None = None,
    checkpoints: str | Path | None = None,
    resume: bool = False,
    config: TrainingConfig | None = None,
    **settings: Any,
) -> Word2Vec:
    """Learn vectors from a source of text or tokens, and return the model.

    `source` is a path (of a file, a folder, or a glob; packed with gzip, bzip2, xz or zstd or not), a list of `Path`,
    an open binary file, an iterable of strings of text, an iterable of lists of tokens, or a `Corpus`.

    `threads` (by default, all processors) change the time it takes and nothing else. `progress` is True or False
    for a bar or none (by default one where somebody sees it), or a function that is called with every event. `cache`
    is the folder where encoded text is kept for the next time; `tensorboard` a folder for logs that TensorBoard shows.
    Every other keyword is a field of `TrainingConfig`.

    With a folder for `checkpoints`, the state is written there every few minutes, when an epoch ends, and when the
    process is asked to stop (Ctrl-C, SIGTERM). With `resume`, the training goes on from the last checkpoint, if there
    is one, and ends with the same bits as if it had never been interrupted. Remove the folder when the model is saved.

    The same text, settings and seed give the same bits.

    Raises `ConfigError`, `SourceError` or `CorpusError`, each before the long computation.
    """
    if config is not None and settings:
        raise ConfigError(f"pass either config or single settings ({', '.join(settings)}), not both")
    config = config or TrainingConfig.of(settings)
    threads = _checked(threads)
    kept = Checkpoints(checkpoints) if checkpoints is not None else None
    if kept is None and resume:
        raise ConfigError("to resume, say where the checkpoints are: checkpoints=FOLDER")
    with kept.alone() if kept is not None else nullcontext(), _reporter(progress, tensorboard) as report:
        if kept is not None and not resume:
            kept.refuse_to_overwrite()
        if not compiler.is_compiled(config.architecture):
            report(compiler.Compiling())
            compiler.beside.start(
                rounds.KERNELS, f"from firth.rounds import train_a_little; train_a_little({config.architecture!r})"
            )
        corpus = encode(source, config=config, cache=cache, report=report, threads=threads)
        corpus.check()
        vocabulary = corpus.vocabulary(config.min_count, config.max_vocabulary)
        config = dataclasses.replace(config, epochs=config.epochs or epochs_for(len(corpus)))
        return _learn(corpus, vocabulary, config, threads, report, kept)


def resume(
    checkpoints: str | Path,
    source: Any = None,
    *,
    threads: int | None = None,
    progress: bool | Callable[[Event], None] | None = None,
    tensorboard: str | Path | None = None,
) -> Word2Vec:
    """Go on with an interrupted training, from its last checkpoint, with its settings; return the model.

    The same bits as if it had never been interrupted, also with another number of threads. `source` need not be given
    again if the encoded text is still in the cache. Raises `FormatError` if there is no checkpoint.
    """
    found = Checkpoints(checkpoints).newest()
    if found is None:
        raise FormatError(f"there is no checkpoint that is whole in {checkpoints}")
    if source is None:
        if not is_encoded(found.identity.folder):
            raise FormatError(f"the encoded text is no more in {found.identity.folder}: give the source again")
        source = Corpus(Path(found.identity.folder))
    return train(
        source,
        threads=threads,
        progress=progress,
        tensorboard=tensorboard,
        checkpoints=checkpoints,
        resume=True,
        config=found.identity.config,
    )


def epochs_for(tokens: int) -> int:
    """Passes over a corpus of this size, by default: enough to see forty million tokens, but 5 to 50."""
    return min(max(TOKENS_TO_LEARN_FROM // max(tokens, 1), FEWEST_EPOCHS), MOST_EPOCHS)


def _learn(
    corpus: Corpus,
    vocabulary: Vocabulary,
    config: TrainingConfig,
    threads: int,
    report: Callable[[Event], None],
    checkpoints: Checkpoints | None,
) -> Word2Vec:
    parameters = rounds.initial_parameters(len(vocabulary), config.vector_size, config.seed)
    tokens = rounds.Tokens(corpus.ids, corpus.sentence_starts, vocabulary.counts)
    history, done = [], rounds.NOTHING
    if checkpoints is not None:
        identity = Identity(config, corpus.fingerprint, str(corpus.folder.absolute()))
        if found := checkpoints.newest():
            if different := found.identity.differences(identity):
                raise ConfigError(f"cannot go on from {found.path}: {'; '.join(different)}")
            found.restore(parameters)
            history, done = [EpochResult(**result) for result in found.history], found.done
    with interruptions() if checkpoints is not None else nullcontext(Interruption()) as asked:
        for event in rounds.train(tokens, config, parameters, epochs=config.epochs or 1, threads=threads, done=done):
            report(event)
            corpus.release_pages()
            if event.epoch_done:
                history.append(EpochResult(event.epoch, event.loss, event.pairs))
            if checkpoints is None:
                continue
            if asked.signal is not None or checkpoints.are_due(epoch_done=event.epoch_done):
                results = [dataclasses.asdict(result) for result in history]
                path = checkpoints.save(identity, event.done, results, parameters)
                if asked.signal is not None:
                    raise TrainingInterrupted(path, asked.signal)
    compiler.mark_compiled(config.architecture)
    if not np.isfinite(history[-1].loss):
        raise FirthError(
            f"the training diverged: try a learning_rate below {config.learning_rate}"
            " (0.025 is usual), or a smaller window"
        )
    inputs, outputs = parameters
    del parameters  # each is freed when its copy without padding is made
    inputs = np.ascontiguousarray(inputs[:, : config.vector_size])
    outputs = np.ascontiguousarray(outputs[:, : config.vector_size])
    return Word2Vec(vocabulary, inputs, outputs, config, history)


def _checked(threads: int | None) -> int:
    if threads is None:
        return usable_threads()
    if not isinstance(threads, int) or isinstance(threads, bool) or not 1 <= threads <= 1024:
        raise ConfigError(f"threads must be a whole number from 1 to 1,024, not {threads!r}")
    return threads


@contextmanager
def _reporter(
    progress: bool | Callable[[Event], None] | None, tensorboard: str | Path | None
) -> Iterator[Callable[[Event], None]]:
    """What is called with every event: a function of the user's, a bar, a log, several of them, or none."""
    with ExitStack() as stack:
        listeners: list[Callable[[Event], None]] = []
        if callable(progress):
            listeners.append(progress)
        elif wanted(progress):
            listeners.append(stack.enter_context(ProgressBar()))
        if tensorboard is not None:
            log = stack.enter_context(ScalarLog(tensorboard))
            listeners.append(lambda event: log.rounds(event, time.time()) if isinstance(event, Progress) else None)

        def report(event: Event) -> None:
            for listener in listeners:
                listener(event)

        yield report


def _show_settings_in_signature() -> None:
    """Let help(train), and editors, show every field of `TrainingConfig` as the keyword it is."""
    signature = inspect.signature(train)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    fields = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
        for field in dataclasses.fields(TrainingConfig)
    ]
    train.__signature__ = signature.replace(parameters=own + fields)  # type: ignore[attr-defined]


_show_settings_in_signature()
