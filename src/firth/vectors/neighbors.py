"""The nearest words to a word, to each of many, or to a sum; analogies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, TypedDict, Unpack, overload

import numpy as np

from firth.arrays import Array, Float32
from firth.data_frames import Tabular
from firth.errors import shortened
from firth.vectors.lookup import Lookup, is_vector, weighted
from firth.vectors.nearest import cosines, nearest

EPSILON = 0.001
"""Keeps 3CosMul from dividing by zero: Levy and Goldberg's number."""


class Neighbors(list[tuple[Any, float]], Tabular):
    """Words and their cosines, the nearest first. A notebook shows them as a table.

    Words are strings, or numbers where all words of the model were whole numbers in their source.
    """

    measure = "cosine"

    def _columns(self) -> dict[str, Any]:
        return {"word": [word for word, _ in self], self.measure: [number for _, number in self]}

    def _repr_html_(self) -> str:
        import html  # only a notebook needs it

        rows = "".join(f"<tr><td>{html.escape(str(word))}</td><td>{number:.4f}</td></tr>" for word, number in self)
        return f"<table><tr><th>word</th><th>{self.measure}</th></tr>{rows}</table>"


class SearchOptions(TypedDict, total=False):
    """Which words can be answers, and how many are."""

    topn: int | None
    among: Sequence[Any] | None
    first: int | None


class _Candidates(NamedTuple):
    """Words that can be answers, with their vectors, and at most how many are; `places` is where each id is here."""

    words: list[Any]
    vectors: Float32
    inverse_norms: Float32
    places: range | dict[int, int]
    topn: int | None

    def places_of(self, ids: list[int | None]) -> list[int]:
        """Where words are here, of those that are."""
        return [self.places[i] for i in ids if i is not None and i in self.places]


def one_by_one(words: Any) -> tuple[Sequence[Any], bool]:
    """What is looked up, a list of words or vectors; and whether it is one that was not in a list."""
    if isinstance(words, np.ndarray) and words.ndim and not is_vector(words):
        words = list(words) if words.dtype.kind == "f" else words.tolist()
    if isinstance(words, Sequence) and not isinstance(words, str):
        return words, False
    return [words], True


