"""The tutorial's training examples: skip-grams of sequences, and their negative samples.

Each step is a function on NumPy arrays, callable alone; the same arguments and seed give the same arrays. Id 0 is
padding everywhere and takes no part in pairs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from firth.arrays import Int32, Int64
from firth.errors import shortened
from firth.html_table import html_table
from firth.kernels.machine.rng import stream_key
from firth.kernels.tutorial.examples import find_skipgrams, shuffle
from firth.reporting.progress_bar import steps
from firth.settings import is_int, plain
from firth.tutorial.candidates import NEGATIVES, SHUFFLING, SUBSAMPLING, negative_samples
from firth.tutorial.sequences import SPECIAL_TOKENS

_ROWS_AT_A_TIME = 1 << 14


class Pairs(NamedTuple):
    """Skip-grams: `pairs` (n, 2) int32, each row (target, context), and `labels` (n,) int32, 1 real and 0 invented."""

    pairs: Int32
    labels: Int32

    def _repr_html_(self) -> str:
        rows = ((*pair.tolist(), int(label)) for pair, label in zip(self.pairs, self.labels, strict=True))
        header = ("target", "context", "label")
        return html_table(f"Pairs, {len(self.pairs):,}", header, rows, rows_in_all=len(self.pairs))


class Examples(NamedTuple):
    """`targets` (n,), `contexts` (n, 1 + num_ns) with the true context first, `labels` (n, 1 + num_ns): 1, then 0s.

    All int32.
    """

    targets: Int32
    contexts: Int32
    labels: Int32

    def _repr_html_(self) -> str:
        rows = ((int(target), *map(str, some)) for target, *some in zip(*self, strict=True))
        header = ("target", "contexts", "labels")
        return html_table(f"Examples, {len(self.targets):,}", header, rows, rows_in_all=len(self.targets))


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    *,
    window_size: int = 4,
    negative_samples: float = 0.0,
    shuffled: bool = False,
    sampling_table: Any = None,
    seed: int = 0,
) -> Pairs:
    """All (target, context) pairs of a sequence within a window, labeled 1; an empty sequence has none.

    Parameters
    ----------
    sequence
        One sequence of ids, or an array (n, length) of padded ones. Id 0 is padding, and takes no part.
    vocabulary_size
        The number of ids, padding included.
    window_size
        The largest distance of a context word, on each side.
    negative_samples
        With r, add round(r·n) pairs labeled 0: a real target, and a word drawn uniformly from 1 to vocabulary_size - 1.
    shuffled
        Return the pairs in random order.
    sampling_table
        The probability that a word is taken as a target, (V,); see `sampling_table`.
    seed
        The same seed, the same pairs.

    Returns
    -------
    Pairs
        `pairs` (n, 2) int32, and `labels` (n,) int32.

    Raises
    ------
    ValueError
        For ids out of range, a window of 0, or a table of another size.

    Examples
    --------
    >>> pairs, labels = firth.skipgrams([1, 2, 3], vocabulary_size=4, window_size=1)
    >>> pairs.tolist()
    [[1, 2], [2, 1], [2, 3], [3, 2]]
    """
    rows = _checked_sequences(sequence, vocabulary_size)
    pairs = _positive_pairs(rows, vocabulary_size, window_size, sampling_table, seed)
    labels = np.ones(len(pairs), np.int32)
    if negative_samples < 0 or not math.isfinite(negative_samples):
        raise ValueError(f"negative_samples must be 0 or more, not {negative_samples}")
    if negative_samples and len(pairs):
        if vocabulary_size < 2:
            raise ValueError("there is no word to draw negative samples from: vocabulary_size must be 2 or more")
        random = np.random.default_rng((seed, NEGATIVES))
        count = round(negative_samples * len(pairs))
        targets = random.permutation(np.resize(pairs[:, 0], count))
        invented = np.stack([targets, random.integers(1, vocabulary_size, count, dtype=np.int32)], axis=1)
        pairs = np.concatenate([pairs, invented.astype(np.int32)])
        labels = np.concatenate([labels, np.zeros(count, np.int32)])
    if shuffled:
        order = random_order(len(pairs), seed)
        pairs, labels = pairs[order], labels[order]
    return Pairs(pairs, labels)


def training_examples(
    sequences: Any,
    vocabulary_size: int,
    *,
    window_size: int = 2,
    num_ns: int = 4,
    sampling_table: Any = None,
    noise: Any = None,
    exclude_true: bool = True,
    reserved: int = len(SPECIAL_TOKENS),
    seed: int = 0,
    progress: bool | Callable[[int, int], None] = False,
) -> Examples:
    """The tutorial's training examples: each skip-gram with unique negative samples.

    Parameters
    ----------
    sequences
        One sequence of ids, or an array (n, length) of padded ones, as `vectorize` returns them.
    vocabulary_size
        The number of ids, padding included.
    window_size
        The largest distance of a context word, on each side.
    num_ns
        Negative samples of each pair.
    sampling_table
        The probability that a word is taken as a target, (V,); see `sampling_table`.
    noise
        The probability of each word as a negative sample, (V,). By default they are drawn log-uniformly over the ids.
    exclude_true
        Never draw the true context. The tutorial draws it at times: False is as it does.
    reserved
        The first ids, which are never drawn: padding and unknown. The tutorial has 0.
    seed
        The same seed, the same examples.
    progress
        True for a bar, or a function that is called with (rows done, rows).

    Returns
    -------
    Examples
        `targets` (n,), `contexts` (n, 1 + num_ns) with the true context first, and `labels` (n, 1 + num_ns): 1, then
        0s. All int32.

    Raises
    ------
    ValueError
        For ids out of range, a window of 0, or too few words for `num_ns` unique ones.
    """
    seed = int(seed)  # which is added to: one of NumPy's might overflow
    rows = _checked_sequences(sequences, vocabulary_size)
    found: list[Int32] = []
    with steps("examples", not callable(progress) and progress, " sequences") as shown:
        report = progress if callable(progress) else shown
        for start in range(0, len(rows), _ROWS_AT_A_TIME):
            part = rows[start : start + _ROWS_AT_A_TIME]
            found.append(_positive_pairs(part, vocabulary_size, window_size, sampling_table, seed + (start << 20)))
            if report:
                report(start + len(part), len(rows))
    pairs = np.concatenate([np.zeros((0, 2), np.int32), *found])
    negatives = negative_samples(
        pairs[:, 1], num_ns, vocabulary_size, noise=noise, exclude_true=exclude_true, reserved=reserved, seed=seed
    )
    contexts = np.concatenate([pairs[:, 1:], negatives], axis=1)
    labels = np.zeros_like(contexts)
    labels[:, 0] = 1
    return Examples(np.ascontiguousarray(pairs[:, 0]), contexts, labels)


def random_order(n: int, seed: int, epoch: int = 0) -> Int64:
    """The numbers 0 … n-1 in a random order of their own for each seed and epoch, (n,) int64."""
    order = np.arange(n)
    shuffle(order, stream_key(seed, epoch, SHUFFLING))
    return order


def _positive_pairs(rows: Int32, vocabulary_size: int, window_size: int, sampling_table: Any, seed: int) -> Int32:
    if not is_int(1)(plain(window_size)):
        raise ValueError(f"window_size must be a whole number of 1 or more, not {shortened(window_size)}")
    keep = np.zeros(0) if sampling_table is None else np.asarray(sampling_table, np.float64)
    if sampling_table is not None and keep.shape != (vocabulary_size,):
        raise ValueError(f"sampling_table must have {vocabulary_size:,} probabilities, not the shape {keep.shape}")
    window = int(window_size)  # one of NumPy's, of few bits or without a sign, would wrap around
    key = stream_key(seed, 0, SUBSAMPLING)
    nothing = np.empty(0, np.int32)
    count = find_skipgrams(rows, window, keep, key, nothing, nothing)
    targets, contexts = np.empty(count, np.int32), np.empty(count, np.int32)
    find_skipgrams(rows, window, keep, key, targets, contexts)
    return np.stack([targets, contexts], axis=1)


def _checked_sequences(sequences: Any, vocabulary_size: int) -> Int32:
    try:
        rows = np.asarray(sequences)
    except ValueError:  # lists of lists that are no array
        rows = np.empty(0, object)
    if rows.ndim == 1 and rows.dtype == object:
        raise ValueError("the sequences have different lengths: make them one array with pad_sequences")
    if rows.size == 0:
        return np.zeros((0, 1), np.int32)
    if rows.ndim not in {1, 2} or rows.dtype.kind not in "iu":
        raise ValueError(f"wanted one sequence of ids, or (n, length) of them, not {rows.dtype} of shape {rows.shape}")
    if rows.min() < 0 or rows.max() >= vocabulary_size:
        wrong = rows.min() if rows.min() < 0 else rows.max()
        raise ValueError(f"the id {wrong} is out of range: vocabulary_size is {vocabulary_size:,}")
    return np.ascontiguousarray(np.atleast_2d(rows), np.int32)
