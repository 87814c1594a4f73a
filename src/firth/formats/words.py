"""Which words a format can hold, and what the formats' readers share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import FormatError, UnwritableWordError
from firth.vectors import WordVectors
from firth.vocabulary import Vocabulary


def refuse_words_with(characters: Collection[str], words: Sequence[str], format: str, instead: str) -> None:
    """Raise `UnwritableWordError` if a word has one of these characters, or is empty."""
    if not all(words) or not set(characters).isdisjoint("".join(words)):
        bad = [word for word in words if not word or any(c in word for c in characters)]
        what = "is empty" if not bad[0] else "has white space in it"
        more = f" (and {len(bad) - 1:,} more)" if len(bad) > 1 else ""
        raise UnwritableWordError(f"{format} files cannot hold the word {bad[0]!r}{more}: it {what}. {instead}")


def without_counts(words: list[str], vectors: np.ndarray[Any, np.dtype[np.float32]], path: Path) -> WordVectors:
    """Word vectors from a file that does not say how often the words occur. Raises `FormatError` for a word twice."""
    if len(set(words)) != len(words):
        seen: set[str] = set()
        for row, word in enumerate(words, start=1):
            if word in seen:
                raise FormatError(f"{path}: the word {word!r} comes a second time, as word {row:,}")
            seen.add(word)
    return WordVectors(Vocabulary(words, np.zeros(len(words), np.int64)), vectors)


def whole(word: str, path: Path, line: int) -> str:
    """The word, if it is UTF-8 text. Raises `FormatError` with the line if not."""
    try:
        word.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FormatError(f"{path}, line {line:,}: the word is not UTF-8 text") from error
    return word


def read_lines_of_words(path: Path) -> list[str]:
    """The words of a file with one a line. Raises `FormatError` with the line that is not UTF-8."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        return [whole(line.rstrip("\r\n"), path, number) for number, line in enumerate(file, start=1)]


def write_lines_of_words(words: Sequence[str], path: Path) -> None:
    """Write words, one a line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{word}\n" for word in words)
