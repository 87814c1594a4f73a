"""Vectors changed by their words: chosen and put in order, removed, added, replaced. The old ones stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from firth.arrays import Float32, Int64
from firth.errors import FirthError, shortened
from firth.missing_values import as_list, is_one_word, text_of_word
from firth.vectors.lookup import Lookup, as_vectors
from firth.vectors.subwords import Subwords
from firth.vocabulary import Vocabulary, counts_by_text, refuse_repeated

LARGEST_COUNT = np.iinfo(np.int64).max


class Change(NamedTuple):
    """What vectors become: words and counts, vectors (n, d), n-grams; and which row each word had before, -1 if none,
    (n,) int64.
    """

    vocabulary: Vocabulary
    vectors: Float32
    subwords: Subwords | None
    rows: Int64


class Changeable(Lookup):
    """Words and vectors that can be changed into new ones. What `WordVectors` becomes by its words."""

    def select(self, words: Sequence[Any]) -> Self:
        """These words alone, in this order, with their vectors and counts: a new object, as after all changes.

        Character n-grams stay, so a word that is left out has a vector by them, as unseen words have. A trained model
        remains a trained model, with the output vectors of its words.

        Parameters
        ----------
        words : list of words

        Raises
        ------
        WordNotFoundError
            For an unknown word.
        ValueError
            For a word that comes twice.
        """
        return self.changed(_kept(self, np.array([self.vocabulary.id(text) for text in texts_of(words)], np.int64)))

    def remove(self, words: Any) -> Self:
        """All words except these, in their order. What is raised is that of `select`.

        Parameters
        ----------
        words : word, or list of words
        """
        return self.changed(without(self, words))

    def add(self, words: Any, vectors: Any, *, counts: int | Iterable[int] | None = None) -> Self:
        """With new words, behind the others.

        Parameters
        ----------
        words, vectors : list of n words and (n, d) array; or one word and its vector (d,)
        counts : n whole numbers, or one, optional
            How often they occur; without, 0. See `by_count`.

        Raises
        ------
        ValueError
            For a word that is here already, or comes twice, and for vectors or counts that do not fit. Words that are
            here without counts need some first: see `with_counts`.
        """
        texts, new = _words_and_vectors(self, words, vectors)
        for text in texts:
            if text in self.vocabulary:
                raise ValueError(
                    f"the word {shortened(text)} is here already: replace(words, vectors) changes its vector"
                )
        if counts is not None and not self.vocabulary.has_counts and len(self):
            raise ValueError("the words here came without counts: give all words some first, vectors.with_counts(…)")
        of_new = _as_counts([0] * len(texts) if counts is None else counts, len(texts))
        every = np.concatenate([self.vocabulary.counts, of_new])
        vocabulary = Vocabulary([*self.words, *texts], every, self.vocabulary.integers)
        rows = np.concatenate([np.arange(len(self)), np.full(len(texts), -1)])
        whole = np.concatenate([self.vectors, new])
        subwords = _fitted(self.subwords, rows, np.arange(len(self), len(rows)), texts, new)
        return self.changed(Change(vocabulary, whole, subwords, rows))

    def replace(self, words: Any, vectors: Any) -> Self:
        """The same words, some of them with other vectors. Character n-grams stay as they are.

        Parameters
        ----------
        words : word, or list of n words
        vectors : (d,) array for one word, or (n, d) array

        Raises
        ------
        WordNotFoundError
            For an unknown word.
        ValueError
            For a word that comes twice, and vectors of another shape.
        """
        texts, new = _words_and_vectors(self, words, vectors)
        places, rows = np.array([self.vocabulary.id(text) for text in texts], np.int64), np.arange(len(self))
        whole = self.vectors.copy()
        whole[places] = new
        return self.changed(Change(self.vocabulary, whole, _fitted(self.subwords, rows, places, texts, new), rows))

    def by_count(self) -> Self:
        """The most frequent words first, those of equal count in their order. Raises `FirthError` without counts."""
        if not self.vocabulary.has_counts:
            raise FirthError("these words came without counts: give them some, vectors.with_counts(…)")
        return self.changed(_kept(self, np.argsort(-self.vocabulary.counts, kind="stable")))

    def with_counts(self, counts: Mapping[Any, int] | Iterable[int]) -> Self:
        """The same words in the same order, with these counts.

        Parameters
        ----------
        counts : mapping from words to counts, or V whole numbers in the order of the words
            Words that a mapping does not have count 0; of 42 and "42", which are one word, counts are added.

        Raises
        ------
        ValueError
            For counts that are not whole numbers of 0 or more, are too many or too few, or in a mapping have none of
            the words.
        """
        if isinstance(counts, Mapping):
            by_text, _ = counts_by_text(counts)
            if len(self) and not any(word in by_text for word in self.words):
                some = shortened(", ".join(list(by_text)[:3]))
                raise ValueError(f"the counts have none of these words, but {some}: are they of other vectors?")
            counts = [by_text.get(word, 0) for word in self.words]
        vocabulary = Vocabulary(self.words, _as_counts(counts, len(self)), self.vocabulary.integers)
        return self.changed(Change(vocabulary, self.vectors, self.subwords, np.arange(len(self))))

    def changed(self, change: Change) -> Self:
        """The result of a change that was computed for this object.

        Parameters
        ----------
        change
            What becomes of words, counts, vectors and n-grams.
        """
        return type(self)(change.vocabulary, change.vectors, change.subwords)


def without(old: Lookup, words: Any) -> Change:
    """All words but these, in the order they have."""
    if isinstance(words, set | frozenset):
        words = list(words)  # their order matters nowhere
    gone = [old.vocabulary.id(text) for text in texts_of([words] if is_one_word(words) else words)]
    return _kept(old, np.delete(np.arange(len(old)), gone))


def renamed(old: Lookup, names: Mapping[str, str]) -> Change:
    """All words with the vectors they have, some under other names."""
    words = [names.get(word, word) for word in old.words]
    rows = np.arange(len(old))
    places = np.array([i for i, word in enumerate(old.words) if word in names], np.int64)
    texts = [words[i] for i in places.tolist()]
    subwords = _fitted(old.subwords, rows, places, texts, old.vectors[places])
    return Change(Vocabulary(words, old.vocabulary.counts), old.vectors, subwords, rows)


def taken(array: Float32, rows: Int64) -> Float32:
    """The rows of an array (V, d), zeros where a row is -1; (n, d)."""
    found: Float32 = np.zeros((len(rows), array.shape[1]), np.float32)
    found[rows >= 0] = array[rows[rows >= 0]]
    return found


def _kept(old: Lookup, rows: Int64) -> Change:
    subwords = _fitted(old.subwords, rows, rows[:0], [], old.vectors[:0])
    return Change(old.vocabulary.at(rows), old.vectors[rows], subwords, rows)


def _fitted(
    old: Subwords | None, rows: Int64, places: Int64, words: Sequence[str], vectors: Float32
) -> Subwords | None:
    """The n-grams, which stay as they are, and words' own vectors: those of words at some places are made such that
    word and n-grams have these vectors.
    """
    if old is None:
        return None
    own = taken(old.own, rows)
    own[places] = old.own_of(words, vectors)
    return Subwords(old.ngrams, own, old.used, old.rows)


def texts_of(words: Sequence[Any]) -> list[str]:
    """Words as text. Raises `ValueError` for one that comes twice, for a hole, or where this is no list of words."""
    if is_one_word(words) or isinstance(words, bytes | set | frozenset):
        raise ValueError(f"wanted a list of words, in an order, got {type(words).__name__} {shortened(words)}")
    texts = [text_of_word(word) for word in as_list(words)]
    refuse_repeated(texts)
    return texts


def _words_and_vectors(old: Lookup, words: Any, vectors: Any) -> tuple[list[str], Float32]:
    """A list of words with their vectors (n, d); or one word with its vector (d,)."""
    if is_one_word(words):
        words, vectors = [words], np.asarray(vectors)[None]
    texts = texts_of(words)
    numbers = as_vectors(vectors, len(texts))
    if numbers.shape[1] != old.vector_size:
        raise ValueError(f"vectors here have {old.vector_size} numbers, and those given {numbers.shape[1]}")
    return texts, numbers


def _as_counts(counts: int | Iterable[int], words: int) -> Int64:
    """Counts of so many words, (words,); one may be given as a number."""
    given = np.array(list(counts) if isinstance(counts, Iterable) else [counts])
    is_whole = given.dtype.kind in "iu" or not words
    if given.shape != (words,) or not is_whole or (given < 0).any() or (given > LARGEST_COUNT).any():
        what = f"{words:,} whole numbers, 0 or more, one a word"
        raise ValueError(f"counts are {what}; got {len(given):,}: {shortened(given.tolist())}")
    return given.astype(np.int64)
