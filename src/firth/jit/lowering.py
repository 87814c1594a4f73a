"""How Numba learns what kernels run in the place of plain functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import overload

from firth.jit import numba_private


def replaces(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Have kernels run what the decorated function generates where they call this one: LLVM's instructions, without a
    function around them, which would have to be compiled too.

    It gets the types of the arguments, and returns a signature and the generator, as one that is decorated with
    `numba.extending.intrinsic` does.
    """

    def register(definition: Callable[..., Any]) -> Callable[..., Any]:
        in_context = _with_context(definition)
        if numba_private.is_usable():
            _replace(function, in_context)
        else:
            from firth.jit import numba_public

            numba_public.replace(function, in_context)
        return definition

    return register


def replaces_with_loops(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Have kernels run the function that the decorated one returns where they call this one. It gets the types of the
    arguments, as one that is decorated with `numba.extending.overload` does.
    """
    register: Callable[[Callable[..., Any]], Callable[..., Any]]
    register = overload(function, jit_options=numba_private.options())
    return register


def _with_context(definition: Callable[..., Any]) -> Callable[..., Any]:
    """The same with Numba's typing context as the first argument, as Numba expects it."""

    def in_context(typing_context, *args):  # type: ignore[no-untyped-def]
        return definition(*args)

    own = inspect.signature(definition)
    context = inspect.Parameter("typing_context", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    in_context.__signature__ = own.replace(parameters=[context, *own.parameters.values()])  # type: ignore[attr-defined]
    return in_context


def _replace(function: Callable[..., Any], definition: Callable[..., Any]) -> None:
    template = numba_private.get("numba.core.typing.templates:make_intrinsic_template")(
        function, definition, function.__name__
    )
    numba_private.get("numba.core.typing.templates:infer")(template)
    numba_private.get("numba.core.typing.templates:infer_global")(function, types.Function(template))
