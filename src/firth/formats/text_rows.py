"""Lines of a word and its numbers, as word2vec, GloVe and others write them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Float32
from firth.errors import FormatError, shortened
from firth.formats.reading import Reading, is_packed
from firth.formats.words import word_vectors
from firth.vectors.word_vectors import WordVectors

LONGEST_LINE = 1 << 22
NAMES_OF_WORDS = {"", "word", "words", "token", "tokens", "term", "index", "name", "label"}
"""What stands above the words where a line names the columns."""
SHORTEST_INDEX = 3
"""Words that are needed to call the numbers before them a running index."""
FIRST_BYTES = 1 << 24
"""Memory for the rows of a file whose size does not tell how many there are; it grows."""


class GrowingRows:
    """Rows of numbers, one after the other, in one array that grows."""

    def __init__(self, width: int, expected: int):
        self.array: Float32 = np.empty((max(1, expected), width), np.float32)
        self.count = 0

    def add(self, values: Any) -> None:
        """One more row: a sequence of numbers, or of strings that are numbers. Raises `ValueError` for others."""
        if self.count == len(self.array):
            self.array.resize((self.count + self.count // 2 + 16, self.array.shape[1]), refcheck=False)
        self.array[self.count] = values
        self.count += 1

    def finished(self) -> Float32:
        """All rows (n, d)."""
        self.array.resize((self.count, self.array.shape[1]), refcheck=False)
        return self.array


def expected_rows(path: Path, width: int, row_bytes: int, promised: int | None, reading: Reading) -> int:
    """How many rows to have memory for: a header that lies allocates nothing."""
    possible = FIRST_BYTES // (4 * width) if is_packed(path) else path.stat().st_size // max(1, row_bytes) + 1
    return reading.rows(possible if promised is None else min(promised, possible))


def width_of(line: str) -> int:
    """How many numbers a line has at its end, behind a word."""
    text = line.rstrip("\r\n").rstrip(" \t")
    _, tab, rest = text.partition("\t")
    fields = [field for field in rest.replace("\t", " ").split(" ") if field] if tab else text.split(" ")[1:]
    width = 0
    for field in reversed(fields):
        if field and not is_float(field):
            break
        width += bool(field)
    return width if not tab or width == len(fields) else 0


def is_float(text: str) -> bool:
    """Whether it is a number, of any kind."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_rows(
    file: io.TextIOWrapper, first_line: str, path: Path, reading: Reading, width: int, size: int | None
) -> tuple[WordVectors, int]:
    """The vectors of the lines of a file, and how many lines these were.

    `first_line` is what was read already: that of a word, or where a header promised a `size`, the header. A word may
    hold spaces; one that ends in a number is refused, as its line is probably wider than it should be.

    Raises `FormatError` with the line that is wrong.
    """
    rows = GrowingRows(width, expected_rows(path, width, 2 * width if size else len(first_line), size, reading))
    words: list[str] = []
    number, line = (1, first_line) if size is None else (2, file.readline(LONGEST_LINE))
    promise = f"the header promised {width:,}: is this the binary format?" if size else f"the first line {width:,}"
    no_word = 0

    def wrong(what: str) -> FormatError:
        return FormatError(f"{path}, line {number:,}{what}")

    while line and len(words) != reading.limit:
        if text := line.rstrip("\r\n").rstrip(" \t"):
            word, values = _word_and_values(text, width)
            if len(values) != width:
                raise wrong(f" has {len(values):,} values, {promise}")
            if " " in word and not reading.numbers_in_words and is_float(word.rsplit(" ", 1)[-1]):
                raise wrong(
                    f" has more numbers than {width:,}, or a word that ends in one: {shortened(text)}."
                    " If that is its word, say so: numbers_in_words=True, --numbers-in-words"
                )
            if number == 1 and _is_names_of_columns(word, values):
                number, line = number + 1, file.readline(LONGEST_LINE)
                continue
            no_word += not word
            if no_word > 1:
                raise wrong(f" has {width:,} numbers and no word: {shortened(text)}")
            try:
                rows.add(values)
            except ValueError as error:
                raise wrong(f": {shortened(str(error))[1:-1]}") from error
            words.append(word if word.isascii() else reading.text(word, path, f"line {number:,}"))
        number, line = number + 1, file.readline(LONGEST_LINE)
    if len(words) > 1 and all("." in word and is_float(word) for word in words):
        raise FormatError(
            f"{path} has numbers only, and no words in front of them: is it a .tsv, with the words beside?"
        )
    return word_vectors(_as_meant(words) if size is None else words, rows.finished(), path), len(words)


def _is_names_of_columns(word: str, values: list[str]) -> bool:
    """Whether a line numbers the columns, as the first one that pandas writes does."""
    if word.strip('"').lower() not in NAMES_OF_WORDS:
        return False
    return any(values == [str(i) for i in range(first, first + len(values))] for first in (0, 1))


def _as_meant(words: list[str]) -> list[str]:
    """Words without what pandas and R put around them: an index, and quotes around all or around those with spaces."""
    words = _without_index(words)
    if len(words) > 1 and all(map(_is_quoted, words)):
        return [word[1:-1].replace('""', '"') for word in words]
    return [word[1:-1].replace('""', '"') if " " in word and _is_quoted(word) else word for word in words]


def _without_index(words: list[str]) -> list[str]:
    first = words[0].partition(" ")[0].strip('"') if words else ""
    if len(words) < SHORTEST_INDEX or not first.isdecimal():
        return words
    for mark in ("", '"'):
        indexes = [f"{mark}{i}{mark} " for i in range(int(first), int(first) + len(words))]
        if all(map(str.startswith, words, indexes)):
            return [word[len(index) :] for word, index in zip(words, indexes, strict=True)]
    return words


def _is_quoted(word: str) -> bool:
    return len(word) > 1 and word[0] == word[-1] == '"' and '"' not in word[1:-1].replace('""', "")


def _word_and_values(text: str, width: int) -> tuple[str, list[str]]:
    if "\t" in text:
        word, _, rest = text.partition("\t")
        return word, rest.replace("\t", " ").split(" ")
    word, *values = text.rsplit(None if "  " in text.lstrip() else " ", width)  # columns may be aligned
    return word, values
