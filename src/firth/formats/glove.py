"""GloVe's text format: word2vec's without the first line. A word may hold spaces; all lines have as many numbers."""

from __future__ import annotations

from pathlib import Path

from firth.errors import FormatError, shortened
from firth.formats.decimals import write_decimals
from firth.formats.reading import Reading, unpacked_text
from firth.formats.text_rows import LONGEST_LINE, read_rows, width_of
from firth.vectors.word_vectors import WordVectors


def is_glove(first_line: str) -> bool:
    """Whether a file that begins with this line is one: a word, and two numbers at least."""
    return width_of(first_line) >= 2


def write(vectors: WordVectors, path: Path) -> None:
    """Write decimals that give back the same float32 numbers."""
    with path.open("wb") as file:
        write_decimals(vectors.words, vectors.vectors, file)


def read(path: Path, reading: Reading) -> WordVectors:
    """Read a GloVe file. Raises `FormatError` with the line that is wrong."""
    with unpacked_text(path) as file:
        first_line = file.readline(LONGEST_LINE).removeprefix("\ufeff")
        width = width_of(first_line)
        if not width:
            raise FormatError(f"{path}, line 1: wanted a word and its numbers, got {shortened(first_line)}")
        return read_rows(file, first_line, path, reading, width, None)[0]
