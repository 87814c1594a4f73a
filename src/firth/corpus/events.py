"""Events in long form as a source: a table with an item in each row becomes a sentence for each session, in order.

All rows are in memory at once, in columns of Arrow's: `arranged` says what becomes of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from firth.config import TextConfig
from firth.corpus.columnar import BATCH_ROWS, ColumnarFiles, ListArrays, OpenTable, is_text
from firth.corpus.fingerprints import content_fingerprint
from firth.corpus.in_memory import kind_of
from firth.corpus.remote import FilePath
from firth.corpus.rows import line_of, no_column, no_value, rows_of
from firth.corpus.text_files import TextFiles, TextStream, at_rest
from firth.data_frames import library
from firth.errors import SourceError, shortened
from firth.missing_values import is_hole

TOKENS_AT_A_TIME = 1 << 20


@dataclass(frozen=True)
class GroupedBy:
    """Which columns hold items, sessions and times, and how rows are read."""

    column: str
    group_by: str
    order_by: str | None
    skip_nulls: bool
    delimiter: str | None
    quotes: bool

    @property
    def names(self) -> list[str]:
        """The columns that are read, each once."""
        return list(dict.fromkeys(filter(None, (self.column, self.group_by, self.order_by))))


class Sessions(ListArrays):
    """The items of a table's events, those of each session a sentence. The table is in files, a stream, or memory."""

    def __init__(self, table: Any, by: GroupedBy):
        self.table = table
        self.by = by
        self.paths: Sequence[FilePath] | None = None
        if isinstance(table, ColumnarFiles) or (isinstance(table, TextFiles) and table.can_be_read_again):
            self.paths = table.paths
        of = table.name if isinstance(table, ColumnarFiles | TextFiles | TextStream) else kind_of(table)
        self.name = f"{shortened(by.column)} by {shortened(by.group_by)} of {of}"
        self.total_bytes = None if self.paths is None else sum(path.stat().st_size for path in self.paths)

    def fingerprint(self, config: TextConfig, threads: int = 1) -> str | None:
        """A hash of the files' content, of the columns' names, and of how rows are read; None for what is no files."""
        return None if self.paths is None else content_fingerprint(self.paths, config, threads, **asdict(self.by))

    def arrays(self, config: TextConfig) -> Iterator[tuple[Any, int]]:
        """Lists of the sessions' items."""
        lists = arranged(self._batches(config), self.by)
        offsets = lists.offsets.to_numpy()
        edges = np.unique(np.searchsorted(offsets, np.arange(0, offsets[-1], TOKENS_AT_A_TIME)))
        for first, last in itertools.pairwise([*edges.tolist(), len(lists)]):
            yield lists[first:last], int((self.total_bytes or 0) * last / len(lists))

    def _batches(self, config: TextConfig) -> Iterator[Any]:
        """Tables of Arrow's with the columns, some rows after the other."""
        if isinstance(self.table, TextFiles | TextStream):
            for rows in _batched(self._rows_of_texts(self.table, config)):
                yield _as_table(rows, self.by.names)
            self.files_read = self.table.files_read
        elif isinstance(self.table, ColumnarFiles):
            yield from self._tables_of_files(self.table.paths)
        elif (table := _as_arrow(self.table, self.by.names)) is not None:
            yield self._without_holes(table)
        else:
            for rows in _batched(self._rows_in_memory()):
                yield _as_table(rows, self.by.names)

    def _rows_of_texts(self, texts: TextFiles | TextStream, config: TextConfig) -> Iterator[Sequence[Any]]:
        """The values of the columns in CSV or JSON lines, row by row."""
        by = self.by
        how: Any = {"delimiter": by.delimiter, "quotes": by.quotes, "skip_nulls": by.skip_nulls}
        for name, content, _ in texts.texts():
            for line, values in rows_of(content, name, by.names, config, **how):
                if self._is_whole(values, lambda: line_of(content, line), name):  # noqa: B023
                    yield values

    def _rows_in_memory(self) -> Iterator[Sequence[Any]]:
        """Of a table that gives columns by name, or rows that do."""
        names = getattr(self.table, "column_names", None)
        if names is not None and hasattr(self.table, "__getitem__"):  # a dataset
            _refuse_missing(self.by.names, names, "the table has")
            rows: Iterable[Any] = zip(*(self.table[name] for name in self.by.names), strict=True)
        elif not isinstance(self.table, Iterable):
            raise SourceError(f"cannot take columns of {kind_of(self.table)}: wanted a path, a data frame, or rows")
        else:
            rows = (_values(row, number, self.by.names) for number, row in enumerate(self.table, start=1))
        for number, values in enumerate(rows, start=1):
            if self._is_whole(values, lambda: f"row {number:,}"):  # noqa: B023
                yield values

    def _is_whole(self, values: Sequence[Any], row: Any, where: str = "") -> bool:
        """Whether a row has all its values. Raises `SourceError` if it lacks one, unless such rows are left out."""
        for name, value in zip(self.by.names, values, strict=True):
            if is_hole(value):
                if not self.by.skip_nulls:
                    raise no_value(row(), name, where)
                return False
        return True

    def _tables_of_files(self, paths: Sequence[FilePath]) -> Iterator[Any]:
        """The columns of Parquet and Arrow files."""
        pyarrow = library("pyarrow")
        self.files_read = 0
        for path in paths:
            self.files_read += 1
            with at_rest(path), OpenTable(path) as table:
                _refuse_missing(self.by.names, table.names, f"{path} has")
                rows = 0
                for batch in table.batches_of(self.by.names):
                    yield self._without_holes(pyarrow.Table.from_batches([batch]), rows, str(path))
                    rows += len(batch)

    def _without_holes(self, table: Any, before: int = 0, where: str = "") -> Any:
        """The rows that have all values. Raises `SourceError` for the first that does not, unless such are left out."""
        compute, types = library("pyarrow.compute"), library("pyarrow.types")
        whole = None
        for i, field in enumerate(table.schema):
            if types.is_dictionary(field.type):
                table = table.set_column(i, field.name, table.column(i).cast(field.type.value_type))
            is_there = compute.invert(compute.is_null(table.column(i), nan_is_null=True))
            row = compute.index(is_there, False).as_py()
            if row >= 0 and not self.by.skip_nulls:
                raise no_value(f"row {before + row + 1:,}", field.name, where)
            if row >= 0:
                whole = is_there if whole is None else compute.and_(whole, is_there)
        return table if whole is None else table.filter(whole)


