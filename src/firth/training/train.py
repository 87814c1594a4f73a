"""The story from text to vectors."""

from __future__ import annotations

import dataclasses
import inspect
import json
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Bool, Float32, Int32
from firth.config import TrainingConfig, explained, is_int, plain
from firth.corpus.corpus import Corpus, is_encoded
from firth.corpus.encoding import encode
from firth.corpus.phrase_detection import find_phrases, join_phrases
from firth.corpus.tables import column_of
from firth.cpu import usable_threads
from firth.errors import ConfigError, CorpusError, FirthError, FormatError, StopTraining, shortened
from firth.jit import warmup
from firth.jit.cache import is_compiled
from firth.kernels.word2vec.blocks import Parts
from firth.model import Word2Vec
from firth.phrases import Phrases
from firth.reporting.events import Compiling, Event, Progress
from firth.reporting.progress_bar import ProgressBar, log_lines, wanted
from firth.training import rounds
from firth.training.checkpoints import Checkpoints
from firth.training.schedule import initial_parameters
from firth.training.trainer import Fit, job_of
from firth.training.warm_start import Start
from firth.vectors.subwords import Composition, Ngrams, Subwords
from firth.visual.tensorboard import ScalarLog
from firth.vocabulary import Vocabulary, by_count_then_word

TOKENS_TO_LEARN_FROM = 40_000_000
FEWEST_EPOCHS, MOST_EPOCHS = 5, 50


def train(
    source: Any,
    *,
    column: str | None = None,
    threads: int | None = None,
    progress: bool | Callable[[Event], None] | None = None,
    cache: str | Path | None = None,
    tensorboard: str | Path | None = None,
    checkpoints: str | Path | Checkpoints | None = None,
    resume: bool = False,
    start: Any = None,
    frozen: bool | Collection[str] = False,
    phrases: Phrases | None = None,
    config: TrainingConfig | None = None,
    **settings: Any,
) -> Word2Vec:
    """Learn vectors from a source of text or tokens, and return the model.

    The same text, settings and seed give the same bits, at any number of threads.

    Parameters
    ----------
    source
        The path of a file (packed with gzip, bzip2, xz or zstd, or not), of a tar or zip archive or of a folder; a
        glob; a list of `Path`; an open binary file; an iterable of strings of text; an iterable of lists of tokens; or
        a `Corpus`.
    column
        The name of a column, if the source is a table: a CSV, JSON lines, Parquet or Arrow file, or a data frame.
        `firth.column` has more options.
    threads
        Threads to use, by default one for each processor. They change the time it takes and nothing else.
    progress
        True for a progress bar, False for none; by default there is one where somebody sees it. A function is called
        with every event, and may raise `StopTraining` to end the training with the model as it is.
    cache
        A folder that keeps encoded text for the next time; by default firth's folder among the user's caches.
    tensorboard
        A folder for logs that TensorBoard shows. Needs the extra `firth[tensorboard]`.
    checkpoints
        A folder. The state is written there every few minutes, at the end of each epoch, and when the process is asked
        to stop (Ctrl-C, SIGTERM). Remove it when the model is saved.
    resume
        Continue from the last checkpoint, if there is one. The result has the same bits as an uninterrupted training.
    start
        Vectors to start from instead of random ones: a model, word vectors, the path of either, or a pair of words and
        an array (n, d). Words without a vector there start as usual.
    frozen
        With `start`: True, or a collection of words. Those vectors stay fixed while the rest train.
    phrases
        Phrases to join in the text, as `find_phrases` returns them. With `phrase_passes`, they are found in it first.
    config
        All settings at once, in place of keywords.
    **settings
        Single settings: the fields of `TrainingConfig`.

    Returns
    -------
    Word2Vec
        The model: word vectors, with the settings and history that made them.

    Raises
    ------
    ConfigError
        For settings that make no sense; all of them are named at once.
    SourceError
        If the source cannot be read.
    CorpusError
        If the text has fewer than two words to learn.
    DivergenceError
        If an epoch ended worse than a model that knows nothing. The others are raised before the long computation.
    FirthError
        If `StopTraining` was raised while the text was still being read: there is no model yet.

    Examples
    --------
    >>> sentences = [["the", "king", "and", "the", "queen"], ["a", "man", "and", "a", "woman"]] * 50
    >>> model = firth.train(sentences, vector_size=20, epochs=3, progress=False)
    >>> len(model), model.vector_size
    (7, 20)
    """
    if config is not None and settings:
        raise ConfigError(f"pass either config or single settings ({', '.join(settings)}), not both")
    begin = None
    if start is not None:
        begin = Start.of(start, frozen)
        settings = settings if config else {"vector_size": begin.vectors.vector_size} | settings
    elif frozen is not False:
        raise ConfigError("frozen words need vectors to start from: start=VECTORS")
    config = config or TrainingConfig.of(settings)
    if begin is not None and begin.vectors.vector_size != config.vector_size:
        raise ConfigError(
            f"the vectors to start from have {begin.vectors.vector_size} numbers, vector_size is {config.vector_size}"
        )
    around = Surroundings(_checked(threads), progress, cache, tensorboard, checkpoints, resume)
    return _learn(column_of(source, column), config, around, begin, phrases, _words_often_enough)


