"""Which words of a text a training learns: by their counts, by lists of words, and by those that a model knows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from firth.arrays import Bool, Int32
from firth.config import TrainingConfig
from firth.corpus.corpus import Corpus
from firth.errors import CorpusError
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

WordsToLearn = Callable[[Corpus, TrainingConfig], "Chosen"]
"""What chooses the words of a corpus to learn; and tells, for each of its ids, the number of that word among them, or
how many they are if it is none. None where they are the first of its words.
"""
Chosen = tuple[Vocabulary, Int32 | None]


def words_often_enough(corpus: Corpus, config: TrainingConfig) -> Chosen:
    """The words of a text that a new model is to learn, by its settings."""
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
    """Which of a corpus's words are to be learned (V,): by their counts, the `most` frequent, and by lists of words."""
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
    return found.at(np.flatnonzero(learning)), id_of


def words_of_both(corpus: Corpus, config: TrainingConfig, model: WordVectors, mode: str) -> Chosen:
    """The words of a text that a model is to learn, by one of the modes of `train_more`."""
    if mode == "replace":
        return words_often_enough(corpus, config)
    found = corpus.vocabulary(1)
    known = np.array([word in model for word in found.words])
    learning = known | _are_often_enough(found, config, None) if mode == "grow" else known
    if learning.sum() < 2:
        raise CorpusError(
            f"of the {len(found):,} different words of the text the model knows {known.sum():,}: there is nothing to"
            ' learn. vocabulary="grow" takes up new words that occur min_count times, and "replace" those alone'
        )
    return _those(found, learning)
