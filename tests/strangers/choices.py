"""What the first bytes of an input choose: how the rest of it is packed, and how it is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def choose(content: bytes, *options: Sequence[Any]) -> tuple[list[Any], bytes]:
    """One of each of the options, as a byte each says, and the rest of the input."""
    places = content[: len(options)].ljust(len(options), b"\0")
    return [some[place % len(some)] for some, place in zip(options, places, strict=True)], content[len(options) :]
