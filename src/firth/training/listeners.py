"""Who hears of a training's events: a function of the user's, a bar, log lines, TensorBoard."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from firth.reporting.events import Event, Progress
from firth.reporting.progress_bar import ProgressBar, log_lines, wanted
from firth.visual.tensorboard import ScalarLog


@contextmanager
def reporter(
    progress: bool | Callable[[Event], None] | None, tensorboard: str | Path | None
) -> Iterator[Callable[[Event], None]]:
    """What is called with every event: a function of the user's, a bar, a log, several of them, or none."""
    with ExitStack() as stack:
        listeners: list[Callable[[Event], None]] = []
        if callable(progress):
            listeners.append(progress)
        elif wanted(progress):
            listeners.append(stack.enter_context(ProgressBar()))
        if (lines := log_lines()) is not None:
            listeners.append(lines)
        if tensorboard is not None:
            log = stack.enter_context(ScalarLog(tensorboard))
            listeners.append(lambda event: log.rounds(event, time.time()) if isinstance(event, Progress) else None)

        def report(event: Event) -> None:
            for listener in listeners:
                listener(event)

        yield report
