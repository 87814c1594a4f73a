"""Words and their vectors: which row a word has, vectors scaled to length 1, and means of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np

from firth.arrays import Bool, Float32
from firth.errors import VectorNotFiniteError, WordNotFoundError, shortened
from firth.missing_values import as_list, is_hole, is_one_word, is_whole_number, text_of, text_of_word
from firth.vectors.nearest import LONGEST, SHORTEST, inverse_lengths, unit_rows
from firth.vectors.subwords import Subwords
from firth.vocabulary import Vocabulary


class Lookup:
    """A vocabulary and a (V, d) float32 array, row i the vector of word i. What `WordVectors` knows by looking up."""

    def __init__(
        self,
        vocabulary: Vocabulary | Sequence[Any],
        vectors: Any,
        subwords: Subwords | None = None,
        *,
        counts: Iterable[int] | None = None,
    ):
        self.vocabulary = _as_vocabulary(vocabulary, counts)
        self._vectors = as_vectors(vectors, len(self.vocabulary))
        self.subwords = subwords

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._vectors = self._vectors.view()  # a copy, or one that was pickled, could be written to
        self._vectors.flags.writeable = False

    @property
    def vectors(self) -> Float32:
        """The vectors, (V, d) float32. They are read-only: make others, `WordVectors(v.words, v.vectors / 2)`."""
        return self._vectors

    @property
    def words(self) -> list[str]:
        """The V words, most frequent first. The rows of `vectors` have the same order."""
        return self.vocabulary.words

    @property
    def vector_size(self) -> int:
        """The dimension d of the vectors."""
        return int(self.vectors.shape[1])

    @cached_property
    def inverse_norms(self) -> Float32:
        """The inverse of each vector's length, (V,) float32: 0 for a vector of zeros, NaN for one not finite."""
        inverse = inverse_lengths(self.vectors)
        inverse.flags.writeable = False
        return inverse

    @property
    def is_finite(self) -> Bool:
        """Whether each word's vector is finite, (V,) bool. A word whose vector is not counts as unknown."""
        return ~np.isnan(self.inverse_norms)

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.vocabulary

    @overload
    def __getitem__(self, words: list[Any]) -> Float32: ...
    @overload
    def __getitem__(self, words: object) -> Float32: ...
    def __getitem__(self, words: Any) -> Float32:
        """The vector of a word, (d,); of a list or a column of words, (n, d)."""
        if type(words) is str:  # as nearly always, and faster
            return self._find(words)[1]
        if not is_vector(words):
            words = as_list(words)
        if isinstance(words, list):
            return np.array([self._find(word)[1] for word in words], np.float32).reshape(len(words), self.vector_size)
        return self._find(words)[1]

    def _find(self, word: object) -> tuple[int | None, Float32]:
        """The id of a word, None for one that is made up of its n-grams, and its vector (d,)."""
        found = self._known(word)
        if found is None:
            text = text_of_word(word)
            raise WordNotFoundError(text, self.vocabulary.near_spellings(text))
        return found

    def _known(self, word: object) -> tuple[int | None, Float32] | None:
        """As `_find`; None for a hole, and for an unknown word, whose near spellings would take their time."""
        if type(word) is not str and is_hole(word):
            return None
        text = word if type(word) is str else text_of(word)
        i = self.vocabulary.ids.get(text)
        if i is not None:
            return i, self.vectors[i]
        made_up = self.subwords.compose(text) if self.subwords is not None else None
        return None if made_up is None else (None, made_up)

    def get(self, word: object, default: Any = None) -> Any:
        """The vector of a word, (d,), or a default. At unknown words it is faster than an error with near spellings.

        Parameters
        ----------
        word : word
        default
            What to return for a word that is unknown, or whose vector is not finite.
        """
        found = self._known(word)
        return default if found is None or not np.isfinite(found[1]).all() else found[1]

    def count(self, word: object) -> int:
        """How often a word occurs in the text: 0 for an out-of-vocabulary word that has a vector by its n-grams.

        Parameters
        ----------
        word : word

        Raises
        ------
        WordNotFoundError
            For an unknown word.
        FirthError
            If the counts are not known.
        """
        i, _ = self._find(word)
        return 0 if i is None else self.vocabulary.count(self.words[i])

    def unit_vector(self, word: object) -> Float32:
        """The vector of a word, scaled to length 1.

        Parameters
        ----------
        word : word, or (d,) array

        Returns
        -------
        (d,) float32 array
        """
        return self._find_unit(word)[1]

    def unit_vectors(self, words: str | Sequence[Any] | None = None) -> Float32:
        """Vectors scaled to length 1.

        Parameters
        ----------
        words : list of n words, or one word, optional
            Without them, all V words of the vocabulary.

        Returns
        -------
        (n, d) or (V, d) float32 array
            A copy. Vectors of zeros stay; where all are asked for, rows that are not finite are NaN.
        """
        if words is None:
            return unit_rows(self.vectors, self.inverse_norms)
        words = as_list(words)
        units = [self.unit_vector(word) for word in ([words] if is_one_word(words) else words)]
        return np.array(units, np.float32).reshape(len(units), self.vector_size)

    def mean_vector(self, words: Iterable[Any], *, unknown: str = "raise", unit: bool = True) -> Float32:
        """The mean of the vectors of some words.

        Parameters
        ----------
        words : iterable of words, of (word, weight), or of (d,) arrays
            The mean is Σ wᵢ vᵢ / Σ |wᵢ|; a weight is 1 where none is given. Arrays are taken as they are.
        unknown : {"raise", "ignore"}
            Whether a word that has no vector, or none that is finite, is an error or left out.
        unit : bool
            Scale the vectors of words to length 1 before, as gensim does by default.

        Returns
        -------
        (d,) float32 array

        Raises
        ------
        WordNotFoundError
            For a word that is unknown; with "ignore", if all are.
        """
        if unknown not in {"raise", "ignore"}:
            raise ValueError(f'unknown is "raise" or "ignore", not {shortened(unknown)}')
        pairs = weighted(words)
        if not pairs:
            raise ValueError("there is no mean of no words")
        is_left_out = [
            unknown == "ignore" and not is_vector(w) and not is_hole(w) and self.get(w) is None for w, _ in pairs
        ]
        if all(is_left_out):
            self._find_unit(pairs[0][0])  # which says what is wrong with it
        total, weights = np.zeros(self.vector_size), 0.0
        for (word, weight), is_missed in zip(pairs, is_left_out, strict=True):
            if not is_missed:
                total += weight * self._term(word, unit=unit)
                weights += abs(weight)
        mean: Float32 = (total / (weights or 1.0)).astype(np.float32)
        return mean

    def _term(self, word: object, *, unit: bool = True) -> Float32:
        """What a word adds to a sum: its vector, scaled or not; of an array itself. (d,)"""
        if is_vector(word):
            return self._given(word)
        found, scaled = self._find(word)[1], self._find_unit(word)[1]
        return scaled if unit else found

    def _given(self, vector: Any) -> Float32:
        """A vector of the user's. Raises `ValueError` where it does not fit, or is not finite."""
        if vector.shape != (self.vector_size,):
            raise ValueError(f"a vector here has the shape ({self.vector_size},), not {vector.shape}")
        with np.errstate(over="ignore", invalid="ignore"):  # a signalling NaN is said below
            numbers: Float32 = vector.astype(np.float32)
        if not np.isfinite(numbers).all():
            raise ValueError("the vector asked about has numbers that are not finite (NaN or infinite)")
        return numbers

    def _find_unit(self, word: object) -> tuple[int | None, Float32]:
        """As `_find`, scaled to length 1; also of a vector. Raises `VectorNotFiniteError` if it is not finite."""
        if is_vector(word):
            rows = self._given(word)[None]
            return None, unit_rows(rows, inverse_lengths(rows))[0]
        i, vector = self._find(word)
        inverse = inverse_lengths(vector[None]) if i is None else self.inverse_norms[i : i + 1]
        if SHORTEST < inverse[0] < LONGEST:  # as nearly always, and faster
            return i, vector * inverse[0]
        if np.isnan(inverse[0]):
            raise VectorNotFiniteError(str(word))
        return i, unit_rows(vector[None], inverse)[0]


