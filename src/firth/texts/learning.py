"""What is learned from texts: how long they are, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from firth.arrays import Float64
from firth.config import TextConfig
from firth.corpus.lost_words import Advice, LostWords
from firth.corpus.tokenizing import Document
from firth.errors import CorpusError
from firth.phrases import Phrases
from firth.reporting.events import Embedding
from firth.texts.averaging import WeightedWords
from firth.texts.documents import batches, identified, words_of
from firth.texts.weighting import Components, principal_components, sif_weights, usif_weights
from firth.vectors.word_vectors import WordVectors

Report: TypeAlias = Callable[[Embedding], None]
"""What is told how far the work on texts has come."""


def to_nobody(_: Embedding) -> None:
    """A report that nobody hears."""


class Read(NamedTuple):
    """Some texts, the words of each, and their ids."""

    texts: list[Document]
    words: list[list[str]]
    ids: list[Any]


class Reader(NamedTuple):
    """How texts become words: strings are split by the settings, and phrases are joined. Of words that are lost so, it
    warns once, if it has them; and it reports how far it is with its work.
    """

    config: TextConfig
    phrases: Phrases | None
    lost: LostWords | None
    work: str = ""
    report: Report = to_nobody

    def telling(self, work: str, report: Report) -> Reader:
        """The same, which reports how far it is with a work."""
        return self._replace(work=work, report=report)

    @classmethod
    def of(cls, model: WordVectors, config: TextConfig | None) -> Reader:
        """How texts become words of a model's: by a configuration, or else by its `text_config`."""
        phrases = getattr(model, "phrases", None)
        if config is not None:
            return cls(config, phrases, None)
        return cls(model.text_config, phrases, LostWords.of(model.words, model.text_config, phrases, Advice.CONFIG))

    def words(self, texts: Any) -> Iterator[Read]:
        """Some texts at a time, and the words of each."""
        read, documents = 0, identified(texts, self.config)
        all_texts = len(texts) if isinstance(texts, Sized) else None
        for ids, some in batches(documents):
            if self.lost and not read and isinstance(some[0], str):
                self.lost.tell()
            yield Read(some, words_of(some, self.config, self.phrases, read), ids)
            read += len(some)
            self.report(Embedding(self.work, read, all_texts))


def mean_length(model: WordVectors, texts: Any, reader: Reader) -> float:
    """The mean number of known words of the texts that have some. Raises `CorpusError` if none has."""
    weightless = WeightedWords(model, np.zeros(len(model)), 0.0)
    total = known = read = 0
    for some in reader.words(texts):
        counts = weightless.counts(some.words)
        total, known, read = total + int(counts.sum()), known + int(np.count_nonzero(counts)), read + len(counts)
    if not known:
        raise CorpusError(
            f"none of the {read:,} texts has a word that the model knows: are they split as its text was?"
        )
    return total / known


def word_weights(model: WordVectors, weights: str, a: float, length: float | None) -> Float64:
    """The weight of each word (V,), for uSIF with texts of this mean length."""
    counts = model.vocabulary.counts
    if weights == "mean":
        return np.ones(len(counts))
    probabilities = counts / counts.sum()
    return sif_weights(probabilities, a) if length is None else usif_weights(probabilities, length)


def components(weighted: WeightedWords, texts: Any, reader: Reader, count: int, *, by_size: bool) -> Components:
    """The first components of texts. Raises `CorpusError` if they do not have so many."""
    size = weighted.model.vector_size
    moments, known, read = np.zeros((size, size)), 0, 0
    for some in reader.words(texts):
        means, counts = weighted.means(some.words)
        moments += means.T @ means
        known, read = known + int(np.count_nonzero(counts)), read + len(counts)
    found = principal_components(moments, count, by_size=by_size)
    if len(found.shares) < count:
        raise CorpusError(
            f"to remove {count:,} components, texts must have as many directions: {known:,} of {read:,} texts have a"
            f" word that the model knows, and they have {len(found.shares):,}. Fit on more texts, or remove fewer"
        )
    return found
