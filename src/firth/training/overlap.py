"""Exchanges behind the training: a piece is trained on while what it has learned so far is combined.

What a shard changes in the late part of a piece, it gives to be combined with the early part of its next one.
`docs/shards.md` has the definition.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from firth.arrays import Int64
from firth.config import TrainingConfig
from firth.kernels.linalg.bfloat16 import add_rounded, subtract_rounded
from firth.training.shards import ChangeArrays, Changes, Period, Piece, by_rows, periods_of


def periods_of_epoch(sentence_starts: Int64, config: TrainingConfig, *, is_last: bool) -> list[Period]:
    """The periods of an epoch, with the late parts of their pieces if an overlap is asked for.

    The last of the training has none, as no other comes after it; nor has one that is followed by one of more or fewer
    pieces, because of a long sentence. Raises what `periods_of` does.
    """
    periods = periods_of(sentence_starts, config)
    if not config.overlap:
        return periods
    found = []
    for period, following in itertools.pairwise([*periods, periods[0]]):
        late = tuple(late_part(piece, sentence_starts, config.overlap) for piece in period.pieces)
        found.append(period._replace(late=late if len(late) == len(following.pieces) else ()))
    return [*found[:-1], periods[-1]] if is_last else found


def period_before(
    periods: Sequence[Period], sentence_starts: Int64, config: TrainingConfig, epoch: int, number: int
) -> tuple[int, Period] | None:
    """The period before number `number` of an epoch, of which all are given, with its epoch; None if it has no late
    parts, and before the first of all.
    """
    if number > 0:
        period = periods[number - 1]
    elif epoch > 0:
        epoch, period = epoch - 1, periods_of_epoch(sentence_starts, config, is_last=False)[-1]
    else:
        return None
    return (epoch, period) if period.late else None


def late_part(piece: Piece, sentence_starts: Int64, overlap: float) -> Piece:
    """The end of a piece, from the first sentence that begins at or after its place. It may be empty."""
    place = piece.end - int(overlap * (piece.end - piece.begin))
    sentence = int(np.searchsorted(sentence_starts, place))
    return Piece(int(sentence_starts[sentence]), piece.end, sentence)


class LateChanges:
    """What shards have changed in the late parts of their pieces, and not given to the others so far."""

    def __init__(self) -> None:
        self.of_shards: dict[int, Changes] = {}

    def given(self, shard: int, early: Changes, arrays: ChangeArrays, *, is_kept: bool) -> Changes:
        """What a shard gives: its changes in the early part of a piece, with those in the late part of the last one.

        If `early` is to be kept as it is, that is in other arrays.
        """
        given = self.of_shards.pop(shard, None)
        if given is not None:
            _by_rows(arrays, add_rounded, given, early)
            if not is_kept:
                arrays.spare.append(early)
            return given
        return Changes(*(array.copy() for array in early)) if is_kept else early

    def keep(self, shard: int, whole: Changes, early: Changes, arrays: ChangeArrays) -> None:
        """Keep what a whole piece has changed, but for its early part. The arrays are not the caller's any more."""
        _by_rows(arrays, subtract_rounded, whole, early)
        self.of_shards[shard] = whole
        arrays.spare.append(early)


def _by_rows(arrays: ChangeArrays, function: Callable[..., Any], into: Changes, other: Changes) -> None:
    for array, values in zip(into, other, strict=True):
        by_rows(arrays.pool, len(array), functools.partial(function, array, values))
