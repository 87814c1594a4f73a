"""Modules beside the kernels that say what is compiled in the place of plain functions."""

from __future__ import annotations

import importlib

twins: set[str] = set()
"""Modules that say what kernels run in the place of plain functions; they are imported before anything is compiled."""


def lowered_by(module: str) -> None:
    """Have a module say what kernels run in the place of the plain functions of the one that calls this."""
    twins.add(module)


def import_twins() -> None:
    """Have Numba learn of all of them."""
    for twin in sorted(twins):
        importlib.import_module(twin)