def arranged(batches: Iterable[Any], by: GroupedBy) -> Any:
    """The items of all events as an array of lists: one for each session, in the order of their first rows; within it,
    items in the order asked for, and those of equal rank as they came.

    Raises `SourceError` for items that are neither text nor whole numbers, and for what cannot be ordered or grouped.
    """
    pyarrow, compute = library("pyarrow"), library("pyarrow.compute")
    events = _joined([batch for batch in batches if len(batch)], by)
    items, keys = _items(events.column(by.column), by.column), {"session": _codes(events.column(by.group_by), by)}
    if by.order_by is not None:
        keys["time"] = _times(events.column(by.order_by), by.order_by)
    del events
    lengths = np.bincount(keys["session"].to_numpy())
    order = compute.sort_indices(pyarrow.table(keys), sort_keys=[(key, "ascending") for key in keys])  # a stable sort
    offsets = pyarrow.array(np.concatenate([[0], np.cumsum(lengths)]))
    return pyarrow.LargeListArray.from_arrays(offsets, items.take(order).combine_chunks())


def _joined(tables: list[Any], by: GroupedBy) -> Any:
    """Tables as one. Whole numbers above those of int64 are there uint64, as long as none is below 0."""
    pyarrow = library("pyarrow")
    if not tables:
        raise SourceError(f"there is not one event in the column {shortened(by.column)}")
    try:
        for name in by.names:
            kinds = {table.schema.field(name).type for table in tables}
            if len(kinds) > 1 and pyarrow.uint64() in kinds and all(map(pyarrow.types.is_integer, kinds)):
                places = [table.schema.get_field_index(name) for table in tables]
                tables = [
                    table.set_column(i, name, table.column(i).cast(pyarrow.uint64()))
                    for i, table in zip(places, tables, strict=True)
                ]
        return pyarrow.concat_tables(tables, promote_options="permissive").combine_chunks()
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
        raise SourceError(f"columns hold values of several kinds: {shortened(str(error))[1:-1]}") from error


def _items(column: Any, name: str) -> Any:
    """Items as strings or whole numbers; floating-point numbers that are whole are those of a column that had holes."""
    pyarrow, types = library("pyarrow"), library("pyarrow.types")
    if is_text(column.type, types):
        return column.cast(pyarrow.large_string())
    if types.is_integer(column.type):
        return column
    if types.is_floating(column.type):
        try:
            return column.cast(pyarrow.int64())
        except pyarrow.ArrowInvalid as error:
            raise SourceError(f"the column {shortened(name)} holds no ids, but fractions: {error}") from error
    raise SourceError(
        f"the column {shortened(name)} holds {shortened(str(column.type))[1:-1]}: with group_by each row is an event,"
        " with one item, a string or a whole number"
    )


