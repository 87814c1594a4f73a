"""A column of CSV files or JSON lines as a source: rows of text, of which one at a time is in memory.

A file of rows is known by its content, whatever its name: JSON lines begin with a brace, CSV with the names of its
columns. What stands between them is found by the one that is asked for.
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import functools
import io
import itertools
import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any, NamedTuple

from firth.config import TextConfig
from firth.corpus.decoding import Text, TextRange, read_plain
from firth.corpus.fingerprints import content_fingerprint
from firth.corpus.in_memory import Texts, TokenLists
from firth.corpus.tabular import is_json, is_table
from firth.corpus.text_files import TextFiles, TextStream
from firth.corpus.tokenizing import Batch, Block, Document, Source
from firth.errors import FirthWarning, SourceError, shortened
from firth.missing_values import is_hole
from firth.storage.packed import as_file

try:
    import orjson
except ImportError:  # it has no wheel for a Python without the global lock
    orjson = None  # type: ignore[assignment]

DELIMITERS = ",\t;|"
"""What may stand between the cells of a CSV file that nobody named one for."""
LONGEST_CELL = 1 << 27
"""Characters, or bytes of a line of JSON. A quote that is never closed ends here, and not when memory does."""
EXACT = {str, int, bool, type(None)}
"""Types of values of JSON that are the same for all who read them."""
MOST_LISTED = 20
"""Columns of a table that a message names."""
VALUES_WANTED = (
    "wanted strings of text, or lists of tokens. Where each row is an event with one item, name the column of its"
    " session, group_by=… or --group-by"
)


class Row(NamedTuple):
    """The values of some columns in a row, and the line that it begins in."""

    line: int
    values: Sequence[Any]


class RowColumn(Source):
    """A column of CSV or JSON lines, in files (packed or not), archives or a stream: strings of text, or lists of
    tokens.
    """

    def __init__(
        self,
        texts: TextFiles | TextStream,
        column: str,
        *,
        delimiter: str | None = None,
        quotes: bool = True,
        skip_nulls: bool = False,
        ids: str | None = None,
    ):
        if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '\r\n"'):
            raise SourceError(f"a delimiter is one character, such as ';' or a tab, not {shortened(delimiter)}")
        self.texts = texts
        self.column = column
        self.delimiter = delimiter
        self.quotes = quotes
        self.skip_nulls = skip_nulls
        self.id_name = ids
        self.name = f"{shortened(column)} of {texts.name}"
        self.total_bytes = texts.total_bytes
        self.files_read = self._bytes_read = 0
        self._begun: tuple[TextConfig, Source] | None = None
        self._last: Source = Texts(())

    def fingerprint(self, config: TextConfig, threads: int = 1) -> str | None:
        """A hash of the files' content, of how the column is found in it, and of how it is split."""
        if not isinstance(self.texts, TextFiles) or not self.texts.can_be_read_again:
            return None
        return content_fingerprint(self.texts.paths, config, threads, **self.how_read())

    def how_read(self) -> dict[str, Any]:
        """What a fingerprint has of how the column is found."""
        return {"column": self.column, "skip_nulls": self.skip_nulls, "rows": [self.delimiter, self.quotes]}

    @property
    def has_integers(self) -> bool:  # type: ignore[override]
        """Whether all tokens read so far were whole numbers, and not text."""
        return self._last.has_integers

    def splitting(self, config: TextConfig) -> TextConfig | None:
        """How its text is split; None for lists of tokens."""
        return self._values(config).splitting(config)

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        """All text, in order."""
        values, self._begun = self._values(config), None
        for block in values.blocks(config):
            yield block._replace(bytes_read=self._bytes_read or block.bytes_read)

    def batches(self, config: TextConfig) -> Iterator[Batch]:
        """All tokens, in order."""
        values, self._begun = self._values(config), None
        for batch in values.batches(config):
            yield batch._replace(bytes_read=self._bytes_read or batch.bytes_read)

    def documents(self, config: TextConfig) -> Iterator[Document]:
        """The column's values, row by row."""
        return self._read(config)

    def spelled(self, words: Iterable[str]) -> Iterable[str]:
        """What words of its text mean."""
        return self._last.spelled(words)

    def word_of(self, raw: Any, config: TextConfig) -> str:
        """The word a raw token stands for; '' if none."""
        return self._last.word_of(raw, config)

    def _values(self, config: TextConfig) -> Source:
        """The values as a source of their own, of which the first has been read: it tells of which kind they are."""
        if self._begun is None or self._begun[0] != config:
            values = self._read(config)
            first = next(values, None)
            everything = itertools.chain(() if first is None else [first], values)
            self._last = (TokenLists if isinstance(first, list) else Texts)(everything)
            self._begun = config, self._last
        return self._begun[1]

    def _read(self, config: TextConfig) -> Iterator[Any]:
        """The column's values that are there, all of one kind."""
        return (value for _, value in self.identified(config))

    def identified(self, config: TextConfig) -> Iterator[tuple[Any, Document]]:
        """The column's values that are there, all of one kind, each with its id; None where there is none."""
        names = [self.column] if self.id_name is None else [self.column, self.id_name]
        kind: type | None = None
        for name, content, bytes_read in self.texts.texts():
            self.files_read = self.texts.files_read
            how: Any = {"delimiter": self.delimiter, "quotes": self.quotes, "skip_nulls": self.skip_nulls}
            for line, (value, *more) in rows_of(content, name, names, config, **how):
                self._bytes_read = bytes_read()
                if is_hole(value):
                    if not self.skip_nulls:
                        raise no_value(line_of(content, line), self.column, name)
                    continue
                if type(value) is not kind:
                    kind = _same_kind(value, kind, lambda: f"{line_of(content, line)} of {name}", self.column)  # noqa: B023
                yield (more[0] if more and not is_hole(more[0]) else None), value


