"""word2vec's text format: a line `V d`, then a line a word, its numbers after it, separated by spaces."""

from __future__ import annotations

from pathlib import Path

from firth.errors import FormatError, shortened
from firth.formats import glove
from firth.formats.decimals import write_decimals
from firth.formats.reading import Reading, unpacked_text, warn
from firth.formats.text_rows import LONGEST_LINE, read_rows
from firth.vectors.word_vectors import WordVectors


def write(vectors: WordVectors, path: Path) -> None:
    """Write decimals that give back the same float32 numbers."""
    with path.open("wb") as file:
        file.write(b"%d %d\n" % (len(vectors), vectors.vector_size))
        write_decimals(vectors.words, vectors.vectors, file)


def read(path: Path, reading: Reading) -> WordVectors:
    """Read a word2vec text file, or GloVe's, which has no header. Raises `FormatError` with the line that is wrong."""
    with unpacked_text(path) as file:
        first_line = file.readline(LONGEST_LINE).removeprefix("\ufeff")
        if glove.is_glove(first_line):
            return glove.read(path, reading)
        size, width = header(first_line, path)
        vectors, lines = read_rows(file, first_line, path, reading, width, size)
        if not lines:
            raise FormatError(f"{path} has no words, the header promised {size:,}: it is cut short")
        if not reading.ends_at(lines):
            warn_of_another_size(path, lines, size)
    return vectors


def warn_of_another_size(path: Path, found: int, promised: int) -> None:
    """Say so where a file has more or fewer words than its header says."""
    if found != promised:
        hint = ": it may be cut short" if found < promised else ""
        warn(f"{path} has {found:,} words, its header promised {promised:,}{hint}. All are read")


def header(line: str, path: Path) -> tuple[int, int]:
    """The number of words and of dimensions. Raises `FormatError` if the line has not these."""
    parts = line.split()
    if len(parts) == 2 and all(part.isdecimal() and len(part) < 12 for part in parts):
        size, width = map(int, parts)
        if size > 0 and 0 < width <= 1_000_000:
            return size, width
    raise FormatError(f"{path}, line 1: wanted the number of words and of dimensions, got {shortened(line)}")
