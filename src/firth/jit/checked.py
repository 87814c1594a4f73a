"""Arrays that refuse an index below zero: what kernels get where the compiler is off.

Machine code does not count such an index from the end of an array, as Python does, but reads and writes outside it. So
a run without the compiler must not let one pass.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from firth.errors import shortened

_INTEGERS = frozenset([int, *(np.dtype(code).type for code in "bhilq")])


class Checked(np.ndarray[Any, Any]):
    """An array whose indices, and the ends of whose slices, count from the beginning."""

    def __getitem__(self, key: Any) -> Any:
        """What is at an index. Raises `IndexError` where it is negative."""
        if (key < 0) if type(key) in _INTEGERS else _is_negative(key):
            _refuse(key)
        return _get(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Change what is at an index. Raises `IndexError` where it is negative."""
        if (key < 0) if type(key) in _INTEGERS else _is_negative(key):
            _refuse(key)
        _set(self, key, value)


_get, _set = np.ndarray.__getitem__, np.ndarray.__setitem__


def call_checked(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Call a kernel's function with arrays that are checked. A kernel that it calls gets the same, as they are."""
    if getattr(_within, "kernel", False):
        return function(*args)
    _within.kernel = True
    try:
        return function(*map(_checked, args))
    finally:
        _within.kernel = False


def _checked(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.view(Checked)
    if isinstance(value, tuple):
        return type(value)(*map(_checked, value))
    return value


def _is_negative(key: Any) -> bool:
    """Whether an index, or one of several, or an end of a slice, is below zero. Many million of them are asked."""
    kind = type(key)
    if kind in _INTEGERS:
        return bool(key < 0)
    if kind is tuple:
        return any(map(_is_negative, key))
    if kind is slice:
        return (key.start or 0) < 0 or (key.stop or 0) < 0
    return isinstance(key, np.ndarray) and key.dtype.kind == "i" and bool((key < 0).any())


def _refuse(key: Any) -> None:
    raise IndexError(f"a kernel's index counts from the beginning of an array, and this is {shortened(key)}")


_within = threading.local()
