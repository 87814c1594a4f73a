"""Results as tables: of a notebook, and of other libraries, pandas, polars, Arrow."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

from firth.errors import FirthError, SourceError, shortened
from firth.html_table import html_table, of_words


class Tabular:
    """A result that is a table: a class gives its columns, and a notebook shows them; they become data frames."""

    def _columns(self) -> dict[str, Any]:
        """The columns by name, each a list or an array."""
        raise NotImplementedError

    def to_pandas(self) -> Any:
        """The table as a `pandas.DataFrame`. Raises `FirthError` if pandas is not installed."""
        return library("pandas").DataFrame(self._columns())

    def to_polars(self) -> Any:
        """The table as a `polars.DataFrame`. Raises `FirthError` if polars is not installed."""
        return library("polars").DataFrame(self._columns())

    def to_arrow(self) -> Any:
        """The table as a `pyarrow.Table`. Raises `FirthError` if pyarrow is not installed."""
        return library("pyarrow").table(self._columns())

    def _title(self) -> str:
        """What stands above the table in a notebook."""
        return repr(self)

    def _rows(self) -> Iterable[tuple[Any, ...]]:
        """The rows that a notebook shows."""
        return zip(*self._columns().values(), strict=True)

    def _repr_html_(self) -> str:
        columns = self._columns()
        length = len(next(iter(columns.values())))
        return html_table(self._title(), list(columns), self._rows(), rows_in_all=length)


class Ranking(list[tuple[Any, float]], Tabular):
    """Words with a number each, in an order. A notebook shows them as a table.

    Parameters
    ----------
    pairs
        The words and their numbers.
    measure
        What the numbers are.
    """

    measure = "score"

    def __init__(self, pairs: Iterable[tuple[Any, float]] = (), measure: str | None = None):
        super().__init__(pairs)
        self.measure = measure or self.measure

    def _columns(self) -> dict[str, Any]:
        return {"word": [word for word, _ in self], self.measure: [number for _, number in self]}

    def _title(self) -> str:
        return ""

    def _rows(self) -> Iterable[tuple[Any, ...]]:
        return of_words(self)


def library(name: str) -> Any:
    """An optional library for tables. Raises `FirthError` if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        extra = "'firth[tables]'" if package == "pyarrow" else package
        raise FirthError(f"such a table needs {package}: pip install {extra}") from error


def polars_as_arrow(frame: Any) -> Any:
    """A data frame of polars' as a table of Arrow's. Raises `SourceError` for a column of Python objects: Arrow would
    get their addresses.
    """
    for name in frame.columns:
        if str(frame[name].dtype) == "Object":
            raise SourceError(
                f"the column {shortened(name)} has polars' dtype Object, Python's objects: let polars find its type,"
                f" frame.with_columns(polars.Series({shortened(name)}, frame[{shortened(name)}].to_list()))"
            )
    return frame.to_arrow()
