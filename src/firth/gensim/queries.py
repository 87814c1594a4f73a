"""Similarities, neighbors and means of keys, by gensim's names: the numbers are gensim's on the same vectors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from firth.arrays import Float32
from firth.errors import ConfigError, shortened
from firth.gensim.keys import KeyTable, is_key
from firth.settings import plain
from firth.vectors.nearest import inverse_lengths, nearest, unit_rows

EPSILON = 1e-6
"""Keeps 3CosMul from dividing by zero."""

Similar = list[tuple[Any, float]]


def _is_vector(thing: object) -> bool:
    return isinstance(thing, np.ndarray) and thing.ndim == 1


def _listed(given: Any) -> list[Any]:
    """Keys and vectors; one alone may be given as it is."""
    if given is None:
        return []
    return [given] if is_key(given) or _is_vector(given) else list(given)


def _weighted(given: Any, sign: float) -> list[tuple[Any, float]]:
    """Keys and vectors with their weights; one without has the weight `sign`."""
    return [(item[0], float(item[1])) if isinstance(item, tuple) else (item, sign) for item in _listed(given)]


def _unit(vector: Any) -> Float32:
    row = np.asarray(vector, np.float32)[None]
    unit: Float32 = unit_rows(row, inverse_lengths(row))[0]
    return unit


class Queries(KeyTable):
    """What can be asked of keys and vectors."""

    def get_mean_vector(
        self,
        keys: Any,
        weights: Sequence[float] | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> Float32:
        """The mean of vectors, Σ wᵢ vᵢ / Σ |wᵢ|, (d,) float32.

        Parameters
        ----------
        keys
            Keys, or vectors (d,).
        weights
            One for each; all 1 without.
        pre_normalize
            Whether to scale the vectors of keys to length 1 first. Those given are taken as they are.
        post_normalize
            Whether to scale the mean to length 1.
        ignore_missing
            Whether to leave unknown keys out; else they raise `KeyError`.
        """
        keys = _listed(keys)
        if not keys:
            raise ValueError("cannot compute mean with no input")
        shares = [1.0] * len(keys) if weights is None else [float(weight) for weight in weights]
        if len(shares) != len(keys):
            raise ValueError(f"{len(keys)} keys, but {len(shares)} weights")
        total, whole = np.zeros(self.vector_size), 0.0
        for key, share in zip(keys, shares, strict=True):
            if _is_vector(key):
                total += share * key
            elif key in self:
                total += share * self.get_vector(key, norm=pre_normalize)
            elif ignore_missing:
                continue
            else:
                raise KeyError(f"Key {shortened(key)} not present in vocabulary")
            whole += abs(share)
        mean: Float32 = (total / (whole or 1.0)).astype(np.float32)
        return _unit(mean) if post_normalize else mean

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
    ) -> Any:
        """The nearest keys to the mean of some, as (key, cosine), those asked about left out.

        Parameters
        ----------
        positive, negative
            Keys, vectors (d,), or (key, weight): what adds, and what is subtracted. One alone may be given as it is.
        topn
            How many; None for the cosines of all keys, an array.
        clip_start, clip_end
            Only keys from one row up to another.
        restrict_vocab
            Only the first keys, so many.
        indexer
            There is none here: firth's own index is `firth.build_index(wv.to_firth())`.
        """
        if indexer is not None:
            raise ConfigError("there is no indexer here: firth.build_index(wv.to_firth()) makes an index")
        terms = [*_weighted(positive, 1.0), *_weighted(negative, -1.0)]
        mean = self.get_mean_vector(
            [key for key, _ in terms], [weight for _, weight in terms], post_normalize=True, ignore_missing=False
        )
        asked = [row for key, _ in terms if not _is_vector(key) and (row := self._row(key)) >= 0]
        if restrict_vocab:
            clip_start, clip_end = 0, restrict_vocab
        return self._nearest(mean, asked, topn, slice(clip_start, clip_end))

    def _nearest(self, query: Float32, asked: Sequence[int], topn: int | None, clip: slice) -> Any:
        """The nearest keys to a vector of length 1, of those of some rows without those asked about."""
        first, last, _ = clip.indices(len(self))
        vectors, inverse = self.vectors[first:last], self.inverse_norms[first:last]
        if topn is None:
            return (vectors @ query) * inverse
        left_out = [row - first for row in asked if first <= row < last]
        topn = min(int(plain(topn)), len(vectors))
        if topn < 1:
            return []
        similar, rows = nearest(query[None], vectors, inverse, [left_out], topn)
        found = zip(rows[0].tolist(), similar[0].tolist(), strict=True)
        return [(self.index_to_key[first + row], cosine) for row, cosine in found if cosine > -math.inf]

    def similar_by_word(self, word: Any, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """The nearest keys to one. See `most_similar`."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_key(self, key: Any, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """The nearest keys to one. See `most_similar`."""
        return self.most_similar(positive=[key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_vector(self, vector: Any, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """The nearest keys to a vector (d,). See `most_similar`."""
        return self.most_similar(positive=[np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)

    def most_similar_cosmul(
        self, positive: Any = None, negative: Any = None, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """The best keys by 3CosMul: the product of the cosines with `positive`, by that of those with `negative`.

        Cosines are moved to 0 … 1 (Levy and Goldberg 2014, "Linguistic regularities", eq. 5).

        Parameters
        ----------
        positive, negative
            Keys, or vectors (d,).
        topn
            How many; None for the scores of all keys, an array.
        restrict_vocab
            Only the first keys, so many.
        """
        sides = _listed(positive), _listed(negative)
        if not any(sides):
            raise ValueError("cannot compute similarity with no input")
        units = self.get_normed_vectors()[: restrict_vocab or None]
        products = np.ones((2, len(units)), np.float32)
        for i, side in enumerate(sides):
            for key in side:
                products[i] *= (1 + units @ (_unit(key) if _is_vector(key) else self.get_vector(key, norm=True))) / 2
        scores = products[0] / (products[1] + EPSILON)
        if topn is None:
            return scores
        asked = {row for side in sides for key in side if not _is_vector(key) and (row := self._row(key)) >= 0}
        order = [row for row in np.argsort(-scores, kind="stable").tolist() if row not in asked]
        return [(self.index_to_key[row], float(scores[row])) for row in order[: max(0, topn)]]

    def similarity(self, w1: Any, w2: Any) -> float:
        """The cosine between two keys."""
        return np.float32(self.get_vector(w1, norm=True) @ self.get_vector(w2, norm=True))  # type: ignore[return-value]

    def distance(self, w1: Any, w2: Any) -> float:
        """One minus the cosine between two keys."""
        return 1 - self.similarity(w1, w2)

    def n_similarity(self, ws1: Any, ws2: Any) -> float:
        """The cosine between the means of two lists of keys, whose vectors are taken as they are."""
        if not len(ws1) or not len(ws2):
            raise ZeroDivisionError("At least one of the passed list is empty.")
        first, second = (self.get_mean_vector(keys, pre_normalize=False) for keys in (ws1, ws2))
        return np.float32(_unit(first) @ _unit(second))  # type: ignore[return-value]

    @staticmethod
    def cosine_similarities(vector_1: Any, vectors_all: Any) -> Float32:
        """The cosines between a vector (d,) and others (n, d), (n,) float32."""
        rows = np.asarray(vectors_all, np.float32)
        similar: Float32 = unit_rows(rows, inverse_lengths(rows)) @ _unit(vector_1)
        return similar

    def distances(self, word_or_vector: Any, other_words: Iterable[Any] = ()) -> Float32:
        """One minus the cosines between a key, or a vector (d,), and others, all without, (n,) float32."""
        vector = self.get_vector(word_or_vector) if is_key(word_or_vector) else word_or_vector
        other_words = list(other_words)
        if not other_words:
            all_distances: Float32 = 1 - (self.vectors @ _unit(vector)) * self.inverse_norms
            return all_distances
        return 1 - self.cosine_similarities(vector, self.vectors[[self.get_index(key) for key in other_words]])

    def closer_than(self, key1: Any, key2: Any) -> list[Any]:
        """The keys that are nearer to `key1` than `key2` is."""
        distances = self.distances(key1)
        first, second = self.get_index(key1), self.get_index(key2)
        closer = np.flatnonzero(distances < distances[second]).tolist()
        return [self.index_to_key[row] for row in closer if row != first]

    def words_closer_than(self, word1: Any, word2: Any) -> list[Any]:
        """The same as `closer_than`."""
        return self.closer_than(word1, word2)

    def rank(self, key1: Any, key2: Any) -> int:
        """The rank of `key2` among the neighbors of `key1`, 1 for the nearest."""
        return len(self.closer_than(key1, key2)) + 1

    def rank_by_centrality(self, words: Sequence[Any], use_norm: bool = True) -> list[tuple[float, Any]]:
        """(similarity to the mean of all, key) of the keys that are known, the greatest first.

        Parameters
        ----------
        words
            The keys.
        use_norm
            Whether to scale vectors to length 1 first.
        """
        known = [word for word in words if word in self]
        if not known:
            raise ValueError("cannot select a word from an empty list")
        vectors = np.array([self.get_vector(word, norm=use_norm) for word in known])
        similar = vectors @ _unit(vectors.mean(axis=0))
        return sorted(zip(similar.tolist(), known, strict=True), reverse=True)

    def doesnt_match(self, words: Sequence[Any]) -> Any:
        """Which of some keys is least similar to their mean. Unknown keys are left out."""
        return self.rank_by_centrality(words)[-1][1]

    def most_similar_to_given(self, key1: Any, keys_list: Sequence[Any]) -> Any:
        """Which of some keys is most similar to `key1`."""
        return keys_list[int(np.argmax([self.similarity(key1, key) for key in keys_list]))]

    def relative_cosine_similarity(self, wa: Any, wb: Any, topn: int = 10) -> float:
        """The cosine between two keys, by the sum of those of the nearest keys to the first.

        Leeuwenberg et al. 2016, "A minimally supervised approach for synonym extraction with word embeddings".
        """
        nearest_cosines: list[float] = [cosine for _, cosine in self.similar_by_key(wa, topn)]
        return float(self.similarity(wa, wb)) / sum(nearest_cosines)

    def wmdistance(self, document1: Sequence[Any], document2: Sequence[Any], norm: bool = True) -> float:
        """The word mover's distance of two texts, infinite if one has no known word. Needs the extra `firth[wmd]`.

        Parameters
        ----------
        document1, document2
            Texts, as lists of words.
        norm
            Whether to scale vectors to length 1 first.
        """
        from firth.vectors.transport import word_movers_distance

        if isinstance(document1, str) or isinstance(document2, str):
            raise ValueError("a text is a list of words: split it, text.split()")
        known = ([(w, self.get_vector(w, norm=norm)) for w in text if w in self] for text in (document1, document2))
        return word_movers_distance(*known)
