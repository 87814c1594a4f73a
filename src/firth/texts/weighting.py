"""The formulas of SIF and uSIF: how much a word counts in a text, and what texts have in common, to be taken out.

SIF: Arora, Liang and Ma 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings". uSIF: Ethayarajh 2018,
"Unsupervised Random Walk Sentence Embeddings". Removing is linear, so it may be done to a text's vector, or to those of
its words before their mean is taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.arrays import Float64

SMALLEST_SHARE = 1e-10
"""A direction with less of the texts' squared lengths than this, of the greatest one's, is rounding."""
MOST_USIF = 2.0
"""The weight in uSIF of a word that never occurs: 1 / ½."""


def sif_weights(probabilities: Float64, a: float) -> Float64:
    """a / (a + p(w)) for each word, (V,): the rarer, the nearer to 1."""
    return a / (a + probabilities)


def usif_weights(probabilities: Float64, mean_length: float) -> Float64:
    """a / (a/2 + p(w)) for each word, (V,), with `a` from the mean length n of the texts.

    Z = V/2, and α is the share of words that a text of n random words, all alike, would have by chance less often than
    not: those with p(w) > 1 - (1 - 1/V)ⁿ. Then a = (1 - α) / (αZ); where there are no such words, all weights are 2.
    """
    words = len(probabilities)
    threshold = 1 - (1 - 1 / words) ** mean_length
    alpha = np.count_nonzero(probabilities > threshold) / words
    if alpha == 0:
        return np.full(words, MOST_USIF)
    a = (1 - alpha) / (alpha * words / 2)
    return a / (a / 2 + probabilities)


class Components(NamedTuple):
    """Directions (m, d), orthogonal and of length 1, and how much of each is removed (m,), from 0 to 1."""

    directions: Float64
    shares: Float64

    def removed_from(self, rows: Float64) -> Float64:
        """Vectors (n, d) without their projections on the directions: v - Σ λᵢ (v·cᵢ) cᵢ."""
        return rows - (rows @ self.directions.T * self.shares) @ self.directions


def no_components(vector_size: int) -> Components:
    """Nothing to remove."""
    return Components(np.zeros((0, vector_size)), np.zeros(0))


def principal_components(moments: Float64, count: int, *, by_size: bool) -> Components:
    """The first right singular vectors of texts' vectors T (n, d), which are not centered, from their `moments` TᵀT.

    All of each is removed, or `by_size`, as in uSIF, λᵢ = σᵢ² / Σ σⱼ², the sum over those that are removed. There are
    fewer than `count` where the texts do not have so many directions.
    """
    squares, vectors = np.linalg.eigh(moments)  # σ², in rising order
    squares, directions = squares[::-1][:count], vectors.T[::-1][:count]
    there = squares > SMALLEST_SHARE * squares[:1]
    squares, directions = squares[there], directions[there]
    return Components(directions, squares / squares.sum() if by_size else np.ones(len(squares)))
