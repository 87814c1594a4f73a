"""A bar that shows how far a training has come: words a second, loss, learning rate, time left; or lines of a log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

from firth.encoding import Reading
from firth.joining import Joining
from firth.kernels.compiler import Compiling
from firth.minibatch import EpochMetrics
from firth.rounds import Progress

Event = Reading | Compiling | Joining | Progress | EpochMetrics


def wanted(progress: bool | None) -> bool:
    """Whether to show a bar: as asked, or else where there is someone to see it, at a terminal or in a notebook."""
    if progress is not None:
        return progress
    return sys.stderr.isatty() or "ipykernel" in sys.modules


@contextmanager
def steps(title: str, shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar for work of so many steps: a function of steps done and steps to do. None if nobody is to see it."""
    if not shown:
        yield None
        return
    from tqdm.auto import tqdm

    with ExitStack() as stack:
        bar: Any = None

        def report(done: int, all_of_them: int) -> None:
            nonlocal bar
            if bar is None:  # nothing is shown before the work begins
                bar = stack.enter_context(tqdm(total=all_of_them, desc=title, unit=" steps"))
            bar.update(done - bar.n)

        yield report


def log_lines() -> LogLines | None:
    """What writes events to the log named firth, if it is listened to."""
    log = logging.getLogger("firth")
    return LogLines(log.info) if log.isEnabledFor(logging.INFO) else None


class LogLines:
    """Writes a line for what was read, for each work on phrases, and for each epoch."""

    def __init__(self, write: Callable[[str], Any]):
        self.write = write
        self.reading: Reading | None = None
        self.work = ""

    def __call__(self, event: Event) -> None:
        """Write a line, if this event is worth one."""
        if isinstance(event, Reading):
            self.reading = event
            return
        if self.reading is not None and not isinstance(event, Compiling):
            of_files = f" of {self.reading.files:,} files" if self.reading.files > 1 else ""
            did = "found" if self.reading.is_kept else "read"
            self.write(f"{did} {self.reading.tokens:,} tokens{of_files}")
            self.reading = None
        if isinstance(event, Compiling):
            self.write(str(event))
        elif isinstance(event, Joining):
            if event.work != self.work:
                self.write(event.work)
            self.work = event.work
        elif isinstance(event, EpochMetrics) or event.epoch_done:
            held_out = "" if event.validation_loss is None else f", held out {event.validation_loss:.4f}"
            self.write(f"epoch {event.epoch}/{event.epochs}: loss {event.loss:.4f}{held_out}")


class ProgressBar:
    """Shows events on standard error. Use it as a context manager, and call it with each event."""

    def __init__(self) -> None:
        self.bar: Any = None
        self.kind: type[Event] | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, Compiling):
            self.close()
            sys.stderr.write(f"{event} …\n")
        elif isinstance(event, Reading):
            self._show_reading(event)
        elif isinstance(event, Joining):
            self._show_joining(event)
        elif isinstance(event, EpochMetrics):
            self._show_epoch(event)
        else:
            self._show_training(event)

    def _show_reading(self, event: Reading) -> None:
        if event.is_kept:
            return
        if self.kind is not Reading:
            self._open(Reading, desc="reading", total=event.total_bytes, unit="B", unit_scale=True)
        of_files = f" of {event.files:,} files" if event.files > 1 else ""
        self.bar.set_postfix_str(f"{event.tokens:,} tokens{of_files}", refresh=False)
        self.bar.update(event.bytes_read - self.bar.n)

    def _show_joining(self, event: Joining) -> None:
        if self.kind is not Joining or self.bar.desc != f"{event.work}: " or event.tokens < self.bar.n:
            self._open(Joining, desc=event.work, total=event.corpus_tokens, unit=" words", unit_scale=True)
        self.bar.update(event.tokens - self.bar.n)

    def _show_training(self, event: Progress) -> None:
        if self.kind is not Progress:
            self._open(
                Progress,
                desc="training",
                total=event.epochs * event.epoch_tokens,
                unit=" words",
                unit_scale=True,
            )
        done = (event.epoch - 1) * event.epoch_tokens + event.tokens
        self.bar.set_postfix_str(
            f"epoch {event.epoch}/{event.epochs}, loss {event.loss:.4f}, rate {event.learning_rate:.4f}",
            refresh=False,
        )
        self.bar.update(done - self.bar.n)

    def _show_epoch(self, event: EpochMetrics) -> None:
        if self.kind is not EpochMetrics:
            self._open(EpochMetrics, desc="training", total=event.epochs, unit=" epochs")
        held_out = "" if event.validation_loss is None else f", held out {event.validation_accuracy:.4f}"
        self.bar.set_postfix_str(f"loss {event.loss:.4f}, accuracy {event.accuracy:.4f}{held_out}", refresh=False)
        self.bar.update(event.epoch - self.bar.n)

    def _open(self, kind: type[Event], **options: Any) -> None:
        self.close()
        self.kind = kind
        from tqdm.auto import tqdm

        seldom = 0.1 if sys.stderr.isatty() else 1.0  # a notebook may keep each state that is shown
        self.bar = tqdm(file=sys.stderr, dynamic_ncols=True, mininterval=seldom, **options)

    def close(self) -> None:
        """End the bar that is shown now; the next event opens another."""
        if self.bar is not None:
            self.bar.close()
        self.bar = self.kind = None
