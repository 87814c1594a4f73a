"""How Numba learns what kernels run in the place of plain functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import intrinsic, overload

from firth.jit import numba_private
from firth.jit.instructions import Builder, Value
from firth.jit.simd import List, Matrix

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def replaces(function: Callable[..., Any], gives: Any = types.void) -> Decorator:
    """Have kernels run what the decorated function builds where they call this one: LLVM's instructions, without a
    function around them, which would have to be compiled too.

    It gets LLVM's builder, then the arguments: an array as a `List` or a `Matrix`, a named tuple as one of these,
    another tuple as a list of places, a number as LLVM's value (a whole one as a place, another of the arrays' type),
    None as None. `gives` is Numba's type of what it returns, or a function from the arguments' types to that.
    """

    def register(body: Callable[..., Any]) -> Callable[..., Any]:
        definition = _definition(body, list(inspect.signature(function).parameters), gives)
        if numba_private.is_usable():
            _replace(function, definition)
        else:
            from firth.jit import numba_public

            numba_public.replace(function, definition)
        return body

    return register


def built(body: Callable[..., Any]) -> Callable[..., Any]:
    """What a function builds, as one that the loops of `replaces_with_loops` can call; see `replaces`."""
    found: Callable[..., Any] = intrinsic(_definition(body, list(inspect.signature(body).parameters)[1:], types.void))
    return found


def replaces_with_loops(function: Callable[..., Any]) -> Decorator:
    """Have kernels run the decorated function where they call this one."""

    def register(loops: Callable[..., Any]) -> Callable[..., Any]:
        def chosen(*_: Any) -> Callable[..., Any]:
            return loops

        chosen.__signature__ = inspect.signature(loops)  # type: ignore[attr-defined]  # Numba compares the two
        overload(function, jit_options=numba_private.options())(chosen)
        return loops

    return register


def is_none(kind: types.Type) -> bool:
    """Whether an argument of this type is None, or was left out."""
    return isinstance(kind, types.NoneType | types.Omitted)


def _definition(body: Callable[..., Any], names: list[str], gives: Any) -> Callable[..., Any]:
    """What Numba calls an intrinsic: from the arguments' types to a signature, and to what generates instructions."""

    def definition(typing_context: Any, *kinds: types.Type) -> Any:
        passed = [_passed_as(kind, kinds) for kind in kinds]

        def generate(context: Any, builder: Builder, signature: Any, args: Any) -> Value:
            found = body(builder, *map(_opened, [context] * len(args), [builder] * len(args), passed, args))
            return context.get_dummy_value() if found is None else found

        return (gives if isinstance(gives, types.Type) else gives(*kinds))(*passed), generate

    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ["context", *names]]
    definition.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return definition


def _passed_as(kind: types.Type, kinds: tuple[types.Type, ...]) -> types.Type:
    """The type that an argument is converted to, given the types of all."""
    if isinstance(kind, types.Integer):
        return types.intp
    if isinstance(kind, types.BaseTuple) and not isinstance(kind, types.BaseNamedTuple):
        return types.UniTuple(types.intp, len(kind))
    if isinstance(kind, types.Float):
        arrays = [other.dtype for other in kinds if isinstance(other, types.Array)]
        return next((dtype for dtype in arrays if isinstance(dtype, types.Float)), kind)
    return kind


def _opened(context: Any, builder: Builder, kind: types.Type, value: Value) -> Any:
    """An argument as a function that builds instructions gets it."""
    if isinstance(kind, types.Array):
        return (List if kind.ndim == 1 else Matrix)(context, builder, kind, value)
    if isinstance(kind, types.BaseTuple):
        items = [_opened(context, builder, of, builder.extract_value(value, i)) for i, of in enumerate(kind)]
        return kind.instance_class(*items) if isinstance(kind, types.BaseNamedTuple) else items
    return None if is_none(kind) else value


def _replace(function: Callable[..., Any], definition: Callable[..., Any]) -> None:
    template = numba_private.get("numba.core.typing.templates:make_intrinsic_template")(
        function, definition, function.__name__
    )
    numba_private.get("numba.core.typing.templates:infer")(template)
    numba_private.get("numba.core.typing.templates:infer_global")(function, types.Function(template))
