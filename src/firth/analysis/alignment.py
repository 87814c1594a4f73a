"""One model turned into the space of another, by a rotation: what it says of its own words stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from firth.arrays import Float64, Int64
from firth.errors import FirthError, shortened
from firth.missing_values import as_list, is_one_word, text_of_word
from firth.vectors.word_vectors import WordVectors, refuse_other_than_vectors

Model = TypeVar("Model", bound=WordVectors)
WEIGHTS = ("even", "counts")


def align(
    today: Model,
    yesterday: WordVectors,
    *,
    words: Sequence[Any] | None = None,
    weights: str = "even",
    min_count: int = 0,
) -> Model:
    """Turn a model into the space of another, so that vectors of both can be compared with each other.

    One orthogonal matrix turns input vectors, output vectors and n-grams together, so cosines, neighbors and the scores
    of pairs stay as they are. It is the one that brings the shared words, scaled to length 1, nearest to where they
    were: U Vᵀ of the singular value decomposition of Σ wᵢ aᵢ bᵢᵀ, in float64 (Schönemann 1966, "A generalized solution
    of the orthogonal Procrustes problem").

    Parameters
    ----------
    today
        The model that is turned, or word vectors.
    yesterday
        The model, or word vectors, whose space it is turned into.
    words : list of words, optional
        The words that decide the rotation; by default all that both know. It turns the others too.
    weights : {"even", "counts"}
        Whether each of these words counts alike, or by how often it occurs in the model where it is rarer.
    min_count
        Words that occur less often in either do not decide the rotation.

    Returns
    -------
    Word2Vec or WordVectors
        A new model of the same kind as `today`.

    Raises
    ------
    FirthError
        If the dimensions differ, fewer words decide than there are dimensions, one of `words` is not in both models,
        or counts are asked for that are not known.
    ValueError
        For other weights.

    Examples
    --------
    >>> old, new = (firth.train("corpus.txt", vector_size=4, seed=seed, epochs=3, progress=False) for seed in (1, 2))
    >>> before, after = (firth.drift(model, old, topn=3).means() for model in (new, firth.align(new, old)))
    >>> after["cosine"] > before["cosine"], after["kept"] == before["kept"]
    (True, True)
    """
    refuse_other_than_vectors(today=today, yesterday=yesterday)
    if weights not in WEIGHTS:
        raise ValueError(f'weights is "even" or "counts", not {shortened(weights)}')
    refuse_other_sizes(today, yesterday)
    if min_count > 0 or weights == "counts":
        refuse_without_counts({"today": today, "yesterday": yesterday}, "align without min_count, by even weights")
    return today.rotated(_rotation(today.finite(), yesterday.finite(), words, weights, min_count))


def _rotation(
    today: WordVectors, yesterday: WordVectors, words: Sequence[Any] | None, weights: str, min_count: int
) -> Float64:
    """The rotation (d, d) that these words decide."""
    common = common_words([today, yesterday])
    if words is not None:
        common = _chosen(words, set(common))
    one, other = restricted(today, common), restricted(yesterday, common)
    counts = counts_in_both(one, other)
    often = np.flatnonzero(counts >= min_count)
    refuse_too_few(len(often), today.vector_size)
    a, b = unit_rows(one)[often], unit_rows(other)[often]
    return rotation_between(a if weights == "even" else a * counts[often, None], b)


def _chosen(words: Sequence[Any], known: set[str]) -> list[str]:
    """The words that are to decide, once each."""
    if isinstance(words, str):
        raise ValueError(f"words is a list of words, not the word {shortened(words)}")
    chosen = list(dict.fromkeys(texts_asked(words)))
    for word in chosen:
        if word not in known:
            raise FirthError(f"{shortened(word)} is not in both models, or its vector is not finite")
    return chosen


def texts_asked(words: Any) -> list[str]:
    """The texts of the words that are asked for, one alone or several. Raises `ValueError` for a hole among them."""
    words = as_list(words)
    return [text_of_word(word) for word in ([words] if is_one_word(words) else words)]


def rotation_between(a: Float64, b: Float64) -> Float64:
    """The orthogonal matrix Q (d, d) with the least ‖a Q - b‖, of rows (n, d) that belong together."""
    u, _, v = np.linalg.svd(a.T @ b)
    rotation: Float64 = u @ v
    return rotation


def refuse_other_sizes(one: WordVectors, other: WordVectors) -> None:
    """Raise `FirthError` where vectors have other numbers of dimensions."""
    if one.vector_size != other.vector_size:
        raise FirthError(f"the vectors have {one.vector_size} and {other.vector_size} numbers: they cannot be laid on")


def refuse_too_few(words: int, vector_size: int) -> None:
    """Raise `FirthError` where fewer words are to decide a rotation than it has dimensions."""
    if words < vector_size:
        raise FirthError(f"the models have {words:,} words in common: fewer than the {vector_size} numbers of a vector")


def refuse_without_counts(models: dict[str, WordVectors], instead: str) -> None:
    """Raise `FirthError`, which says what to do instead, where one of the models, here by name, has no counts."""
    sides = [name for name, model in models.items() if not model.vocabulary.has_counts]
    if sides:
        raise FirthError(
            f"the vectors {' and '.join(sides)} came without counts, as those in files of other programs do: {instead},"
            " load firth models, or give counts: firth.load(path, counts=file), --counts"
        )


def counts_in_both(one: WordVectors, other: WordVectors) -> Int64:
    """How often words occur in the model where they are rarer, (n,); both have the same n words."""
    fewer: Int64 = np.minimum(one.vocabulary.counts, other.vocabulary.counts)
    return fewer


def common_words(models: Sequence[WordVectors]) -> list[str]:
    """The words that all models know, in the order of the first."""
    return [word for word in models[0].words if all(word in model.vocabulary for model in models[1:])]


def common_with_neighbors(models: Sequence[WordVectors], topn: int) -> list[str]:
    """The words that all models know. Raises `FirthError` if each has fewer than `topn` others for neighbors."""
    common = common_words(models)
    if len(common) <= topn:
        fewer = f": ask for fewer, topn={len(common) - 1}, -n {len(common) - 1}" if len(common) > 1 else ""
        raise FirthError(
            f"the models have {len(common):,} words in common: too few for {topn} neighbors of each{fewer}"
        )
    return common


def restricted(vectors: WordVectors, words: list[str]) -> WordVectors:
    """The vectors of these words only."""
    rows = np.array([vectors.vocabulary.ids[word] for word in words], np.int64)
    return WordVectors(vectors.vocabulary.at(rows), vectors.vectors[rows])


def typed(words: list[str], models: Sequence[WordVectors]) -> list[Any]:
    """Words as answers give them: whole numbers where they are in all models."""
    return [int(word) for word in words] if all(model.vocabulary.integers for model in models) else words


def unit_rows(vectors: WordVectors) -> Float64:
    """The vectors (V, d) scaled to length 1, in double precision; zeros stay."""
    rows = vectors.vectors.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    units: Float64 = rows / np.where(lengths > 0, lengths, 1)
    return units
