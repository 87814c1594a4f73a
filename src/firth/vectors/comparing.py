"""Words compared with each other: cosines, ranks, the odd one out, the word mover's distance."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from firth.arrays import Float32
from firth.errors import WordNotFoundError, shortened
from firth.missing_values import as_list, text_of
from firth.vectors.lookup import Lookup, is_vector
from firth.vectors.nearest import cosines


class Comparable(Lookup):
    """Look-up with similarities of words to each other."""

    def similarity(self, a: object, b: object) -> float:
        """The cosine between the vectors of two words, -1 to 1.

        Parameters
        ----------
        a, b : word, or (d,) array
        """
        return float(self.unit_vector(a) @ self.unit_vector(b))

    def similarities(self, word: object) -> Float32:
        """The cosines between a word and all words.

        Parameters
        ----------
        word : word, or (d,) array

        Returns
        -------
        (V,) float32 array
            In the order of `words`, the word itself with 1 among them; NaN where a vector is not finite.
        """
        similar: Float32 = cosines(self.unit_vector(word)[None], self.vectors, self.inverse_norms)[0]
        return similar

    def n_similarity(self, a: Sequence[Any], b: Sequence[Any]) -> float:
        """The cosine between the means of two lists of words, whose vectors are not normalized first; as gensim's.

        Parameters
        ----------
        a, b : list of words, or of (d,) arrays
        """
        return self.similarity(self.mean_vector(a, unit=False), self.mean_vector(b, unit=False))

    def wmdistance(self, first: Sequence[Any], second: Sequence[Any], *, unit: bool = True) -> float:
        """The word mover's distance of two texts, as gensim's. Needs the extra `firth[wmd]`.

        It is that of Kusner, Sun, Kolkin and Weinberger 2015, "From word embeddings to document distances". Words that
        are unknown, or whose vectors are not finite, are left out.

        Parameters
        ----------
        first, second : list of words
        unit
            Whether to scale vectors to length 1 first.

        Returns
        -------
        float
            Infinite if one of the texts has no known word.

        Raises
        ------
        FirthError
            If the extra is not installed.
        """
        from firth.vectors.transport import word_movers_distance  # whose SciPy no other look-up needs

        return word_movers_distance(*(self._known_terms(text, unit=unit) for text in (first, second)))

    def _known_terms(self, words: Sequence[Any], *, unit: bool) -> list[tuple[str, Float32]]:
        """Words that have vectors, as text, with these."""
        if isinstance(words, str):
            raise ValueError(f"wanted a list of words, got {shortened(words)}: split it, text.split()")
        found = []
        for word in as_list(words):
            if is_vector(word):
                raise ValueError("a text is a list of words here, not of vectors")
            with contextlib.suppress(WordNotFoundError):
                found.append((text_of(word), self._term(word, unit=unit)))
        return found

    def most_similar_to_given(self, word: object, words: Sequence[Any]) -> Any:
        """Which of some words is most similar to a word; of equals, the first.

        Parameters
        ----------
        word : word, or (d,) array
        words : list of words
            What to choose from.

        Raises
        ------
        ValueError
            If `words` is empty, or a single string.
        """
        words = as_list(words)
        if isinstance(words, str) or not len(words):
            raise ValueError("most_similar_to_given needs a word, and a list of words to choose from")
        return words[int(np.argmax(self.unit_vectors(words) @ self.unit_vector(word)))]

    def closer_than(self, a: object, b: object) -> list[Any]:
        """The words that are more similar to `a` than `b` is, the nearest first.

        Parameters
        ----------
        a, b : word, or (d,) array
        """
        similar = self.similarities(a)
        i, j = self._find_unit(a)[0], self._find_unit(b)[0]
        bar = similar[j] if j is not None else self.similarity(a, b)
        closer = np.flatnonzero(similar > bar)
        order = closer[np.argsort(-similar[closer], kind="stable")]
        return [self.vocabulary.typed_words[k] for k in order.tolist() if k != i]

    def rank(self, a: object, b: object) -> int:
        """The rank of `b` among the neighbors of `a`: 1 for the nearest.

        Parameters
        ----------
        a, b : word, or (d,) array
        """
        return len(self.closer_than(a, b)) + 1

    def doesnt_match(self, words: Sequence[Any]) -> Any:
        """The odd one out: the word least similar to the mean of all the words' unit vectors; as gensim's.

        Parameters
        ----------
        words : list of three words or more

        Raises
        ------
        ValueError
            For fewer words, or a single string.
        """
        words = as_list(words)
        if isinstance(words, str) or len(words) < 3:
            raise ValueError("doesnt_match needs a list of at least three words")
        units = self.unit_vectors(words)
        odd = words[int(np.argmin(units @ units.mean(axis=0)))]
        i = self.vocabulary.ids.get(text_of(odd))
        return str(odd) if i is None else self.vocabulary.typed_words[i]
