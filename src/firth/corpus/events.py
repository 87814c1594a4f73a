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
from firth.corpus.rows_in_memory import as_array, mixed_zones, values_of_rows, without_holes
from firth.corpus.text_files import TextFiles, TextStream, at_rest
from firth.data_frames import library, polars_as_arrow
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
        self.by, self.id_name = by, by.group_by
        self.paths: Sequence[FilePath] | None = None
        if isinstance(table, ColumnarFiles) or (isinstance(table, TextFiles) and table.can_be_read_again):
            self.paths = table.paths
        of = table.name if isinstance(table, ColumnarFiles | TextFiles | TextStream) else kind_of(table)
        self.name = f"{shortened(by.column)} by {shortened(by.group_by)} of {of}"
        self.total_bytes = None if self.paths is None else sum(path.stat().st_size for path in self.paths)

    @property
    def can_be_read_again(self) -> bool:
        """Whether the events are there a second time when they have been read once."""
        is_text = isinstance(self.table, TextFiles | TextStream)
        return self.paths is not None or not (is_text or isinstance(self.table, Iterator))

    def fingerprint(self, config: TextConfig, threads: int = 1) -> str | None:
        """A hash of the files' content, of the columns' names, and of how rows are read; None for what is no files."""
        return None if self.paths is None else content_fingerprint(self.paths, config, threads, **asdict(self.by))

    def arrays(self, config: TextConfig) -> Iterator[tuple[Any, int]]:
        """Lists of the sessions' items."""
        lists, _ = arranged(self._batches(config), self.by)
        offsets = lists.offsets.to_numpy()
        edges = np.unique(np.searchsorted(offsets, np.arange(0, offsets[-1], TOKENS_AT_A_TIME)))
        for first, last in itertools.pairwise([*edges.tolist(), len(lists)]):
            yield lists[first:last], int((self.total_bytes or 0) * last / len(lists))

    def identified(self, config: TextConfig) -> Iterator[tuple[Any, list[Any]]]:
        """The sessions, each with the value that tells it from others."""
        lists, sessions = arranged(self._batches(config), self.by)
        for number, session in enumerate(sessions.to_pylist()):
            yield session, lists[number].as_py()

    def _batches(self, config: TextConfig) -> Iterator[Any]:
        """Tables of Arrow's with the columns, some rows after the other."""
        if isinstance(self.table, TextFiles | TextStream):
            for rows in _batched(self._rows_of_texts(self.table, config)):
                yield self._table_of_rows(rows)
            self.files_read = self.table.files_read
        elif isinstance(self.table, ColumnarFiles):
            yield from self._tables_of_files(self.table.paths)
        elif (table := _as_arrow(self.table, self.by)) is not None:
            yield self._without_holes(table)
        else:
            for rows in _batched(self._rows_in_memory()):
                yield self._table_of_rows(rows)

    def _table_of_rows(self, rows: list[Sequence[Any]]) -> Any:
        return _as_table(dict(zip(self.by.names, zip(*rows, strict=True), strict=True)), self.by)

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
        else:
            rows = values_of_rows(self.table, self.by.names, self.by.skip_nulls)
        for number, values in enumerate(rows, start=1):
            if self._is_whole(values, lambda: f"row {number:,}"):  # noqa: B023
                yield values

    def _is_whole(self, values: Sequence[Any], row: Any, where: str = "") -> bool:
        """Whether a row has all its values. Raises `SourceError` if it lacks one, unless such rows are left out."""
        for name, value in zip(self.by.names, values, strict=True):
            if is_hole(value) or (isinstance(value, str) and not value):  # as an empty cell of CSV
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
            if is_text(field.type, types):
                text = table.column(i).cast("large_string")
                is_there = compute.and_kleene(is_there, compute.not_equal(text, ""))  # as an empty cell of CSV
            row = compute.index(is_there, False).as_py()
            if row >= 0 and not self.by.skip_nulls:
                raise no_value(f"row {before + row + 1:,}", field.name, where)
            if row >= 0:
                whole = is_there if whole is None else compute.and_(whole, is_there)
        return table if whole is None else table.filter(whole)


def arranged(batches: Iterable[Any], by: GroupedBy) -> tuple[Any, Any]:
    """The items of all events as an array of lists: one for each session, in the order of their first rows; within it,
    items in the order asked for, and those of equal rank as they came. And the sessions, in that order.

    Raises `SourceError` for items that are neither text nor whole numbers, and for what cannot be ordered or grouped.
    """
    pyarrow, compute = library("pyarrow"), library("pyarrow.compute")
    events = _joined([batch for batch in batches if len(batch)], by)
    sessions = _encoded(events.column(by.group_by), by)
    items, keys = _items(events.column(by.column), by.column), {"session": sessions.indices}
    if by.order_by is not None:
        keys["time"] = _times(events.column(by.order_by), by.order_by)
    del events
    lengths = np.bincount(keys["session"].to_numpy())
    order = compute.sort_indices(pyarrow.table(keys), sort_keys=[(key, "ascending") for key in keys])  # a stable sort
    offsets = pyarrow.array(np.concatenate([[0], np.cumsum(lengths)]))
    return pyarrow.LargeListArray.from_arrays(offsets, items.take(order).combine_chunks()), sessions.dictionary


