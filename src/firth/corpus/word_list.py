"""Packed strings: many words as the lines of one text, put in order, and written, with no Python object for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from firth.arrays import Int64, UInt8
from firth.kernels.text.word_list import UNICODE_ESCAPE, copy_lines, escape_lines
from firth.storage.files import advise_unneeded
from firth.vocabulary import by_count_then_letters

WORDS_AT_A_TIME = 1 << 16

ESCAPES = np.zeros(256, np.uint8)
"""What stands after a backslash for a byte that a JSON string does not have as it is."""
ESCAPES[:0x20] = UNICODE_ESCAPE
ESCAPES[np.frombuffer(b'"\\\b\f\n\r\t', np.uint8)] = np.frombuffer(b'"\\bfnrt', np.uint8)


@dataclass(frozen=True)
class PackedStrings:
    """Words in UTF-8, each with a line end behind it: word i is letters[starts[i]:starts[i + 1] - 1]."""

    letters: UInt8
    starts: Int64  # (n + 1,)

    @classmethod
    def of(cls, text: bytes) -> PackedStrings:
        """The lines of a text in UTF-8 that ends with a line end."""
        letters = np.frombuffer(text, np.uint8)
        return cls(letters, np.concatenate([[0], np.flatnonzero(letters == ord("\n")) + 1]))

    @classmethod
    def joined(cls, some: Sequence[PackedStrings]) -> PackedStrings:
        """The words of all of these, one after the other."""
        sizes = np.concatenate([np.diff(words.starts) for words in some])
        starts = np.concatenate([[0], np.cumsum(sizes)])
        return cls(np.concatenate([words.letters for words in some]), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[str]:
        """The words."""
        for some in self.pieces():
            yield from some.letters.tobytes().decode("utf-8").split("\n")[:-1]

    def pieces(self) -> Iterator[PackedStrings]:
        """All of them, some at a time. What they take of mapped files is given back."""
        for first in range(0, len(self), WORDS_AT_A_TIME):
            yield self.between(first, min(first + WORDS_AT_A_TIME, len(self)))
            advise_unneeded(self.letters, self.starts)

    def between(self, first: int, last: int) -> PackedStrings:
        """The words from place `first` on, before place `last`."""
        starts = self.starts[first : last + 1]
        return PackedStrings(self.letters[starts[0] : starts[-1]], starts - starts[0])

    def word(self, place: int) -> str:
        """The word at a place."""
        return self.letters[self.starts[place] : self.starts[place + 1] - 1].tobytes().decode("utf-8")

    def by_count(self, counts: Int64) -> Int64:
        """The places of the words by falling count, words of equal count by code points."""
        return by_count_then_letters(self.letters, self.starts, counts)

    def at(self, places: Int64) -> PackedStrings:
        """The words at these places."""
        starts = np.concatenate([[0], np.cumsum(np.diff(self.starts)[places])])
        letters = np.empty(starts[-1], np.uint8)
        copy_lines(self.letters, self.starts, places, letters)
        return PackedStrings(letters, starts)

    def as_json(self) -> memoryview:
        """Each word as a JSON string, on a line of its own: what `json.dumps` gives with `ensure_ascii` off."""
        marks = sum(int(np.count_nonzero(self.letters == mark)) for mark in b'"\\')
        controls = int(np.count_nonzero(self.letters < 0x20)) - len(self)
        size = len(self.letters) + marks + controls * (len(r"\u0000") - 1) + 2 * len(self)
        out = np.empty(size, np.uint8)
        return out[: escape_lines(self.letters, self.starts, ESCAPES, out)].data
