"""Models beside each other: how far refits agree on a word's neighbors, and which words moved between two models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from firth.errors import FirthError
from firth.vectors import WordVectors
from firth.vocabulary import Vocabulary

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Float64 = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Stability:
    """Overlap of nearest neighbors between models, per word, 0 (none in common) to 1 (the same)."""

    words: list[str]
    overlap: Float64
    topn: int

    @property
    def mean(self) -> float:
        """The mean over all words."""
        return float(self.overlap.mean())

    def least_stable(self, n: int = 10) -> list[tuple[str, float]]:
        """The n words whose neighbors agree least."""
        order = np.argsort(self.overlap, kind="stable")[:n]
        return [(self.words[i], float(self.overlap[i])) for i in order]


@dataclass(frozen=True)
class Comparison:
    """Two models, one turned to lie on the other as well as can be: 1 - cosine of each common word with itself."""

    words: list[str]
    distance: Float64
    before: WordVectors
    after: WordVectors

    def most_moved(self, n: int = 10) -> list[tuple[str, float]]:
        """The n words that are farthest from where they were."""
        order = np.argsort(-self.distance, kind="stable")[:n]
        return [(self.words[i], float(self.distance[i])) for i in order]

    def neighbors(self, words: str | Sequence[str], topn: int = 10) -> tuple[Any, Any]:
        """The nearest words before and after, of a word or, in lists, of each of many."""
        return self.before.most_similar(words, topn=topn), self.after.most_similar(words, topn=topn)


def stability(models: Sequence[WordVectors], *, topn: int = 10, words: Sequence[str] | None = None) -> Stability:
    """How far models of the same text agree: the overlap of each word's `topn` nearest neighbors, between all pairs of
    models on average.

    The overlap of two sets is the size of what they share by the size of what they hold together (Jaccard). Neighbors
    are looked for among the words that all models know. Without `words`, all of these are compared.
    """
    if len(models) < 2:
        raise ValueError("stability is between two models at least")
    common = _common(models)
    if len(common) <= topn:
        raise FirthError(f"the models have {len(common):,} words in common: too few for {topn} neighbors of each")
    asked = common if words is None else [str(word) for word in words]
    known = set(common)
    for word in asked:
        if word not in known:
            raise FirthError(f"{word!r} is not in all of the models")
    found = [_of(model, common).most_similar(asked, topn=topn) for model in models]
    sets = [[{word for word, _ in neighbors} for neighbors in of_model] for of_model in found]
    overlaps = [
        [len(a & b) / len(a | b) for a, b in zip(one, other, strict=True)]
        for i, one in enumerate(sets)
        for other in sets[:i]
    ]
    return Stability(asked, np.mean(overlaps, axis=0), topn)


def compare(before: WordVectors, after: WordVectors, *, min_count: int = 0) -> Comparison:
    """Lay one model on the other, and say how far each common word is from itself.

    Vectors are scaled to length 1; the rotation (and reflection) that brings `before` nearest to `after` is that of the
    orthogonal Procrustes problem (Schönemann 1966): U Vᵀ of the singular value decomposition of beforeᵀ · after. All
    common words decide the rotation; those that occur less than `min_count` times in either are not listed.

    Raises `FirthError` if the models have different sizes, or too few words in common to say.
    """
    if before.vector_size != after.vector_size:
        raise FirthError(
            f"the vectors have {before.vector_size} and {after.vector_size} numbers: they cannot be laid on"
        )
    common = _common([before, after])
    if len(common) < before.vector_size:
        raise FirthError(
            f"the models have {len(common):,} words in common: fewer than the {before.vector_size} numbers of a vector"
        )
    one, other = _of(before, common), _of(after, common)
    a, b = (vectors.vectors.astype(np.float64) * vectors.inverse_norms[:, None] for vectors in (one, other))
    u, _, v = np.linalg.svd(a.T @ b)
    distance = 1 - np.einsum("ij,ij->i", a @ (u @ v), b)
    often = np.minimum(one.vocabulary.counts, other.vocabulary.counts) >= min_count
    return Comparison([common[i] for i in np.flatnonzero(often)], distance[often], one, other)


def _common(models: Sequence[WordVectors]) -> list[str]:
    """The words that all models know, in the order of the first."""
    return [word for word in models[0].words if all(word in model for model in models[1:])]


def _of(vectors: WordVectors, words: list[str]) -> WordVectors:
    """The vectors of these words only."""
    counts = vectors.vocabulary.counts[[vectors.vocabulary.id(word) for word in words]]
    return WordVectors(Vocabulary(words, counts), vectors[words])
