"""Examples in batches, for other frameworks, and the order of each epoch."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

from firth.arrays import Array
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

    `prefetch` batches are made ahead by a thread of their own. For other frameworks; `train` makes its own.
    """
    order = order_of_epoch(len(examples.targets), batch_size, seed, epoch, reshuffle, drop_remainder)
    parts = (order[start : start + batch_size] for start in range(0, len(order), batch_size))
    made = (Examples(*(array[part] for array in examples)) for part in parts)
    return _ahead(made, prefetch) if prefetch else made


def order_of_epoch(n: int, batch_size: int, seed: int, epoch: int, reshuffle: bool, drop_remainder: bool) -> Array:
    """The order of an epoch's n examples, without those that fill no batch if they are to be dropped."""
    order = random_order(n, seed, epoch if reshuffle else 0)
    return order[: n - n % batch_size] if drop_remainder else order


def _ahead(items: Iterator[Any], size: int) -> Iterator[Any]:
    """The same items, up to `size` of them made ahead by a thread."""
    waiting: queue.Queue[Any] = queue.Queue(size)
    given_up = threading.Event()
    end = object()

    def put(item: Any) -> bool:
        while not given_up.is_set():
            try:
                waiting.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        for item in items:
            if not put(item):
                return
        put(end)

    thread = threading.Thread(target=work, daemon=True, name="firth-batches")
    thread.start()
    try:
        while (item := waiting.get()) is not end:
            yield item
    finally:
        given_up.set()
        thread.join()
