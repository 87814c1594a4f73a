"""Results as tables of other libraries: pandas, polars, Arrow."""

from __future__ import annotations

import importlib
from typing import Any

from firth.errors import FirthError


class Tabular:
    """A result that is a table: a class gives its columns, and has them as data frames."""

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


def library(name: str) -> Any:
    """An optional library for tables. Raises `FirthError` if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        extra = "'firth[tables]'" if name == "pyarrow" else name
        raise FirthError(f"such a table needs {name}: pip install {extra}") from error
