"""The tutorial's two files: vectors (numbers separated by tabs) and metadata (one word a line), row by row.

`vectors.tsv` comes with `metadata.tsv`, `NAME.tsv` with `NAME.metadata.tsv`. The Embedding Projector loads both.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firth.errors import FormatError
from firth.files import new_file, refuse_to_overwrite
from firth.formats.decimals import decimal_lines
from firth.formats.words import (
    read_lines_of_words,
    refuse_words_with,
    without_counts,
    write_lines_of_words,
)
from firth.vectors import WordVectors


def metadata_path(path: Path) -> Path:
    """The file of words beside a file of vectors."""
    return path.with_name("metadata.tsv" if path.stem == "vectors" else f"{path.stem}.metadata.tsv")


def write(vectors: WordVectors, path: Path, overwrite: bool) -> list[Path]:
    """Write both files. A word may hold spaces, but no tab and no line end."""
    refuse_words_with("\t\n\r", vectors.words, "tsv", "A firth model can hold every word.")
    metadata = metadata_path(path)
    refuse_to_overwrite(metadata, overwrite=overwrite)
    with (
        new_file(metadata, overwrite=overwrite) as new_metadata,
        new_file(path, overwrite=overwrite) as new_vectors,
    ):
        write_lines_of_words(vectors.words, new_metadata)
        with new_vectors.open("wb") as file:
            file.writelines(decimal_lines(vectors.vectors, b"\t"))
    return [path, metadata]


def read(path: Path) -> WordVectors:
    """Read both files. Raises `FormatError` with the line that is wrong."""
    metadata = metadata_path(path)
    if not metadata.is_file():
        raise FormatError(f"{path} needs the words beside it, in {metadata.name}")
    words = read_lines_of_words(metadata)
    rows: list[np.ndarray] = []
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            try:
                row = np.array(line.split("\t"), np.float32)
            except ValueError as error:
                raise FormatError(f"{path}, line {number:,}: {error}") from error
            if rows and len(row) != len(rows[0]):
                raise FormatError(f"{path}, line {number:,} has {len(row):,} values, those before {len(rows[0]):,}")
            rows.append(row)
    if len(rows) != len(words) or not rows:
        raise FormatError(f"{path} has {len(rows):,} vectors, but {metadata.name} has {len(words):,} words")
    return without_counts(words, np.array(rows), path)
