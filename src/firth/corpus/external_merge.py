"""The words of more tables than memory holds: each table is sorted by itself, then all are merged from the disk.

What comes out is what `firth.corpus.scanning.merge` would give. Files of words have one a line: no word has a line end.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Int32, Int64
from firth.corpus.scanning import NO_WORD, Words
from firth.corpus.word_list import PackedStrings
from firth.kernels.text.scanner import COUNT, START
from firth.kernels.text.word_list import put_lines
from firth.storage.files import advise_unneeded
from firth.storage.tensors import map_tensors

WORDS_AT_A_TIME = 1 << 18
"""Words that are worked on at a time."""
LINES_AT_A_TIME = 1 << 16
"""Words of all tables that are merged at a time."""
BYTES_AT_A_TIME = 1 << 21
"""Bytes of a file of words that are read at a time."""


class _Run:
    """A table's words in the order of their code points, in files of a folder; all but the words as numbers."""

    def __init__(self, table: Path, folder: Path, lowercase: bool):
        """Sort a table as `Scanner.saved` gives it."""
        self.path = folder / table.stem
        saved = map_tensors(table)
        words = PackedStrings(saved["letters"], np.ascontiguousarray(saved["words"][1:, START]))
        if lowercase:
            words = PackedStrings.of(words.letters.tobytes().decode("utf-8").lower().encode("utf-8"))
        order = words.by_count(np.zeros(len(words), np.int64))  # which all have: so by code points
        words.at(order).letters.tofile(self._file("words"))
        saved["words"][1:-1, COUNT][order].tofile(self._file("counts"))
        (order + 1).astype(np.int32).tofile(self._file("numbers"))

    def _file(self, name: str) -> Path:
        return self.path.with_suffix(f".{name}")

    def entries(self, run: int, at_a_time: int) -> Iterator[tuple[str, int, int]]:
        """Each word, with this run's number and how often the word occurred. One file stays open: runs may be many."""
        counts = self._file("counts")
        with self._file("words").open(encoding="utf-8", newline="\n") as file:
            for first in itertools.count(step=at_a_time):
                some = np.fromfile(counts, np.int64, at_a_time, offset=8 * first).tolist()
                if not some:
                    return
                yield from ((line[:-1], run, count) for count, line in zip(some, file, strict=False))

    def add_places(self, places: list[int]) -> None:
        """Note where its next words, in order, are among those of all runs."""
        with self._file("places").open("ab") as file:
            file.write(np.array(places, np.int32).data)

    def ids(self, ranks: Int32) -> Int32:
        """The id of each number, given those of all words by their places."""
        numbers, places = (_mapped(self._file(name), np.int32) for name in ("numbers", "places"))
        ids: Int32 = _new(self._file("ids"), np.int32, len(numbers) + 1)
        ids[0] = NO_WORD
        ids[numbers] = ranks[places]
        advise_unneeded(ids, numbers, places, ranks)
        return ids


def merge_tables(tables: Sequence[Path], folder: Path, *, lowercase: bool) -> Words:
    """The words of saved tables, and which of them each number of each table is. Works in files of the folder, of which
    the arrays and the words that it gives are mapped or read.
    """
    runs = [_Run(table, folder, lowercase) for table in tables]
    words, counts_file = folder / "all.words", folder / "all.counts"
    _merge(runs, words, counts_file)
    counts = _mapped(counts_file, np.int64)
    ranks = _ranks(counts, folder / "all.ranks")
    by_rank = _new(folder / "all.by_rank", np.int64, len(counts))
    for piece in _pieces(len(counts)):
        by_rank[ranks[piece]] = counts[piece]
        advise_unneeded(counts, ranks, by_rank)
    return Words(_in_order(words, ranks, folder), by_rank, [run.ids(ranks) for run in runs])


def _mapped(path: Path, dtype: Any) -> Any:
    return np.asarray(np.memmap(path, dtype, "r")) if path.stat().st_size else np.empty(0, dtype)


