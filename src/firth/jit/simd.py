"""Rows of arrays in vectors of 16 numbers that stay in registers: what the intrinsics on arrays are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def broadcast(builder: Builder, number: Value, lanes: int = LANES) -> Value:
    """A vector of one and the same number."""
    none = ir.Constant(ir.VectorType(number.type, lanes), ir.Undefined)
    vector = builder.insert_element(none, number, ir.Constant(I32, 0))
    return builder.shuffle_vector(vector, none, ir.Constant(ir.VectorType(I32, lanes), [0] * lanes))


class Numbers:
    """An array argument: where its numbers are, and how to load and store vectors of them."""

    def __init__(self, context: Any, builder: Builder, array_type: Any, value: Value):
        array = context.make_array(array_type)(context, builder, value)
        self.builder = builder
        self.data = array.data
        self.shape = unpacked(builder, array.shape, array_type.ndim)
        self.vector_type = ir.VectorType(context.get_data_type(array_type.dtype), LANES)
        self.number_bytes = array_type.dtype.bitwidth // 8

    @property
    def zeros(self) -> Value:
        """A vector of zeros."""
        return self.zeros_of(LANES)

    def zeros_of(self, lanes: int) -> Value:
        """The same, of so many."""
        return ir.Constant(ir.VectorType(self.vector_type.element, lanes), [0.0] * lanes)

    def load(self, address: Value, vector_type: Any) -> Value:
        """The vector at an address."""
        return self.builder.load(self.builder.bitcast(address, vector_type.as_pointer()), align=self.number_bytes)

    def store_at(self, address: Value, vector: Value) -> None:
        """Write a vector, or a number, to an address."""
        self.builder.store(vector, self.builder.bitcast(address, vector.type.as_pointer()), align=self.number_bytes)


class Matrix(Numbers):
    """A two-dimensional array argument."""

    @property
    def rows(self) -> Value:
        """How many rows it has."""
        return self.shape[0]

    @property
    def width(self) -> Value:
        """How many columns it has."""
        return self.shape[1]

    @property
    def columns(self) -> tuple[Value, Value]:
        """The first column, and the end of the last."""
        return index(0), self.width

    def at(self, row: Value, column: Value) -> Value:
        """The address of a number."""
        return self.builder.gep(self.data, [self.builder.add(self.builder.mul(row, self.width), column)])

    def number(self, row: Value, column: Value) -> Value:
        """One number."""
        return self.builder.load(self.at(row, column))

    def vector(self, row: Value, column: Value, count: int = LANES) -> Value:
        """The numbers from a column on: a vector of them, or fewer."""
        return self.load(self.at(row, column), ir.VectorType(self.vector_type.element, count))

    def vectors(self, row: Value, columns: list[Value], count: int = LANES) -> list[Value]:
        """The numbers from each of some columns on."""
        return [self.vector(row, column, count) for column in columns]

    def store(self, vector: Value, row: Value, column: Value) -> None:
        """Write numbers, or one, from a column on."""
        self.store_at(self.at(row, column), vector)

    def store_all(self, vectors: list[Value], row: Value, columns: list[Value]) -> None:
        """Write vectors, or numbers, from each of some columns on."""
        for vector, column in zip(vectors, columns, strict=True):
            self.store(vector, row, column)


class List(Numbers):
    """A one-dimensional array argument."""

    @property
    def length(self) -> Value:
        """How many numbers it has."""
        return self.shape[0]

    def at(self, place: Value) -> Value:
        """The address of the number at a place."""
        return self.builder.gep(self.data, [place])

    def number(self, place: Value) -> Value:
        """The number at a place."""
        return self.builder.load(self.at(place))

    def row(self, place: Value) -> Value:
        """The same, as the number of a row."""
        return self.builder.sext(self.number(place), place.type)

    def row_or_first(self, place: Value) -> Value:
        """The same, or the first row where none is listed."""
        row = self.row(place)
        return self.builder.select(self.builder.icmp_signed("<", row, index(0)), index(0), row)

    def vector(self, place: Value, count: int = LANES) -> Value:
        """The numbers from a place on: a vector of them, or fewer."""
        return self.load(self.at(place), ir.VectorType(self.vector_type.element, count))

    def store(self, vector: Value, place: Value) -> None:
        """Write numbers, or one, from a place on."""
        self.store_at(self.at(place), vector)


def multiply_add(builder: Builder, a: Value, b: Value, c: Value) -> Value:
    """a · b + c, rounded once: of vectors, or of numbers; `a` may be one number for all lanes."""
    is_vector = isinstance(c.type, ir.VectorType)
    lanes, number = (f"v{c.type.count}", c.type.element) if is_vector else ("", c.type)
    name = f"llvm.fma.{lanes}{'f32' if isinstance(number, ir.FloatType) else 'f64'}"
    kind = ir.FunctionType(c.type, [c.type] * 3)
    a = broadcast(builder, a, c.type.count) if is_vector and a.type == number else a
    return builder.call(declared(builder, kind, name), [a, b, c])


def absolute(builder: Builder, vector: Value) -> Value:
    """The numbers of a vector without their signs."""
    kind = ir.FunctionType(vector.type, [vector.type])
    name = f"llvm.fabs.v{vector.type.count}{'f32' if isinstance(vector.type.element, ir.FloatType) else 'f64'}"
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


def _leaving_whole(builder: Builder, vectors: Value, sizes: Sequence[int]) -> Value:
    """The greatest number of tiles of the first size that leave whole tiles of the second; as many as fit, if there is
    none.
    """
    first, second = sizes[:2]
    most = found = builder.udiv(vectors, index(first))
    for fewer in range(second - 1, -1, -1):
        tiles = builder.sub(most, index(fewer))
        left = builder.sub(vectors, builder.mul(tiles, index(first)))
        is_whole = builder.icmp_unsigned("==", builder.urem(left, index(second)), index(0))
        fits = builder.and_(is_whole, builder.icmp_signed(">=", tiles, index(0)))
        found = builder.select(fits, tiles, found)
    return found


def in_columns(
    builder: Builder,
    columns: Sequence[Value],
    sizes: Sequence[int],
    body: Callable[[list[Value]], None],
    lanes: int = LANES,
    *,
    leaves_whole: bool = False,
) -> None:
    """Run `body(columns)` over the columns of a row, from the first to the last given, at which vectors begin, in tiles
    of so many vectors: as many of the first of these sizes as fit, or as leave whole tiles of the second, then of the
    next. Numbers beyond whole vectors are left.
    """
    start, end = columns
    for place, vectors in enumerate(sizes):
        left = builder.udiv(builder.sub(end, start), index(lanes))
        fit = builder.udiv(left, index(vectors))
        tiles = _leaving_whole(builder, left, sizes) if leaves_whole and place == 0 else fit
        stop = builder.add(start, builder.mul(tiles, index(vectors * lanes)))

        def tile(column: Value, vectors: int = vectors) -> None:
            body([builder.add(column, index(v * lanes)) for v in range(vectors)])

        for_range(builder, start, stop, vectors * lanes, tile)
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


def joined(builder: Builder, a: Value, b: Value) -> Value:
    """The numbers of two vectors of one length, as one."""
    lanes = ir.Constant(ir.VectorType(I32, 2 * a.type.count), list(range(2 * a.type.count)))
    return builder.shuffle_vector(a, b, lanes)


def part(builder: Builder, vector: Value, first: int, count: int) -> Value:
    """Some neighboring numbers of a vector, as one of its own."""
    lanes = ir.Constant(ir.VectorType(I32, count), list(range(first, first + count)))
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), lanes)
