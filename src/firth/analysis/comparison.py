"""Models beside each other: how far refits agree on a word's neighbors, and which words moved between two models."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from firth.analysis.alignment import (
    common_with_neighbors,
    common_words,
    counts_in_both,
    refuse_other_sizes,
    refuse_too_few,
    refuse_without_counts,
    restricted,
    rotation_between,
    texts_asked,
    typed,
    unit_rows,
)
from firth.arrays import Float64
from firth.data_frames import Ranking, Tabular
from firth.errors import FirthError, shortened
from firth.html_table import html_table, of_words
from firth.vectors.neighbors import NeighborsOfEach, in_a_line
from firth.vectors.word_vectors import WordVectors, refuse_other_than_vectors


@dataclass(frozen=True, eq=False, repr=False)
class Stability(Tabular):
    """Overlap of nearest neighbors between models, per word, 0 (none in common) to 1 (the same).

    Parameters
    ----------
    words : list of n words
        Numbers where they are in all models.
    overlap : (n,) float64 array
    topn : int
        How many neighbors were compared.
    """

    words: list[Any]
    overlap: Float64
    topn: int

    @property
    def mean(self) -> float:
        """The mean over all words."""
        return float(self.overlap.mean())

    def least_stable(self, n: int = 10) -> Ranking:
        """The words whose neighbors agree least, as (word, overlap).

        Parameters
        ----------
        n : int
            How many.
        """
        order = np.argsort(self.overlap, kind="stable")[:n]
        return Ranking(((self.words[i], float(self.overlap[i])) for i in order.tolist()), "overlap")

    def _columns(self) -> dict[str, Any]:
        return {"word": self.words, "overlap": self.overlap}

    def __repr__(self) -> str:
        return f"Stability({len(self.words):,} words, {self.topn:,} neighbors, mean overlap {self.mean:.4f})"

    def _repr_html_(self) -> str:
        return html_table(repr(self), ("least stable", "overlap"), of_words(self.least_stable()))


class BeforeAndAfter(NamedTuple):
    """The nearest words of a word in two models, or of each of many words. A notebook shows them side by side."""

    before: Any
    after: Any

    def _repr_html_(self) -> str:
        if not isinstance(self.before, NeighborsOfEach):
            sides = itertools.zip_longest(*map(of_words, self), fillvalue=(None, None))
            rows = [(*one, *other) for one, other in sides]
            return html_table("", ("before", "cosine", "after", "cosine"), rows)
        lines = [
            (word, *map(in_a_line, sides))
            for word, *sides in zip(self.before.asked, self.before, self.after, strict=True)
        ]
        return html_table("", ("word", "before", "after"), of_words(lines))


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Tabular):
    """Two models, one turned to lie on the other as well as can be, and how far each common word is from itself.

    Parameters
    ----------
    words : list of n words
        The common words, those that are too rare left out; numbers where they are in both models.
    distance : (n,) float64 array
        1 - cosine of each with itself, 0 to 2.
    before, after : WordVectors
        All common words; `before` has been turned, so that both are in the space of `after`.
    rotation : (d, d) float64 array
        What turned it: `before.vectors` are those of the first model @ `rotation`.
    """

    words: list[Any]
    distance: Float64
    before: WordVectors
    after: WordVectors
    rotation: Float64

    def __getitem__(self, word: object) -> float:
        """How far a common word has moved, also one that is too rare to be listed: 1 - cosine with itself."""
        return 1 - float(self.before.unit_vector(word) @ self.after.unit_vector(word))

    def __len__(self) -> int:
        return len(self.words)

    def most_moved(self, n: int = 10, *, min_count: int = 0, without: Collection[Any] = ()) -> Ranking:
        """The words that are farthest from where they were, as (word, distance), the farthest first.

        Parameters
        ----------
        n : int
            How many.
        min_count : int
            Words that occur less often in either model are left out.
        without : list of words
            Words that are left out, too.

        Raises
        ------
        FirthError
            For a `min_count` where counts are not known.
        """
        _refuse_without_counts(min_count, self.before, self.after)
        unwanted = {without} if isinstance(without, str) else {str(word) for word in without}
        vocabulary, counts = self.before.vocabulary, counts_in_both(self.before, self.after)
        order = np.argsort(-self.distance, kind="stable").tolist()
        wanted = (
            i for i in order if str(self.words[i]) not in unwanted and counts[vocabulary.id(self.words[i])] >= min_count
        )
        return Ranking(((self.words[i], float(self.distance[i])) for i in itertools.islice(wanted, n)), "distance")

    def neighbors(self, words: str | Sequence[str], topn: int = 10) -> BeforeAndAfter:
        """The nearest words before and after, of a word or, in lists, of each of many.

        Parameters
        ----------
        words : word, or list of words
        topn : int
            How many neighbors of each.
        """
        return BeforeAndAfter(*(side.most_similar(words, topn=topn) for side in (self.before, self.after)))

    def _columns(self) -> dict[str, Any]:
        """The words, the farthest first, their distances, and the counts that are known."""
        order = np.argsort(-self.distance, kind="stable")
        words = [self.words[i] for i in order.tolist()]
        columns: dict[str, Any] = {"word": words, "distance": self.distance[order]}
        for name, model in (("count_before", self.before), ("count_after", self.after)):
            if model.vocabulary.has_counts:
                columns[name] = model.vocabulary.counts[[model.vocabulary.id(word) for word in words]]
        return columns

    def _repr_html_(self) -> str:
        moved = self.most_moved()
        near = self.neighbors([word for word, _ in moved], topn=5)
        rows = [
            (*row, *(" ".join(str(other) for other, _ in side) for side in sides))
            for row, *sides in zip(moved, *near, strict=True)
        ]
        header = ("word", "moved", "neighbors before", "neighbors after")
        return html_table(f"Comparison of {len(self):,} words", header, of_words(rows))

    def __repr__(self) -> str:
        moved = ", ".join(shortened(str(word))[1:-1] for word, _ in self.most_moved(3))
        return f"Comparison({len(self):,} words, most moved: {moved})"


def stability(models: Sequence[WordVectors], *, topn: int = 10, words: str | Sequence[Any] | None = None) -> Stability:
    """How far models of the same text agree, such as refits with other seeds.

    For each word, this is the overlap of its `topn` nearest neighbors in two models: the size of the intersection over
    that of the union (Jaccard), averaged over all pairs of models. Neighbors are sought among the words that all models
    know with finite vectors.

    Parameters
    ----------
    models
        Two or more.
    topn
        How many neighbors to compare.
    words
        The words to compare; by default all that the models have in common.

    Returns
    -------
    Stability
        `words`, `overlap` (words,) float64 from 0 to 1, `mean` over all words, and `least_stable(n)`.

    Raises
    ------
    ValueError
        For fewer than two models.
    FirthError
        If the models have too few words in common, or one of `words` is not among them.
    """
    if isinstance(models, WordVectors | str | Path) or len(models) < 2:
        raise ValueError("stability is between two models at least: stability([one, other])")
    refuse_other_than_vectors(**{f"models[{i}]": model for i, model in enumerate(models)})
    models = [model.finite() for model in models]
    common = common_with_neighbors(models, topn)
    asked = common if words is None else texts_asked(words)
    known = set(common)
    for word in asked:
        if word not in known:
            raise FirthError(f"{shortened(word)} is not in all of the models, or its vector is not finite")
    found = [restricted(model, common).most_similar(asked, topn=topn) for model in models]
    sets = [[{str(word) for word, _ in neighbors} for neighbors in of_model] for of_model in found]
    overlaps = [
        [len(a & b) / len(a | b) for a, b in zip(one, other, strict=True)]
        for i, one in enumerate(sets)
        for other in sets[:i]
    ]
    return Stability(typed(asked, models), np.mean(overlaps, axis=0), topn)


def compare(before: WordVectors, after: WordVectors, *, min_count: int = 0) -> Comparison:
    """Align one model with the other, and say how far each common word moved.

    Vectors are scaled to length 1. The rotation (and reflection) that brings `before` nearest to `after` solves the
    orthogonal Procrustes problem (Schönemann 1966): U Vᵀ of the singular value decomposition of beforeᵀ · after. All
    common words decide the rotation. Words whose vectors are not finite are left out.

    Parameters
    ----------
    before, after
        Word vectors, or models, of the same dimension.
    min_count
        Words that occur less often in either are not listed.

    Returns
    -------
    Comparison
        `words`, and `distance` (words,) float64, 1 - cosine of each word with itself, 0 to 2; `before` and `after`, in
        one space; `rotation` (d, d) float64. `comparison[word]` is one distance, `most_moved(n)` lists words,
        `to_pandas()` is a data frame.

    Raises
    ------
    FirthError
        If the dimensions differ, there are fewer common words than dimensions, or, with `min_count`, the counts are not
        known or no word is that frequent.
    """
    refuse_other_than_vectors(before=before, after=after)
    refuse_other_sizes(before, after)
    _refuse_without_counts(min_count, before, after)
    before, after = before.finite(), after.finite()
    common = common_words([before, after])
    refuse_too_few(len(common), before.vector_size)
    one, other = restricted(before, common), restricted(after, common)
    a, b = (unit_rows(vectors) for vectors in (one, other))
    rotation = rotation_between(a, b)
    distance = 1 - np.einsum("ij,ij->i", a @ rotation, b)
    often = np.flatnonzero(counts_in_both(one, other) >= min_count)
    if not len(often):
        raise FirthError(f"none of the {len(common):,} words in common occurs {min_count:,} times in both models")
    turned = WordVectors(one.vocabulary, one.vectors.astype(np.float64) @ rotation)
    words = typed([common[i] for i in often.tolist()], [one, other])
    return Comparison(words, distance[often], turned, other, rotation)


def _refuse_without_counts(min_count: int, before: WordVectors, after: WordVectors) -> None:
    if min_count > 0:
        refuse_without_counts({"before": before, "after": after}, "compare without min_count")
