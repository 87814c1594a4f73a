"""Training in shards again, slowly and in double precision: what the kernels of it are tested against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firth.arrays import Array
from firth.training.reference import Epoch, train_epoch


def contracted(changes: Sequence[Array], moment: Array, rates: Array) -> Array:
    """What the changes of W shards (V, d) come to, each row's in the directions of a (d, d) moment: G·Σ Δ / W, where G
    is the sum of e^(-j·a·M) for j from 0 to W - 1, by the rate a of the row, (V,).
    """
    values, vectors = np.linalg.eigh(moment)
    left = np.exp(-np.outer(rates, np.maximum(values, 0)))
    steps = sum(left**shard for shard in range(len(changes)))
    along = (sum(changes) / len(changes)) @ vectors
    combined: Array = (along * steps) @ vectors.T
    return combined


def train_epoch_in_shards(
    ids: Sequence[int],
    sentence_starts: Sequence[int],
    parameters: tuple[Array, Array],
    epoch: Epoch,
    periods: Sequence[Sequence[tuple[int, int]]],
    partners: tuple[Array, Array],
    rates: Sequence[tuple[Array, Array]],
) -> tuple[float, float]:
    """One epoch, in place. Returns the measured loss, and its pairs by weight.

    `periods` has the positions at which each shard's piece begins and ends, `partners` how often an output vector is
    the partner of an input vector, and an input vector that of an output vector; `rates` what the moments are
    multiplied by in each row, period by period.
    """
    loss = measured = 0.0
    for pieces, of_period in zip(periods, rates, strict=True):
        changes = []
        for piece in pieces:
            trained = parameters[0].copy(), parameters[1].copy()
            more = train_epoch(ids, sentence_starts, trained[0], trained[1], epoch, piece)
            loss, measured = loss + more[0], measured + more[1]
            changes.append([new - old for new, old in zip(trained, parameters, strict=True)])
        of_inputs, of_outputs = (list(of) for of in zip(*changes, strict=True))
        ends = [old + sum(of) / len(of) for old, of in zip(parameters, (of_inputs, of_outputs), strict=True)]
        moments = [(rows.T * weights) @ rows for rows, weights in zip(reversed(ends), partners, strict=True)]
        for number, of in enumerate((of_inputs, of_outputs)):
            parameters[number][...] += contracted(of, moments[number], of_period[number])
    return loss, measured
