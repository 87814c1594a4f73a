"""Pairs of neighboring words: which there are, and joining some of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from firth.kernels.compiler import compiled

Int32 = np.ndarray[Any, np.dtype[np.int32]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]
Bool = np.ndarray[Any, np.dtype[np.bool_]]
UInt64 = np.ndarray[Any, np.dtype[np.uint64]]

NO_PAIR = np.uint64(0xFFFFFFFFFFFFFFFF)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_WORD_BITS, _HASH_SHIFT = np.uint64(32), np.uint64(33)


class PairTable(NamedTuple):
    """A hash table of pairs of word ids with open addressing, of 2^n places, more than half of them free."""

    pairs: UInt64  # the first id in the high half, the second in the low one; or `NO_PAIR`
    joined: Int32  # the id of the two together
    begins: Bool  # (V,) whether a word is the first of any pair


@compiled
def pair_of(first: int, second: int) -> np.uint64:
    """Two word ids in one number."""
    return (np.uint64(first) << _WORD_BITS) | np.uint64(second)


@compiled
def mixed(pair: np.uint64) -> int:
    """31 bits that depend on all bits of a pair."""
    mixed_bits = (pair ^ (pair >> _HASH_SHIFT)) * _GOLDEN
    return int(mixed_bits >> _HASH_SHIFT)


@compiled
def list_pairs(ids: Int32, ends: Int64, part: int, parts: int, out: UInt64) -> int:
    """List the pairs of neighbors of a piece of text that belong to one of some parts; return how many they are.

    `ends` are where its sentences end. `out` has room for one pair for each token.
    """
    found = 0
    begin = 0
    for sentence in range(ends.shape[0]):
        for i in range(begin + 1, ends[sentence]):
            pair = pair_of(ids[i - 1], ids[i])
            out[found] = pair
            found += int(parts == 1 or mixed(pair) % parts == part)
        begin = ends[sentence]
    return found


@compiled
def fill_pair_table(pairs: UInt64, first_id: int, table: PairTable) -> None:
    """Enter pairs, no pair twice; they are joined to ids from `first_id` on."""
    mask = table.pairs.shape[0] - 1
    for i in range(pairs.shape[0]):
        place = mixed(pairs[i]) & mask
        while table.pairs[place] != NO_PAIR:
            place = (place + 1) & mask
        table.pairs[place] = pairs[i]
        table.joined[place] = first_id + i
        table.begins[np.int64(pairs[i] >> _WORD_BITS)] = True


@compiled
def find_joined(first: int, second: int, table: PairTable) -> int:
    """The id of two words together, or -1."""
    if not table.begins[first]:
        return -1
    pair = pair_of(first, second)
    mask = table.pairs.shape[0] - 1
    place = mixed(pair) & mask
    while table.pairs[place] != NO_PAIR:
        if table.pairs[place] == pair:
            return int(table.joined[place])
        place = (place + 1) & mask
    return -1


@compiled
def join_pairs(ids: Int32, ends: Int64, table: PairTable, out: Int32, out_ends: Int64) -> int:
    """Join the pairs of a piece of text, each sentence from the left; return how many tokens it has then."""
    written = 0
    begin = 0
    for sentence in range(ends.shape[0]):
        i = begin
        while i < ends[sentence]:
            joined = find_joined(ids[i], ids[i + 1], table) if i + 1 < ends[sentence] else -1
            out[written] = joined if joined >= 0 else ids[i]
            written += 1
            i += 2 if joined >= 0 else 1
        out_ends[sentence] = written
        begin = ends[sentence]
    return written
