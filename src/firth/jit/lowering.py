"""How Numba learns what kernels call in the place of a plain function: LLVM's instructions, without a function around
them, which would have to be compiled too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from numba import types
from numba.core.typing.templates import infer, infer_global, make_intrinsic_template


def replaces(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Have kernels run what the decorated function generates where they call this one.

    It gets the types of the arguments, and returns a signature and the generator, as one that is decorated with
    `numba.extending.intrinsic` does.
    """

    def register(definition: Callable[..., Any]) -> Callable[..., Any]:
        def in_any_context(typing_context, *args):  # type: ignore[no-untyped-def]
            return definition(*args)

        own = inspect.signature(definition)
        context = inspect.Parameter("typing_context", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        in_any_context.__signature__ = own.replace(parameters=[context, *own.parameters.values()])  # type: ignore[attr-defined]
        template = make_intrinsic_template(function, in_any_context, function.__name__)
        infer(template)
        infer_global(function, types.Function(template))
        return definition

    return register