class Searchable(Lookup):
    """Look-up with a search for the nearest words."""

    @overload
    def most_similar(self, words: str | int, **options: Unpack[SearchOptions]) -> Neighbors: ...
    @overload
    def most_similar(self, words: Sequence[Any], **options: Unpack[SearchOptions]) -> list[Neighbors]: ...
    @overload
    def most_similar(self, words: Array, **options: Unpack[SearchOptions]) -> Any: ...
    @overload
    def most_similar(
        self,
        *,
        positive: Sequence[Any] | str | Float32,
        negative: Sequence[Any] | str | Float32 = (),
        **options: Unpack[SearchOptions],
    ) -> Neighbors: ...
    def most_similar(
        self,
        words: Any = None,
        *,
        positive: Any = (),
        negative: Any = (),
        topn: int | None = 10,
        among: Sequence[Any] | None = None,
        first: int | None = None,
    ) -> Any:
        """The nearest words, as (word, cosine), nearest first, the words asked about left out.

        `most_similar("king")` gives those of one word; `most_similar(["king", "queen"])` gives a list for each of
        many words; `most_similar(positive=["king", "woman"], negative=["man"])` those of a sum of unit vectors.

        Parameters
        ----------
        words : word, (d,) array, list of n words or arrays, or (n, d) array
            What is looked up, one by one. Arrays of floating-point numbers are vectors, others hold words.
        positive, negative : lists of words, of (word, weight), or of (d,) arrays
            What is added and subtracted: words' vectors scaled to length 1, arrays as they are, times their weights.
        topn : int, or None for all words
        among : list of words, optional
            Only these can be answers.
        first : int, optional
            Only the n most frequent words can be answers.

        Returns
        -------
        Neighbors, or a list of n of them
        """
        candidates = self._candidates(topn, among, first)
        queries, asked, is_one = self._queries(words, positive, negative)
        found = self._nearest(queries, asked, candidates)
        return found[0] if is_one else found

    def _queries(self, words: Any, positive: Any, negative: Any) -> tuple[Float32, list[list[int | None]], bool]:
        """What is looked up: vectors (n, d) of length 1, the ids of the words in each, and whether one answer is wanted
        rather than a list.
        """
        if words is None:
            query, ids = self.find_sum(positive, negative)
            return query[None], [ids], True
        if len(positive) or len(negative):
            raise ValueError(
                "words are looked up one by one: to add and subtract, name them positive=[…], negative=[…]"
            )
        asked, is_one = one_by_one(words)
        found = [self._find_unit(word) for word in asked]
        units = np.array([unit for _, unit in found], np.float32).reshape(len(found), self.vector_size)
        return units, [[i] for i, _ in found], is_one

    def find_sum(self, positive: Any, negative: Any) -> tuple[Float32, list[int | None]]:
        """The sum of words and vectors that `most_similar` looks up, and the ids of these words.

        Parameters
        ----------
        positive, negative : lists of words, of (word, weight), or of (d,) arrays
            What is added and subtracted.

        Returns
        -------
        (d,) float32 array, and a list of int or None
            The sum, scaled to length 1; and the ids, None for what has none.
        """
        terms = [*weighted(positive), *((word, -weight) for word, weight in weighted(negative))]
        if not terms:
            raise ValueError("most_similar needs a word, a list of words, or positive=[…]")
        query = np.sum([weight * self._term(word).astype(np.float64) for word, weight in terms], axis=0)
        length = float(np.linalg.norm(query))
        return (query / (length or 1.0)).astype(np.float32), [self._find_unit(word)[0] for word, _ in terms]

    def analogy(
        self,
        a: object,
        b: object,
        c: object,
        *,
        topn: int | None = 10,
        method: str = "add",
        among: Sequence[Any] | None = None,
        first: int | None = None,
    ) -> Neighbors:
        """What is to `c` as `b` is to `a`: `analogy("man", "king", "woman")` should find "queen".

        Parameters
        ----------
        a, b, c : word, or (d,) array
        topn : int, or None for all words
        method : {"add", "mul"}
            "add" is 3CosAdd: the nearest words to b - a + c, by cosine (Mikolov, Yih and Zweig 2013, "Linguistic
            regularities"). "mul" is 3CosMul: the words with the greatest cos(d, b) · cos(d, c) / (cos(d, a) + ε),
            cosines shifted to 0 … 1, ε = 0.001 (Levy and Goldberg 2014, "Linguistic regularities in sparse and explicit
            word representations", eq. 4).
        among : list of words, optional
            Only these can be answers.
        first : int, optional
            Only the n most frequent words can be answers.

        Returns
        -------
        Neighbors
            (word, cosine) pairs, or with "mul" (word, 3CosMul), the best first; `a`, `b` and `c` are left out.
        """
        if method == "add":
            return self.most_similar(positive=[b, c], negative=[a], topn=topn, among=among, first=first)
        if method != "mul":
            raise ValueError(f'the method is "add" or "mul", not {shortened(method)}')
        candidates = self._candidates(topn, among, first)
        ids, units = zip(*(self._find_unit(word) for word in (a, b, c)), strict=True)
        shifted = (1 + cosines(np.array(units), candidates.vectors, candidates.inverse_norms).astype(np.float64)) / 2
        scores = shifted[1] * shifted[2] / (shifted[0] + EPSILON)
        scores[candidates.places_of(list(ids))] = np.nan
        order = np.argsort(-scores, kind="stable")[: np.count_nonzero(~np.isnan(scores))][: candidates.topn]
        found = Neighbors((candidates.words[i], float(scores[i])) for i in order.tolist())
        found.measure = "3CosMul"
        return found

    def _candidates(self, topn: int | None, among: Sequence[Any] | None, first: int | None) -> _Candidates:
        if topn is not None and topn < 1:
            raise ValueError(f"topn must be 1 or more, or None for all words, not {topn}")
        if first is not None and first < 1:
            raise ValueError(f"first must be 1 or more, not {first}")
        if among is None:
            words = self.vocabulary.typed_words[:first]
            return _Candidates(words, self.vectors[:first], self.inverse_norms[:first], range(len(words)), topn)
        if isinstance(among, str):
            raise ValueError("among is a list of words")
        found = {self.vocabulary.id(word): None for word in among}
        rows = [i for i in found if first is None or i < first]
        words = [self.vocabulary.typed_words[i] for i in rows]
        self.unit_vectors(words)  # raises for one that is not finite
        places = {i: place for place, i in enumerate(rows)}
        return _Candidates(words, self.vectors[rows], self.inverse_norms[rows], places, topn)

    def _nearest(self, queries: Float32, asked: Sequence[list[int | None]], candidates: _Candidates) -> list[Neighbors]:
        words, vectors, inverse_norms, _, topn = candidates
        left_out = [candidates.places_of(ids) for ids in asked]
        similarities, rows = nearest(queries, vectors, inverse_norms, left_out, topn or len(words))
        return [
            Neighbors((words[i], s) for i, s in zip(row_ids, row, strict=True) if s > -math.inf)
            for row_ids, row in zip(rows.tolist(), similarities.tolist(), strict=True)
        ]
