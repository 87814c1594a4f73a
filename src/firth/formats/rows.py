"""A row a word, for spreadsheets and scripts: CSV, with a column for each number, and JSON lines."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import FormatError, shortened
from firth.formats.decimals import decimal_lines, json_writer
from firth.formats.reading import Reading, unpacked_text
from firth.formats.text_rows import GrowingRows
from firth.formats.words import word_vectors
from firth.vectors.changing import LARGEST_COUNT
from firth.vectors.word_vectors import WordVectors

WORD, COUNT, VECTOR = "word", "count", "vector"
NEEDS_QUOTES = frozenset('",\r\n')
ROWS_AT_FIRST = 1024


def write_csv(vectors: WordVectors, path: Path) -> None:
    """Write a line of names, and then a line a word: the word, its count where it is known, and its numbers."""
    names = [WORD, *_with_counts(vectors, COUNT), *(f"v{i}" for i in range(1, vectors.vector_size + 1))]
    lines = itertools.chain.from_iterable(map(bytes.splitlines, decimal_lines(vectors.vectors, b",")))
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(names) + "\n")
        for i, (word, line) in enumerate(zip(vectors.words, lines, strict=True)):
            count = [str(n) for n in _with_counts(vectors, int(vectors.vocabulary.counts[i]))]
            file.write(",".join([quoted(word), *count, line.decode()]) + "\n")


def write_jsonl(vectors: WordVectors, path: Path) -> None:
    """Write an object a line: `word`, `count` where it is known, and `vector`; null for what is no finite number."""
    as_json, words = json_writer(), vectors.vocabulary.typed_words
    with path.open("wb") as file:
        for word, count, row in zip(words, vectors.vocabulary.counts.tolist(), vectors.vectors, strict=True):
            about = (
                dict(zip((WORD, COUNT), (word, count), strict=True)) if vectors.vocabulary.has_counts else {WORD: word}
            )
            file.write(as_json(about | {VECTOR: row}) + b"\n")


def _with_counts(vectors: WordVectors, value: Any) -> list[Any]:
    """A value of the column of counts, where there is one."""
    return [value] if vectors.vocabulary.has_counts else []


def quoted(word: str) -> str:
    """A word as a cell of CSV."""
    return word if NEEDS_QUOTES.isdisjoint(word) else '"' + word.replace('"', '""') + '"'


def read_csv(path: Path, reading: Reading) -> WordVectors:
    """Read a table whose first line names the columns: `word` or the first is the words', `count` that of counts.

    Raises `FormatError` with the line that is wrong.
    """
    with unpacked_text(path) as file:
        rows = csv.reader(itertools.chain(file))
        try:
            names = [name.removeprefix("\ufeff").strip().lower() for name in next(rows, [])]
            place = names.index(WORD) if WORD in names else 0
            counted = names.index(COUNT) if COUNT in names else None
            numbers = [i for i in range(len(names)) if i not in {place, counted}]
            if not numbers:
                raise FormatError(f"{path} has no columns of numbers behind the words: it has {shortened(names)}")

            def parts() -> Iterator[tuple[str, Any, Any]]:
                for cells in rows:
                    if len(cells) != len(names):
                        raise ValueError(f"{len(cells):,} cells, the first line has {len(names):,}")
                    yield cells[place], None if counted is None else cells[counted], [cells[i] for i in numbers]

            return _read(parts(), len(numbers), path, reading)
        except csv.Error as error:
            raise FormatError(f"{path}, line {rows.line_num:,}: {error}") from error


def read_jsonl(path: Path, reading: Reading) -> WordVectors:
    """Read objects with `word`, `vector` and, in all or none, `count`. Raises `FormatError` with the line."""
    with unpacked_text(path) as file:

        def parts() -> Iterator[tuple[Any, Any, Any]]:
            for line in file:
                if not line.strip():
                    continue
                row = json.loads(line)
                kinds = (type(row.get(WORD)), type(row.get(VECTOR))) if isinstance(row, dict) else ()
                if kinds not in {(str, list), (int, list)}:
                    raise ValueError(f"wanted a {WORD} and a {VECTOR}, got {shortened(line)}")
                yield row[WORD], row.get(COUNT), [np.nan if n is None else n for n in row[VECTOR]]

        return _read(parts(), None, path, reading)


def _count(value: Any) -> int | None:
    """How often a word occurs; None where that is not known. Raises `ValueError` for what is no count."""
    if value is None:
        return None
    number = value if type(value) is int else int(value) if isinstance(value, str) and value.isdecimal() else -1
    if not 0 <= number <= LARGEST_COUNT:
        raise ValueError(f"{shortened(value)} is no count: wanted a whole number, 0 or more")
    return number


def _read(parts: Iterator[tuple[Any, Any, Any]], width: int | None, path: Path, reading: Reading) -> WordVectors:
    """Vectors of words, counts and numbers, row by row."""
    rows: GrowingRows | None = None
    words: list[Any] = []
    counts: list[Any] = []
    try:
        for word, count, numbers in itertools.islice(parts, reading.limit):
            rows = rows or GrowingRows(width or len(numbers), reading.rows(ROWS_AT_FIRST))
            if len(numbers) != rows.array.shape[1]:
                raise ValueError(f"{len(numbers):,} numbers, those before have {rows.array.shape[1]:,}")
            rows.add(numbers)
            counts.append(_count(count))
            is_plain = type(word) is int or word.isascii()
            words.append(word if is_plain else reading.text(word, path, f"row {len(words) + 1:,}"))
    except FormatError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise FormatError(f"{path}, row {len(words) + 1:,}: {shortened(str(error))[1:-1]}") from error
    if rows is None:
        raise FormatError(f"{path} has no words")
    return word_vectors(words, rows.finished(), path, None if None in counts else counts)
