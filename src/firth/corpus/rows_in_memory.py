"""Rows in memory: the values that each has in some columns, and values of a column as an array of Arrow's."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from firth.corpus.in_memory import kind_of
from firth.corpus.rows import no_column, no_value
from firth.data_frames import library
from firth.errors import SourceError, shortened
from firth.missing_values import is_hole, is_whole_number, text_of

TIMES = datetime.date | datetime.time | datetime.timedelta | np.datetime64 | np.timedelta64


def refuse_no_table(table: Any) -> None:
    """Raise `SourceError` for a dict of columns or of datasets, and for a table that is not computed yet."""
    if isinstance(table, dict) and hasattr(table, "column_names"):
        raise SourceError(f"{kind_of(table)} holds several tables, {shortened(list(table))}: pass one, table['…']")
    if isinstance(table, dict):
        raise SourceError(
            f"cannot take a column of {kind_of(table)}: wanted a list of dicts, one for each row, or a data frame, such"
            " as pandas.DataFrame(table)"
        )
    if hasattr(table, "collect"):  # polars' LazyFrame, Spark's data frame
        raise SourceError(f"{kind_of(table)} holds no values yet: pass table.collect()")


def values_of_rows(rows: Any, names: Sequence[str], skip_nulls: bool) -> Iterator[list[Any]]:
    """The values of some columns in rows that are dicts, or like them; None for an absent key, if `skip_nulls`.

    Raises `SourceError` for a row without a key otherwise, for a key that no row has, and for what has no keys.
    """
    if not isinstance(rows, Iterable):
        raise SourceError(f"cannot take a column of {kind_of(rows)}: wanted a path, a data frame, or rows")
    there: set[str] = set()
    keys: list[Any] = []
    for number, row in enumerate(rows, start=1):
        values = []
        for name in names:
            try:
                values.append(row[name])
                there.add(name)
            except (KeyError, IndexError) as error:
                keys = keys or _keys(row)
                if not skip_nulls:
                    is_new = name not in there
                    where = f"row {number:,}"
                    raise (no_column(f"{where} has", name, _keys(row)) if is_new else no_value(where, name)) from error
                values.append(None)
            except TypeError as error:
                raise SourceError(
                    f"row {number:,} is {kind_of(row)}: wanted rows that are dicts, with a key {shortened(name)}"
                ) from error
        yield values
    for name in names:
        if keys and name not in there:
            raise no_column("the rows have", name, keys)


def _keys(row: Any) -> list[Any]:
    return list(row.keys()) if hasattr(row, "keys") else []  # sqlite3's rows are no mappings


def as_array(values: Sequence[Any], name: str, *, are_items: bool) -> Any:
    """Values of a column as an array of Arrow's, None as null. Items of which some are text are all text.

    Raises `SourceError` for values of several kinds, and for times of which some have a time zone.
    """
    pyarrow = library("pyarrow")
    kinds = set() if hasattr(values, "dtype") else set(map(type, values)) - {type(None)}  # pandas' are of one kind
    if are_items and str in kinds and len(kinds) > 1 and all(map(_is_item, values)):
        values = [None if value is None else text_of(value) for value in values]
    if any(issubclass(kind, TIMES) for kind in kinds):
        values = _times(values, name)
    is_large = kinds == {int} and max(value for value in values if value is not None) >= 2**63
    try:
        return pyarrow.array(values, pyarrow.uint64() if is_large else None)
    except (pyarrow.ArrowException, OverflowError, ValueError, TypeError) as error:
        what = f"the column {shortened(name)} holds values of several kinds, or too large"
        hint = f". Make all of them text: frame[{shortened(name)}].astype(str)" if str in kinds else ""
        raise SourceError(f"{what}: {shortened(str(error))[1:-1]}{hint}") from error


def _is_item(value: Any) -> bool:
    return value is None or isinstance(value, str) or is_whole_number(value)


def _times(values: Sequence[Any], name: str) -> Any:
    """Dates and times that Arrow keeps as they are: it takes those without a time zone for UTC, and drops nanoseconds,
    the zones of times of day and, after a date, the times of day.
    """
    there = [value for value in values if value is not None]
    if len({_zone_of(value) for value in there}) > 1:
        raise SourceError(mixed_zones(name))
    if len({isinstance(value, datetime.datetime) for value in there}) > 1:
        raise SourceError(
            f"the column {shortened(name)} holds values of several kinds: pass all as dates, or all as times"
        )
    for kind in (np.datetime64, np.timedelta64):
        if all(isinstance(value, kind) for value in there):
            finest = np.result_type(*there, kind(0, "s"))  # Arrow has no hours
            return np.array([kind("NaT") if value is None else value for value in values], finest)
    if all(hasattr(value, "to_numpy") for value in there):  # pandas' own
        return _times([None if value is None else value.to_numpy() for value in values], name)
    return values


def _zone_of(value: Any) -> Any:
    """What is the same for times that can be compared: whether they have a zone; of times of day, which."""
    return value.utcoffset() if isinstance(value, datetime.time) else getattr(value, "tzinfo", None) is None


def mixed_zones(name: str) -> str:
    """What to say of times that cannot be compared."""
    return (
        f"the column {shortened(name)} holds times with and without a time zone, or times of day in several, which have"
        " no order: give all of them one, such as UTC"
    )


def without_holes(values: Iterable[Any]) -> list[Any]:
    """The values, None for each that is missing."""
    return [None if is_hole(value) else value for value in values]