WordsToLearn = Callable[[Corpus, TrainingConfig], "Chosen"]
"""What chooses the words of a corpus to learn; and tells, for each of its ids, the number of that word among them, or
how many they are if it is none. None where they are the first of its words.
"""


Chosen = tuple[Vocabulary, Int32 | None]


def _words_often_enough(corpus: Corpus, config: TrainingConfig) -> Chosen:
    if not config.stop_words and not config.keep_words:
        return corpus.vocabulary(config.min_count, config.max_vocabulary), None
    found = corpus.vocabulary(1)
    learning = _are_often_enough(found, config, config.max_vocabulary)
    if learning.sum() < 2:
        raise CorpusError(
            f"min_count={config.min_count} and the stop words leave {learning.sum()} of the {len(found):,} different"
            " words: vectors need at least two"
        )
    return _those(found, learning)


def _are_often_enough(found: Vocabulary, config: TrainingConfig, most: int | None) -> Bool:
    """Which of a corpus's words are to be learnt (V,): by their counts, the `most` frequent, and by lists of words."""
    stopped, kept = set(config.stop_words), set(config.keep_words)
    learning: Bool = (found.counts >= config.min_count) & ~np.array([word in stopped for word in found.words])
    if most is not None:
        learning &= np.cumsum(learning) <= most
    learning |= np.array([word in kept for word in found.words])
    return learning