def rows_of(
    content: Text,
    name: str,
    columns: Sequence[str],
    config: TextConfig,
    *,
    delimiter: str | None,
    quotes: bool,
    skip_nulls: bool,
) -> Iterator[Row]:
    """The values of some columns of a text of CSV or JSON lines, row by row; None for an empty cell or an absent key.

    Raises `SourceError` for a column that is not there, and for a broken row.
    """
    if is_table(content):
        raise SourceError(f"{name} is a Parquet or Arrow table: such are read from files alone")
    file = as_file(filter(None, read_plain(content, name, config)))
    if isinstance(content, TextRange) or is_json(file.peek()):
        return _of_json_lines(file, name, columns, skip_nulls, functools.partial(line_of, content))
    return _of_csv(file, name, columns, delimiter, quotes)


def line_of(content: Text, number: int) -> str:
    """What a line is called in an error, by its number among those that are read."""
    return f"line {number + (content.lines_before() if isinstance(content, TextRange) else 0):,}"


def no_column(where: str, name: str, names: Iterable[Any]) -> SourceError:
    """What to say where a column is missing: those that are there, the nearest first, and not all of thousands."""
    there = list(names)
    near = difflib.get_close_matches(name, [other for other in there if isinstance(other, str)], n=3)
    listed = [*near, *(other for other in there if other not in near)]
    more = f" and {len(listed) - MOST_LISTED:,} more" if len(listed) > MOST_LISTED else ""
    there_are = (", ".join(map(shortened, listed[:MOST_LISTED])) or "none") + more
    return SourceError(f"{where} no column {shortened(name)}: there are {there_are}")


def no_value(row: str, column: str, where: str = "") -> SourceError:
    """What to say of a row without a value."""
    return SourceError(
        f"{row} of {shortened(column)}{where and f' in {where}'} has no value: leave such rows out with"
        " firth.column(…, skip_nulls=True) or --skip-nulls"
    )


def _same_kind(value: Any, kind: type | None, where: Callable[[], str], column: str) -> type:
    """The type of a value. Raises `SourceError` if it is neither a text nor a list, or not as those before."""
    wanted: dict[type, str] = {str: "strings of text", list: "lists of tokens"}
    if type(value) not in wanted:
        raise SourceError(f"{where()}: {shortened(column)} holds {shortened(value)}: {VALUES_WANTED}")
    if kind is not None:
        raise SourceError(f"{where()}: {shortened(column)} holds {wanted[type(value)]}, where rows before hold others")
    return type(value)


def _of_csv(file: IO[bytes], name: str, columns: Sequence[str], delimiter: str | None, quotes: bool) -> Iterator[Row]:
    """Cells of some columns; None for an empty one. Quotes around a cell are no part of it, if they are `quotes`."""
    lines = io.TextIOWrapper(file, "utf-8", newline="")  # ends of lines within quotes stay as they are
    first, before = lines.readline(), 0
    while first.isspace():
        first, before = lines.readline(), before + 1
    if first.startswith("sep=") and len(first.strip("\r\n")) == len("sep=") + 1:  # as Excel tells itself
        delimiter, first, before = delimiter or first[4], lines.readline(), before + 1
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))  # Python's own for all, never made less
    delimiter = delimiter or _delimiter_of(first, columns)
    quoting: Any = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
    rows = csv.reader(itertools.chain([first], lines), delimiter=delimiter, quoting=quoting, strict=True)
    has_warned = False
    begin = before + 1
    try:
        header = next(rows, [])
        places = [_place_of(column, header, name) for column in columns]
        begin = before + rows.line_num + 1
        for row in rows:
            if len(row) != len(header) and row:
                raise SourceError(
                    f"{name}, line {begin:,}: the row has {len(row):,} cells, the header {len(header):,}, with"
                    f" {delimiter!r} between them: is a cell that holds one not quoted?"
                )
            if row:
                yield Row(begin, [row[place] or None for place in places])
            if delimiter == "\t" and before + rows.line_num > begin and not has_warned:
                has_warned = _warn_of_rows_within(row, f"{name}, line {begin:,}")
            begin = before + rows.line_num + 1
    except csv.Error as error:
        raise SourceError(
            f"{name}: the row that begins in line {begin:,} is broken ({error}): quotes in a quoted cell are"
            " doubled, and closed at its end. Where they are plain text: firth.column(…, quotes=False) or --no-quotes"
        ) from error


