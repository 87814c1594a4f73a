"""A bar that shows how far a training has come: words a second, loss, learning rate, time left; or lines of a log."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from firth.reporting.events import Compiling, Embedding, EpochMetrics, Event, Joining, OnCluster, Progress, Reading
from firth.reporting.notebook import NotebookLine, in_a_kernel, line_here


def wanted(progress: bool | None) -> bool:
    """Whether to show a bar: as asked, or else where there is someone to see it, at a terminal or in a notebook."""
    if sys.stderr is None:  # a program without a console has none
        return False
    if progress is not None:
        return progress
    return sys.stderr.isatty() or in_a_kernel()


@contextmanager
def steps(title: str, shown: bool, unit: str = " steps") -> Iterator[Callable[[int, int], None] | None]:
    """A bar for work of n steps: a function of steps done and steps to do. None if nobody is to see it."""
    if not shown:
        yield None
        return
    with ExitStack() as stack:
        bar: Any = None

        def report(done: int, all_of_them: int) -> None:
            nonlocal bar
            if bar is None:  # nothing is shown before the work begins
                bar = stack.enter_context(_open_bar(line_here(), all_of_them, desc=title, unit=unit))
            bar.update(done - bar.n)

        yield report


def _open_bar(line: NotebookLine | None, total: int | None, **options: Any) -> Any:
    """A bar of tqdm's, in a line of a notebook or else on standard error. (tqdm's own for notebooks need ipywidgets,
    and warn where these are not.)
    """
    from tqdm.std import tqdm

    if line is not None:  # as wide as the text is; by the thread that works, which the notebook knows
        return tqdm(file=line, total=total, mininterval=SECONDS_IN_NOTEBOOKS, miniters=1, **options)
    return tqdm(file=sys.stderr, total=total, dynamic_ncols=True, **_how_often(total), **options)


def _how_often(total: int | None) -> dict[str, Any]:
    """How often a bar is drawn anew: a file keeps every line, so that it gets about a hundred."""
    if sys.stderr.isatty():
        return {"mininterval": 0.1}
    if total is None:
        return {"mininterval": 10.0}
    return {"mininterval": 1.0, "miniters": total / 100, "maxinterval": 60.0}


SECONDS_IN_NOTEBOOKS = 0.2
"""Between two states of a bar in a notebook."""
LAYOUTS = (
    ("{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}{postfix}]", 3),
    ("{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}{postfix}]", 2),
    ("{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}, {rate_fmt}{postfix}]", 2),
    ("{desc}: {percentage:3.0f}% [{elapsed}<{remaining}, {rate_fmt}{postfix}]", 2),
    ("{percentage:3.0f}% [{remaining} left, {rate_fmt}{postfix}]", 2),
    ("{percentage:3.0f}% [{remaining} left, {rate_fmt}{postfix}]", 1),
    ("{percentage:3.0f}% [{remaining} left, {rate_fmt}]", 0),
)
"""What stands in a line, and how many details: the first of these that the terminal has room for."""
LAYOUTS_OF_STREAMS = (
    ("{desc}: {n_fmt}{unit} [{elapsed}, {rate_fmt}{postfix}]", 3),
    ("{desc}: {n_fmt}{unit} [{elapsed}, {rate_fmt}]", 0),
)
"""The same where nobody knows how much there is to do."""
AT_ONCE, SHORTEST_SECONDS = 1e-9, 0.1
"""After which a bar is seen: of a training at once; other work that is done before has none: its speed is chance."""
COLUMNS_OF_BAR, FEWEST_COLUMNS = 10, 4
"""How wide tqdm draws a bar where it is free to; and one that still shows something."""


def lay_out(bar: Any, details: Sequence[str]) -> None:
    """Let a bar show what the terminal has room for, the least important parts left out first."""
    room = _columns()
    for layout, most in LAYOUTS if bar.total else LAYOUTS_OF_STREAMS:
        bar.bar_format, bar.postfix = layout, ", ".join(details[:most])
        spare = COLUMNS_OF_BAR - FEWEST_COLUMNS if "{bar}" in layout else 0
        if room is None or len(bar.format_meter(**bar.format_dict | {"ncols": None})) - spare <= room:
            return


def _columns() -> int | None:
    """The width of the terminal; None where there is none."""
    if not sys.stderr.isatty():  # in a notebook, the descriptor may be that of a terminal far away
        return None
    with suppress(OSError, ValueError):
        return os.get_terminal_size(sys.stderr.fileno()).columns or None
    return None


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
        if self.reading is not None and not isinstance(event, Compiling | OnCluster):
            of_files = f" of {self.reading.files:,} files" if self.reading.files > 1 else ""
            did = "found" if self.reading.is_kept else "read"
            self.write(f"{did} {self.reading.tokens:,} tokens{of_files}")
            self.reading = None
        if isinstance(event, Compiling | OnCluster):
            self.write(str(event))
        elif isinstance(event, Joining):
            if event.work != self.work:
                self.write(event.work)
            self.work = event.work
        elif isinstance(event, Embedding):
            return
        elif isinstance(event, EpochMetrics) or event.epoch_done:
            held_out = "" if event.validation_loss is None else f", held out {event.validation_loss:.4f}"
            self.write(f"epoch {event.epoch}/{event.epochs}: loss {event.loss:.4f}{held_out}")


class ProgressBar:
    """Shows events on standard error, or in a line of a notebook. Use it as a context manager; call it with each event.

    Its clock stops at the last event: what is done before the next bar, such as compiling, is no part of it.
    """

    def __init__(self) -> None:
        self.bar: Any = None
        self.line = line_here()
        self.shown: tuple[type[Event], str] | None = None
        self.last_event_seconds = 0.0

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, Compiling):
            self.close()
            self._announce(f"{event} …")
        elif isinstance(event, OnCluster):
            self._write_line(str(event))
        elif isinstance(event, Reading):
            self._show_reading(event)
        elif isinstance(event, Joining):
            self._show(event, event.work, event.tokens, event.corpus_tokens, " words")
        elif isinstance(event, Embedding):
            self._show(event, event.work, event.texts, event.all_texts, " texts")
        elif isinstance(event, EpochMetrics):
            self._show_epoch(event)
        else:
            self._show_training(event)

    def _announce(self, text: str) -> None:
        """Say what begins: in a notebook, the next bar takes its place."""
        if self.line is None:
            sys.stderr.write(f"{text}\n")
        else:
            self.line.show(text)

    def _write_line(self, text: str) -> None:
        """Write a line above the bar."""
        if self.bar is None:
            sys.stderr.write(f"{text}\n")
        else:
            self.bar.write(text, file=sys.stderr)

    def _show_reading(self, event: Reading) -> None:
        if event.is_kept:
            return
        of_files = f" of {event.files:,} files" if event.files > 1 else ""
        tokens = f"{event.tokens:,} tokens{of_files}"
        self._show(event, "reading", event.bytes_read, event.total_bytes, "B", tokens)

    def _show_training(self, event: Progress) -> None:
        done, all_of_them = (event.epoch - 1) * event.epoch_tokens + event.tokens, event.epochs * event.epoch_tokens
        details = (
            f"epoch {event.epoch}/{event.epochs}",
            f"loss {event.loss:.4f}",
            f"learning rate {event.learning_rate:.4f}",
        )
        self._show(event, "training", done, all_of_them, " words", *details)

    def _show_epoch(self, event: EpochMetrics) -> None:
        details = [f"loss {event.loss:.4f}", f"accuracy {event.accuracy:.4f}"]
        if event.validation_accuracy is not None:
            details.append(f"held out {event.validation_accuracy:.4f}")
        self._show(event, "training", event.epoch, event.epochs, " epochs", *details)

    def _show(self, event: Event, work: str, done: int, all_of_them: int | None, unit: str, *details: str) -> None:
        """Show how far a work has come, on its bar; the details are given the most important first."""
        is_new = self.shown != (type(event), work) or done < self.bar.n
        if is_new:
            self.close()
            self.shown = type(event), work
            # what was done before is no part of the speed; and with a delay, nothing is drawn before all is known
            delay = AT_ONCE if work == "training" else SHORTEST_SECONDS
            options: dict[str, Any] = {"initial": done, "delay": delay, "unit": unit, "unit_scale": unit != " epochs"}
            self.bar = _open_bar(self.line, all_of_them, desc=work, **options)
        lay_out(self.bar, details)
        if is_new and self.bar.delay == AT_ONCE:
            self.bar.refresh()
        self.bar.update(done - self.bar.n)
        self.last_event_seconds = time.time()

    def close(self) -> None:
        """End the bar that is shown now; the next event opens another."""
        if self.bar is not None:
            since = max(0.0, time.time() - self.last_event_seconds)
            self.bar.start_t, self.bar.last_print_t = self.bar.start_t + since, self.bar.last_print_t + since
            self.bar.close()
        self.bar = self.shown = None
