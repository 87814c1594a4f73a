r"""word2vec's binary format: a line `V d`, then for each word its text, a space, and d float32, little-endian.

word2vec.c writes a line end after each vector, other programs none: both are read, the first is written.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np

from firth.errors import FormatError
from firth.formats.reading import Reading, unpacked
from firth.formats.text_rows import GrowingRows, expected_rows
from firth.formats.word2vec_text import header, warn_of_another_size
from firth.formats.words import word_vectors
from firth.vectors.word_vectors import WordVectors

LONGEST_WORD_BYTES = 1 << 16


def write(vectors: WordVectors, path: Path) -> None:
    """Write as word2vec.c does."""
    with path.open("wb") as file:
        file.write(f"{len(vectors)} {vectors.vector_size}\n".encode())
        for word, vector in zip(vectors.words, vectors.vectors, strict=True):
            file.write(word.encode() + b" " + vector.astype("<f4").tobytes() + b"\n")


def read(path: Path, reading: Reading) -> WordVectors:
    """Read a word2vec binary file. Raises `FormatError` with the word where it is wrong."""
    with unpacked(path) as file:
        size, width = header(file.readline(1000).decode("latin-1"), path)
        words: list[str] = []
        rows = GrowingRows(width, expected_rows(path, width, 4 * width + 2, size, reading))
        data, at = b"", 0
        while len(words) != reading.limit:
            space = data.find(b" ", at)
            if space < 0 or len(data) - space <= 4 * width:
                data, at = data[at:] + file.read((1 << 22) + 4 * width), 0
                space = data.find(b" ")
            if space < 0 and words and not data.strip(b"\n"):
                break
            start = space + 1
            if space < 0 or space - at > LONGEST_WORD_BYTES or len(data) - start < 4 * width:
                _refuse_rest(path, len(words), size, width)
            words.append(reading.word(data[at:space].lstrip(b"\n"), path, f"word {len(words) + 1:,}"))
            rows.add(np.frombuffer(data, "<f4", width, start))
            at = start + 4 * width
    if not reading.ends_at(len(words)):
        warn_of_another_size(path, len(words), size)
    return word_vectors(words, rows.finished(), path)


def _refuse_rest(path: Path, found: int, promised: int, width: int) -> NoReturn:
    if found >= promised:
        raise FormatError(f"{path} goes on after the {promised:,} words its header promised, with no word")
    raise FormatError(
        f"{path} ends, or has no word, where word {found + 1:,} of {promised:,} should be, with {width:,} numbers:"
        " it is cut short, or not the binary format"
    )
