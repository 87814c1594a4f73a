"""A column of a table as a source: Parquet and Arrow files (`columnar.py`), CSV and JSON lines (`rows.py`), data frames
and datasets, by what they offer themselves. It holds strings of text, or lists of tokens, or an item of each event
(`events.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from firth.corpus.columnar import ColumnarFiles, column_of_files, is_columnar
from firth.corpus.events import GroupedBy, Sessions
from firth.corpus.in_memory import is_token_list, kind_of
from firth.corpus.paths import expand
from firth.corpus.rows import VALUES_WANTED, RowColumn, no_column, no_value
from firth.corpus.rows_in_memory import refuse_no_table, values_of_rows
from firth.corpus.sources import as_source
from firth.corpus.text_files import TextFiles, TextStream
from firth.corpus.tokenizing import Source
from firth.errors import SourceError, shortened
from firth.missing_values import is_hole


def column(
    table: Any,
    name: str,
    *,
    group_by: str | None = None,
    order_by: str | None = None,
    skip_nulls: bool = False,
    delimiter: str | None = None,
    quotes: bool = True,
    ids: str | None = None,
) -> Source:
    """A column of a table, to train on: strings of text, each a line or several, or lists of tokens.

    With `group_by`, each row is an event that has one item, and the items of a session are a sentence. Sessions come in
    the order of their first rows. The columns are held in memory: some 100 bytes an event, 200 where ids are text.

    Parameters
    ----------
    table
        The path or address of a Parquet, Arrow, CSV or JSON lines file, also compressed; a folder, a glob, or a list of
        paths; an open binary file of CSV or JSON lines; a data frame of pandas or polars; an Arrow table; a Hugging
        Face dataset, streaming or not; or an iterable of rows that are dicts.
    name
        The name of the column. In CSV, the first line has the names; in JSON lines, each line is an object with them.
    group_by
        The name of the column that says which session, user or basket a row belongs to. Needs `firth[tables]`.
    order_by
        With `group_by`, the name of the column by which the rows of a session are ordered: numbers, dates or times, all
        of them with a time zone or none; as text, numbers or ISO 8601. Rows of equal value, or all without it, stay in
        the order of the table.
    skip_nulls
        Leave out rows without a value (an empty cell, null, a missing key; of events, also an empty string), which are
        an error otherwise.
    delimiter
        What separates the cells of a CSV file. By default it is found in the first line.
    quotes
        Whether a cell of a CSV file may stand in quotes, as one must that holds a delimiter or a line end. False where
        quotes are plain text, as in many files with tabs.
    ids
        The name of another column of a table in files, which `TextVectors.write` writes beside the vectors of texts.
        Those of sessions are the values of `group_by`.

    Returns
    -------
    Source
        What `train`, `encode` and `find_phrases` take as a source.

    Raises
    ------
    SourceError
        For a column that does not exist or does not hold what it should, and for a file of another format.

    Examples
    --------
    >>> rows = [{"text": "the king and the queen"}, {"text": "a man with an axe"}]
    >>> firth.encode(firth.column(rows, "text"))
    Corpus(10 tokens, 9 words, 2 sentences)
    """
    for given in (name, group_by, order_by, ids):
        if given is not None and not isinstance(given, str):
            raise SourceError(
                f"a column is named by one string, not {shortened(given)}: columns of a data frame that have numbers"
                " get names by frame.rename(columns=str)"
            )
    if order_by is not None and group_by is None:
        raise SourceError("order_by is of the events of a session: name the column of the sessions, group_by=…")
    if ids is not None and group_by is not None:
        raise SourceError(f"sessions have the values of {shortened(group_by)} for ids, and no others: leave ids out")
    if ids == name:
        raise SourceError(f"the column {shortened(name)} holds the texts: ids are in another one")
    refuse_no_table(table)
    found = _texts_of(table)
    if group_by is not None:
        by = GroupedBy(name, group_by, order_by, skip_nulls, delimiter, quotes)
        return Sessions(table if found is None else found, by)
    if found is None and ids is not None:
        raise SourceError("ids are read from tables in files; of a table in memory, texts and vectors have its order")
    if found is None:
        return as_source(_without_nulls(_values(table, name, skip_nulls), name, skip_nulls))
    if isinstance(found, ColumnarFiles):
        return column_of_files(found, name, skip_nulls, ids)
    return RowColumn(found, name, delimiter=delimiter, quotes=quotes, skip_nulls=skip_nulls, ids=ids)


def _texts_of(table: Any) -> TextFiles | TextStream | ColumnarFiles | None:
    """The files or the stream that a table is in, if it is: texts of rows, or Parquet and Arrow files."""
    if hasattr(table, "read"):
        return cast(TextStream, as_source(table))
    is_list = isinstance(table, list | tuple) and table and all(isinstance(path, str | Path) for path in table)
    if not is_list and not isinstance(table, str | Path):
        return None
    paths = [found for path in (table if is_list else [table]) for found in expand(path)]
    return ColumnarFiles(paths) if any(map(is_columnar, paths)) else TextFiles(paths)


def column_of(source: Any, name: str | None) -> Any:
    """A column of a source, or the source itself where none is named."""
    return source if name is None else column(source, name)


def _values(table: Any, name: str, skip_nulls: bool) -> Iterable[Any]:
    """A column's values, of anything that gives columns by name or rows by turns."""
    names = getattr(table, "column_names", None)
    if names is None:
        names = getattr(table, "columns", None)
    if names is not None and not callable(names) and name not in list(names):
        raise no_column("the table has", name, names)
    if hasattr(table, "to_reader"):  # an Arrow table
        return (value for batch in table.select([name]).to_reader() for value in batch.column(0).to_pylist())
    if names is None or not hasattr(table, "__getitem__"):
        return (value for (value,) in values_of_rows(table, [name], skip_nulls))
    values: Iterable[Any] = table[name]
    return values


def _without_nulls(values: Iterable[Any], name: str, skip_nulls: bool) -> Iterator[Any]:
    """The values that are there. Raises `SourceError` for one that is not, and if the first is no text and no list."""
    is_first = True
    for number, value in enumerate(values, start=1):
        if not is_hole(value):
            if is_first and not isinstance(value, str) and not is_token_list(value):
                raise SourceError(f"row {number:,}: {shortened(name)} holds {kind_of(value)}: {VALUES_WANTED}")
            is_first = False
            yield value
        elif not skip_nulls:
            raise no_value(f"row {number:,}", name)
