"""Vectors with a word for each: look-up, neighbors, analogies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np

from firth.nearest import nearest
from firth.subwords import Subwords
from firth.vocabulary import Vocabulary

Float32 = np.ndarray[Any, np.dtype[np.float32]]


class Neighbors(list[tuple[str, float]]):
    """Words and their cosines, the nearest first. A notebook shows them as a table."""

    def _repr_html_(self) -> str:
        import html  # only a notebook needs it

        rows = "".join(f"<tr><td>{html.escape(word)}</td><td>{cosine:.4f}</td></tr>" for word, cosine in self)
        return f"<table><tr><th>word</th><th>cosine</th></tr>{rows}</table>"


class WordVectors:
    """A vocabulary and a (V, d) float32 array, row i the vector of word i. Similarity is the cosine.

    A vector of zeros has similarity 0 with everything. All look-ups raise `WordNotFoundError`, a `KeyError`, with
    near spellings, for a word that is not in the vocabulary. With `subwords`, such a word has a vector by its n-grams,
    if any of these is known. Words are known by their text: 42 and '42' are one.
    """

    def __init__(self, vocabulary: Vocabulary, vectors: Float32, subwords: Subwords | None = None):
        if vectors.ndim != 2 or len(vectors) != len(vocabulary):
            raise ValueError(f"{len(vocabulary)} words, but vectors of shape {vectors.shape}")
        self.vocabulary = vocabulary
        self.vectors = vectors
        self.subwords = subwords

    @property
    def words(self) -> list[str]:
        """The vocabulary, most frequent words first; `vectors` has its rows in this order."""
        return self.vocabulary.words

    @property
    def vector_size(self) -> int:
        """d, the numbers in a vector."""
        return int(self.vectors.shape[1])

    @cached_property
    def inverse_norms(self) -> Float32:
        """One by the length of each vector (V,); 0 for a vector of zeros."""
        norms = np.empty(len(self.vectors), np.float32)
        for start in range(0, len(norms), 1 << 16):  # not all squares at once
            rows = self.vectors[start : start + (1 << 16)]
            norms[start : start + (1 << 16)] = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
        with np.errstate(divide="ignore"):
            inverse: Float32 = np.where(norms > 0, 1 / norms, 0).astype(np.float32)
        return inverse

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
        """The vector of a word, (d,); of a list of words, (n, d)."""
        if isinstance(words, list):
            return np.array([self._find(word)[1] for word in words], np.float32).reshape(len(words), self.vector_size)
        return self._find(words)[1]

    def _find(self, word: object) -> tuple[int | None, Float32]:
        """The id of a word, None for one that is made up of its n-grams, and its vector (d,)."""
        if self.subwords is not None and word not in self.vocabulary:
            made_up = self.subwords.compose(str(word))
            if made_up is not None:
                return None, made_up
        i = self.vocabulary.id(word)
        return i, self.vectors[i]

    def first(self, n: int) -> WordVectors:
        """The n most frequent words with their vectors."""
        return WordVectors(Vocabulary(self.words[:n], self.vocabulary.counts[:n]), self.vectors[:n])

    def unit_vector(self, word: object) -> Float32:
        """The vector of a word, scaled to length 1; (d,)."""
        return self._find_unit(word)[1]

    def _find_unit(self, word: object) -> tuple[int | None, Float32]:
        i, vector = self._find(word)
        if i is not None:
            return i, vector * self.inverse_norms[i]
        return i, vector / np.float32(np.linalg.norm(vector) or 1.0)

    def similarity(self, a: object, b: object) -> float:
        """The cosine between the vectors of two words, -1 to 1."""
        return float(self.unit_vector(a) @ self.unit_vector(b))

    @overload
    def most_similar(self, words: str | int, *, topn: int = 10) -> Neighbors: ...
    @overload
    def most_similar(self, words: Sequence[Any], *, topn: int = 10) -> list[Neighbors]: ...
    @overload
    def most_similar(
        self, *, positive: Sequence[Any] | str, negative: Sequence[Any] | str = (), topn: int = 10
    ) -> Neighbors: ...
    def most_similar(
        self,
        words: Any = None,
        *,
        positive: Sequence[Any] | str = (),
        negative: Sequence[Any] | str = (),
        topn: int = 10,
    ) -> Any:
        """The `topn` nearest words, as (word, cosine), nearest first, the words asked about left out.

        `most_similar("king")` gives those of one word; `most_similar(["king", "queen"])` gives a list for each of
        many words; `most_similar(positive=["king", "woman"], negative=["man"])` those of a sum of unit vectors.
        """
        if topn < 1:
            raise ValueError(f"topn must be 1 or more, not {topn}")
        if words is not None:
            if len(positive) or len(negative):
                raise ValueError(
                    "words are looked up one by one: to add and subtract, name them positive=[…], negative=[…]"
                )
            if isinstance(words, Sequence) and not isinstance(words, str):
                return self._nearest_each(words, topn)
            return self._nearest_each([words], topn)[0]
        plus = [positive] if isinstance(positive, str) else list(positive)
        minus = [negative] if isinstance(negative, str) else list(negative)
        if not plus and not minus:
            raise ValueError("most_similar needs a word, a list of words, or positive=[…]")
        found = [self._find_unit(word) for word in (*plus, *minus)]
        query = np.sum([unit if n < len(plus) else -unit for n, (_, unit) in enumerate(found)], axis=0)
        length = float(np.linalg.norm(query))
        asked = [i for i, _ in found if i is not None]
        return self._nearest(query[None] / (length or 1.0), [asked], topn)[0]

    def analogy(self, a: object, b: object, c: object, *, topn: int = 10) -> Neighbors:
        """What is to c as b is to a: the nearest words to b - a + c (3CosAdd; Mikolov, Yih and Zweig 2013).

        `analogy("man", "king", "woman")` should find "queen".
        """
        return self.most_similar(positive=[b, c], negative=[a], topn=topn)

    def doesnt_match(self, words: Sequence[Any]) -> str:
        """The word least similar to the mean of the others' unit vectors and its own, as gensim's."""
        if isinstance(words, str) or len(words) < 3:
            raise ValueError("doesnt_match needs a list of at least three words")
        units = np.array([self.unit_vector(word) for word in words])
        return str(words[int(np.argmin(units @ units.mean(axis=0)))])

    def _nearest_each(self, words: Sequence[Any], topn: int) -> list[Neighbors]:
        if not len(words):
            return []
        ids, units = zip(*(self._find_unit(word) for word in words), strict=True)
        return self._nearest(np.array(units), [[] if i is None else [i] for i in ids], topn)

    def _nearest(self, queries: Float32, left_out: list[list[int]], topn: int) -> list[Neighbors]:
        similarities, ids = nearest(queries, self.vectors, self.inverse_norms, left_out, topn)
        words = self.words
        return [
            Neighbors((words[i], s) for i, s in zip(row_ids, row, strict=True) if s > -math.inf)
            for row_ids, row in zip(ids.tolist(), similarities.tolist(), strict=True)
        ]

    def _repr_html_(self) -> str:
        import html  # only a notebook needs it

        first = " ".join(html.escape(word) for word in self.words[:12])
        facts = {"words": f"{len(self):,}", "dimensions": f"{self.vector_size:,}", "most frequent": f"{first} …"}
        rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in (facts | self._facts()).items())
        return f"<b>{type(self).__name__}</b><table>{rows}</table>"

    def _facts(self) -> dict[str, str]:
        """More that a notebook shows, as HTML."""
        return {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} words, {self.vector_size} dimensions)"
