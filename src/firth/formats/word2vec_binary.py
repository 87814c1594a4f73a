r"""word2vec's binary format: a line `V d`, then for each word its text, a space, and d float32, little-endian.

word2vec.c writes a line end after each vector, other programs none: both are read, the first is written.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firth.errors import FormatError
from firth.files import new_file
from firth.formats.word2vec_text import WHITE_SPACE, _header
from firth.formats.words import refuse_words_with, without_counts
from firth.vectors import WordVectors

LONGEST_WORD_BYTES = 1 << 16


def write(vectors: WordVectors, path: Path, overwrite: bool) -> list[Path]:
    """Write as word2vec.c does."""
    refuse_words_with(
        WHITE_SPACE,
        vectors.words,
        "word2vec binary",
        "A .tsv file can hold spaces, a firth model everything.",
    )
    with new_file(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        file.write(f"{len(vectors)} {vectors.vector_size}\n".encode())
        for word, vector in zip(vectors.words, vectors.vectors, strict=True):
            file.write(word.encode() + b" " + vector.astype("<f4").tobytes() + b"\n")
    return [path]


def read(path: Path) -> WordVectors:
    """Read a word2vec binary file. Raises `FormatError` with the word where it is wrong."""
    with path.open("rb") as file:
        size, width = _header(file.readline(1000).decode("latin-1"), path)
        bytes_left = path.stat().st_size - file.tell()
        if size * (4 * width + 2) > bytes_left + size:
            raise FormatError(
                f"{path} promises {size:,} words of {width:,} dimensions, {size * (4 * width + 2):,} bytes at"
                f" least, and has {bytes_left:,}: it is cut short, or not the binary format"
            )
        words: list[str] = []
        vectors = np.empty((size, width), np.float32)
        data, at = b"", 0
        for row in range(size):
            space = data.find(b" ", at)
            if space < 0 or len(data) - space <= 4 * width:
                data, at = data[at:] + file.read((1 << 22) + 4 * width), 0
                space = data.find(b" ")
            start = space + 1
            if space < 0 or space - at > LONGEST_WORD_BYTES or len(data) - start < 4 * width:
                raise FormatError(f"{path} ends, or has no word, where word {row + 1:,} of {size:,} should be")
            try:
                words.append(data[at:space].lstrip(b"\n").decode("utf-8"))
            except UnicodeDecodeError as error:
                raise FormatError(f"{path}: word {row + 1:,} is not UTF-8 text: {error}") from error
            vectors[row] = np.frombuffer(data, "<f4", width, start)
            at = start + 4 * width
        if (data[at:] + file.read(1)).strip(b"\n"):
            raise FormatError(f"{path} goes on after the {size:,} words its header promised")
    return without_counts(words, vectors, path)
