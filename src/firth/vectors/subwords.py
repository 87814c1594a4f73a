"""Subwords: the character n-grams of words, and vectors made up from them, also for words that were never seen.

Bojanowski, Grave, Joulin and Mikolov 2017, "Enriching Word Vectors with Subword Information", §3.2: the vector of a
word is the mean of its own and those of its n-grams, which share a table by their hashes. N-grams, hashes and the order
of things are those of fastText, so that its files can be read and written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from firth.arrays import Float32, Int32, Int64, UInt8, UInt32
from firth.config import LONGEST_NGRAM
from firth.errors import FormatError
from firth.storage.tensors import about_of, map_tensor, map_tensors, write_tensors

SENTENCE_END = "</s>"
"""The one word that has no n-grams in fastText."""
AT_A_TIME = 1 << 17
"""Rows that are looked at together, as words allow."""
_FNV_OFFSET, _FNV_PRIME = np.uint32(2166136261), np.uint32(16777619)
_INSIDE_A_CHARACTER = 0x80


class Ngrams(NamedTuple):
    """Which n-grams words have, and how many buckets these are hashed to."""

    min_n: int
    max_n: int
    buckets: int

    @property
    def are_possible(self) -> bool:
        """Whether there can be such n-grams."""
        return 1 <= self.min_n <= self.max_n <= LONGEST_NGRAM and 1 <= self.buckets < 2**31


def ngram_buckets(words: Sequence[str], ngrams: Ngrams) -> tuple[Int64, Int32]:
    """The buckets of the n-grams of each word, those of word w from `starts[w]` to `starts[w + 1]`.

    A word is taken with < before it and > behind it, as Unicode code points; neither of the two signs is an n-gram by
    itself. An n-gram's bucket is the 32-bit FNV-1a hash of its UTF-8 bytes, each taken as a signed number, modulo the
    number of buckets: fastText's.
    """
    most = np.cumsum([0, *(len(word) * (ngrams.max_n - ngrams.min_n + 1) for word in words)])
    found = [_some_buckets(words[first:last], ngrams) for first, last in _pieces(most)]
    counts = np.concatenate([np.zeros(1, np.int64), *(counts for counts, _ in found)])
    return np.cumsum(counts), np.concatenate([np.zeros(0, np.int32), *(buckets for _, buckets in found)])


def _pieces(starts: Int64) -> list[tuple[int, int]]:
    """Ranges of words with so many rows together, or of one word; word w has `starts[w + 1] - starts[w]`."""
    pieces, first, words = [], 0, len(starts) - 1
    while first < words:
        last = int(np.searchsorted(starts, starts[first] + AT_A_TIME, side="right")) - 1
        last = min(max(last, first + 1), words)
        pieces.append((first, last))
        first = last
    return pieces


def _some_buckets(words: Sequence[str], ngrams: Ngrams) -> tuple[Int64, Int32]:
    """How many n-grams each word has; and their buckets, in the order of where they begin, then of their lengths."""
    text = [b"" if word == SENTENCE_END else f"<{word}>".encode("utf-8", "surrogatepass") for word in words]
    data = np.frombuffer(b"".join(text), np.uint8)
    byte_ends = np.cumsum([len(encoded) for encoded in text])
    characters = np.append(np.flatnonzero((data & 0xC0) != _INSIDE_A_CHARACTER), len(data))
    word_of = np.searchsorted(byte_ends, characters[:-1], side="right")
    ends = np.searchsorted(characters, byte_ends)  # the character after each word's last
    firsts = np.concatenate([[0], ends[:-1]])
    begins_found, lengths_found = [np.zeros(0, np.int32)], [np.zeros(0, np.int8)]
    buckets_found = [np.zeros(0, np.uint32)]
    longest = int((ends - firsts).max()) if len(ends) else 0
    for n in range(ngrams.min_n, min(ngrams.max_n, longest) + 1):
        begins = np.arange(len(characters) - 1, dtype=np.int32)
        begins = begins[begins + n <= ends[word_of]]
        if n == 1:
            own = word_of[begins]
            begins = begins[(begins != firsts[own]) & (begins + 1 != ends[own])]
        begins_found.append(begins)
        lengths_found.append(np.full(len(begins), n, np.int8))
        buckets_found.append(_hashes(data, characters[begins], characters[begins + n]) % np.uint32(ngrams.buckets))
    begins, lengths = np.concatenate(begins_found), np.concatenate(lengths_found)
    order = np.lexsort((lengths, begins))
    counts = np.bincount(word_of[begins], minlength=len(words))
    return counts, np.concatenate(buckets_found)[order].astype(np.int32)


def _hashes(data: UInt8, begins: Int64, ends: Int64) -> UInt32:
    """FNV-1a of the bytes of each piece."""
    signed = data.view(np.int8).astype(np.int32).view(np.uint32)
    hashes = np.full(len(begins), _FNV_OFFSET)
    for k in range(int((ends - begins).max()) if len(begins) else 0):
        going_on = begins + k < ends
        hashes[going_on] = (hashes[going_on] ^ signed[begins[going_on] + k]) * _FNV_PRIME
    return hashes


class Composition:
    """What the words of a vocabulary are made of: rows of a table of their own vectors, (V, d), with those of the
    n-grams that occur, (U, d), below.

    Word w has the rows `rows[starts[w]:starts[w + 1]]`, its own first.
    """

    def __init__(self, words: Sequence[str], ngrams: Ngrams):
        starts, buckets = ngram_buckets(words, ngrams)
        self.ngrams = ngrams
        self.used: Int32
        self.used, numbers = np.unique(buckets, return_inverse=True)
        self.starts: Int64 = starts + np.arange(len(starts))
        self.rows: Int32 = np.empty(len(numbers) + len(words), np.int32)
        own = self.starts[:-1]
        self.rows[own] = np.arange(len(words))
        of_ngrams = np.ones(len(self.rows), np.bool_)
        of_ngrams[own] = False
        self.rows[of_ngrams] = len(words) + numbers

    def compose(self, table: Float32) -> Float32:
        """The vectors of all words, (V, d): the mean of the rows of each."""
        vectors = np.empty((len(self.starts) - 1, table.shape[1]), np.float32)
        for first, last in _pieces(self.starts):
            starts = self.starts[first : last + 1]
            sums = np.add.reduceat(table[self.rows[starts[0] : starts[-1]]], starts[:-1] - starts[0])
            vectors[first:last] = sums / np.diff(starts)[:, None].astype(np.float32)
        return vectors


class Subwords:
    """The parts of trained vectors: words' own, (V, d), and those of n-grams, (U, d), for the buckets `used` (U,).

    These rise. Other buckets have vectors of zeros.
    """

    def __init__(self, ngrams: Ngrams, own: Float32, used: Int32, rows: Float32):
        self.ngrams = ngrams
        self.own = own
        self.used = used
        self.rows = rows

    def compose(self, word: str) -> Float32 | None:
        """The vector (d,) of a word that has none of its own: the mean of those of its n-grams; None if none is known.

        As in fastText, n-grams that were never seen count, as zeros.
        """
        _, buckets = ngram_buckets([word], self.ngrams)
        _, rows = self.rows_of(buckets)
        if not len(rows):
            return None
        with np.errstate(over="ignore", invalid="ignore"):  # the vector is then not finite
            vector: Float32 = self.rows[rows].sum(axis=0) / np.float32(len(buckets))
        return vector

    def rows_of(self, buckets: Int32) -> tuple[Int64, Int64]:
        """Which of some buckets are known: their places among these, and their rows here."""
        if not len(self.used):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        rows = np.minimum(np.searchsorted(self.used, buckets), len(self.used) - 1)
        known = np.flatnonzero(self.used[rows] == buckets)
        return known, rows[known]

    def compose_all(self, words: Sequence[str]) -> Float32:
        """The vectors (V, d) of the words that have vectors of their own."""
        vectors = np.empty_like(self.own)
        at_most = self.ngrams.max_n - self.ngrams.min_n + 2
        for first, last in _pieces(np.cumsum([0, *((len(word) + 2) * at_most for word in words)])):
            some = slice(first, last)
            composition = Composition(words[some], self.ngrams)
            own = self.own[some]
            table = np.zeros((len(own) + len(composition.used), own.shape[1]), np.float32)
            table[: len(own)] = own
            theirs, ours = self.rows_of(composition.used)
            table[len(own) + theirs] = self.rows[ours]
            vectors[some] = composition.compose(table)
        return vectors

    def own_of(self, words: Sequence[str], vectors: Float32) -> Float32:
        """The own vectors (n, d) that words need to have these vectors (n, d), as means with their n-grams."""
        of_ngrams = Subwords(self.ngrams, np.zeros_like(vectors), self.used, self.rows).compose_all(words)
        starts, _ = ngram_buckets(words, self.ngrams)
        parts = 1.0 + np.diff(starts)[:, None]
        with np.errstate(over="ignore", invalid="ignore"):  # a vector that is not finite stays so
            own: Float32 = ((vectors.astype(np.float64) - of_ngrams) * parts).astype(np.float32)
        return own

    def joined(self, newer: Subwords, own: Float32) -> Subwords:
        """With the n-grams of both, where there are two the newer one's, and words' own vectors as given."""
        used = np.union1d(self.used, newer.used).astype(np.int32)
        rows = np.zeros((len(used), self.rows.shape[1]), np.float32)
        for some in (self, newer):
            rows[np.searchsorted(used, some.used)] = some.rows
        return Subwords(self.ngrams, own, used, rows)

    def save(self, path: Path) -> None:
        """Write them to a safetensors file."""
        about = " ".join(map(str, self.ngrams))
        write_tensors(path, {"own": self.own, "rows": self.rows, "used": self.used}, about)

    @classmethod
    def load(cls, path: Path) -> Subwords:
        """Read such a file; the vectors are mapped. Raises `FormatError` if it is not whole."""
        try:
            used = np.array(map_tensors(path)["used"])
            ngrams = Ngrams(*map(int, about_of(path).split()))
        except (FormatError, OSError, ValueError, KeyError, TypeError) as error:
            raise FormatError(f"{path} cannot be read: {error!r}") from error
        own, rows = map_tensor(path, "own"), map_tensor(path, "rows")
        fits = used.dtype == np.int32 and used.shape == rows.shape[:1] and own.ndim == rows.ndim == 2
        if not fits or own.shape[1] != rows.shape[1] or not ngrams.are_possible:
            raise FormatError(f"{path} has parts that do not fit each other")
        if len(used) and (used[0] < 0 or used[-1] >= ngrams.buckets or not (np.diff(used) > 0).all()):
            raise FormatError(f"{path} has n-grams in buckets that are not there")
        return cls(ngrams, own, used, rows)
