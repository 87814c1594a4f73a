"""The lines of a test set of word pairs: which columns are the words and the score, their content over the file tells.

Columns are never guessed by their place alone: an index that a spreadsheet or pandas wrote before the words would be
taken for a word, and the score would be that of other pairs. What is in doubt is refused, with the columns seen.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

from firth.errors import FormatError, shortened

SEPARATORS = ("\t", ";", ",", None)
"""Tried in this order; None is white space."""
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
"""A number, perhaps with a decimal comma."""
PART_OF_SPEECH = re.compile(r"(.+)[-_/][nvjar]", re.IGNORECASE)
"""A lemma as in MEN's lemma form: sun-n."""
SHORTEST_SEQUENCE = 3
"""Lines that are needed to call numbers a running index."""

Fields = list[str]


@dataclass(frozen=True)
class Pair:
    """Two words, and how similar people find them."""

    first: str
    second: str
    score: float


def text_lines(path: Path) -> Iterator[str]:
    """All lines of a file. Raises `FormatError` where it is not UTF-8."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from file
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not UTF-8 text: {error}") from error


def content_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not empty and no comments, without their ends, with their numbers."""
    for number, line in enumerate(text_lines(path), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line.rstrip("\r\n")


def is_number(text: str) -> bool:
    """Whether it is a finite number, perhaps with a decimal comma."""
    return NUMBER.fullmatch(text) is not None and math.isfinite(float(text.replace(",", ".")))


def read_pairs(
    path: Path, is_known: Callable[[str], bool], columns: Sequence[int] | None = None
) -> list[tuple[int, Pair]]:
    """The pairs of a file, with the numbers of their lines.

    Parameters
    ----------
    path
        Text in columns: by tabs, semicolons, commas or white space, quoted or not, with a header or without.
    is_known
        Whether a word is one of the vocabulary's.
    columns
        Where the words and the score are, counted from 1, if the content is not to tell.

    Raises
    ------
    FormatError
        If the columns cannot be told apart (the message says which were seen), or a line lacks one of them.
    """
    lines = list(content_lines(path))
    if not lines:
        raise FormatError(f"{path} is empty: there is nothing to evaluate by")
    table = _Table(path, [number for number, _ in lines], *_split([line for _, line in lines]))
    first, second, score = table.chosen(columns) if columns is not None else table.found(is_known)
    if table.has_header(first, second, score):
        table.drop_header()
    pairs = []
    for row in range(len(table.rows)):
        a, b, value = (table.field(row, column) for column in (first, second, score))
        if not a or not b or not is_number(value):
            raise table.unfit(row, columns)
        pairs.append((table.numbers[row], Pair(a, b, float(value.replace(",", ".")))))
    if len({mark for row in range(len(table.rows)) for mark in ".," if mark in table.field(row, score)}) > 1:
        raise FormatError(
            f"{path}: some numbers have a decimal comma, and some a point: firth cannot tell which is meant"
        )
    return _without_parts_of_speech(pairs, is_known)


@dataclass
class _Table:
    """Lines of fields."""

    path: Path
    numbers: list[int]
    rows: list[Fields]
    separator: str | None

    def field(self, row: int, column: int) -> str:
        """A field, counted from 0; empty where the line is too short."""
        fields = self.rows[row]
        return fields[column] if column < len(fields) else ""

    def has_header(self, first: int, second: int, score: int) -> bool:
        """Whether the first line names the columns, or numbers them, as pandas does where they have no names."""
        if not is_number(self.field(0, score)):
            return True
        words = (first, second)
        return len(self.rows) > 1 and all(
            is_number(self.field(0, w)) and not is_number(self.field(1, w)) for w in words
        )

    def drop_header(self) -> None:
        """Leave the first line out."""
        del self.rows[0], self.numbers[0]

    def unfit(self, row: int, columns: Sequence[int] | None) -> FormatError:
        """The error for a line without two words and a number."""
        where = f" in the columns {', '.join(map(str, columns))}" if columns is not None else ""
        line = shortened(" | ".join(self.rows[row]))
        return FormatError(f"{self.path}, line {self.numbers[row]:,}: wanted two words and a number{where}, got {line}")

    def chosen(self, columns: Sequence[int]) -> tuple[int, int, int]:
        """The columns asked for, counted from 0."""
        are_numbers = not isinstance(columns, str) and all(isinstance(column, Integral) for column in columns)
        if not are_numbers or len(columns) != 3 or len(set(columns)) != 3 or min(columns) < 1:
            raise ValueError(f"columns are three different numbers from 1: word, word, score; not {shortened(columns)}")
        first, second, score = (int(column) - 1 for column in columns)
        return first, second, score

    def found(self, is_known: Callable[[str], bool]) -> tuple[int, int, int]:
        """Where the words and the score are, by the content of all lines but the first, which may be a header."""
        rows = self.rows[1:] if len(self.rows) > 1 and not any(map(is_number, self.rows[0])) else self.rows
        offset = len(self.rows) - len(rows)
        width = len(rows[0]) if rows else 0
        for row, fields in enumerate(rows):
            if len(fields) < 3:
                raise self.unfit(row + offset, None)
            if len(fields) != width:
                raise FormatError(
                    f"{self.path}, line {self.numbers[row + offset]:,} has {len(fields)} columns, those before {width}:"
                    " put words with spaces or commas in quotes, or say which columns to read: --columns 1,2,3"
                )
        columns = [_Column(place, [fields[place] for fields in rows], is_known) for place in range(width)]
        words = _word_columns(columns)
        score = _score_column(columns, words, self.separator) if words else None
        if words is None or score is None:
            seen = "; ".join(f"{column.place + 1}: {column.describe()}" for column in columns)
            raise FormatError(
                f"{self.path}: cannot tell which columns are two words and people's score. There are {seen}."
                " Say which: --columns 1,2,3 (in Python columns=(1, 2, 3)) for word, word and score"
            )
        return *words, score


class _Column:
    """What the fields of a column have in common."""

    def __init__(self, place: int, fields: Fields, is_known: Callable[[str], bool]):
        self.place = place
        self.fields = fields
        self.is_numbers = 2 * sum(map(is_number, fields)) > len(fields)
        self.known = sum(map(is_known, fields)) / len(fields)
        self.known = max(self.known, sum(is_known(_lemma(field)) for field in fields) / len(fields))
        self.different = len(set(fields))

    @property
    def is_index(self) -> bool:
        """Whether it counts the lines."""
        if len(self.fields) < SHORTEST_SEQUENCE or not all(field.isdecimal() for field in self.fields):
            return False
        first = int(self.fields[0])
        return [int(field) for field in self.fields] == list(range(first, first + len(self.fields)))

    @property
    def may_be_ids(self) -> bool:
        """Whether they are whole numbers, each once, such as the index of rows in another order."""
        return len(self.fields) < SHORTEST_SEQUENCE or (
            self.different == len(self.fields) and all(field.isdecimal() for field in self.fields)
        )

    @property
    def is_category(self) -> bool:
        """Whether the same few values come again and again, as parts of speech do."""
        return self.different <= max(1, len(self.fields) // 10)

    def describe(self) -> str:
        """For the person who has to choose."""
        kind = "a running index" if self.is_index else "numbers" if self.is_numbers else "text"
        known = "" if self.is_numbers else f", {self.known:.0%} of it known words"
        return f"{kind} such as {self.fields[0][:20]!r}{known}"


def _word_columns(columns: list[_Column]) -> tuple[int, int] | None:
    """The two columns of words; None if that is in doubt."""
    texts = [column for column in columns if not column.is_numbers]
    if len(columns) == 3 and not texts:  # tokens that are numbers
        texts = columns[:2] if min(column.known for column in columns[:2]) > 0 else []
    if len(texts) > 2:
        best = max(column.known for column in texts)
        texts = [column for column in texts if column.known > 0 and 2 * column.known >= best]
    if len(texts) > 2:
        texts = [column for column in texts if not column.is_category]
    return (texts[0].place, texts[1].place) if len(texts) == 2 else None


def _score_column(columns: list[_Column], words: tuple[int, int], separator: str | None) -> int | None:
    """The column of scores: the first of numbers behind the words, or the only one; None if that is in doubt."""
    numbers = [column for column in columns if column.is_numbers and column.place not in words]
    halves = [column for column in numbers if column.place > words[1]]
    if separator == "," and len(halves) == 2 and all(f.isdecimal() for column in halves for f in column.fields):
        return None  # 3,5 may be 3.5
    varied = [column for column in numbers if column.different > 1] or numbers
    behind = [column for column in varied if column.place > words[1]]
    if not behind:
        return varied[0].place if len(varied) == 1 and not varied[0].may_be_ids else None
    if len(behind) > 1 and behind[0].is_index:
        return None
    return behind[0].place


def _split(lines: list[str]) -> tuple[list[Fields], str | None]:
    """The fields of the lines, and what separates them: that by which most lines have three fields or more."""
    best: tuple[int, list[Fields], str | None] = (-1, [], None)
    for separator in SEPARATORS:
        rows = [_fields(line, separator) for line in lines]
        fit = sum(len(fields) >= 3 for fields in rows)
        if fit > best[0]:
            best = (fit, rows, separator)
    return best[1:]


def _fields(line: str, separator: str | None) -> Fields:
    if separator in {",", ";"}:
        try:
            fields = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
        except csv.Error:  # a field of 128 KB: no word
            fields = [line]
        return [field.strip() for field in fields]
    fields = [field.strip() for field in line.split(separator)]
    return [field[1:-1] if len(field) > 1 and field[0] == field[-1] == '"' else field for field in fields]


def _lemma(word: str) -> str:
    """The word before a mark of its part of speech."""
    found = PART_OF_SPEECH.fullmatch(word)
    return found[1] if found else word


def _without_parts_of_speech(pairs: list[tuple[int, Pair]], is_known: Callable[[str], bool]) -> list[tuple[int, Pair]]:
    """The pairs; where all words have a mark of their part of speech, and more are known without, without it."""
    words = [word for _, pair in pairs for word in (pair.first, pair.second)]
    if not all(map(PART_OF_SPEECH.fullmatch, words)):
        return pairs
    if sum(map(is_known, map(_lemma, words))) <= sum(map(is_known, words)):
        return pairs
    return [(number, Pair(_lemma(pair.first), _lemma(pair.second), pair.score)) for number, pair in pairs]
