"""Classes drawn at random: TensorFlow's candidate samplers, and the negative samples of examples."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from firth.arrays import Float64, Int32, Int64
from firth.errors import shortened
from firth.kernels.linalg.exponentials import exponentials, logarithms
from firth.kernels.machine.rng import stream_key
from firth.kernels.tutorial.examples import draw_candidates
from firth.kernels.word2vec.negatives import Noise
from firth.settings import is_int, plain
from firth.training.sampling import alias_table
from firth.tutorial.sequences import SPECIAL_TOKENS

SUBSAMPLING, SHUFFLING, NEGATIVES, CANDIDATES = range(16, 20)
"""Streams of random numbers, here and in `firth.tutorial.examples`."""


class Candidates(NamedTuple):
    """Sampled classes (k,) int32, and how often each class is expected in such a sample, float64.

    `true_expected` has the shape of the true classes, `sampled_expected` that of `sampled`.
    """

    sampled: Int32
    true_expected: Float64
    sampled_expected: Float64


def log_uniform_probabilities(range_max: int) -> Float64:
    """P(c) = (log(c + 2) - log(c + 1)) / log(range_max + 1) for c below range_max: Zipf's law by id, (range_max,)."""
    logs = logarithms(np.arange(1, range_max + 2))
    probabilities: Float64 = np.diff(logs) / logs[-1]
    return probabilities


def log_uniform_sampler(
    true_classes: Any,
    num_sampled: int,
    range_max: int,
    *,
    unique: bool = True,
    exclude_true: bool = False,
    seed: int = 0,
) -> Candidates:
    """Classes drawn by Zipf's law on their ids, as by TensorFlow's candidate sampler; ids go by falling frequency.

    P(c) = (log(c + 2) - log(c + 1)) / log(range_max + 1).

    Parameters
    ----------
    true_classes
        The true classes, an array of ids of any shape.
    num_sampled
        How many classes to draw.
    range_max
        The number of classes.
    unique
        Draw each class at most once.
    exclude_true
        Never draw a true class. The expected counts are still those of the plain sampler.
    seed
        The same seed, the same classes.

    Returns
    -------
    Candidates
        `sampled` (num_sampled,) int32; `true_expected`, of the shape of `true_classes`, and `sampled_expected`
        (num_sampled,), both float64: how often each class is expected in such a sample, p·num_sampled, or with `unique`
        1 - (1 - p)^tries, where tries is how many draws it took. NCE and sampled softmax need them.

    Raises
    ------
    ValueError
        If there are not enough classes.

    Examples
    --------
    >>> sampled, *_ = firth.log_uniform_sampler([3], 4, range_max=8, exclude_true=True, seed=42)
    >>> 3 in sampled, len(set(sampled.tolist()))
    (False, 4)
    """
    return _sample(true_classes, num_sampled, log_uniform_probabilities(range_max), None, unique, exclude_true, seed)


def unigram_sampler(
    true_classes: Any,
    num_sampled: int,
    probabilities: Any,
    *,
    unique: bool = True,
    exclude_true: bool = False,
    seed: int = 0,
) -> Candidates:
    """Classes drawn with given probabilities.

    Parameters
    ----------
    true_classes
        The true classes, an array of ids of any shape.
    num_sampled
        How many classes to draw.
    probabilities
        The probability of each class, (V,), summing to 1.
    unique
        Draw each class at most once.
    exclude_true
        Never draw a true class. The expected counts are still those of the plain sampler.
    seed
        The same seed, the same classes.

    Returns
    -------
    Candidates
        `sampled` (num_sampled,) int32; `true_expected`, of the shape of `true_classes`, and `sampled_expected`
        (num_sampled,), both float64: how often each class is expected in such a sample, p·num_sampled, or with `unique`
        1 - (1 - p)^tries, where tries is how many draws it took. NCE and sampled softmax need them.

    Raises
    ------
    ValueError
        For probabilities that are negative or do not sum to 1, and if there are not enough classes.
    """
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 1 or not len(p) or not (p >= 0).all() or not math.isclose(p.sum(), 1, rel_tol=1e-6):
        raise ValueError("probabilities must be a list of numbers of 0 or more that sum to 1")
    return _sample(true_classes, num_sampled, p, alias_table(p), unique, exclude_true, seed)


