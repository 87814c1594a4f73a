"""What LLVM's builder lacks: a place on the stack, a loop, a function declared once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

Builder = Any
Value = Any


def slot(builder: Builder, kind: Any) -> Value:
    """The address of a value of a type on the stack, at first zero. It is taken where the function begins, once."""
    with builder.goto_entry_block():
        address = builder.alloca(kind)
        builder.store(ir.Constant(kind, None), address)
    return address


@contextmanager
def loop(builder: Builder, start: Value, stop: Value, stride: Value) -> Iterator[Value]:
    """What is built within this runs for k in range(start, stop, stride); gives k. The stride is positive."""
    before = builder.basic_block
    head, body, end = (builder.append_basic_block(f"for.{name}") for name in ("cond", "body", "end"))
    builder.branch(head)
    builder.position_at_end(head)
    k = builder.phi(start.type)
    builder.cbranch(builder.icmp_signed("<", k, stop), body, end)
    builder.position_at_end(body)
    yield k
    following = builder.add(k, stride)
    last = builder.basic_block
    builder.branch(head)
    k.add_incoming(start, before)
    k.add_incoming(following, last)
    builder.position_at_end(end)


def declared(builder: Builder, kind: Any, name: str) -> Value:
    """A function of LLVM or of the C library, by its type and name."""
    return builder.module.globals.get(name) or ir.Function(builder.module, kind, name)


def unpacked(builder: Builder, values: Value, count: int) -> list[Value]:
    """The first of a tuple's values."""
    return [builder.extract_value(values, i) for i in range(count)]
