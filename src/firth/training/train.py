"""The story from text to vectors."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from firth.config import TrainingConfig
from firth.corpus.corpus import Corpus, is_encoded
from firth.corpus.tables import column_of
from firth.errors import ConfigError, FormatError
from firth.history import Provenance, name_of, versions_here
from firth.jit.background import background_compile
from firth.jit.cache import is_compiled
from firth.kernels.word2vec.blocks import SubwordRows
from firth.model import Word2Vec
from firth.phrases import Phrases
from firth.reporting.events import Compiling, Event
from firth.settings import explained
from firth.training import rounds
from firth.training.checkpoints import Checkpoints
from firth.training.corpus_to_learn import (
    as_split,
    encoded_text,
    nodes_of,
    nothing_learned_yet,
    split_as_the_start,
    with_phrases,
)
from firth.training.listeners import reporter
from firth.training.run_options import RunOptions, checked_nodes, checked_threads
from firth.training.schedule import initial_parameters
from firth.training.trainer import Trainer, kernel_set_of
from firth.training.warm_start import WarmStart, configured, settings_of
from firth.training.words_to_learn import WordsToLearn, words_often_enough
from firth.vectors.subwords import Composition, Ngrams, Subwords

TOKENS_TO_LEARN_FROM = 40_000_000
FEWEST_EPOCHS, MOST_EPOCHS = 5, 50


def train(
    source: Any,
    *,
    column: str | None = None,
    threads: int | None = None,
    nodes: int | str = 1,
    ray: str | None = None,
    progress: bool | Callable[[Event], None] | None = None,
    cache: str | Path | None = None,
    tensorboard: str | Path | None = None,
    checkpoints: str | Path | Checkpoints | None = None,
    resume: bool = False,
    start: Any = None,
    frozen: bool | Collection[Any] = False,
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
        glob; an address of these, such as "s3://bucket/news/" (needs the extra `firth[remote]`); a list of `Path`; an
        open binary file; an iterable of strings of text; an iterable of lists of tokens; or a `Corpus`.
    column
        The name of a column, if the source is a table: a CSV, JSON lines, Parquet or Arrow file, or a data frame.
        `firth.column` has more options.
    threads
        Threads to use, by default one for each processor. They change the time it takes and nothing else.
    nodes
        How many machines of a Ray cluster are to train, or "all" there are. They change the time it takes and nothing
        else, but need `shards`, one each or more. Needs the extra `firth[ray]`.
    ray
        The address of the cluster; by default the one that this machine belongs to. "local" starts one here.
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
        an array (n, d). Words without a vector there start as usual. Where settings and `phrases` do not say otherwise,
        the text is split as that of these vectors was; a `FirthWarning` says which of their words it cannot have.
    frozen
        With `start`: True, or a collection of words. Those vectors stay fixed while the rest train.
    phrases
        Phrases to join in the text, as `find_phrases` returns them. With `phrase_passes`, they are found in it first.
        `phrase_passes=0` says that none are joined, whatever the text of `start` has.
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
        For settings that make no sense; all of them are named at once. Also where the text is split such that it can
        have hardly any word of `start`.
    SourceError
        If the source cannot be read.
    CorpusError
        If the text has fewer than two words to learn.
    ClusterError
        If the machines asked for are not there, do not fit each other, or are all lost.
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
    begin, of_start = None, dict[str, Any]()
    if start is not None:
        begin = WarmStart.of(start, frozen)
        if config is None:
            of_start = settings_of(begin.vectors)
            begin = dataclasses.replace(begin, taken_over=frozenset(of_start) - set(settings))
        if phrases is None and settings.get("phrase_passes") == 0:  # said, and so not those of the start
            phrases = Phrases([])
    elif frozen is not False:
        raise ConfigError("frozen words need vectors to start from: start=VECTORS")
    said: Collection[str] = settings if config is None else config.names_changed()
    config = config or configured(settings, of_start)
    if begin is not None and begin.vectors.vector_size != config.vector_size:
        raise ConfigError(
            f"the vectors to start from have {begin.vectors.vector_size} numbers, vector_size is {config.vector_size}"
        )
    options = RunOptions(
        checked_threads(threads), progress, cache, tensorboard, checkpoints, resume, checked_nodes(nodes, config), ray
    )
    return learn(column_of(source, column), config, options, begin, phrases, words_often_enough, said=said)


def learn(
    source: Any,
    config: TrainingConfig,
    options: RunOptions,
    begin: WarmStart | None,
    phrases: Phrases | None,
    words_to_learn: WordsToLearn,
    *,
    said: Collection[str],
    trained_before: int = 0,
    passes: Callable[[Corpus, TrainingConfig], int] | None = None,
) -> Word2Vec:
    """The story: encode, choose the words, draw first vectors or take given ones, train; return the model.

    Somebody `said` the settings of these names. The vectors drawn after so many epochs `trained_before` are not those
    drawn at first. `passes` chooses the epochs.
    """
    kept = Checkpoints.of(options.checkpoints) if options.checkpoints is not None else None
    if kept is None and options.resume:
        raise ConfigError("to resume, say where the checkpoints are: checkpoints=FOLDER")
    with ExitStack() as stack:
        if kept:
            stack.enter_context(kept.alone())
        report = stack.enter_context(reporter(options.progress, options.tensorboard))
        if kept and not options.resume:
            kept.refuse_to_overwrite()
        with nothing_learned_yet():
            nodes = stack.enter_context(nodes_of(options, config, report))
        with nothing_learned_yet():
            compile_beside(config, report)
            corpus = encoded_text(source, config, options, nodes, report)
            corpus.check()
            corpus = with_phrases(corpus, phrases, begin, config, options.cache, report)
        config = as_split(corpus, config, begin, said)
        with split_as_the_start(begin, source, corpus, config):
            vocabulary, id_of = words_to_learn(corpus, config)
        config = dataclasses.replace(config, epochs=(passes or usual_passes)(corpus, config))
        composition = Composition(vocabulary.words, ngrams_of(config)) if config.max_n else None
        parameters = initial_parameters(
            len(vocabulary),
            config.vector_size,
            config.seed + trained_before,
            shared=config.shared_vectors,
            ngrams=len(composition.used) if composition else 0,
        )
        with split_as_the_start(begin, source, corpus, config):
            frozen = begin.fill(vocabulary, parameters, config, composition) if begin else None
        of_start = begin.fingerprint(vocabulary) if begin and kept else ""
        trainer = Trainer(
            corpus, vocabulary.counts, config, options.threads, report, kept, of_start, begin is not None, nodes
        )
        subword_rows = SubwordRows(composition.starts, composition.rows) if composition else None
        history, (inputs, outputs) = trainer.run(parameters, id_of=id_of, subword_rows=subword_rows, frozen=frozen)
        del parameters
        subwords = None
        if composition:
            own, rows = inputs[: len(vocabulary)], inputs[len(vocabulary) :]
            subwords = Subwords(composition.ngrams, own, composition.used, rows)
            inputs = composition.compose(inputs)
        return Word2Vec(
            vocabulary,
            inputs,
            outputs,
            config,
            history,
            phrases=corpus.phrases,
            subwords=subwords,
            provenance=[*(begin.provenance if begin else ()), provenance_of(corpus)],
        )


def provenance_of(corpus: Corpus) -> Provenance:
    """What a model records of the text that it learns from."""
    counted = (corpus.files, corpus.sentences, len(corpus))
    return Provenance(name_of(str(corpus.about.get("source"))), corpus.fingerprint, *counted, versions_here())


def ngrams_of(config: TrainingConfig) -> Ngrams:
    """The n-grams of a configuration that has some."""
    return Ngrams(config.min_n, config.max_n, config.buckets)


def compile_beside(config: TrainingConfig, report: Callable[[Event], None]) -> None:
    """Have what the training needs compiled by another process, where it never was on this machine."""
    if not is_compiled(kernel_set_of(config)):
        report(Compiling())
        names = ("architecture", "objective", "max_n", "batch_size")
        kind = {name: getattr(config, name) for name in names} | {"shards": min(config.shards, 2)}
        background_compile.start(rounds.KERNELS, "firth.training.warm_up", json.dumps(kind))


def resume(
    checkpoints: str | Path,
    source: Any = None,
    *,
    threads: int | None = None,
    nodes: int | str = 1,
    ray: str | None = None,
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
    threads, nodes, ray, progress, tensorboard
        As for `train`; the machines may be others, and more or fewer.

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
        nodes=nodes,
        ray=ray,
        progress=progress,
        tensorboard=tensorboard,
        checkpoints=checkpoints,
        resume=True,
        config=found.identity.config,
    )


def usual_passes(corpus: Corpus, config: TrainingConfig) -> int:
    """The epochs of a new training: those of the configuration, or else by the size of the corpus."""
    return config.epochs or epochs_for(len(corpus))


def epochs_for(tokens: int) -> int:
    """Passes over a corpus of this size, by default: enough to see forty million tokens, but 5 to 50."""
    return min(max(TOKENS_TO_LEARN_FROM // max(tokens, 1), FEWEST_EPOCHS), MOST_EPOCHS)


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
