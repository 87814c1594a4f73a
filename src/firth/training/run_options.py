"""The arguments of a training on which its result does not depend: where it runs, who watches, what is kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from firth.config import TrainingConfig
from firth.cpu import usable_threads
from firth.errors import ConfigError, shortened
from firth.reporting.events import Event
from firth.settings import is_int, plain
from firth.training.checkpoints import Checkpoints


@dataclasses.dataclass(frozen=True)
class RunOptions:
    """The arguments of `train`, by their names, on which the result does not depend."""

    threads: int
    progress: bool | Callable[[Event], None] | None
    cache: str | Path | None
    tensorboard: str | Path | None
    checkpoints: str | Path | Checkpoints | None
    resume: bool
    nodes: int | None = 1
    ray: str | None = None


def checked_threads(threads: int | None) -> int:
    """How many threads to use: as many as are given, or one for each processor."""
    if threads is None:
        return usable_threads()
    if not is_int(1, 1024)(plain(threads)):
        raise ConfigError(f"threads must be a whole number from 1 to 1,024, not {shortened(threads)}")
    return int(threads)


def checked_nodes(nodes: int | str | None, config: TrainingConfig) -> int | None:
    """How many machines to use, or None for all there are. They need shards to train."""
    if nodes == "all":
        found = None
    elif not is_int(1, 10_000)(plain(nodes)):
        raise ConfigError(f'nodes must be a whole number from 1 to 10,000, or "all", not {shortened(nodes)}')
    else:
        found = int(plain(nodes))
    if found == 1:
        return 1
    if config.shards < (found or 2):
        raise ConfigError(
            f"{'all' if found is None else found} nodes have nothing to share: shards is {config.shards}. Set shards to"
            f" {found or 8} or more, one or several for each node (it is part of the result, as the seed is)"
        )
    return found
