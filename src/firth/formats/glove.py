"""GloVe's text format: word2vec's without the first line. A word may hold spaces; all lines have as many numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firth.errors import FormatError
from firth.formats.words import whole, without_counts
from firth.vectors import WordVectors


def is_glove(first_line: str) -> bool:
    """Whether a file that begins with this line is one: a word, and two numbers at least."""
    numbers = first_line.split()[1:]
    try:
        return len(np.array(numbers, np.float64)) >= 2  # NaN among them, too
    except ValueError:
        return False


def read(path: Path) -> WordVectors:
    """Read a GloVe file. Raises `FormatError` with the line that is wrong."""
    words: list[str] = []
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        width = len(file.readline().split()) - 1
        file.seek(0)
        vectors = np.empty((path.stat().st_size // (2 * width) + 1, width), np.float32)
        for row, line in enumerate(file):
            word, *values = line.rstrip("\r\n").rsplit(" ", width)
            if len(values) != width:
                raise FormatError(f"{path}, line {row + 1:,} has {len(values):,} values, the first line {width:,}")
            try:
                vectors[row] = values
            except ValueError as error:
                raise FormatError(f"{path}, line {row + 1:,}: {error}") from error
            words.append(whole(word, path, row + 1))
    return without_counts(words, vectors[: len(words)].copy(), path)
