"""What the compilers know of kernels, which are above them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Compilable:
    """A function that becomes machine code."""

    function: Callable[..., Any]


class CompilableByType:
    """Functions that become machine code, of which one is called, by the type of the last argument."""

    kernels: dict[type, Any]
