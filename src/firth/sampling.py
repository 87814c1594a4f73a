"""Which tokens to keep, and which words to draw as noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from firth.kernels.skipgram import Noise, fill_alias_table

Float64 = np.ndarray[Any, np.dtype[np.float64]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]
UInt32 = np.ndarray[Any, np.dtype[np.uint32]]


def keep_probabilities(counts: Int64, sample: float) -> Float64:
    """The probability that a token of each word is kept, (V,) float64.

    For a word of share f among the tokens it is min(1, √(sample/f) + sample/f): what word2vec.c computes. (The
    paper, Mikolov et al. 2013 "Distributed representations", equation 5, has √(sample/f) alone.) With `sample`
    0 all are kept.
    """
    if sample == 0:
        return np.ones(len(counts))
    ratio = sample * counts.sum() / counts
    kept: Float64 = np.minimum(1.0, np.sqrt(ratio) + ratio)
    return kept


def noise_distribution(counts: Int64, exponent: float) -> Float64:
    """The probability of each word as noise, (V,) float64: counts to the power `exponent`, scaled to sum 1.

    Mikolov et al. 2013, "Distributed representations", section 2.2, take 3/4.
    """
    # relative to the largest count, so that no exponent overflows
    weights = np.exp(exponent * (np.log(counts) - np.log(counts).max()))
    probabilities: Float64 = weights / weights.sum()
    return probabilities


def as_thresholds(probabilities: Float64) -> UInt32:
    """Thresholds t for 32 random bits r, (n,) uint32: r <= t with these probabilities, to within 2**-32."""
    return (np.clip(np.ceil(probabilities * 2**32), 1, 2**32) - 1).astype(np.uint32)


def alias_table(probabilities: Float64) -> Noise:
    """A table from which a word is drawn with one random number, however large the vocabulary."""
    n = len(probabilities)
    column = np.ones(n)
    alias = np.arange(n, dtype=np.int32)
    scaled = probabilities * n
    fill_alias_table(scaled, column, alias, np.empty(n, np.int32))
    return Noise(as_thresholds(column), alias)
