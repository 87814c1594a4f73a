"""Holes: what stands where a value is missing, in lists and columns of any library. And what words may be given as."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from firth.errors import shortened

MISSING = {"NAType", "NaTType", "MaskedConstant"}
"""The types of pandas.NA, pandas.NaT and numpy.ma.masked."""
LARGEST_ID = 2.0**53
"""Floating-point numbers up to this hold every whole number."""


def is_hole(value: Any) -> bool:
    """Whether this is no value: None, NaN or NaT of any kind, pandas.NA, a null of Arrow's."""
    kind = type(value)
    if kind is str or kind is int:
        return False
    if value is None or kind.__name__ in MISSING:
        return True
    if isinstance(value, float | np.floating):
        return bool(math.isnan(value))
    if kind.__name__ == "Decimal":  # whose module a look-up need not load
        return bool(value.is_nan())
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    return getattr(value, "is_valid", True) is False and hasattr(value, "as_py")  # a scalar of Arrow's


def is_whole_number(token: Any) -> bool:
    """Whether a token is one: an int, or a float that `text_of` gives no decimals. True and False are none."""
    if isinstance(token, float | np.floating):
        return bool(-LARGEST_ID <= token <= LARGEST_ID and token == int(token))
    return isinstance(token, int | np.integer) and not isinstance(token, bool | np.timedelta64)


def text_of(value: Any) -> str:
    """The text that a token is known by. A whole number is known by its digits, also one that pandas made a float
    because a column had holes: 3.0 is "3".
    """
    if isinstance(value, float | np.floating) and -LARGEST_ID <= value <= LARGEST_ID and value == int(value):
        return str(int(value))
    return str(value)


def text_of_word(word: Any) -> str:
    """The text of what is given as a word. Raises `ValueError` for a hole, which is no word, nor an unknown one."""
    if is_hole(word):
        raise ValueError(f"a missing value ({shortened(word)}) is no word: leave it out")
    return text_of(word)


def as_list(words: Any) -> Any:
    """The words of a column of any library, of an array or a range, as a list; anything else as it is."""
    if isinstance(words, str | list | tuple) or getattr(words, "ndim", 1) != 1:
        return words
    if isinstance(words, range):
        return list(words)
    ways = (getattr(words, name, None) for name in ("to_pylist", "to_list", "tolist"))  # Arrow, data frames, NumPy
    return next((way() for way in ways if way is not None), words)


def is_one_word(words: Any) -> bool:
    """Whether this is a word, which may be a number, and not several."""
    return isinstance(words, str) or not isinstance(words, Iterable)
