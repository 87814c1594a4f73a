"""Kernels compiled by another process, while this one does its work."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from firth.jit import numba_private, shipped


class BackgroundCompile:
    """Another process that compiles some kernels, by doing something small with them, while this one does its work."""

    def __init__(self) -> None:
        self.kernels: frozenset[str] = frozenset()
        self.process: Any = None

    def start(self, kernels: set[str], module: str, *arguments: str) -> None:
        """Have kernels of these names compiled by `python -m module arguments`. Where that fails, they are compiled
        here later; so they are where no process can use another's (see `numba_public.py`).
        """
        is_python = sys.executable and not getattr(sys, "frozen", False)  # and no program that Python is packed into
        if not is_python or self.process is not None or not numba_private.is_tested():
            return
        if shipped.folder_here() is not None:  # there is nothing to compile
            return
        import subprocess

        command, nothing = [sys.executable, "-P", "-m", module, *arguments], subprocess.DEVNULL
        no_window = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # which Windows opens for a program without a console
        with contextlib.suppress(OSError):
            self.process = subprocess.Popen(
                command, stdin=nothing, stdout=nothing, stderr=nothing, creationflags=no_window
            )
            self.kernels = frozenset(kernels)

    def wait_for(self, kernel: str) -> None:
        """Return when the other process has done what it could for a kernel."""
        if self.process is not None and kernel in self.kernels:
            self.process.wait()
            self.process = None


background_compile = BackgroundCompile()