def _codes(column: Any, by: GroupedBy) -> Any:
    """The session of each event, 0, 1, 2 … in the order of their first rows."""
    pyarrow, types = library("pyarrow"), library("pyarrow.types")
    if is_text(column.type, types):
        column = column.cast(pyarrow.large_string())
    try:
        return column.combine_chunks().dictionary_encode().indices
    except (pyarrow.ArrowNotImplementedError, pyarrow.ArrowInvalid) as error:
        name, kind = shortened(by.group_by), shortened(str(column.type))[1:-1]
        raise SourceError(f"the column {name} holds {kind}, which tells no sessions apart") from error


def _times(column: Any, name: str) -> Any:
    """What events are ordered by: as it is, or, of text, the numbers or times that it stands for."""
    pyarrow, types = library("pyarrow"), library("pyarrow.types")
    kind = column.type
    if types.is_floating(kind):
        return column.cast(pyarrow.float64())
    if types.is_integer(kind) or types.is_decimal(kind) or (types.is_temporal(kind) and not types.is_interval(kind)):
        return column
    if is_text(kind, types):
        for wanted in (pyarrow.int64(), pyarrow.float64(), pyarrow.timestamp("ns"), pyarrow.timestamp("ns", "UTC")):
            try:
                times = column.cast(wanted)
            except pyarrow.ArrowInvalid:
                continue
            if types.is_floating(wanted) and library("pyarrow.compute").any(times.is_nan()).as_py():
                break
            return times
        kind = f"text such as {shortened(column[0].as_py())}"
    raise SourceError(
        f"the column {shortened(name)} holds {kind}: events are ordered by numbers, dates or times; as text, all are"
        " numbers, or all are as ISO 8601 writes them, 2026-01-31 23:59:59"
    )


def _as_arrow(table: Any, names: list[str]) -> Any:
    """The columns of a data frame or table as Arrow's; None for what is neither. Raises `SourceError` if one is not
    there.
    """
    if hasattr(table, "to_reader"):  # Arrow's own
        _refuse_missing(names, table.column_names, "the table has")
        return table.select(names)
    if not hasattr(table, "columns") or not hasattr(table, "__getitem__"):
        return None
    _refuse_missing(names, [str(name) for name in table.columns], "the table has")
    pyarrow = library("pyarrow")
    if hasattr(table, "to_arrow"):  # polars
        return table.select(names).to_arrow()
    try:
        return pyarrow.Table.from_pandas(table[names], preserve_index=False)
    except (pyarrow.ArrowException, ValueError, TypeError, LookupError) as error:
        raise SourceError(f"the columns {', '.join(names)} cannot be read: {shortened(str(error))[1:-1]}") from error


def _as_table(rows: Sequence[Sequence[Any]], names: list[str]) -> Any:
    """Rows of values as a table of Arrow's. Raises `SourceError` where a column holds several kinds of values."""
    pyarrow = library("pyarrow")
    columns = {}
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        is_large = all(type(value) is int for value in values) and max(values) >= 2**63
        try:
            columns[name] = pyarrow.array(values, pyarrow.uint64() if is_large else None)
        except (pyarrow.ArrowException, OverflowError, ValueError, TypeError) as error:
            raise SourceError(
                f"the column {shortened(name)} holds values of several kinds, or too large: {error}"
            ) from error
    return pyarrow.table(columns)


def _batched(rows: Iterator[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    while some := list(itertools.islice(rows, BATCH_ROWS)):
        yield some


def _values(row: Any, number: int, names: list[str]) -> list[Any]:
    """Values of a row that is a dict."""
    try:
        return [row[name] for name in names]
    except (KeyError, TypeError, IndexError) as error:
        raise SourceError(f"row {number:,} has no {shortened(error.args[0] if error.args else error)}") from error


def _refuse_missing(names: Sequence[str], there: Sequence[str], where: str) -> None:
    """Raise `SourceError` for a column that is not there, or comes twice."""
    for name in names:
        if name not in there:
            raise no_column(where, name, there)
        if there.count(name) > 1:
            raise SourceError(f"{where} {there.count(name)} columns {shortened(name)}: give them names of their own")
