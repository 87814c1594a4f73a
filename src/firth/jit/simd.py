"""Rows of arrays in vectors of 16 numbers that stay in registers: what the intrinsics on arrays are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from llvmlite import ir

from firth.arrays import LANES
from firth.jit.instructions import Builder, Value, declared, loop, slot, unpacked

I32 = ir.IntType(32)
_SHUFFLE = ir.VectorType(I32, LANES)
NUMBERS = ir.Constant(_SHUFFLE, list(range(LANES)))
"""The number of each lane."""


def index(n: int) -> Value:
    """A number of a row or column, as LLVM's constant."""
    return ir.Constant(ir.IntType(64), n)


def broadcast(builder: Builder, number: Value) -> Value:
    """A vector of one and the same number."""
    none = ir.Constant(ir.VectorType(number.type, LANES), ir.Undefined)
    vector = builder.insert_element(none, number, ir.Constant(I32, 0))
    return builder.shuffle_vector(vector, none, ir.Constant(_SHUFFLE, [0] * LANES))


class Matrix:
    """A two-dimensional array argument: where its rows begin, and how to load and store its numbers."""

    def __init__(self, context: Any, builder: Builder, array_type: Any, value: Value):
        array = context.make_array(array_type)(context, builder, value)
        self.builder = builder
        self.data = array.data
        self.rows, self.width = unpacked(builder, array.shape, 2)
        self.vector_type = ir.VectorType(context.get_data_type(array_type.dtype), LANES)
        self.number_bytes = array_type.dtype.bitwidth // 8

    @property
    def columns(self) -> tuple[Value, Value]:
        """The first column, and the end of the last."""
        return index(0), self.width

    @property
    def zeros(self) -> Value:
        """A vector of zeros."""
        return ir.Constant(self.vector_type, [0.0] * LANES)

    def at(self, row: Value, column: Value) -> Value:
        """The address of a number."""
        offset = self.builder.add(self.builder.mul(row, self.width), column)
        return self.builder.gep(self.data, [offset])

    def number(self, row: Value, column: Value) -> Value:
        """One number, in every lane."""
        return self.broadcast(self.builder.load(self.at(row, column)))

    def broadcast(self, number: Value) -> Value:
        """A vector of one and the same number."""
        return broadcast(self.builder, number)

    def vector(self, row: Value, column: Value) -> Value:
        """The numbers from a column on."""
        place = self.builder.bitcast(self.at(row, column), self.vector_type.as_pointer())
        return self.builder.load(place, align=self.number_bytes)

    def store(self, vector: Value, row: Value, column: Value) -> None:
        """Write numbers from a column on."""
        place = self.builder.bitcast(self.at(row, column), vector.type.as_pointer())
        self.builder.store(vector, place, align=self.number_bytes)


class List:
    """A one-dimensional array argument: its length, and its numbers."""

    def __init__(self, context: Any, builder: Builder, array_type: Any, value: Value):
        array = context.make_array(array_type)(context, builder, value)
        self.builder = builder
        self.data = array.data
        self.vector_type = ir.VectorType(context.get_data_type(array_type.dtype), LANES)
        self.number_bytes = array_type.dtype.bitwidth // 8
        (self.length,) = unpacked(builder, array.shape, 1)

    def number(self, place: Value) -> Value:
        """The number at a place."""
        return self.builder.load(self.builder.gep(self.data, [place]))

    def store_number(self, number: Value, place: Value) -> None:
        """Write the number at a place."""
        self.builder.store(number, self.builder.gep(self.data, [place]))

    def row(self, place: Value) -> Value:
        """The same, as the number of a row."""
        return self.builder.sext(self.number(place), place.type)

    def row_or_first(self, place: Value) -> Value:
        """The same, or the first row where none is listed."""
        row = self.row(place)
        return self.builder.select(self.builder.icmp_signed("<", row, index(0)), index(0), row)

    def vector(self, place: Value) -> Value:
        """The numbers from a place on."""
        return self.builder.load(self._vectors(place, self.vector_type), align=self.number_bytes)

    def few(self, place: Value, count: int) -> Value:
        """The same, fewer than a vector's."""
        kind = ir.VectorType(self.vector_type.element, count)
        return self.builder.load(self._vectors(place, kind), align=self.number_bytes)

    def store(self, vector: Value, place: Value) -> None:
        """Write numbers from a place on."""
        self.builder.store(vector, self._vectors(place, vector.type), align=self.number_bytes)

    def _vectors(self, place: Value, vector_type: Any) -> Value:
        return self.builder.bitcast(self.builder.gep(self.data, [place]), vector_type.as_pointer())