def _warn_of_rows_within(row: list[str], where: str) -> bool:
    """Warn if a quoted cell looks like several rows between tabs; return whether it does."""
    if found := any("\t" in cell and "\n" in cell for cell in row):
        warnings.warn(
            f"{where}: a cell in quotes holds tabs and line ends. If these are rows, and quotes are plain text, say"
            " firth.column(…, quotes=False) or --no-quotes",
            FirthWarning,
            stacklevel=2,
        )
    return found


def _delimiter_of(header: str, columns: Sequence[str]) -> str:
    """What stands between cells: that by which the header has most columns, if it can, with those asked for."""
    header = header[:LONGEST_CELL]  # where that is one cell, it is found out when rows are read
    cells = {mark: next(csv.reader([header], delimiter=mark), []) for mark in DELIMITERS}
    return max(DELIMITERS, key=lambda mark: ({*columns} <= {*cells[mark]}, len(cells[mark])))


def _place_of(column: str, header: list[str], name: str) -> int:
    if column not in header:
        raise no_column(f"{name} has", column, header)
    if header.count(column) > 1:
        raise SourceError(
            f"{name} has {header.count(column)} columns {shortened(column)}: give them names of their own"
        )
    return header.index(column)


def _of_json_lines(
    file: IO[bytes], name: str, columns: Sequence[str], skip_nulls: bool, line_of: Callable[[int], str]
) -> Iterator[Row]:
    """Values of some columns; None where an object lacks one. `line_of` is what errors call the line of a number."""
    names: dict[str, None] = {}
    there: set[str] = set()
    for number in itertools.count(1):
        line = file.readline(LONGEST_CELL)
        if not line:
            break
        if line.isspace():
            continue
        if len(line) == LONGEST_CELL:
            raise SourceError(f"{name}, {line_of(number)} is longer than {LONGEST_CELL:,} bytes: are there line ends?")
        row = _parsed(line, lambda: f"{name}, {line_of(number)}")  # noqa: B023
        for column in columns:
            if column in row:
                there.add(column)
            elif len(names) < MOST_LISTED:
                names |= dict.fromkeys(row)
                if not skip_nulls:
                    raise no_column(f"{line_of(number)} of {name} has", column, names)
        values = [row.get(column) for column in columns]
        if not all(map(_is_exact, values)):
            with contextlib.suppress(RecursionError):  # then it is no text and no list of tokens, however it is read
                row = json.loads(line)
                values = [row.get(column) for column in columns]
        yield Row(number, values)
    for column in columns:
        if names and column not in there:
            raise no_column(f"{name} has", column, names)


def _is_exact(value: Any) -> bool:
    """Whether a value is sure to be what Python reads: orjson takes long whole numbers for floating-point ones."""
    return EXACT.issuperset(map(type, value)) if isinstance(value, list) else type(value) in EXACT


def _parsed(line: bytes, where: Callable[[], str]) -> dict[str, Any]:
    """A line's object. What orjson refuses may still be one of Python's: NaN, half a character, a byte order mark."""
    row = _by_orjson(line)
    if row is None:
        try:
            row = json.loads(line.decode("utf-8-sig"))  # a mark: of a file that was appended to another
        except (ValueError, RecursionError) as error:
            raise SourceError(
                f"{where()} is not an object of JSON, as each line should be: {error}{_hint(line)}"
            ) from error
    if not isinstance(row, dict):
        raise SourceError(f"{where()} is not an object of JSON, as each line should be: {shortened(row)}{_hint(line)}")
    return row


def _by_orjson(line: bytes) -> dict[str, Any] | None:
    """A line's object, in a sixth of the time; None where orjson is not installed, or refuses it."""
    if orjson is None:
        return None
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None


def _hint(line: bytes) -> str:
    if line.lstrip().startswith(b"["):
        return ". Make lines of an array: jq -c '.[]' FILE"
    return ". Make lines of objects: jq -c . FILE" if line.strip() == b"{" else ""
