"""What commands that work for long share: options, a bar, and how many files were read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from firth.reporting.progress_bar import ProgressBar

threads_option = click.option(
    "--threads", type=click.IntRange(1), help="Default: all processors. The result is the same."
)
progress_option = click.option("--progress/--quiet", default=None, help="Show a bar. [default: at a terminal]")
cache_option = click.option(
    "--cache", type=click.Path(path_type=Path), help="Where encoded text is kept for the next time."
)


class Watch:
    """Sees the events of a training: shows a bar, if there is one, and notes how many files were read."""

    def __init__(self, bar: ProgressBar | None):
        self.bar = bar
        self.files = 0

    def __call__(self, event: Any) -> None:
        """Note and show an event."""
        self.files = getattr(event, "files", self.files)
        if self.bar is not None:
            self.bar(event)

    def told(self) -> str:
        """How many files were read, for a message, if they were several."""
        return f", from {self.files:,} files" if self.files > 1 else ""


@contextmanager
def watching(progress: bool | None) -> Iterator[Watch]:
    """What sees the events of a command's work, with a bar if it is wanted."""
    from firth.reporting.progress_bar import ProgressBar, wanted

    with ProgressBar() as bar:
        yield Watch(bar if wanted(progress) else None)
