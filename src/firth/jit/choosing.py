"""Which of several kernels a call is of."""

from __future__ import annotations

from collections.abc import Sequence

from numba import types

from firth.jit.compilable import Compilable, CompilableByType


def chosen(choice: CompilableByType, args: Sequence[types.Type]) -> Compilable:
    """The kernel that is called with arguments of these types."""
    *_, last = args
    is_none = isinstance(last, types.NoneType | types.Omitted)
    kernel: Compilable = choice.kernels[type(None) if is_none else last.instance_class]
    return kernel
