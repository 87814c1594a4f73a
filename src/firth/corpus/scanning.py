"""Text to numbers, on all threads: each has a table of its own, and the tables' words are made one in the end.

`scan` gives the blocks' numbers in the order of the text, whichever thread found them. `merge` says which word each
number of each table is. What it gives does not depend on the number of threads.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np

from firth.arrays import Int16, Int32, Int64
from firth.config import TextConfig
from firth.corpus.tokenizing import Block, dropped_punctuation
from firth.corpus.word_list import PackedStrings
from firth.kernels.text import scanner as kernels
from firth.threads import map_ahead

FIRST_CAPACITY = 1 << 14
"""Tokens a table has room for at first; it doubles when they are more."""
NO_WORD = -1
"""The id of a sentence's end."""
PADDING = b"\0\0"
"""After a block's text: the kernel looks so far ahead."""


class ProvisionalIds(NamedTuple):
    """The provisional ids of a block's tokens and line ends, int32, of the scanner with this index."""

    scanner: int
    numbers: Int32
    bytes_read: int


class Words(NamedTuple):
    """What a text is made of: words by falling count, then by code points; for each scanner, the id of each number."""

    words: Iterable[str]  # as `PackedStrings` where they are
    counts: Int64
    id_of: list[Int32]


def actions(config: TextConfig) -> Int16:
    """What the scanner does with each byte (256,)."""
    table = np.arange(256, dtype=np.int16)
    if config.lowercase:
        upper = np.frombuffer(string.ascii_uppercase.encode(), np.uint8)
        table[upper] = upper + (ord("a") - ord("A"))
    table[np.frombuffer(dropped_punctuation(config).encode(), np.uint8)] = kernels.DROPPED
    table[[ord(c) for c in map(chr, range(128)) if c.isspace()]] = kernels.SPACE
    table[[ord("\n"), ord("\r")]] = kernels.LINE_END
    table[[0xC2, 0xE1, 0xE2, 0xE3]] = kernels.MAYBE_SPACE
    return table


class Scanner:
    """Numbers the tokens of blocks of text. Without a configuration, each line is a token as it is, and an empty one is
    a sentence's end.
    """

    def __init__(self, config: TextConfig | None):
        self.config = config
        self.lowercase = config is not None and config.lowercase
        if config is not None:
            self.actions = actions(config)
            self.dropped = dropped_punctuation(config).encode()
            self.mark = None if config.separator is None else np.frombuffer(config.separator.encode(), np.uint8)
        self.table = kernels.Table(
            slots=np.zeros((2 * FIRST_CAPACITY, 2), np.int32),
            words=np.zeros((FIRST_CAPACITY + 1, 3), np.int64),
            letters=np.empty(0, np.uint8),
            size=np.array([kernels.SENTENCE_END_NUMBER + 1, 0]),
        )
        self.tokens = _room_for_tokens(0)

    def saved(self) -> dict[str, Any]:
        """All it knows, as arrays."""
        size, used = self.table.size
        words, letters = self.table.words[: size + 1], self.table.letters[:used]
        return {"words": words.copy(), "letters": letters.copy(), "size": self.table.size.copy()}

    @classmethod
    def restored(cls, config: TextConfig | None, saved: Mapping[str, Any]) -> Scanner:
        """A scanner that knows what another did. Raises `ValueError` if the arrays do not fit each other."""
        scanner = cls(config)
        words, letters, size = (saved.get(name, np.empty(0)) for name in ("words", "letters", "size"))
        if (words.dtype, letters.dtype, size.dtype) != (np.int64, np.uint8, np.int64) or size.shape != (2,):
            raise ValueError("the saved table has arrays of other types")
        if words.shape != (size[0] + 1, 3) or not words[-1, kernels.START] == len(letters) == size[1]:
            raise ValueError("the saved table is not whole")
        ends = np.flatnonzero(letters == ord("\n")) + 1
        if size[0] < 1 or words[1, kernels.START] != 0 or not np.array_equal(words[2:, kernels.START], ends):
            raise ValueError("the saved table's words are not where it says")
        letters.tobytes().decode("utf-8")
        while len(scanner.table.words) < len(words):
            scanner._make_room_for_words()
        scanner.table.words[: len(words)] = words
        scanner.table = scanner.table._replace(letters=letters, size=size)
        kernels.fill_slots(_as_tokens(scanner.words()).hashes, scanner.table)
        return scanner

    def scan(self, block: bytes) -> Int32:
        """The numbers of the tokens and line ends of a block: valid UTF-8 that ends with a token."""
        size = len(block)
        if size > len(self.tokens.hashes):
            self.tokens = _room_for_tokens(size)
        if self.config is None:
            found = kernels.find_lines(np.frombuffer(block, np.uint8), size, self.tokens)
        elif self.mark is None:
            found = kernels.find_tokens(np.frombuffer(block + PADDING, np.uint8), size, self.actions, self.tokens)
        else:
            block = block.translate(None, self.dropped)
            text = np.frombuffer(block + PADDING, np.uint8)
            found = kernels.find_items(text, len(block), self.actions, self.mark, self.tokens)
        return self._number(self.tokens, found)

    def _number(self, tokens: kernels.Tokens, found: int) -> Int32:
        self._make_room_for_letters(int(tokens.starts[found]))
        numbers = np.empty(found, np.int32)
        done = 0
        while (done := kernels.number_tokens(tokens, done, found, self.table, numbers)) < found:
            self._make_room_for_words()
        return numbers

    def _make_room_for_letters(self, more: int) -> None:
        letters, (_, used) = self.table.letters, self.table.size
        if used + more > len(letters):
            larger = np.empty(max(2 * len(letters), used + more), np.uint8)
            larger[:used] = letters[:used]
            self.table = self.table._replace(letters=larger)

    def _make_room_for_words(self) -> None:
        rows = len(self.table.words)
        words = np.zeros((2 * rows - 1, 3), np.int64)
        words[:rows] = self.table.words
        self.table = self.table._replace(slots=np.zeros((2 * len(self.table.slots), 2), np.int32), words=words)
        kernels.fill_slots(_as_tokens(self.words()).hashes, self.table)

    def words(self) -> PackedStrings:
        """What the numbers from 1 on are."""
        size, used = self.table.size
        starts = np.ascontiguousarray(self.table.words[1 : size + 1, kernels.START])
        return PackedStrings(self.table.letters[:used], starts)

    def counts(self) -> Int64:
        """How often each number from 1 on was given."""
        counts: Int64 = self.table.words[1 : self.table.size[0], kernels.COUNT]
        return counts

    @property
    def table_bytes(self) -> int:
        """The memory that its table takes."""
        return sum(array.nbytes for array in self.table)

    def add(self, words: PackedStrings, counts: Int64) -> Int32:
        """Count words that occur so often, of which some may be the same; return their numbers."""
        numbers = self._number(_as_tokens(words), len(counts))
        np.add.at(self.table.words[:, kernels.COUNT], numbers, counts - 1)  # they have just been counted once
        return numbers


