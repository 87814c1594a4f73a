"""From a model and more text to another model."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Float32
from firth.config import TrainingConfig
from firth.corpus.corpus import Corpus
from firth.corpus.tables import column_of
from firth.errors import ConfigError, FirthWarning, shortened
from firth.history import History
from firth.model import Word2Vec
from firth.phrases import Phrases
from firth.reporting.events import Event
from firth.training.checkpoints import Checkpoints
from firth.training.run_options import RunOptions, checked_threads
from firth.training.train import epochs_for, learn
from firth.training.warm_start import WarmStart, configured
from firth.training.words_to_learn import words_of_both
from firth.vectors.word_vectors import refuse_other_than_vectors
from firth.vocabulary import Vocabulary, by_count_then_word

PASSES_AT_EQUAL_SIZE = 5
"""Over a new text as large as all that the model has learned from; else so many times the ratio of their sizes."""
MOST_PASSES_TIMES_RATE = 0.2
"""Of a text that is smaller by half or more: above it, vectors move far from what they were, and are worse than before.
"""


def train_more(
    model: Word2Vec,
    source: Any,
    *,
    column: str | None = None,
    vocabulary: str = "grow",
    frozen: bool | Collection[Any] = False,
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
        Settings that differ from the model's. Without `epochs`, there is one pass over a text that is small beside all
        that the model has learned from, and five times the ratio of their sizes over others, up to as many as for a new
        model. Nothing reminds the model of the old text: more passes over a small text make it forget, of which a
        `FirthWarning` warns (`docs/how-to/daily.md` has measurements). With `frozen=True` and "replace", there are as
        many passes as for a new model.

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
    refuse_other_than_vectors(model=model)
    if not isinstance(model, Word2Vec):
        raise ConfigError("vectors alone have no settings to learn by: start from them, train(text, start=vectors)")
    if vocabulary not in {"keep", "grow", "replace"}:
        raise ConfigError(f"vocabulary must be keep, grow or replace, not {shortened(vocabulary)}")
    if settings.get("vector_size", model.vector_size) != model.vector_size:
        raise ConfigError(f"the model's vectors have {model.vector_size} numbers: vector_size cannot be another")
    before = dataclasses.asdict(model.config) | dataclasses.asdict(model.text_config)
    config = configured(settings, before | {"epochs": None, "vector_size": model.vector_size})
    if vocabulary != "replace" and "hierarchical-softmax" in {config.objective, model.config.objective}:
        raise ConfigError(
            "the tree of hierarchical softmax is of one vocabulary and its counts: such a model learns more with"
            ' vocabulary="replace", or as start=model of a new training'
        )
    options = RunOptions(checked_threads(threads), progress, cache, None, checkpoints, resume)
    new = learn(
        column_of(source, column),
        config,
        options,
        dataclasses.replace(WarmStart.of(model, frozen), taken_over=frozenset(before) - set(settings), goes_on=True),
        model.phrases or Phrases([]),
        lambda corpus, config: words_of_both(corpus, config, model, vocabulary),
        said=settings,
        trained_before=len(model.history),
        passes=None if vocabulary == "replace" or frozen is True else _passes_after(model),
    )
    if vocabulary == "replace":
        return new
    later = (dataclasses.replace(result, epoch=len(model.history) + result.epoch) for result in new.history)
    new.history = History([*model.history, *later])
    return _joined(model, new)


def _passes_after(model: Word2Vec) -> Callable[[Corpus, TrainingConfig], int]:
    """What chooses the passes over a text that a model is to learn besides, so that it does not forget the old one."""
    learned = int(model.vocabulary.counts.sum())

    def passes(corpus: Corpus, config: TrainingConfig) -> int:
        fitting = passes_for(len(corpus), learned)
        if config.epochs is None:
            return fitting
        is_small = 2 * len(corpus) <= learned
        if is_small and config.epochs > fitting and config.epochs * config.learning_rate > MOST_PASSES_TIMES_RATE:
            warnings.warn(
                f"{config.epochs} passes over {len(corpus):,} new words will make the model forget much of the"
                f" {learned:,} before. Try epochs={fitting} (the default here), a smaller learning_rate, or frozen=True"
                " (--freeze), which lets only new words learn",
                FirthWarning,
                stacklevel=4,
            )
        return config.epochs

    return passes


def passes_for(tokens: int, learned: int) -> int:
    """Passes over so many new tokens, by default, after so many `learned`: 1, or more where the text is not small."""
    return min(max(1, round(PASSES_AT_EQUAL_SIZE * tokens / max(learned, 1))), epochs_for(tokens))


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

    vocabulary = Vocabulary([words[i] for i in order.tolist()], counts[order], old.vocabulary.integers)
    outputs = joined(old.output_vectors, new.output_vectors)
    subwords = None
    if old.subwords is not None and new.subwords is not None:
        subwords = old.subwords.joined(new.subwords, joined(old.subwords.own, new.subwords.own))
    inputs = subwords.compose_all(vocabulary.words) if subwords else joined(old.vectors, new.vectors)
    made = (vocabulary, inputs, outputs, new.config, new.history)
    return Word2Vec(*made, phrases=old.phrases, subwords=subwords, provenance=new.provenance)
