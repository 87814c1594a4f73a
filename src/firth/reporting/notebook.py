"""A line in a notebook that changes in place: it needs no ipywidgets, and is still there in the notebook as saved."""

from __future__ import annotations

import sys
from typing import Any

WITHOUT_UPDATES = "spyder_kernels"
"""Where this is loaded, the console has a kernel, as a notebook has, but cannot change what it has shown."""


def in_a_kernel() -> bool:
    """Whether somebody sees what this process shows in a notebook, or in another front end of Jupyter's."""
    if "ipykernel" not in sys.modules:
        return False
    from IPython import get_ipython  # is loaded, as ipykernel is made of it

    return getattr(get_ipython(), "kernel", None) is not None


def line_here() -> NotebookLine | None:
    """A line for a bar, in a notebook; None elsewhere."""
    return NotebookLine() if in_a_kernel() and WITHOUT_UPDATES not in sys.modules else None


class NotebookLine:
    """A file that a bar is written to. What begins with a carriage return takes the place of what was there."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.shown = ""
        self._handle: Any = None

    def write(self, text: str) -> None:
        """Show a text in place of the last one; what only moves a terminal's cursor is passed over."""
        line = text.removeprefix("\r").rstrip()
        if line and text.startswith("\r") and line != self.shown:
            self.show(line)

    def show(self, line: str) -> None:
        """Show a line in place of the last one."""
        from IPython.display import display

        self.shown, content = line, {"text/plain": line}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)

    def flush(self) -> None:
        """Nothing is held back."""
