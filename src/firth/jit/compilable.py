"""What the compilers know of kernels, which are above them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class Compilable:
    """A function that becomes machine code."""

    function: Callable[..., Any]


class CompilableByType:
    """Functions that become machine code, of which one is called, by the type of the last argument."""

    kernels: dict[type, Any]

    def chosen(self, types: Sequence[Any]) -> Compilable:
        """The one that is called with arguments of these types of Numba's; the last may be None, or left out."""
        kernel: Compilable = self.kernels[getattr(types[-1], "instance_class", type(None))]
        return kernel
