"""The words of many tables as one list, in ranges of code points: each range has an owner, and none needs to know more.

Every table is dealt to the owners (`deal`), who sum the counts of their words. How many words each has of every count
(`Owner.histogram`) is enough to know the ids of all: words of a higher count come first, then those of the same count
in lower ranges (`first_ids`). So each owner tells the ids of the words it was sent (`Owner.ids_for`).

Whatever the ranges, the ids are those of `firth.corpus.scanning.merge`: by falling count, then by code points.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np

from firth.arrays import Int32, Int64
from firth.corpus.scanning import Scanner
from firth.corpus.word_list import PackedStrings

Histogram = tuple[Int64, Int64]
"""Counts, falling, and how many words have each."""


def boundaries_of(samples: Iterable[Sequence[str]], owners: int) -> list[str]:
    """Where the words of each owner but the first begin, such that each has about as many of the sampled words."""
    sample = sorted(set().union(*samples)) or [""]
    return [sample[len(sample) * owner // owners] for owner in range(1, owners)]


def deal(words: PackedStrings, counts: Int64, boundaries: Sequence[str]) -> list[tuple[PackedStrings, Int64]]:
    """The words of a table, which are in the order of their code points, and their counts, for each owner."""
    begins = [bisect.bisect_left(range(len(words)), boundary, key=words.word) for boundary in boundaries]
    edges = [0, *begins, len(words)]
    return [(words.between(first, last), counts[first:last]) for first, last in pairwise(edges)]


class Owner:
    """The words of a range: sums their counts over all pieces, and tells their ids.

    First all pieces are added, then histograms are exchanged, then ids are told.
    """

    def __init__(self) -> None:
        self.scanner = Scanner(None)
        self.numbers: dict[int, Int32] = {}
        self.ids: Int32 | None = None

    def add(self, piece: int, words: PackedStrings, counts: Int64) -> None:
        """Count the words of a piece, each of which it has once. A piece that was added already is not added again."""
        if piece not in self.numbers:
            self.numbers[piece] = self.scanner.add(words, counts) - 1

    @cached_property
    def words(self) -> PackedStrings:
        """Its words by falling count, then by code points: the order of their ids. To be asked for after all `add`."""
        return self.scanner.words().at(self._order)

    @cached_property
    def counts(self) -> Int64:
        """How often each of `words` occurs in all pieces."""
        return self.scanner.counts()[self._order]

    @cached_property
    def _order(self) -> Int64:
        return self.scanner.words().by_count(self.scanner.counts())

    @cached_property
    def _places(self) -> Int32:
        """Where each word that was met is among `words`."""
        places = np.empty(len(self._order), np.int32)
        places[self._order] = np.arange(len(places))
        return places

    def histogram(self) -> Histogram:
        """How many of its words have each count."""
        falling, words = np.unique(-self.counts, return_counts=True)
        return -falling, words

    def ranks(self, first_ids: Int64) -> Int32:
        """The ids of its words, (words,) int32 and rising, given the `first_ids` of this owner."""
        self.ids = ids_of(self.histogram(), first_ids)
        return self.ids

    def places_of(self, piece: int) -> Int32:
        """The places among `words` of those that a piece sent, in the order in which it did."""
        return self._places[self.numbers[piece]]

    def ids_for(self, piece: int) -> Int32:
        """The ids of the words that a piece sent, in the order in which it did. `ranks` has been called before."""
        if self.ids is None:
            raise ValueError("ids are known when the histograms of all owners are: call ranks first")
        return self.ids[self.places_of(piece)]


def first_ids(histograms: Sequence[Histogram]) -> list[Int64]:
    """For each owner, in the order of their ranges, the id of its first word of each count in its histogram."""
    counts, words = (np.concatenate(arrays) for arrays in zip(*histograms, strict=True))
    order = np.argsort(-counts, kind="stable")  # of equal counts, that of the lower range first
    first = np.empty(len(counts), np.int64)
    first[order] = np.cumsum(words[order]) - words[order]
    return np.split(first, np.cumsum([len(counts) for counts, _ in histograms])[:-1])


def ids_of(histogram: Histogram, first: Int64) -> Int32:
    """The ids of an owner's words in their order, given its histogram and the `first_ids` of its counts."""
    _, words = histogram
    within = np.arange(words.sum()) - np.repeat(np.cumsum(words) - words, words)
    ids: Int32 = (np.repeat(first, words) + within).astype(np.int32)
    return ids
