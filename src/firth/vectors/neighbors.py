"""The nearest words to a word, to each of many, or to a sum; analogies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypedDict, Unpack, overload

import numpy as np

from firth.arrays import Array, Float32
from firth.data_frames import Ranking, Tabular
from firth.errors import shortened
from firth.html_table import html_table, of_words
from firth.missing_values import as_list, is_one_word
from firth.vectors.lookup import Lookup, is_vector, weighted
from firth.vectors.nearest import cosines, nearest

EPSILON = 0.001
"""Keeps 3CosMul from dividing by zero: Levy and Goldberg's number."""


class Neighbors(Ranking):
    """Words and their cosines, the nearest first. A notebook shows them as a table.

    Words are strings, or numbers where all words of the model were whole numbers in their source.

    Parameters
    ----------
    pairs
        The words and their cosines.
    measure
        What the numbers are, where they are not cosines.
    """

    measure = "cosine"


class NeighborsOfEach(list[Neighbors], Tabular):
    """The neighbors of each of many words. A notebook shows a line for each; a data frame has a row for each neighbor.

    Parameters
    ----------
    found
        The neighbors.
    words
        What was looked up: words, or vectors, which are called by their numbers.
    """

    def __init__(self, found: Iterable[Neighbors], words: Sequence[Any]):
        super().__init__(found)
        self.asked = [f"vector {i}" if is_vector(word) else word for i, word in enumerate(words)]

    def _columns(self) -> dict[str, Any]:
        rows = [
            (asked, rank, *pair)
            for asked, near in zip(self.asked, self, strict=True)
            for rank, pair in enumerate(near, 1)
        ]
        names = ("asked", "rank", "word", Neighbors.measure)
        return dict(zip(names, map(list, zip(*rows, strict=True)) if rows else ([], [], [], []), strict=True))

    def _repr_html_(self) -> str:
        lines = ((asked, in_a_line(near)) for asked, near in zip(self.asked, self, strict=True))
        return html_table("", ("word", "neighbors"), of_words(lines))


def in_a_line(found: Neighbors) -> str:
    """Neighbors in a line: queen 0.81, prince 0.77."""
    return ", ".join(f"{word} {number:.2f}" for word, number in found)


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
    if isinstance(words, np.ndarray) and words.ndim > 1:
        words = list(words) if words.dtype.kind == "f" else words.tolist()
    elif not is_vector(words):
        words = as_list(words)
    if isinstance(words, Sequence) and not isinstance(words, str):
        return words, False
    return [words], True


class Searchable(Lookup):
    """Look-up with a search for the nearest words."""

    @overload
    def most_similar(self, words: str | int, **options: Unpack[SearchOptions]) -> Neighbors: ...
    @overload
    def most_similar(self, words: Sequence[Any], **options: Unpack[SearchOptions]) -> NeighborsOfEach: ...
    @overload
    def most_similar(self, words: Array, **options: Unpack[SearchOptions]) -> Any: ...
    @overload
    def most_similar(
        self,
        *,
        positive: Sequence[Any] | str | int | Float32,
        negative: Sequence[Any] | str | int | Float32 = (),
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
        words : word, (d,) array, list or column of n words, list of arrays, or (n, d) array
            What is looked up, one by one. Arrays of floating-point numbers are vectors, others hold words.
        positive, negative : word, or list of words, of (word, weight), or of (d,) arrays
            What is added and subtracted: words' vectors scaled to length 1, arrays as they are, times their weights.
        topn : int, or None for all words
        among : list of words, optional
            Only these can be answers.
        first : int, optional
            Only the n most frequent words can be answers.

        Returns
        -------
        Neighbors, or a list of n of them
            Both are lists that a notebook shows as tables, with `to_pandas()`, `to_polars()` and `to_arrow()`.
        """
        candidates = self._candidates(topn, among, first)
        queries, asked, is_one = self._queries(words, positive, negative)
        found = self._nearest(queries, asked, candidates)
        return found[0] if is_one else NeighborsOfEach(found, one_by_one(words)[0])

    def _queries(self, words: Any, positive: Any, negative: Any) -> tuple[Float32, list[list[int | None]], bool]:
        """What is looked up: vectors (n, d) of length 1, the ids of the words in each, and whether one answer is wanted
        rather than a list.
        """
        if words is None:
            query, ids = self.find_sum(positive, negative)
            return query[None], [ids], True
        if weighted(positive) or weighted(negative):
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
        positive, negative : word, or list of words, of (word, weight), or of (d,) arrays
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
        return Neighbors(((candidates.words[i], float(scores[i])) for i in order.tolist()), measure="3CosMul")

    def _candidates(self, topn: int | None, among: Sequence[Any] | None, first: int | None) -> _Candidates:
        if topn is not None and topn < 1:
            raise ValueError(f"topn must be 1 or more, or None for all words, not {topn}")
        if first is not None and first < 1:
            raise ValueError(f"first must be 1 or more, not {first}")
        if among is None:
            words = self.vocabulary.typed_words[:first]
            return _Candidates(words, self.vectors[:first], self.inverse_norms[:first], range(len(words)), topn)
        if is_one_word(among):
            raise ValueError("among is a list of words")
        found = {self.vocabulary.id(word): None for word in as_list(among)}
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