def multiply_add(builder: Builder, a: Value, b: Value, c: Value) -> Value:
    """a · b + c, rounded once: of vectors, or of numbers."""
    lanes, number = (f"v{LANES}", a.type.element) if isinstance(a.type, ir.VectorType) else ("", a.type)
    name = f"llvm.fma.{lanes}{'f32' if isinstance(number, ir.FloatType) else 'f64'}"
    kind = ir.FunctionType(a.type, [a.type] * 3)
    return builder.call(declared(builder, kind, name), [a, b, c])


def absolute(builder: Builder, vector: Value) -> Value:
    """The numbers of a vector without their signs."""
    kind = ir.FunctionType(vector.type, [vector.type])
    name = f"llvm.fabs.v{LANES}{'f32' if isinstance(vector.type.element, ir.FloatType) else 'f64'}"
    return builder.call(declared(builder, kind, name), [vector])


def accumulate(
    builder: Builder,
    begin: list[Value],
    start: Value,
    stop: Value,
    stride: int,
    body: Callable[[Value, list[Value]], list[Value]],
) -> list[Value]:
    """Run `sums = body(k, sums)` for k in range(start, stop, stride), on sums that begin as given."""
    slots = [slot(builder, value.type) for value in begin]
    for place, value in zip(slots, begin, strict=True):
        builder.store(value, place)
    with loop(builder, start, stop, index(stride)) as k:
        for place, total in zip(slots, body(k, [builder.load(place) for place in slots]), strict=True):
            builder.store(total, place)
    return [builder.load(place) for place in slots]


def for_range(builder: Builder, start: Value, stop: Value, stride: int, body: Callable[[Value], None]) -> None:
    """Run `body(k)` for k in range(start, stop, stride)."""
    with loop(builder, start, stop, index(stride)) as k:
        body(k)


def in_columns(
    builder: Builder, columns: tuple[Value, Value], sizes: Iterable[int], body: Callable[[list[Value]], None]
) -> None:
    """Run `body(columns)` over the columns of a row, from the first to the last given, at which vectors begin, in tiles
    of so many vectors: as many of the first of these sizes as fit, then of the next. Numbers beyond whole vectors are
    left.
    """
    start, end = columns
    for vectors in sizes:
        stride = index(vectors * LANES)
        whole = builder.mul(builder.udiv(builder.sub(end, start), stride), stride)
        stop = builder.add(start, whole)

        def tile(column: Value, vectors: int = vectors) -> None:
            body([builder.add(column, index(v * LANES)) for v in range(vectors)])

        for_range(builder, start, stop, vectors * LANES, tile)
        start = stop


def horizontal_sums(builder: Builder, vectors: list[Value]) -> Value:
    """One vector that holds, first, the sum over the lanes of each of 1, 2, 4, 8 or 16 vectors. Their halves are added,
    then the halves of these, until one number is left; two vectors are folded into one while there are more.
    """
    apart, lanes = LANES // len(vectors), LANES
    while lanes > 1:
        lanes //= 2
        half = len(vectors) // 2
        pairs = list(zip(vectors[:half], vectors[half:], strict=True)) if half > 0 else [(vectors[0], vectors[0])]
        stay = ir.Constant(_SHUFFLE, [lane + LANES * bool(lane & lanes) for lane in range(LANES)])
        come = ir.Constant(_SHUFFLE, [(lane ^ lanes) + LANES * bool(lane & lanes) for lane in range(LANES)])
        vectors = [
            builder.fadd(builder.shuffle_vector(a, b, stay), builder.shuffle_vector(a, b, come)) for a, b in pairs
        ]
    first = ir.Constant(_SHUFFLE, [lane * apart % LANES for lane in range(LANES)])
    return builder.shuffle_vector(vectors[0], vectors[0], first)


def horizontal_sum(builder: Builder, vector: Value) -> Value:
    """The sum over the lanes of one vector, added as in `horizontal_sums`."""
    return builder.extract_element(horizontal_sums(builder, [vector]), ir.Constant(I32, 0))


def part(builder: Builder, vector: Value, first: int, count: int) -> Value:
    """Some neighboring numbers of a vector, as one of its own."""
    lanes = ir.Constant(ir.VectorType(I32, count), list(range(first, first + count)))
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), lanes)
