"""Which words a format can hold, and what the formats' readers share."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np

from firth.arrays import Float32
from firth.errors import UnwritableWordError, shortened
from firth.formats.reading import Reading, warn
from firth.vectors.changing import renamed, without
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

WHITE_SPACE = " \t\n\r\v\f"
"""What stands between the words and numbers of many formats."""
REPLACEMENT = "_"

Spaces = Literal["error", "replace", "skip"]


def writable(vectors: WordVectors, characters: str, format: str, spaces: Spaces, *, is_whole: bool) -> WordVectors:
    """Vectors whose words have none of these characters, and none of which is empty, so that a format can hold them.

    By `spaces` "replace", words get `_` for each of them, and keep their vectors; by "skip", they are left out. Both
    with a warning. All of a trained model stays with `is_whole`, or else words, counts and vectors.

    Raises `UnwritableWordError`, by "error" for any such word; by "replace" for one that is empty, or becomes another
    word; by "skip" if no word is left.
    """
    if spaces not in {"error", "replace", "skip"}:
        raise ValueError(f"spaces is 'error', 'replace' or 'skip', not {shortened(spaces)}")
    if all(vectors.words) and set(characters).isdisjoint("".join(vectors.words)):
        return vectors
    bad = [word for word in vectors.words if not word or any(c in word for c in characters)]
    if spaces == "error" or (spaces == "replace" and not all(bad)):
        _refuse(bad, format, characters)
    if spaces == "skip":
        if len(bad) == len(vectors):
            raise UnwritableWordError(f"{format} files can hold none of the {len(bad):,} words: {_some(bad)}")
        change = without(vectors, bad)
        warn(f"{len(bad):,} of {len(vectors):,} words are left out, as {format} files cannot hold them: {_some(bad)}")
    else:
        names = {word: word.translate({ord(c): REPLACEMENT for c in characters}) for word in bad}
        _refuse_collisions(vectors, names)
        change = renamed(vectors, names)
        what = f"words have {_named(''.join(bad), characters)}, which {format} files cannot hold"
        written = f"and are written with {REPLACEMENT}: {_some(list(names.values()))}"
        warn(f"{len(bad):,} of {len(vectors):,} {what}, {written}")
    return vectors.changed(change) if is_whole else WordVectors(change.vocabulary, change.vectors, change.subwords)


def _refuse(bad: Sequence[str], format: str, characters: str) -> NoReturn:
    what = f"has {_named(bad[0], characters)} in it" if bad[0] else "is empty"
    more = f" (and {len(bad) - 1:,} more)" if len(bad) > 1 else ""
    instead = "A .tsv file can hold spaces, a firth model everything" if " " in characters else "A firth model can"
    raise UnwritableWordError(
        f"{format} files cannot hold the word {shortened(bad[0])}{more}: it {what}. {instead};"
        " spaces='skip' (--spaces skip) leaves such words out, 'replace' writes _ instead"
    )


def _named(text: str, characters: str) -> str:
    """Which of some characters a text has, for a message."""
    found = "".join(c for c in characters if c in text)
    return "white space" if found.isspace() else shortened(found)


def _refuse_collisions(vectors: WordVectors, names: Mapping[str, str]) -> None:
    """Raise `UnwritableWordError` if a word would get the name of another one."""
    known: dict[str, str] = {word: word for word in vectors.words if word not in names}
    for word, name in names.items():
        if known.setdefault(name, word) != word:
            raise UnwritableWordError(
                f"{shortened(word)} would be written as {shortened(name)}, as would {shortened(known[name])}:"
                " remove one of them, or leave such words out, spaces='skip' (--spaces skip)"
            )


def _some(words: Sequence[str]) -> str:
    return ", ".join(map(shortened, words[:3])) + (", …" if len(words) > 3 else "")


def word_vectors(words: list[Any], vectors: Float32, path: Path, counts: Sequence[int] | None = None) -> WordVectors:
    """Word vectors from a file, without counts if it does not say them. Of a word twice, the first counts. Words may be
    whole numbers.
    """
    integers = len(words) > 0 and all(type(word) is int for word in words)
    words = [str(word) for word in words]
    known = np.zeros(len(words), np.int64) if counts is None else np.array(counts, np.int64)
    rows = rows_of_first(words, path)
    if len(rows) < len(words):
        words, vectors, known = [words[row] for row in rows], vectors[rows], known[rows]
    return WordVectors(Vocabulary(words, known, integers), vectors)


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


def read_words(path: Path, reading: Reading) -> list[str]:
    """The words of a file with one a line. Raises `FormatError` with the line that is not UTF-8."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        lines = file if reading.limit is None else itertools.islice(file, reading.limit)
        return [reading.text(line.rstrip("\r\n"), path, f"line {number:,}") for number, line in enumerate(lines, 1)]


def write_words(vectors: WordVectors, path: Path) -> None:
    """Write the words, one a line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{word}\n" for word in vectors.words)
