"""À la carte: a vector for a word or an item that was never trained, from a few contexts of it.

The vector of a context is the mean of its words' vectors, and the mean u of a word's contexts is a poor vector for it:
what all words have around them outweighs the rest. One matrix A, learned from words whose vectors v are known, mends
that (Khodak, Saunshi, Liang, Ma, Stewart and Arora 2018, "A La Carte Embedding: Cheap but Effective Induction of
Semantic Feature Vectors"):

    A = argmin Σ α(c_w) ‖v_w − A u_w‖²,  over words w that occur c_w times
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from firth.arrays import Bool, Float32, Float64, Int64
from firth.config import MOST_DISTANCE, TextConfig, TrainingConfig, splitting_of
from firth.corpus.corpus import Corpus
from firth.corpus.encoding import encode
from firth.corpus.in_memory import is_token_list
from firth.corpus.lost_words import Advice, LostWords
from firth.corpus.phrase_detection import join_phrases
from firth.corpus.tokenizing import Source, standardize
from firth.errors import ConfigError, CorpusError, FirthError, shortened
from firth.missing_values import is_one_word, text_of_word
from firth.model import Word2Vec
from firth.phrases import Phrases
from firth.vectors.word_vectors import WordVectors, refuse_other_than_vectors

TOKENS_AT_A_TIME = 1 << 15
ROWS_AT_A_TIME = 1 << 14


@dataclass(frozen=True, eq=False)
class Induced:
    """A vector made of contexts, and what it was made of.

    Parameters
    ----------
    vector : (d,) float32 array
    contexts : int
        How many contexts had a known word.
    left_out : int
        How many had none.
    context_words : int
        How many known words they had together.
    """

    vector: Float32
    contexts: int
    left_out: int
    context_words: int


class Reach(NamedTuple):
    """How many tokens before a word, and after it, are its context."""

    before: int
    after: int

    @classmethod
    def of(cls, window: int, side: str) -> Reach:
        """That of a window, on the sides that the setting `window_side` names."""
        return cls(window * (side != "after"), window * (side != "before"))


@dataclass(frozen=True, eq=False, repr=False)
class Alacarte:
    """What makes vectors of contexts; `alacarte` returns one.

    Parameters
    ----------
    vectors : WordVectors
        The words whose vectors are known: a model's, those left out that were held out.
    transform : (d, d) float64 array
        The matrix A: the vector of a word is A times the mean of its contexts' vectors, each the mean of its words'.
    window : int
        How many tokens on a side of a word are its context.
    config : TextConfig
        How contexts that are text become tokens.
    phrases : Phrases or None
        Phrases that are joined in contexts.
    window_side : {"both", "before", "after"}
        The side, as the model's setting says.
    lost : LostWords or None
        Words that contexts cannot have where they are text; None where `config` was given.
    """

    vectors: WordVectors
    transform: Float64
    window: int
    config: TextConfig
    phrases: Phrases | None
    window_side: str = "both"
    lost: LostWords | None = None

    def vector(self, contexts: Iterable[Any], *, word: Any = None) -> Float32:
        """The vector of a word from some contexts. The same as `induce(contexts, word=word).vector`.

        Parameters
        ----------
        contexts : iterable of contexts
            Each a list of tokens, or a text.
        word
            The word, where contexts have it within them.

        Returns
        -------
        (d,) float32 array
        """
        return self.induce(contexts, word=word).vector

    def induce(self, contexts: Iterable[Any], *, word: Any = None) -> Induced:
        """The vector of a word from some contexts, and how many of these it is made of.

        Parameters
        ----------
        contexts : iterable of contexts
            Each a list of tokens (such as a session of items), or a text, which becomes tokens as the model's text did.
            Also a column of a table, `firth.column(…)`.
        word
            The word, where contexts have it within them; of several tokens, such as "vibe coding", if they are text.
            `window` tokens on each side of each of its places are its context, or on the model's `window_side`. Without
            it, all tokens are.

        Returns
        -------
        Induced

        Raises
        ------
        FirthError
            If no context has the word, or none a known word beside it.
        ValueError
            For one context in place of a list of them, and for a missing value among a context's tokens.
        """
        if isinstance(contexts, Source):
            contexts = contexts.documents(self.config)
        given = [contexts] if is_one_word(contexts) else list(contexts)
        if self.lost and any(isinstance(one, str) for one in given):
            self.lost.tell()
        if is_one_word(contexts) or not all(isinstance(one, str) or is_token_list(one) for one in given):
            raise ValueError(f"wanted a list of contexts, each a text or a list of tokens, not {shortened(contexts)}")
        around = [context for one in given for context in self._around(one, word)]
        if not given:
            raise FirthError("there is no vector of no contexts")
        if not around:
            raise FirthError(f"none of the {len(given):,} contexts has the word {shortened(word)}")
        rows = list(filter(None, map(self._known, around)))
        if not rows:
            raise FirthError(
                f"none of the {len(around):,} contexts has a word that the model knows: give others, or longer ones"
            )
        means = [self.vectors.vectors[some].astype(np.float64).mean(axis=0) for some in rows]
        vector = (self.transform @ np.mean(means, axis=0)).astype(np.float32)
        return Induced(vector, len(rows), len(around) - len(rows), sum(map(len, rows)))

    def _around(self, given: Any, word: Any) -> Iterator[list[str]]:
        """The tokens around each place of a word in a context; all of them, if no word is asked for."""
        is_text = isinstance(given, str)
        tokens = standardize(given, self.config) if is_text else [text_of_word(token) for token in given]
        if word is None:
            yield self._joined(tokens)
            return
        wanted = standardize(str(word), self.config) if is_text else [text_of_word(word)]
        reach = Reach.of(self.window, self.window_side)
        for place in range(len(tokens) - len(wanted) + 1 if wanted else 0):
            if tokens[place : place + len(wanted)] == wanted:
                before = tokens[max(0, place - reach.before) : place]
                behind = tokens[place + len(wanted) :][: reach.after]
                yield [*self._joined(before), *self._joined(behind)]

    def _joined(self, tokens: list[str]) -> list[str]:
        return tokens if self.phrases is None else self.phrases.join(tokens)

    def _known(self, tokens: list[str]) -> list[int]:
        """The rows of known words."""
        ids = self.vectors.vocabulary.ids
        return [ids[token] for token in tokens if token in ids]

    def __repr__(self) -> str:
        return f"Alacarte({len(self.vectors):,} words, {self.vectors.vector_size} dimensions, window {self.window})"


def alacarte(
    model: WordVectors,
    corpus: Any = None,
    *,
    transform: Any = None,
    window: int | None = None,
    weights: str | int = "log",
    held_out: Sequence[Any] = (),
    config: TextConfig | None = None,
    cache: str | Path | None = None,
) -> Alacarte:
    """Learn from a corpus how contexts become vectors in a model's space, for words that the model does not know.

    The corpus is read once, in bounded memory; sums of V x d float64 numbers are held.

    Parameters
    ----------
    model
        A model, or word vectors.
    corpus
        Text or tokens, as for `train`: best what the model was trained on.
    transform : (d, d) array, optional
        In place of a corpus, the `transform` that an earlier call learned for this model.
    window
        How many tokens on each side of a word are its context, within its sentence; or on one, where the model has a
        `window_side`. By default the model's setting, 5 for vectors alone.
    weights : "log" or int
        How much a word that occurs c times decides: log c, or, with a whole number, 1 for words that occur so often and
        0 for others.
    held_out : list of words
        Words that are treated as unknown, to see how well they are induced.
    config
        How text becomes tokens; by default the model's `text_config`.
    cache
        As for `train`.

    Returns
    -------
    Alacarte
        `vector(contexts)` gives a vector, `transform` is the matrix.

    Raises
    ------
    ConfigError
        For a window, weights or a matrix that make no sense, and without a corpus or a matrix.
    CorpusError
        If fewer words decide than vectors have dimensions.

    Examples
    --------
    >>> model = firth.train("corpus.txt", vector_size=4, epochs=3, progress=False)
    >>> carte = firth.alacarte(model, "corpus.txt", weights=1)
    >>> carte.vector([["king", "and"], ["the", "queen"]]).shape
    (4,)
    """
    refuse_other_than_vectors(model=model)
    if (corpus is None) == (transform is None):
        raise ConfigError("wanted a corpus, or a matrix that was learned from one: one of both")
    settings = model.config if isinstance(model, Word2Vec) else TrainingConfig()
    window = _checked_window(settings.window if window is None else window)
    if weights != "log" and (type(weights) is not int or weights < 1):
        raise ConfigError(f'weights is "log", or a whole number from 1 on, not {shortened(weights)}')
    finite = model.finite()
    known = WordVectors(finite.vocabulary, finite.vectors)
    if is_one_word(held_out) or len(held_out):
        known = known.remove(held_out)
    phrases = model.phrases if isinstance(model, Word2Vec) else None
    lost = LostWords.of(known.words, model.text_config, phrases, Advice.CONFIG) if config is None else None
    config = config or model.text_config
    if transform is not None:
        matrix = _checked_transform(transform, known.vector_size)
        return Alacarte(known, matrix, window, config, phrases, settings.window_side, lost)
    encoded = encode(corpus, config=config, cache=cache)
    if phrases is not None:
        encoded = join_phrases(encoded, phrases, cache=cache)
    if lost and encoded.splitting:  # which may be another's, where the corpus came encoded
        as_theirs = encoded.splitting == splitting_of(config) and encoded.phrases == phrases
        by_corpus = TextConfig(**encoded.splitting)
        (lost if as_theirs else LostWords.of(known.words, by_corpus, encoded.phrases, Advice.CONFIG)).tell()
    matrix = _learned(encoded, known, Reach.of(window, settings.window_side), weights)
    return Alacarte(known, matrix, window, config, phrases, settings.window_side, lost)


def _learned(corpus: Corpus, known: WordVectors, reach: Reach, weights: str | int) -> Float64:
    """The matrix (d, d) that the words of a corpus decide."""
    counts, means, has_context = _mean_contexts(corpus, known, reach)
    alpha: Any = np.log(np.maximum(counts, 1)) if isinstance(weights, str) else (counts >= weights).astype(np.float64)
    deciding = has_context & (alpha > 0)
    if deciding.sum() < known.vector_size:
        raise CorpusError(
            f"{deciding.sum():,} words of the corpus decide, fewer than the {known.vector_size} numbers of a vector:"
            f" give more text, or lower weights (now {weights!r}; 1 lets all words decide)"
        )
    return _regression(means[deciding], known.vectors[deciding], alpha[deciding])


def _checked_window(window: Any) -> int:
    if window == "sentence":
        return MOST_DISTANCE
    if type(window) is not int or not 1 <= window <= MOST_DISTANCE:
        raise ConfigError(f"window is a whole number from 1 to {MOST_DISTANCE:,}, not {shortened(window)}")
    return window


def _checked_transform(transform: Any, vector_size: int) -> Float64:
    matrix = np.asarray(transform)
    if matrix.shape != (vector_size, vector_size) or matrix.dtype.kind != "f" or not np.isfinite(matrix).all():
        raise ConfigError(
            f"the transform of these vectors is a ({vector_size}, {vector_size}) array of finite numbers, not one of"
            f" {matrix.shape}, {matrix.dtype}, or it has others in it"
        )
    return matrix.astype(np.float64)


def _mean_contexts(corpus: Corpus, known: WordVectors, reach: Reach) -> tuple[Int64, Float64, Bool]:
    """How often each known word occurs, the mean vector of its contexts (V, d), and whether it has any.

    Unknown words keep their places in the text, and add nothing; a context without a known word is none.
    """
    row_of = _rows_of(corpus, known)
    sums, contexts = np.zeros(known.vectors.shape), np.zeros(len(known), np.int64)
    for first in range(0, len(corpus), TOKENS_AT_A_TIME):
        rows, means = _contexts(corpus, row_of, known.vectors, first, reach)
        order = np.argsort(rows, kind="stable")
        found, starts, n = np.unique(rows[order], return_index=True, return_counts=True)
        if len(found):
            sums[found] += np.add.reduceat(means[order], starts)
            contexts[found] += n
        corpus.advise_unneeded()
    counts = np.zeros(len(known), np.int64)
    counts[row_of[row_of >= 0]] = corpus.counts[row_of >= 0]
    return counts, sums / np.maximum(contexts, 1)[:, None], contexts > 0


def _rows_of(corpus: Corpus, known: WordVectors) -> Int64:
    """The row of each word of a corpus, by its id; -1 for unknown ones."""
    ids = known.vocabulary.ids
    return np.array([ids.get(word, -1) for word in corpus.words(len(corpus.counts))], np.int64)


def _contexts(corpus: Corpus, row_of: Int64, vectors: Float32, first: int, reach: Reach) -> tuple[Int64, Float64]:
    """Of the tokens from the `first` on, those with a row and a known word around them: their rows (n,), and the mean
    vectors of the known words around them (n, d).
    """
    last = min(first + TOKENS_AT_A_TIME, len(corpus))
    begin, end = max(0, first - reach.before), min(last + reach.after, len(corpus))
    rows = row_of[corpus.ids[begin:end]]
    found = np.zeros((end - begin + 1, vectors.shape[1]))
    found[1:][rows >= 0] = vectors[rows[rows >= 0]]
    own = found[1:].copy()
    np.cumsum(found, axis=0, out=found)
    are_known = np.concatenate([[0], np.cumsum(rows >= 0)])
    centers = np.flatnonzero(rows[first - begin : last - begin] >= 0) + first
    sentence = np.searchsorted(corpus.sentence_starts, centers, side="right")
    lower = np.maximum(centers - reach.before, corpus.sentence_starts[sentence - 1]) - begin
    upper = np.minimum(centers + reach.after + 1, corpus.sentence_starts[sentence]) - begin
    words = are_known[upper] - are_known[lower] - 1
    around = found[upper] - found[lower] - own[centers - begin]
    return rows[centers - begin][words > 0], around[words > 0] / words[words > 0, None]


def _regression(means: Float64, vectors: Float32, alpha: Float64) -> Float64:
    """The matrix A (d, d) of the least Σ αᵢ ‖vᵢ − A uᵢ‖², by a QR decomposition of some rows after the other."""
    d = means.shape[1]
    triangle = np.zeros((0, 2 * d))
    for start in range(0, len(means), ROWS_AT_A_TIME):
        some = slice(start, start + ROWS_AT_A_TIME)
        rows = np.sqrt(alpha[some, None]) * np.hstack([means[some], vectors[some].astype(np.float64)])
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, rows]), mode="r"))
    solution: Float64 = np.linalg.lstsq(triangle[:d, :d], triangle[:d, d:], rcond=None)[0]
    return solution.T
