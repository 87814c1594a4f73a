"""word2vec's text format: a line `V d`, then a line a word, its numbers after it, separated by spaces."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np

from firth.errors import FormatError
from firth.files import new_file
from firth.formats import glove
from firth.formats.decimals import decimal_lines
from firth.formats.words import refuse_words_with, whole, without_counts
from firth.vectors import WordVectors

WHITE_SPACE = " \t\n\r\v\f"
LONGEST_LINE = 1 << 20


def write(vectors: WordVectors, path: Path, overwrite: bool) -> list[Path]:
    """Write decimals that give back the same float32 numbers."""
    refuse_words_with(
        WHITE_SPACE, vectors.words, "word2vec text", "A .tsv file can hold spaces, a firth model everything."
    )
    with new_file(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        file.write(b"%d %d\n" % (len(vectors), vectors.vector_size))
        lines = chain.from_iterable(map(bytes.splitlines, decimal_lines(vectors.vectors, b" ")))
        for word, line in zip(vectors.words, lines, strict=True):
            file.write(b"%s %s\n" % (word.encode(), line))
    return [path]


def read(path: Path) -> WordVectors:
    """Read a word2vec text file, or GloVe's, which has no header. Raises `FormatError` with the line that is wrong."""
    words: list[str] = []
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        first_line = file.readline(LONGEST_LINE)
        if glove.is_glove(first_line):
            return glove.read(path)
        size, width = _header(first_line, path)
        # a line is two bytes a number at least: a header that lies allocates nothing
        vectors = np.empty((min(size, path.stat().st_size // (2 * width) + 1), width), np.float32)
        for row, line in enumerate(file):
            word, *values = line.rstrip("\n").rstrip(" \r").split(" ")
            if row >= size:
                raise FormatError(f"{path}, line {row + 2:,}: the header promised {size:,} words, here is another")
            if len(values) != width:
                raise FormatError(
                    f"{path}, line {row + 2:,} has {len(values):,} values, the header promised {width:,}:"
                    " is this the binary format?"
                )
            try:
                vectors[row] = values
            except ValueError as error:
                raise FormatError(f"{path}, line {row + 2:,}: {error}") from error
            words.append(whole(word, path, row + 2))
    if len(words) < size:
        raise FormatError(f"{path} has {len(words):,} words, the header promised {size:,}: it is cut short")
    return without_counts(words, vectors[:size], path)


def _header(line: str, path: Path) -> tuple[int, int]:
    parts = line.split()
    if len(parts) == 2 and all(part.isdecimal() and len(part) < 12 for part in parts):
        size, width = map(int, parts)
        if size > 0 and 0 < width <= 1_000_000:
            return size, width
    raise FormatError(f"{path}, line 1: wanted the number of words and of dimensions, got {line[:60]!r}")
