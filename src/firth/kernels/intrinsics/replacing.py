"""How Numba learns what kernels call in the place of a plain function: LLVM's instructions, without a function around
them, which would have to be compiled too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core.typing.templates import infer, infer_global, make_intrinsic_template


def replaces(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Have kernels run what the decorated function generates where they call this one.

    It gets Numba's typing context and the types of the arguments, and returns a signature and the generator, as one
    that is decorated with `numba.extending.intrinsic` does.
    """

    def register(definition: Callable[..., Any]) -> Callable[..., Any]:
        template = make_intrinsic_template(function, definition, function.__name__)
        infer(template)
        infer_global(function, types.Function(template))
        return definition

    return register
