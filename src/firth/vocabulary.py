"""Words and how often they occur."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from firth.errors import WordNotFoundError

Int64 = np.ndarray[Any, np.dtype[np.int64]]
UInt64 = np.ndarray[Any, np.dtype[np.uint64]]


class FirstSeen(dict[Any, int]):
    """A number for each thing, 0, 1, 2 …, given when it is first asked for."""

    def __missing__(self, thing: Any) -> int:
        self[thing] = number = len(self)
        return number


def by_count_then_word(words: Sequence[str], counts: Int64, *, reverse_ties: bool = False) -> Int64:
    """The places of words in the order of their ids: by falling count, words of equal count by code points.

    With `reverse_ties`, words of equal count are in the reverse order.
    """
    falling, beginnings = -np.asarray(counts), _beginnings(words)
    if reverse_ties:
        beginnings = ~beginnings
    order: Int64 = np.lexsort((beginnings, falling))
    falling, beginnings = falling[order], beginnings[order]
    is_tie = np.zeros(len(words) + 1, np.bool_)  # with the one before
    is_tie[1:-1] = (falling[1:] == falling[:-1]) & (beginnings[1:] == beginnings[:-1])
    first = np.flatnonzero(~is_tie[:-1] & is_tie[1:])
    last = np.flatnonzero(is_tie[:-1] & ~is_tie[1:]) + 1
    for tied in map(slice, first.tolist(), last.tolist()):
        order[tied] = sorted(order[tied].tolist(), key=words.__getitem__, reverse=reverse_ties)
    return order


def _beginnings(words: Sequence[str]) -> UInt64:
    """The first eight bytes of each word's UTF-8, as numbers in the order of code points, (n,) uint64."""
    joined = "\n".join([*words, ""]).encode("utf-8", "surrogatepass")
    letters = np.frombuffer(joined, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    if len(ends) != len(words):  # some have line ends themselves
        lengths = (len(word.encode("utf-8", "surrogatepass")) + 1 for word in words)
        ends = np.cumsum(np.fromiter(lengths, np.int64, len(words))) - 1
    at = np.concatenate([[0], ends[:-1] + 1])[: len(words)]
    found = np.zeros(len(words), np.uint64)
    for _ in range(8):
        found = (found << np.uint64(8)) | np.where(at < ends, letters[at], 0).astype(np.uint64)
        at = np.minimum(at + 1, ends)
    return found


class Vocabulary:
    """Words in the order of their ids: by falling count, words of equal count by code points.

    `words` is a list of V strings, `counts` a (V,) int64 array.
    """

    def __init__(self, words: Sequence[str], counts: Iterable[int]):
        self.words = list(words)
        self.counts: Int64 = np.array(counts, np.int64)
        self.counts.setflags(write=False)
        if len(self.words) != len(self.counts):
            raise ValueError(f"{len(self.words)} words, but {len(self.counts)} counts")

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, int], min_count: int = 1, max_vocabulary: int | None = None
    ) -> Vocabulary:
        """The words that occur `min_count` times or more, the `max_vocabulary` most frequent of them."""
        kept = [word for word, count in counts.items() if count >= min_count]
        of_kept = np.array([counts[word] for word in kept], np.int64)
        order = by_count_then_word(kept, of_kept)[:max_vocabulary]
        return cls([kept[i] for i in order.tolist()], of_kept[order])

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each word."""
        return {word: i for i, word in enumerate(self.words)}

    def id(self, word: object) -> int:
        """A word's id. Raises `WordNotFoundError`, with near spellings, for a word that is not here."""
        text = str(word)
        found = self.ids.get(text)
        if found is None:
            raise WordNotFoundError(text, self.near_spellings(text))
        return found

    def near_spellings(self, word: str, n: int = 3) -> list[str]:
        """Words of the vocabulary spelt almost alike: another case first, then the closest of frequent words."""
        import difflib  # only who misses a word needs it

        same = [other for other in (word.lower(), word.capitalize(), word.upper()) if other in self.ids]
        close = difflib.get_close_matches(word, self.words[:30_000], n)
        return list(dict.fromkeys([*same, *close]))[:n]

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __contains__(self, word: object) -> bool:
        return str(word) in self.ids

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self.words == other.words and bool((self.counts == other.counts).all())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Vocabulary({len(self.words):,} words, {int(self.counts.sum()):,} tokens)"