def negative_samples(
    true: Any,
    num_ns: int,
    vocabulary_size: int,
    *,
    noise: Any = None,
    exclude_true: bool = True,
    reserved: int = len(SPECIAL_TOKENS),
    seed: int = 0,
) -> Int32:
    """`num_ns` unique classes for each true class, (n, num_ns) int32, drawn as for `training_examples`."""
    possible = np.arange(vocabulary_size) >= reserved
    table = None
    if noise is not None:
        p = np.asarray(noise, np.float64)
        if p.shape != (vocabulary_size,) or not (p >= 0).all() or not p.sum() > 0:
            raise ValueError(f"noise must be {vocabulary_size:,} numbers of 0 or more, not all of them 0")
        table = alias_table(p / p.sum())
        possible &= p > 0
    _check_enough(num_ns, int(possible.sum()) - bool(exclude_true), unique=True)
    negatives, _ = _draw(np.asarray(true).reshape(-1, 1), num_ns, possible, table, True, exclude_true, seed)
    return negatives


def _check_enough(num_sampled: int, possible: int, *, unique: bool) -> None:
    if not is_int(1)(plain(num_sampled)):
        raise ValueError(f"the number of samples must be a whole number of 1 or more, not {shortened(num_sampled)}")
    if possible < (num_sampled if unique else 1):
        raise ValueError(f"cannot draw {num_sampled:,} {'unique ' * unique}samples from {max(possible, 0):,} classes")


def _draw(
    true: Int32, k: int, possible: Any, table: Any, unique: bool, exclude_true: bool, seed: int
) -> tuple[Int32, Int64]:
    candidates, tries = np.empty((len(true), k), np.int32), np.empty(len(true), np.int64)
    noise = table or Noise(np.empty((0, 2), np.uint32), np.empty(0, np.float32))
    key = stream_key(seed, 0, CANDIDATES)
    true = np.ascontiguousarray(true, np.int32)
    draw_candidates(true, possible, noise, unique, exclude_true, key, candidates, tries)
    return candidates, tries


def _sample(
    true_classes: Any,
    num_sampled: int,
    probabilities: Float64,
    table: Any,
    unique: bool,
    exclude_true: bool,
    seed: int,
) -> Candidates:
    true = np.atleast_1d(np.asarray(true_classes))
    if true.size and (true.dtype.kind not in "iu" or true.min() < 0 or true.max() >= len(probabilities)):
        raise ValueError(f"the true classes must be whole numbers from 0 to {len(probabilities) - 1:,}")
    possible = probabilities > 0
    enough = int(possible.sum())
    if exclude_true:
        enough -= int(possible[np.unique(true.astype(np.int64))].sum())
    _check_enough(num_sampled, enough, unique=unique)
    sampled, tries = _draw(true.reshape(1, -1), num_sampled, possible, table, unique, exclude_true, seed)

    def expected(classes: Any) -> Float64:
        p = probabilities[classes]
        return at_least_once(p, int(tries[0])) if unique else p * num_sampled

    return Candidates(sampled[0], expected(true.astype(np.int64)), expected(sampled[0]))


def at_least_once(p: Float64, tries: int) -> Float64:
    """1 - (1 - p)^tries, exact to the last digits also where p is small (Kahan's ways to log1p and expm1)."""
    p = np.minimum(p, 1 - 1e-15)
    rest = 1 - p
    lost = np.where(rest == 1, 1, rest - 1)  # p, as far as it is not lost in 1 - p
    exponents = tries * np.where(rest == 1, -p, logarithms(rest) * (-p / lost))
    powers = exponentials(exponents)
    is_near = (powers > 0.5) & (powers < 1)
    logs = np.where(is_near, logarithms(powers), 1)
    return np.where(is_near, (1 - powers) * (exponents / logs), np.where(powers == 1, -exponents, 1 - powers))
