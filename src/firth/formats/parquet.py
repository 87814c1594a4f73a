"""Parquet: a column of words, one of counts and one of vectors, each a list of as many float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Float32
from firth.data_frames import library
from firth.errors import FormatError, shortened
from firth.formats.reading import Reading
from firth.formats.words import word_vectors
from firth.vectors.arrow_table import COUNT, VECTOR, WORD
from firth.vectors.changing import LARGEST_COUNT
from firth.vectors.word_vectors import WordVectors


def write(vectors: WordVectors, path: Path) -> None:
    """Write the table that `to_arrow` gives."""
    write_table(vectors.to_arrow(), path)


def write_table(table: Any, path: Path) -> None:
    """Write a table of Arrow's."""
    library("pyarrow.parquet").write_table(table, path)


def read(path: Path, reading: Reading) -> WordVectors:
    """Read the columns `word`, `vector` and, if it is there, `count`. Raises `FormatError` if they do not fit."""
    pyarrow = library("pyarrow")
    try:
        table = _table(path).slice(0, reading.limit)
        counts = _counts(table, path)
        return word_vectors(_words(table.column(WORD), path), _rows(table.column(VECTOR), path), path, counts)
    except FormatError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError, LookupError) as error:
        raise FormatError(f"{path} cannot be read: {shortened(str(error))[1:-1]}") from error


def _table(path: Path) -> Any:
    """The columns that are read. Raises `FormatError` where one is missing, or comes twice."""
    with library("pyarrow.parquet").ParquetFile(path) as file:
        names = file.schema_arrow.names
        if missing := {WORD, VECTOR} - set(names):
            raise FormatError(
                f"{path} has no column {shortened(min(missing))}; it has {shortened(', '.join(names))[1:-1]}. Vectors"
                f" are in columns called {WORD}, {VECTOR} and {COUNT}"
            )
        if twice := [name for name in (WORD, COUNT, VECTOR) if names.count(name) > 1]:
            raise FormatError(f"{path} has the column {shortened(twice[0])} twice")
        return file.read([name for name in (WORD, COUNT, VECTOR) if name in names])


def _words(column: Any, path: Path) -> list[Any]:
    """The words of a column: strings, or whole numbers."""
    try:
        words: list[Any] = column.to_pylist()
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: the column {WORD} has words that are not UTF-8: {error}") from error
    if column.null_count or not {*map(type, words)} <= {str, int}:
        raise FormatError(f"{path}: the column {WORD} holds {column.type}, or nulls: wanted strings or whole numbers")
    return words


def _counts(table: Any, path: Path) -> list[int] | None:
    """How often the words occur; None where that is not known of all."""
    if COUNT not in table.column_names or table.column(COUNT).null_count:
        return None
    counts: list[Any] = table.column(COUNT).to_pylist()
    if not all(type(count) is int and 0 <= count <= LARGEST_COUNT for count in counts):
        raise FormatError(f"{path}: the column {COUNT} has what is no count: whole numbers, 0 or more")
    return counts


def _rows(column: Any, path: Path) -> Float32:
    """The lists of a column as an array (n, d)."""
    pyarrow = library("pyarrow")
    lists, kind = column.combine_chunks(), column.type
    is_list = pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind) or pyarrow.types.is_fixed_size_list(kind)
    if not is_list or not pyarrow.types.is_floating(kind.value_type):
        raise FormatError(f"{path}: the column {VECTOR} holds {kind}: wanted lists of floating-point numbers")
    values = lists.flatten() if isinstance(lists, pyarrow.Array) else pyarrow.concat_arrays(lists.chunks).flatten()
    lengths = set(pyarrow.compute.list_value_length(column).unique().to_pylist()) if len(column) else {0}
    if len(lengths) != 1 or None in lengths or values.null_count:
        raise FormatError(f"{path}: the vectors in {VECTOR} are not all there, or not of one length")
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float32).reshape(len(column), -1)
