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
        file = library("pyarrow.parquet").ParquetFile(path)
        names = file.schema_arrow.names
        if missing := {WORD, VECTOR} - set(names):
            raise FormatError(
                f"{path} has no column {shortened(min(missing))}; it has {', '.join(names)}. Vectors are in columns"
                f" called {WORD}, {VECTOR} and {COUNT}"
            )
        if twice := [name for name in (WORD, COUNT, VECTOR) if names.count(name) > 1]:
            raise FormatError(f"{path} has the column {shortened(twice[0])} twice")
        table = file.read([name for name in (WORD, COUNT, VECTOR) if name in names])
    except (pyarrow.ArrowException, OSError) as error:
        raise FormatError(f"{path} cannot be read: {shortened(str(error))[1:-1]}") from error
    table = table.slice(0, reading.limit)
    words, counts = _words(table.column(WORD), path), None
    if not all(type(word) is str for word in words):
        raise FormatError(f"{path}: the column {WORD} holds {table.schema.field(WORD).type}, or nulls: wanted strings")
    if COUNT in names and table.column(COUNT).null_count == 0:
        counts = table.column(COUNT).to_pylist()
        if not all(type(count) is int and count >= 0 for count in counts):
            raise FormatError(f"{path}: the column {COUNT} has what is no count: whole numbers, 0 or more")
    return word_vectors(words, _rows(table.column(VECTOR), path), path, counts)


def _words(column: Any, path: Path) -> list[Any]:
    """What a column of words holds. Raises `FormatError` if it is not UTF-8."""
    try:
        words: list[Any] = column.to_pylist()
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: the column {WORD} has words that are not UTF-8: {error}") from error
    return words


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
