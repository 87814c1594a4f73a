"""Words and vectors as a table of Arrow's, alone or beside what is known of the words from another table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from firth._version import __version__
from firth.data_frames import library, polars_as_arrow
from firth.errors import FirthError, FormatError, shortened
from firth.missing_values import is_hole, text_of

if TYPE_CHECKING:
    from firth.arrays import Float32
    from firth.vectors.word_vectors import WordVectors
    from firth.vocabulary import Vocabulary

METADATA = b"firth"
"""The key of the schema's metadata that says, in JSON, what the table was made of."""
WORD, COUNT, VECTOR, OUTPUT = "word", "count", "vector", "output"


def arrow_table(vectors: WordVectors, what: dict[str, Any], outputs: Float32 | None, about: Any, on: str | None) -> Any:
    """The table that `WordVectors.to_arrow` gives, with `what` the vectors are in its metadata."""
    pyarrow = library("pyarrow")
    columns = {
        WORD: _words(vectors.vocabulary),
        COUNT: pyarrow.array(vectors.vocabulary.counts)
        if vectors.vocabulary.has_counts
        else pyarrow.nulls(len(vectors), pyarrow.int64()),
        VECTOR: fixed_lists(vectors.vectors),
    }
    if outputs is not None:
        columns[OUTPUT] = fixed_lists(outputs)
    if about is not None:
        columns |= _joined(vectors.words, as_table(about, on), on, columns)
    elif on is not None:
        raise ValueError("on names a column of the table about the words: give that table, about=…")
    metadata = {METADATA: json.dumps(what | {"written_by": f"firth {__version__}"}, ensure_ascii=True)}
    return pyarrow.table(columns, metadata=metadata)


def _words(vocabulary: Vocabulary) -> Any:
    """The words as an array of Arrow's: strings, or int64, or uint64 where that is too small."""
    pyarrow = library("pyarrow")
    words = list(vocabulary.typed_words)
    if not vocabulary.integers:
        return pyarrow.array(words, pyarrow.string())
    return pyarrow.array(words, pyarrow.uint64() if max(words, default=0) >= 2**63 else pyarrow.int64())


def fixed_lists(rows: Float32) -> Any:
    """Rows (n, d) as an array of Arrow's, each a list of d float32; nothing is copied."""
    pyarrow = library("pyarrow")
    values = pyarrow.array(np.ascontiguousarray(rows, np.float32).ravel())
    return pyarrow.FixedSizeListArray.from_arrays(values, rows.shape[1])


def as_table(about: Any, on: str | None = None) -> Any:
    """A table of Arrow's, from one, a data frame, or the path of a Parquet, Arrow, CSV or JSON-lines file; of CSV, the
    column of the words, `on`, is text.

    Raises `FormatError` for a file that cannot be read, `ValueError` for what is no table.
    """
    pyarrow = library("pyarrow")
    if isinstance(about, str | Path):
        return _read_table(Path(about), on)
    if isinstance(about, pyarrow.Table):
        return about
    if hasattr(about, "to_arrow"):  # polars
        return polars_as_arrow(about)
    if hasattr(about, "iloc"):
        try:
            return pyarrow.Table.from_pandas(about, preserve_index=False)
        except pyarrow.ArrowException as error:  # values of several kinds in one column
            raise FirthError(
                f"the table about the words cannot become Arrow's: {shortened(str(error))[1:-1]}"
            ) from error
    raise ValueError(f"a table about the words is a path, a table of Arrow's or a data frame, not {shortened(about)}")


def _read_table(path: Path, on: str | None) -> Any:
    readers = {
        ".parquet": lambda: library("pyarrow.parquet").read_table(path),
        ".arrow": lambda: library("pyarrow.feather").read_table(path),
        ".feather": lambda: library("pyarrow.feather").read_table(path),
        ".csv": lambda: _read_csv(path, on),
        ".jsonl": lambda: _read_json_lines(path),
    }
    if path.suffix.lower() not in readers:
        raise FormatError(f"{path} is no table about words that firth knows: it reads {', '.join(readers)}")
    try:
        return readers[path.suffix.lower()]()
    except (library("pyarrow").ArrowException, OSError, ValueError, LookupError, RecursionError) as error:
        raise FormatError(f"cannot read {path}: {shortened(str(error))[1:-1]}") from error


def _read_csv(path: Path, on: str | None) -> Any:
    """A CSV file, in which the column of the words stays the text it is: 007 is not 7."""
    pyarrow, csv = library("pyarrow"), library("pyarrow.csv")
    with csv.open_csv(path) as file:
        names = file.schema.names
    types = {_key(names, on): pyarrow.string()}
    return csv.read_csv(path, convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=True))


def _read_json_lines(path: Path) -> Any:
    """A file of objects, whose strings stay strings, also where they look like dates."""
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ValueError("wanted an object a line")
    names = dict.fromkeys(name for row in rows for name in row)
    return library("pyarrow").table({name: [row.get(name) for row in rows] for name in names})


def _joined(words: list[str], table: Any, on: str | None, taken: dict[str, Any]) -> dict[str, Any]:
    """The columns of a table, by name, each in the order of the words; null where it does not have a word."""
    pyarrow = library("pyarrow")
    key = _key(table.column_names, on)
    others = [name for name in table.column_names if name != key]
    if clash := [name for name in others if name in taken] or [n for n in others if others.count(n) > 1]:
        raise FirthError(f"the table about the words has a second column {shortened(clash[0])}: rename it first")
    row_of: dict[str, int] = {}
    for row, value in enumerate(table.column(key).to_pylist()):
        if is_hole(value):
            continue
        if row_of.setdefault(text_of(value), row) != row:
            raise FirthError(f"the table about the words has {shortened(value)} twice in its column {shortened(key)}")
    rows = [row_of.get(word) for word in words]
    if all(row is None for row in rows):
        some = ", ".join(map(shortened, list(row_of)[:3])) or "nothing"
        raise FirthError(
            f"the column {shortened(key)} has none of the {len(words):,} words, such as {shortened(words[0])}; it has"
            f" {some}. Name the column of the words: on=NAME, --on NAME"
        )
    found = table.take(pyarrow.array(rows, pyarrow.int64()))
    return {name: found.column(name) for name in others}


def _key(names: list[str], on: str | None) -> str:
    """The column of the words: the one named, or one called word, or else the first."""
    wanted = on if on is not None else WORD if WORD in names else names[0] if names else WORD
    if wanted not in names:
        raise FirthError(f"the table about the words has no column {shortened(wanted)}; it has {', '.join(names)}")
    return wanted
