"""The way around private names of Numba (see `numba_private.py`): kernels compiled by what Numba documents alone.

Each function becomes machine code of its own, and Numba calls it. Results are the same, bit for bit: they depend on the
order of the arithmetic, which is written in the kernels. Nothing is kept for the next process.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numba
from numba import types
from numba.extending import intrinsic, overload, typeof_impl

from firth.jit.compilable import Compilable, CompilableByType
from firth.jit.numba_private import PUBLIC_OPTIONS


@functools.cache
def dispatcher(kernel: Compilable) -> Any:
    """What Numba calls in the place of a kernel."""
    return numba.njit(**PUBLIC_OPTIONS)(kernel.function)


@functools.cache
def dispatcher_of_choice(choice: CompilableByType) -> Any:
    """What Numba calls in the place of kernels of which one is called, by the type of the last argument."""

    def call(*args: Any) -> Any:
        raise NotImplementedError  # Numba calls what is chosen below

    @overload(call, jit_options=PUBLIC_OPTIONS)
    def _choose(*args):  # type: ignore[no-untyped-def]
        kernel = dispatcher(choice.chosen(args))
        return lambda *args: kernel(*args)  # noqa: PLW0108  # Numba wants a function

    return numba.njit(**PUBLIC_OPTIONS)(lambda *args: call(*args))  # noqa: PLW0108  # which has a type; `call` has none


@typeof_impl.register(Compilable)  # type: ignore[untyped-decorator]
def _type_of_kernel(kernel: Compilable, _: Any) -> types.Type:
    return numba.typeof(dispatcher(kernel))


@typeof_impl.register(CompilableByType)  # type: ignore[untyped-decorator]
def _type_of_choice(choice: CompilableByType, _: Any) -> types.Type:
    return numba.typeof(dispatcher_of_choice(choice))


def replace(function: Callable[..., Any], definition: Callable[..., Any]) -> None:
    """Have kernels run what `definition` generates where they call a plain function."""
    generated = intrinsic(definition)

    @overload(function, strict=False, jit_options=PUBLIC_OPTIONS)
    def _instructions(*args):  # type: ignore[no-untyped-def]
        return lambda *args: generated(*args)  # noqa: PLW0108  # Numba wants a function
