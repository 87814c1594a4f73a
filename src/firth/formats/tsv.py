"""The tutorial's two files: vectors (numbers separated by tabs) and metadata (one word a line), row by row.

`vectors.tsv`, or TensorBoard's `tensors.tsv`, comes with `metadata.tsv`, `NAME.tsv` with `NAME.metadata.tsv`. The
Embedding Projector loads both.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from firth.errors import FormatError, shortened
from firth.formats.decimals import decimal_lines
from firth.formats.reading import PACKED_SUFFIXES, Reading, unpacked_text
from firth.formats.text_rows import LONGEST_LINE, GrowingRows, is_float, read_rows, width_of
from firth.formats.words import read_words, word_vectors
from firth.vectors.word_vectors import WordVectors

WORD_COLUMNS = {"word", "words", "label", "labels", "token", "tokens", "name", "term"}
"""What the column of words may be called, in the first line of the metadata."""
ROWS_AT_FIRST = 1024


def words_path(path: Path) -> Path:
    """The file of words beside a file of vectors."""
    name = path.stem.removesuffix(".tsv") if path.suffix in PACKED_SUFFIXES else path.stem
    return path.with_name("metadata.tsv" if name in {"vectors", "tensors"} else f"{name}.metadata.tsv")


def write(vectors: WordVectors, path: Path) -> None:
    """Write the vectors."""
    with path.open("wb") as file:
        file.writelines(decimal_lines(vectors.vectors, b"\t"))


def read(path: Path, reading: Reading) -> WordVectors:
    """Read both files; or one alone whose lines begin with a word. Raises `FormatError` with the line that is wrong."""
    metadata = words_path(path)
    with unpacked_text(path) as file:
        if not metadata.is_file():
            first_line = file.readline(LONGEST_LINE).removeprefix("\ufeff")
            if not is_float(first_line.partition("\t")[0]) and (width := width_of(first_line)):
                return read_rows(file, first_line, path, reading, width, None)[0]
            raise FormatError(f"{path} needs the words beside it, in {metadata.name}")
        rows: GrowingRows | None = None
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), ""), start=1):
            values = line.rstrip("\r\n").rstrip("\t").split("\t")
            rows = rows or GrowingRows(len(values), reading.rows(ROWS_AT_FIRST))
            if reading.ends_at(rows.count):
                break
            if len(values) != rows.array.shape[1]:
                raise FormatError(
                    f"{path}, line {number:,} has {len(values):,} values, those before {rows.array.shape[1]:,}"
                )
            try:
                rows.add(values)
            except ValueError as error:
                raise FormatError(f"{path}, line {number:,}: {shortened(str(error))[1:-1]}") from error
    count = rows.count if rows else 0
    words = _words(metadata, count, reading)
    if len(words) != count or rows is None:
        raise FormatError(f"{path} has {count:,} vectors, but {metadata.name} has {len(words):,} words")
    return word_vectors(words, rows.finished(), path)


def _words(path: Path, count: int, reading: Reading) -> list[str]:
    """The words; of a file of several columns with their names above, those of the column named so, or of the first."""
    lines = read_words(path, reading if reading.limit is None else replace(reading, limit=reading.limit + 1))
    names = lines[0].split("\t") if lines else []
    columns = [place for place, name in enumerate(names) if name.strip().lower() in WORD_COLUMNS]
    has_header = len(lines) == count + 1 and (len(names) > 1 or len(columns) > 0)
    if has_header and reading.ends_at(count):
        has_header = len(names) > 1 and len(columns) > 0
    place = columns[0] if has_header and columns else 0
    words = [line.split("\t")[place] if place < len(line.split("\t")) else "" for line in lines[has_header:]]
    return words[: reading.limit]
