"""Modules beside the kernels that say what is compiled in the place of plain functions."""

from __future__ import annotations

import importlib

lowerings: set[str] = set()
"""Modules that say what kernels run in the place of plain functions; they are imported before anything is compiled."""


def lowered_by(module: str) -> None:
    """Have a module say what kernels run in the place of the plain functions of the one that calls this."""
    lowerings.add(module)


def import_lowerings() -> None:
    """Have Numba learn of all of them."""
    for module in sorted(lowerings):
        importlib.import_module(module)
