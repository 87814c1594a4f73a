"""The tutorial's pieces as loops: skip-gram pairs from padded sequences, and negative samples for them."""

from __future__ import annotations

import numpy as np

from firth.arrays import Bool, Float64, Int32, Int64
from firth.jit.kernel import compiled
from firth.kernels.linalg.exponentials import exponential, logarithm
from firth.kernels.machine.rng import draw, high_half, scale
from firth.kernels.word2vec.negatives import Noise, draw_negative

PADDING = 0
MOST_RANDOM_DRAWS = 1 << 16
"""Draws for one row before the classes that are left are taken in turn."""
_2_53 = 1.0 / 9007199254740992.0


@compiled
def uniform(key: np.uint64, counter: int) -> float:
    """A number in [0, 1) with 53 random bits."""
    return float(draw(key, counter) >> np.uint64(11)) * _2_53


@compiled
def find_skipgrams(
    sequences: Int32, window: int, keep: Float64, key: np.uint64, targets: Int32, contexts: Int32
) -> int:
    """All (target, context) pairs of each row, in order; return how many there are.

    Padding takes no part. A target at place p is left out if `keep[target]` is below its random number (an empty
    `keep` keeps all). Pairs are written as far as there is room: call once with no room to count them.
    """
    found = 0
    width = sequences.shape[1]
    for row in range(sequences.shape[0]):
        for i in range(width):
            target = sequences[row, i]
            if target == PADDING:
                continue
            if keep.shape[0] and keep[target] < uniform(key, row * width + i):
                continue
            for j in range(max(0, i - window), min(width, i + window + 1)):
                if j != i and sequences[row, j] != PADDING:
                    if found < targets.shape[0]:
                        targets[found] = target
                        contexts[found] = sequences[row, j]
                    found += 1
    return found


@compiled
def draw_log_uniform(range_max: int, key: np.uint64, counter: int) -> int:
    """A class from P(c) = (log(c + 2) - log(c + 1)) / log(range_max + 1), by inverting its distribution."""
    value = int(exponential(uniform(key, counter) * logarithm(range_max + 1.0))) - 1
    return min(max(value, 0), range_max - 1)


@compiled
def draw_candidates(
    true: Int32,
    possible: Bool,
    noise: Noise,
    unique: bool,
    exclude_true: bool,
    key: np.uint64,
    candidates: Int32,
    tries: Int64,
) -> None:
    """Fill each row of `candidates` (n, k) with classes, for the true classes in that row of `true` (n, t).

    Classes come from the noise's alias table, or log-uniform ones if that is empty. Those not `possible` (V,), with
    `unique` those drawn for the row already, and with `exclude_true` the true classes, are drawn again. `tries` (n,) is
    how often each row was drawn for. Where the classes left are so improbable that this would take for ever, they are
    taken in turn. The caller has made sure that there are enough.
    """
    k = candidates.shape[1]
    classes = possible.shape[0]
    for row in range(candidates.shape[0]):
        found = 0
        attempt = 0
        while found < k:
            counter = (row << 24) + attempt
            attempt += 1
            if attempt > MOST_RANDOM_DRAWS:
                drawn = attempt % classes
            elif noise.table.shape[0]:
                drawn = draw_negative(noise, key, counter)
            else:
                drawn = draw_log_uniform(classes, key, counter)
            again = not possible[drawn]
            if unique:
                for i in range(found):
                    again |= candidates[row, i] == drawn
            if exclude_true:
                for i in range(true.shape[1]):
                    again |= true[row, i] == drawn
            if not again:
                candidates[row, found] = drawn
                found += 1
        tries[row] = attempt


@compiled
def shuffle(order: Int64, key: np.uint64) -> None:
    """Put the numbers in a random order, in place (Fisher and Yates; Durstenfeld 1964, algorithm 235)."""
    for i in range(order.shape[0] - 1, 0, -1):
        j = scale(high_half(draw(key, i)), i + 1)
        order[i], order[j] = order[j], order[i]