def is_vector(thing: object) -> bool:
    """Whether something asked about is a vector, not a word: a one-dimensional array of floating-point numbers."""
    return isinstance(thing, np.ndarray) and thing.ndim == 1 and thing.dtype.kind == "f"


def weighted(words: Any) -> list[tuple[Any, float]]:
    """Words, or vectors, with their weights: 1 where none is given. One alone may be given as it is."""
    words = [words] if is_one_word(words) or is_vector(words) else as_list(words)
    return [
        (item[0], float(item[1])) if isinstance(item, tuple) and len(item) == 2 and _is_weight(item[1]) else (item, 1.0)
        for item in words
    ]


def _is_weight(thing: object) -> bool:
    return isinstance(thing, int | float | np.integer | np.floating) and not isinstance(thing, bool)


def _as_vocabulary(words: Vocabulary | Sequence[Any], counts: Iterable[int] | None) -> Vocabulary:
    if isinstance(words, Vocabulary):
        if counts is not None:
            raise ValueError("a Vocabulary has its counts: give counts with a list of words")
        return words
    if isinstance(words, str | bytes) or (isinstance(words, np.ndarray) and words.ndim != 1):
        raise ValueError(
            f"wanted a list of words, then their vectors (V, d); got {type(words).__name__} {shortened(words)}"
        )
    words = as_list(words)
    texts = [text_of_word(word) for word in words]
    integers = len(texts) > 0 and all(map(is_whole_number, words))
    if counts is None:
        return Vocabulary(texts, np.zeros(len(texts), np.int64), integers)
    vocabulary = Vocabulary(texts, counts, integers)
    if (vocabulary.counts < 0).any() or (np.diff(vocabulary.counts) > 0).any():
        raise ValueError(
            "words come by falling count, the most frequent first: sort words, vectors and counts by"
            " np.argsort(-counts, kind='stable')"
        )
    return vocabulary


def as_vectors(vectors: Any, words: int) -> Float32:
    """The vectors as float32, without a copy where they are; not to be written to through this view."""
    array = np.asarray(vectors)
    if array.ndim != 2 or len(array) != words:
        raise ValueError(f"{words} words, but vectors of shape {array.shape}")
    if array.dtype.kind not in "fiu":
        raise TypeError(f"vectors are real numbers, and these have the dtype {array.dtype}")
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is not finite, which is looked at later
        view: Float32 = array.astype(np.float32, copy=False).view()
    view.flags.writeable = False
    return view