def _new(path: Path, dtype: Any, size: int) -> Any:
    """An array that is a file, mapped."""
    return np.asarray(np.memmap(path, dtype, "w+", shape=(size,)))


def _pieces(words: int) -> Iterator[slice]:
    for first in range(0, words, WORDS_AT_A_TIME):
        yield slice(first, min(first + WORDS_AT_A_TIME, words))


def _merge(runs: list[_Run], words: Path, counts: Path) -> None:
    """Write all words by code points, and how often each occurs; and for each run, where its words are among these."""
    with ExitStack() as stack:
        words_file = stack.enter_context(words.open("w", encoding="utf-8", newline="\n"))
        counts_file = stack.enter_context(counts.open("wb"))
        at_a_time = max(LINES_AT_A_TIME // len(runs), 1)
        merged = heapq.merge(*(run.entries(number, at_a_time) for number, run in enumerate(runs)))
        distinct = enumerate(itertools.groupby(merged, key=itemgetter(0)))
        while True:
            found, totals = [], []
            places: list[list[int]] = [[] for _ in runs]
            for place, (word, entries) in itertools.islice(distinct, LINES_AT_A_TIME):
                total = 0
                for _, number, count in entries:
                    places[number].append(place)
                    total += count
                found.append(f"{word}\n")
                totals.append(total)
            words_file.writelines(found)
            counts_file.write(np.array(totals, np.int64).data)
            for run, of_run in zip(runs, places, strict=True):
                run.add_places(of_run)
            if not found:
                return


def _ranks(counts: Int64, path: Path) -> Int32:
    """The place of each word by falling count, words of equal count in the order they have; in a mapped file."""
    ranks: Int32 = _new(path, np.int32, len(counts))
    frequency: dict[int, int] = defaultdict(int)
    for piece in _pieces(len(counts)):
        found, words = np.unique(counts[piece], return_counts=True)
        for count, more in zip(found.tolist(), words.tolist(), strict=True):
            frequency[count] += more
        advise_unneeded(counts)
    falling = sorted(frequency, reverse=True)
    next_rank = dict(zip(falling, np.cumsum([0, *(frequency[count] for count in falling)]).tolist(), strict=False))
    for piece in _pieces(len(counts)):
        found, which, words = np.unique(counts[piece], return_inverse=True, return_counts=True)
        order = np.argsort(which, kind="stable")
        first = np.cumsum(words) - words
        begin = np.array([next_rank[count] for count in found.tolist()])
        ranks[piece][order] = np.arange(len(order)) + (begin - first)[which[order]]
        for count, more in zip(found.tolist(), words.tolist(), strict=True):
            next_rank[count] += more
        advise_unneeded(counts, ranks)
    return ranks


def _in_order(words: Path, ranks: Int32, folder: Path) -> PackedStrings:
    """The words of a file by their ranks; in mapped files."""
    starts = _new(folder / "all.starts", np.int64, len(ranks) + 1)
    for piece, lines in _lines(words):
        starts[1:][ranks[piece]] = np.diff(lines.starts)
        advise_unneeded(ranks, starts)
    end = 0
    for piece in _pieces(len(ranks)):
        starts[1:][piece] = end + np.cumsum(starts[1:][piece])
        end = int(starts[piece.stop])
        advise_unneeded(starts)
    letters = _new(folder / "all.letters", np.uint8, end)
    for piece, lines in _lines(words):
        put_lines(lines.letters, lines.starts, starts[ranks[piece]], letters)
        advise_unneeded(ranks, starts, letters)
    return PackedStrings(letters, starts)


def _lines(words: Path) -> Iterator[tuple[slice, PackedStrings]]:
    """The words of a file, some at a time, and which of all they are."""
    first = 0
    with words.open("rb") as file:
        while some := file.read(BYTES_AT_A_TIME):
            lines = PackedStrings.of(some + file.readline())
            yield slice(first, first + len(lines)), lines
            first += len(lines)
