"""Training in shards again, slowly and in double precision: what the kernels of it are tested against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firth.arrays import Array
from firth.training.reference import Epoch, train_epoch


def rounded(values: Array) -> Array:
    """The nearest numbers of 8 significant bits; of two that are as near, the even one."""
    fractions, exponents = np.frexp(values)
    nearest: Array = np.ldexp(np.rint(fractions * 2**8), exponents - 8)
    return nearest


def tree_sum(changes: Sequence[Array]) -> Array:
    """The sum of changes in a binary tree, every node of which is rounded."""
    if len(changes) == 1:
        return rounded(changes[0])
    left = 1 << (len(changes) - 1).bit_length() - 1  # the largest power of two below
    return rounded(tree_sum(changes[:left]) + tree_sum(changes[left:]))


def contracted(total: Array, shards: int, moment: Array, rates: Array) -> Array:
    """What the changes of W shards come to, given their sum (V, d), each row's in the directions of a (d, d) moment:
    G·Σ Δ / W, where G is the sum of e^(-j·a·M) for j from 0 to W - 1, by the rate a of the row, (V,).
    """
    values, vectors = np.linalg.eigh(moment)
    left = np.exp(-np.outer(rates, np.maximum(values, 0)))
    steps = sum(left**shard for shard in range(shards))
    along = (total / shards) @ vectors
    combined: Array = (along * steps) @ vectors.T
    return combined


def train_epoch_in_shards(
    ids: Sequence[int],
    sentence_starts: Sequence[int],
    parameters: tuple[Array, Array],
    epoch: Epoch,
    periods: Sequence[Sequence[tuple[int, int, int]]],
    partners: tuple[Array, Array],
    rates: Sequence[tuple[Array, Array]],
    late: dict[int, list[Array]],
) -> tuple[float, float]:
    """One epoch, in place. Returns the measured loss, and its pairs by weight.

    `periods` has the positions at which each shard's piece and its late part begin, and where it ends. `partners` has
    how often an output vector is the partner of an input vector, and an input vector that of an output vector, `rates`
    what the moments are multiplied by in each row, period by period. `late` has what shards have changed in late parts
    and not given so far, before and after.
    """
    loss = measured = 0.0
    for pieces, of_period in zip(periods, rates, strict=True):
        changes = []
        for shard, (begin, middle, end) in enumerate(pieces):
            trained = parameters[0].copy(), parameters[1].copy()
            changed = []
            for part in ((begin, middle), (middle, end)):
                more = train_epoch(ids, sentence_starts, trained[0], trained[1], epoch, part)
                loss, measured = loss + more[0], measured + more[1]
                changed.append([rounded(new - old) for new, old in zip(trained, parameters, strict=True)])
            early, whole = changed
            kept = late.get(shard, [np.zeros_like(array) for array in parameters])
            changes.append([now + before for now, before in zip(early, kept, strict=True)])
            late[shard] = [rounded(all_ - some) for all_, some in zip(whole, early, strict=True)]
        totals = [tree_sum(of) for of in zip(*changes, strict=True)]
        ends = [old + of / len(pieces) for old, of in zip(parameters, totals, strict=True)]
        moments = [(rows.T * weights) @ rows for rows, weights in zip(reversed(ends), partners, strict=True)]
        for number, of in enumerate(totals):
            parameters[number][...] += rounded(contracted(of, len(pieces), moments[number], of_period[number]))
    return loss, measured
