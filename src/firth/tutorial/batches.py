"""Examples in batches, for other frameworks, and the order of each epoch."""

from __future__ import annotations

from collections.abc import Iterator

from firth.arrays import Array
from firth.threads import map_ahead
from firth.tutorial.examples import Examples, random_order


def batches(
    examples: Examples,
    batch_size: int,
    *,
    seed: int = 1,
    epoch: int = 0,
    reshuffle: bool = True,
    drop_remainder: bool = True,
    prefetch: int = 2,
) -> Iterator[Examples]:
    """The examples in batches, in an order of their own for each seed and, with `reshuffle`, each epoch.

    A thread makes `prefetch` batches ahead. These are for other frameworks; `train` makes its own.
    """
    order = order_of_epoch(len(examples.targets), batch_size, seed, epoch, reshuffle, drop_remainder)
    parts = (order[start : start + batch_size] for start in range(0, len(order), batch_size))

    def batch(part: Array) -> Examples:
        return Examples(*(array[part] for array in examples))

    return map_ahead(1, batch, parts, ahead=prefetch) if prefetch else map(batch, parts)


def order_of_epoch(n: int, batch_size: int, seed: int, epoch: int, reshuffle: bool, drop_remainder: bool) -> Array:
    """The order of an epoch's n examples, without those that fill no batch if they are to be dropped."""
    order = random_order(n, seed, epoch if reshuffle else 0)
    return order[: n - n % batch_size] if drop_remainder else order