def _as_tokens(words: PackedStrings) -> kernels.Tokens:
    hashes, keys = np.empty(len(words), np.uint64), np.empty(len(words), np.int64)
    tokens = kernels.Tokens(words.letters, words.starts, hashes, keys)
    kernels.hash_tokens(tokens, len(words))
    return tokens


def _room_for_tokens(size: int) -> kernels.Tokens:
    """Room for all the tokens that a block of this size can have."""
    return kernels.Tokens(
        letters=np.empty(2 * size, np.uint8),
        starts=np.empty(size + 1, np.int64),
        hashes=np.empty(size, np.uint64),
        keys=np.empty(size, np.int64),
    )


def scan(blocks: Iterable[Block], scanners: list[Scanner]) -> Iterator[ProvisionalIds]:
    """The numbers of all blocks, in order, found by as many threads as there are scanners."""
    if len(scanners) == 1:
        for block in blocks:
            yield ProvisionalIds(0, scanners[0].scan(block.text), block.bytes_read)
        return
    idle: SimpleQueue[int] = SimpleQueue()
    for index in range(len(scanners)):
        idle.put(index)

    def work(block: Block) -> ProvisionalIds:
        index = idle.get()
        try:
            return ProvisionalIds(index, scanners[index].scan(block.text), block.bytes_read)
        finally:
            idle.put(index)

    yield from map_ahead(len(scanners), work, blocks)


def merge(scanners: list[Scanner]) -> Words:
    """The words of all scanners as one list, and which of them each number of each scanner is.

    It is the first scanner that comes to know all words. Letters that only Unicode can lower-case are lower-cased now.
    """
    first, *others = scanners
    numbers_in_first = [first.add(other.words(), other.counts()) for other in others]
    known, ids = first, np.arange(len(first.counts()), dtype=np.int32)
    if first.lowercase:
        raw = first.words().letters.tobytes().decode("utf-8")
        text = raw.lower()
        if text != raw:  # some words may have become the same
            known = Scanner(first.config)
            ids = known.add(PackedStrings.of(text.encode("utf-8")), first.counts()) - 1
    words, counts = known.words(), known.counts()
    order = words.by_count(counts)
    rank = np.empty(len(words), np.int32)
    rank[order] = np.arange(len(words), dtype=np.int32)
    id_of_first = np.concatenate([np.array([NO_WORD], np.int32), rank[ids]])
    return Words(
        words.at(order),
        counts[order],
        [id_of_first, *(np.concatenate([id_of_first[:1], id_of_first[numbers]]) for numbers in numbers_in_first)],
    )
