"""Weighted means of the vectors of words, text by text."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from firth.arrays import Float32, Float64, Int64
from firth.corpus.tokenizing import Document
from firth.errors import FirthWarning
from firth.vectors.word_vectors import WordVectors

WORDS_AT_A_TIME = 1 << 14
"""Words of texts whose vectors are in memory together, in double precision."""
UNKNOWN = -1


class Vectors(NamedTuple):
    """Vectors of some texts, (n, d) float32, of how many known words each is the mean, (n,), the texts, and their ids;
    None for those that have none.
    """

    vectors: Float32
    words: Int64
    texts: list[Document]
    ids: list[Any]


def warn_of_unknown(unknown: int, texts: int) -> None:
    """Warn of texts that have a vector of zeros, if some have."""
    if unknown:
        warnings.warn(
            f"{unknown:,} of {texts:,} texts have no word that the model knows: their vectors are zeros",
            FirthWarning,
            stacklevel=3,
        )


class WeightedWords:
    """The words of a model with their weights (V,), and unseen words by their n-grams, which all have one weight.

    Words whose vectors are not finite count as unknown.
    """

    def __init__(self, model: WordVectors, weights: Float64, unseen_weight: float):
        self.model = model
        self.weights = weights
        self.unseen_weight = unseen_weight
        self.ids = model.vocabulary.ids
        if not model.is_finite.all():
            self.ids = {word: i if model.is_finite[i] else UNKNOWN for word, i in self.ids.items()}

    def means(self, texts: Sequence[Sequence[str]]) -> tuple[Float64, Int64]:
        """The weighted mean Σ weight(w) v_w / n over the n known words of each text, (texts, d), and n, (texts,).

        A text without any known word has zeros.
        """
        rows, text_of, made = self._known(texts)
        sums = np.zeros((len(texts), self.model.vector_size))
        for first in range(0, len(rows), WORDS_AT_A_TIME):
            some = slice(first, first + WORDS_AT_A_TIME)
            begins = np.flatnonzero(np.diff(text_of[some], prepend=-1))
            sums[text_of[some][begins]] += np.add.reduceat(self._weighted(rows[some], made), begins)
        counts = np.bincount(text_of, minlength=len(texts))
        return sums / np.maximum(counts, 1)[:, None], counts

    def counts(self, texts: Sequence[Sequence[str]]) -> Int64:
        """How many known words each text has, (texts,)."""
        return np.bincount(self._known(texts)[1], minlength=len(texts))

    def _known(self, texts: Sequence[Sequence[str]]) -> tuple[Int64, Int64, Float32]:
        """The rows of the known words of all texts, the number of each one's text, and vectors of unseen words, whose
        rows come behind the model's.
        """
        words = list(itertools.chain.from_iterable(texts))
        text_of = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
        rows = np.fromiter(map(self.ids.get, words, itertools.repeat(UNKNOWN)), np.int64, len(words))
        made = self._make_unseen(words, rows)
        is_known = rows != UNKNOWN
        return rows[is_known], text_of[is_known], made

    def _make_unseen(self, words: list[str], rows: Int64) -> Float32:
        """The vectors (n, d) of unseen words by their n-grams; `rows` gets theirs, behind the model's."""
        subwords, made = self.model.subwords, list[Float32]()
        row_of: dict[str, int] = {}
        for place in np.flatnonzero(rows == UNKNOWN).tolist() if subwords is not None else ():
            word = words[place]
            if word not in row_of and subwords is not None:
                vector = None if word in self.ids else subwords.compose(word)
                is_known = vector is not None and bool(np.isfinite(vector).all())
                row_of[word] = len(self.weights) + len(made) if is_known else UNKNOWN
                made += [vector] if vector is not None and is_known else []
            rows[place] = row_of[word]
        return np.array(made, np.float32).reshape(len(made), self.model.vector_size)

    def _weighted(self, rows: Int64, made: Float32) -> Float64:
        """The words' vectors times their weights, (n, d)."""
        is_made = rows >= len(self.weights)
        own = np.where(is_made, 0, rows)
        weighted: Float64 = self.model.vectors[own] * self.weights[own][:, None]
        weighted[is_made] = made[rows[is_made] - len(self.weights)] * self.unseen_weight
        return weighted
