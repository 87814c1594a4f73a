"""Which tokens to keep, and which words to draw as negatives."""

from __future__ import annotations

import numpy as np

from firth.arrays import Float64, Int64, UInt32
from firth.kernels.linalg.exponentials import exponentials, logarithms
from firth.kernels.word2vec.negatives import Noise, fill_alias_table

_EULER_GAMMA = 0.577  # to as many digits as Keras has, so that the table is the same


def keep_probabilities(counts: Int64, sample: float) -> Float64:
    """The probability that a token of each word survives subsampling.

    For a word with a fraction f of the tokens it is min(1, √(sample/f) + sample/f), as word2vec.c computes it. (The
    paper, Mikolov et al. 2013, "Distributed representations of words and phrases", eq. 5, has √(sample/f) alone.)

    Parameters
    ----------
    counts
        How often each word occurs, (V,).
    sample
        The setting `sample`: words with a larger fraction of the tokens are subsampled. 0 keeps all.

    Returns
    -------
    (V,) float64 array

    Examples
    --------
    >>> firth.keep_probabilities(np.array([9_990, 10]), 1e-3).round(4)
    array([0.0326, 1.    ])
    """
    if sample == 0:
        return np.ones(len(counts))
    ratio = sample * counts.sum() / counts
    kept: Float64 = np.minimum(1.0, np.sqrt(ratio) + ratio)
    return kept


def sampling_table(size: int, sampling_factor: float = 1e-5) -> Float64:
    """The probability that a word is a target, by its frequency rank under Zipf's law: Keras's `make_sampling_table`.

    For rank r (0 taken as 1) the frequency is estimated as 1/f with f = r·(ln r + γ) + 1/2 - 1/(12·r), and the
    probability is min(1, √(sampling_factor·f)). If counts are known, `keep_probabilities` is the better choice.

    Parameters
    ----------
    size
        The number of words.
    sampling_factor
        The larger it is, the more of the frequent words are kept.

    Returns
    -------
    (size,) float64 array

    Raises
    ------
    ValueError
        For a size below 1, or a factor that is not above 0.

    Examples
    --------
    >>> firth.sampling_table(4)
    array([0.00315..., 0.00315..., 0.00547..., 0.00741...])
    """
    if size < 1 or not sampling_factor > 0:
        raise ValueError(f"size must be 1 or more and sampling_factor above 0, not {size} and {sampling_factor}")
    rank = np.maximum(np.arange(size, dtype=np.float64), 1)
    f = rank * (logarithms(rank) + _EULER_GAMMA) + 0.5 - 1 / (12 * rank)
    table: Float64 = np.minimum(1.0, np.sqrt(sampling_factor * f))
    return table


def noise_distribution(counts: Int64, exponent: float) -> Float64:
    """The probability of each word as a negative, (V,) float64: counts to the power `exponent`, scaled to sum 1.

    Mikolov et al. 2013, "Distributed representations", section 2.2, take 3/4.
    """
    # relative to the largest count, so that no exponent overflows
    logs = logarithms(counts)
    weights = exponentials(exponent * (logs - logs.max()))
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
    threshold = np.minimum(np.round(column * 2**32), 2**32 - 1)  # a full column is its own alias
    table = np.stack([threshold.astype(np.uint32), alias.astype(np.uint32)], axis=1)
    return Noise(table, probabilities.astype(np.float32))
