"""Which words a format can hold, and what the formats' readers share."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import UnwritableWordError, shortened
from firth.formats.reading import Reading, warn
from firth.vectors import WordVectors
from firth.vocabulary import Vocabulary

WHITE_SPACE = " \t\n\r\v\f"
"""What stands between the words and numbers of many formats."""


def refuse_words_with(characters: Collection[str], words: Sequence[str], format: str, instead: str) -> None:
    """Raise `UnwritableWordError` if a word has one of these characters, or is empty."""
    if not all(words) or not set(characters).isdisjoint("".join(words)):
        bad = [word for word in words if not word or any(c in word for c in characters)]
        what = "is empty" if not bad[0] else "has white space in it"
        more = f" (and {len(bad) - 1:,} more)" if len(bad) > 1 else ""
        raise UnwritableWordError(
            f"{format} files cannot hold the word {shortened(bad[0])}{more}: it {what}. {instead}"
        )


def without_counts(words: list[str], vectors: np.ndarray[Any, np.dtype[np.float32]], path: Path) -> WordVectors:
    """Word vectors from a file that does not say how often the words occur. Of a word twice, the first counts."""
    rows = rows_of_first(words, path)
    if len(rows) < len(words):
        words, vectors = [words[row] for row in rows], vectors[rows]
    return WordVectors(Vocabulary(words, np.zeros(len(words), np.int64)), vectors)


def rows_of_first(words: list[str], path: Path) -> list[int]:
    """The rows of words that did not come before. Warns of how many did."""
    first: dict[str, int] = {}
    twice = None
    for row, word in enumerate(words):
        if first.setdefault(word, row) != row and twice is None:
            twice = row
    if twice is not None:
        more = len(words) - len(first)
        warn(
            f"{path}: {more:,} of {len(words):,} words come a second time, the first of them"
            f" {shortened(words[twice])} as word {twice + 1:,}. Where a word comes first, its vector counts"
        )
    return list(first.values())


def read_lines_of_words(path: Path, reading: Reading) -> list[str]:
    """The words of a file with one a line. Raises `FormatError` with the line that is not UTF-8."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        lines = file if reading.limit is None else itertools.islice(file, reading.limit)
        return [reading.text(line.rstrip("\r\n"), path, f"line {number:,}") for number, line in enumerate(lines, 1)]


def write_lines_of_words(words: Sequence[str], path: Path) -> None:
    """Write words, one a line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{word}\n" for word in words)