def _those(found: Vocabulary, learning: Bool) -> Chosen:
    """The words chosen of a corpus's, by a mask (V,)."""
    id_of = np.full(len(found), learning.sum(), np.int32)
    id_of[learning] = np.arange(learning.sum(), dtype=np.int32)
    chosen = np.flatnonzero(learning)
    return Vocabulary([found.words[i] for i in chosen.tolist()], found.counts[chosen]), id_of


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What a training has around it, and its result does not depend on: the arguments of `train` of these names."""

    threads: int
    progress: bool | Callable[[Event], None] | None
    cache: str | Path | None
    tensorboard: str | Path | None
    checkpoints: str | Path | Checkpoints | None
    resume: bool


def _learn(
    source: Any,
    config: TrainingConfig,
    around: Surroundings,
    begin: Start | None,
    phrases: Phrases | None,
    words_to_learn: WordsToLearn,
    *,
    trained_before: int = 0,
) -> Word2Vec:
    """The story: encode, choose the words, draw first vectors or take given ones, train; return the model.

    The vectors drawn after so many epochs `trained_before` are not those drawn at first.
    """
    kept = Checkpoints.of(around.checkpoints) if around.checkpoints is not None else None
    if kept is None and around.resume:
        raise ConfigError("to resume, say where the checkpoints are: checkpoints=FOLDER")
    with kept.alone() if kept else nullcontext(), _reporter(around.progress, around.tensorboard) as report:
        if kept and not around.resume:
            kept.refuse_to_overwrite()
        with _nothing_learned_yet():
            _compile_beside(config, report)
            corpus = encode(source, config=config, cache=around.cache, report=report, threads=around.threads)
            corpus.check()
            corpus = _with_phrases(corpus, phrases, config, around.cache, report)
        vocabulary, id_of = words_to_learn(corpus, config)
        config = dataclasses.replace(config, epochs=config.epochs or epochs_for(len(corpus)))
        composition = Composition(vocabulary.words, ngrams_of(config)) if config.max_n else None
        parameters = initial_parameters(
            len(vocabulary),
            config.vector_size,
            config.seed + trained_before,
            shared=config.shared_vectors,
            ngrams=len(composition.used) if composition else 0,
        )
        frozen = begin.fill(vocabulary, parameters, config, composition) if begin else None
        of_start = begin.fingerprint(vocabulary) if begin and kept else ""
        fit = Fit(corpus, vocabulary.counts, config, around.threads, report, kept, of_start, begin is not None)
        parts = Parts(composition.starts, composition.rows) if composition else None
        history, (inputs, outputs) = fit.run(parameters, id_of=id_of, parts=parts, frozen=frozen)
        del parameters
        subwords = None
        if composition:
            own, rows = inputs[: len(vocabulary)], inputs[len(vocabulary) :]
            subwords = Subwords(composition.ngrams, own, composition.used, rows)
            inputs = composition.compose(inputs)
        return Word2Vec(vocabulary, inputs, outputs, config, history, phrases=corpus.phrases, subwords=subwords)


@contextmanager
def _nothing_learned_yet() -> Iterator[None]:
    """Within this, there is no model that `StopTraining` could end with."""
    try:
        yield
    except StopTraining as stop:
        raise FirthError(
            "the training was stopped while the text was read, before anything was learned: there is no model. What has"
            " been read of files is kept for the next time"
        ) from stop


def ngrams_of(config: TrainingConfig) -> Ngrams:
    """The n-grams of a configuration that has some."""
    return Ngrams(config.min_n, config.max_n, config.buckets)


def _with_phrases(
    corpus: Corpus,
    phrases: Phrases | None,
    config: TrainingConfig,
    cache: str | Path | None,
    report: Callable[[Event], None],
) -> Corpus:
    """The corpus with phrases joined: those given, or those that are to be found in it, if it has none yet."""
    if phrases is None and config.phrase_passes and corpus.phrases is None:
        phrases = find_phrases(
            corpus,
            passes=config.phrase_passes,
            min_count=config.min_count,
            threshold=config.phrase_threshold,
            scoring=config.phrase_scoring,
            connector_words=config.connector_words,
            report=report,
        )
    return corpus if phrases is None else join_phrases(corpus, phrases, cache=cache, report=report)


def train_more(
    model: Word2Vec,
    source: Any,
    *,
    column: str | None = None,
    vocabulary: str = "grow",
    frozen: bool | Collection[str] = False,
    threads: int | None = None,
    progress: bool | Callable[[Event], None] | None = None,
    cache: str | Path | None = None,
    checkpoints: str | Path | Checkpoints | None = None,
    resume: bool = False,
    **settings: Any,
) -> Word2Vec:
    """Let a model learn from more text; return the new model. The old one stays as it is.

    The learning rate falls linearly again, from `learning_rate` to `min_learning_rate`, over the new passes.

    Parameters
    ----------
    model
        The model to start from.
    source
        The new text, as for `train`.
    column
        The name of a column, if the source is a table: a CSV, JSON lines, Parquet or Arrow file, or a data frame.
        `firth.column` has more options.
    vocabulary : {"keep", "grow", "replace"}
        "keep": only words that the model knows are trained, and all of them stay. "grow": words that occur `min_count`
        times in the new text are added. "replace": the new model has the new text's words alone; those that the old one
        knows start from its vectors. Counts are those of both texts together, except for "replace".
    frozen
        True, or a collection of words: these vectors stay fixed while the rest train.
    threads, progress, cache, checkpoints, resume
        As for `train`.
    **settings
        Settings that differ from the model's. Without `epochs`, there are as many passes as for a new model.

    Returns
    -------
    Word2Vec

    Raises
    ------
    ConfigError
        For settings that make no sense, and for a model trained by hierarchical softmax, whose tree is of one
        vocabulary, unless its vocabulary is replaced.
    SourceError
        If the source cannot be read.
    CorpusError
        If the text has fewer than two words to learn.
    """
    if vocabulary not in {"keep", "grow", "replace"}:
        raise ConfigError(f"vocabulary must be keep, grow or replace, not {shortened(vocabulary)}")
    if settings.get("vector_size", model.vector_size) != model.vector_size:
        raise ConfigError(f"the model's vectors have {model.vector_size} numbers: vector_size cannot be another")
    before = dataclasses.asdict(model.config)
    config = TrainingConfig.of(before | {"epochs": None, "vector_size": model.vector_size} | settings)
    if vocabulary != "replace" and "hierarchical-softmax" in {config.objective, model.config.objective}:
        raise ConfigError(
            "the tree of hierarchical softmax is of one vocabulary and its counts: such a model learns more with"
            ' vocabulary="replace", or as start=model of a new training'
        )
    around = Surroundings(_checked(threads), progress, cache, None, checkpoints, resume)
    new = _learn(
        column_of(source, column),
        config,
        around,
        Start.of(model, frozen),
        model.phrases or Phrases([]),
        lambda corpus, config: _words_of_both(corpus, config, model, vocabulary),
        trained_before=len(model.history),
    )
    if vocabulary == "replace":
        return new
    new.history = [
        *model.history,
        *(dataclasses.replace(result, epoch=len(model.history) + result.epoch) for result in new.history),
    ]
    return _joined(model, new)


def _words_of_both(corpus: Corpus, config: TrainingConfig, model: Word2Vec, mode: str) -> Chosen:
    """The words of a text that a model is to learn, by one of the modes of `train_more`."""
    if mode == "replace":
        return _words_often_enough(corpus, config)
    found = corpus.vocabulary(1)
    known = np.array([word in model for word in found.words])
    learning = known | _are_often_enough(found, config, None) if mode == "grow" else known
    if learning.sum() < 2:
        raise CorpusError(
            f"of the {len(found):,} different words of the text the model knows {known.sum():,}: there is nothing to"
            ' learn. vocabulary="grow" takes up new words that occur min_count times, and "replace" those alone'
        )
    return _those(found, learning)


def _joined(old: Word2Vec, new: Word2Vec) -> Word2Vec:
    """All words of both; the vectors are the new ones where there are two."""
    words = [*old.words, *(word for word in new.words if word not in old)]
    counts = np.zeros(len(words), np.int64)
    counts[: len(old)] = old.vocabulary.counts
    place = {word: i for i, word in enumerate(words)}
    places = [place[word] for word in new.words]
    counts[places] += new.vocabulary.counts
    order = by_count_then_word(words, counts)

    def joined(of_old: Float32, of_new: Float32) -> Float32:
        rows = np.zeros((len(words), old.vector_size), np.float32)
        rows[: len(old)] = of_old
        rows[places] = of_new
        return rows[order]

    vocabulary = Vocabulary([words[i] for i in order.tolist()], counts[order])
    outputs = joined(old.output_vectors, new.output_vectors)
    subwords = None
    if old.subwords is not None and new.subwords is not None:
        subwords = old.subwords.joined(new.subwords, joined(old.subwords.own, new.subwords.own))
    inputs = subwords.compose_all(vocabulary.words) if subwords else joined(old.vectors, new.vectors)
    return Word2Vec(vocabulary, inputs, outputs, new.config, new.history, phrases=old.phrases, subwords=subwords)


def _compile_beside(config: TrainingConfig, report: Callable[[Event], None]) -> None:
    """Have what the training needs compiled by another process, where it never was on this machine."""
    if not is_compiled(job_of(config)):
        report(Compiling())
        names = ("architecture", "objective", "max_n", "batch_size")
        kind = {name: getattr(config, name) for name in names}
        warmup.beside.start(rounds.KERNELS, "firth.training.warm_up", json.dumps(kind))


def resume(
    checkpoints: str | Path,
    source: Any = None,
    *,
    threads: int | None = None,
    progress: bool | Callable[[Event], None] | None = None,
    tensorboard: str | Path | None = None,
) -> Word2Vec:
    """Continue an interrupted training from its last checkpoint, with its settings; return the model.

    The result has the same bits as an uninterrupted training, on another number of threads too.

    Parameters
    ----------
    checkpoints
        The folder that `train` was given for checkpoints.
    source
        The text, as for `train`. It need not be given again while its encoding is still in the cache.
    threads, progress, tensorboard
        As for `train`.

    Returns
    -------
    Word2Vec

    Raises
    ------
    FormatError
        If there is no intact checkpoint, or the encoded text is no longer in the cache.
    ConfigError
        If the training started from given vectors: repeat the call that began it, with `resume=True`.
    """
    found = Checkpoints(checkpoints).newest()
    if found is None:
        raise FormatError(f"there is no checkpoint that is whole in {checkpoints}")
    if found.identity.start:
        raise ConfigError(
            "this training started from other vectors: go on by the call that began it, with resume=True besides"
        )
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


def _checked(threads: int | None) -> int:
    if threads is None:
        return usable_threads()
    if not is_int(1, 1024)(plain(threads)):
        raise ConfigError(f"threads must be a whole number from 1 to 1,024, not {shortened(threads)}")
    return int(threads)


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
        if (lines := log_lines()) is not None:
            listeners.append(lines)
        if tensorboard is not None:
            log = stack.enter_context(ScalarLog(tensorboard))
            listeners.append(lambda event: log.rounds(event, time.time()) if isinstance(event, Progress) else None)

        def report(event: Event) -> None:
            for listener in listeners:
                listener(event)

        yield report


def _show_settings() -> None:
    """Let help(train), and editors, show every field of `TrainingConfig` as the keyword it is, and explain it."""
    signature = inspect.signature(train)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    fields = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
        for field in dataclasses.fields(TrainingConfig)
    ]
    train.__signature__ = signature.replace(parameters=own + fields)  # type: ignore[attr-defined]
    section = ["Other Parameters", "----------------", *explained(TrainingConfig)]
    train.__doc__ = "\n".join([inspect.cleandoc(train.__doc__ or ""), "", *section])


_show_settings()