def _joined(tables: list[Any], by: GroupedBy) -> Any:
    """Tables as one."""
    pyarrow = library("pyarrow")
    if not tables:
        raise SourceError(f"there is not one event in the column {shortened(by.column)}")
    try:
        for name in by.names:
            kinds = {table.schema.field(name).type for table in tables}
            if (kind := _common_kind(kinds, name, name == by.column)) is not None:
                tables = [_cast(table, name, kind) for table in tables]
        return pyarrow.concat_tables(tables, promote_options="permissive").combine_chunks()
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
        raise SourceError(f"columns hold values of several kinds: {shortened(str(error))[1:-1]}") from error


def _common_kind(kinds: set[Any], name: str, are_items: bool) -> Any:
    """The type that a column's several types are made, where Arrow would not join them: items of which some are text
    are all text; whole numbers above those of int64 are uint64, as long as none is below 0; times are those of UTC.
    """
    pyarrow, types = library("pyarrow"), library("pyarrow.types")
    if len(kinds) > 1 and are_items and any(is_text(kind, types) for kind in kinds):
        return pyarrow.large_string()
    if len(kinds) > 1 and pyarrow.uint64() in kinds and all(map(types.is_integer, kinds)):
        return pyarrow.uint64()
    if len(kinds) > 1 and all(map(types.is_timestamp, kinds)):
        if len({kind.tz is None for kind in kinds}) > 1:
            raise SourceError(mixed_zones(name))
        if len({kind.tz for kind in kinds}) > 1:
            return pyarrow.timestamp(max((kind.unit for kind in kinds), key=["s", "ms", "us", "ns"].index), "UTC")
    return None


def _cast(table: Any, name: str, kind: Any) -> Any:
    """The table with a column of another type."""
    column = table.column(name)
    if library("pyarrow.types").is_large_string(kind):
        column = _items(column, name)  # whose digits are those of whole numbers
    return table.set_column(table.schema.get_field_index(name), name, column.cast(kind))


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


def _encoded(column: Any, by: GroupedBy) -> Any:
    """The session of each event: sessions once each, in the order of their first rows, and the places of events'."""
    pyarrow, types = library("pyarrow"), library("pyarrow.types")
    if is_text(column.type, types):
        column = column.cast(pyarrow.large_string())
    try:
        return column.combine_chunks().dictionary_encode()
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
        exact = [pyarrow.int64(), pyarrow.decimal256(76, 38)]  # numbers of 38 digits and fractions with as many
        for wanted in (*exact, pyarrow.float64(), pyarrow.timestamp("ns"), pyarrow.timestamp("ns", "UTC")):
            try:
                times = column.cast(wanted)
            except pyarrow.ArrowInvalid:
                continue
            if types.is_floating(wanted):
                if library("pyarrow.compute").any(times.is_nan()).as_py():
                    break
                _refuse_long_numbers(column, name)
            return times
        if _have_zones_in_part(column):
            raise SourceError(mixed_zones(name))
        kind = f"text such as {shortened(column[0].as_py())}"
    raise SourceError(
        f"the column {shortened(name)} holds {kind}: events are ordered by numbers, dates or times; as text, all are"
        " numbers, or all are as ISO 8601 writes them, 2026-01-31 23:59:59"
    )


def _refuse_long_numbers(column: Any, name: str) -> None:
    """Raise `SourceError` for text with whole numbers that would lose digits as floating-point ones."""
    if (
        library("pyarrow.compute")
        .any(library("pyarrow.compute").match_substring_regex(column, r"^[+-]?\d{17,}$"))
        .as_py()
    ):
        raise SourceError(
            f"the column {shortened(name)} holds whole numbers of 17 digits or more, and others of more than 38 digits:"
            " together they cannot be put in order"
        )


def _have_zones_in_part(column: Any) -> bool:
    """Whether texts are times, with a time zone and without: by the end of each, which is Z or +05:30."""
    compute = library("pyarrow.compute")
    are_times = compute.match_substring_regex(column, r"^\d{4}-\d\d-\d\d([T ][\d:.]*([Zz]|[+-]\d\d(:?\d\d)?)?)?$")
    have_zones = compute.match_substring_regex(column, r"[T ][\d:.]*([Zz]|[+-]\d\d(:?\d\d)?)$")
    return bool(compute.all(are_times).as_py() and compute.count_distinct(have_zones).as_py() == 2)


def _as_arrow(table: Any, by: GroupedBy) -> Any:
    """The columns of a data frame or table as Arrow's; None for what is neither. Raises `SourceError` if one is not
    there.
    """
    if hasattr(table, "to_reader"):  # Arrow's own
        _refuse_missing(by.names, table.column_names, "the table has")
        return table.select(by.names)
    if not hasattr(table, "columns") or not hasattr(table, "__getitem__"):
        return None
    _refuse_missing(by.names, list(table.columns), "the table has")
    if hasattr(table, "to_arrow"):  # polars
        return polars_as_arrow(table.select(by.names))
    values = {name: without_holes(table[name]) if table[name].dtype == object else table[name] for name in by.names}
    return _as_table(values, by)


def _as_table(columns: dict[str, Any], by: GroupedBy) -> Any:
    """Columns of values as a table of Arrow's. Raises `SourceError` where one holds several kinds of values."""
    arrays = {name: as_array(values, name, are_items=name == by.column) for name, values in columns.items()}
    return library("pyarrow").table(arrays)


def _batched(rows: Iterator[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    while some := list(itertools.islice(rows, BATCH_ROWS)):
        yield some


def _refuse_missing(names: Sequence[str], there: Sequence[Any], where: str) -> None:
    """Raise `SourceError` for a column that is not there, or comes twice."""
    for name in names:
        if name not in there:
            raise no_column(where, name, there)
        if there.count(name) > 1:
            raise SourceError(f"{where} {there.count(name)} columns {shortened(name)}: give them names of their own")
