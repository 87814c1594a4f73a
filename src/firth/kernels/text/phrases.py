"""Pairs of neighboring words: which there are, and joining some of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.arrays import Bool, Int32, Int64, UInt64
from firth.jit.kernel import compiled

NO_PAIR = np.uint64(0xFFFFFFFFFFFFFFFF)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_WORD_BITS, _HASH_SHIFT = np.uint64(32), np.uint64(33)
_WORD = np.uint64(0xFFFFFFFF)


class PairTable(NamedTuple):
    """A hash table of pairs of word ids with open addressing, of 2^n places, more than half of them free."""

    pairs: UInt64  # the first id in the high half, the second in the low one; or `NO_PAIR`
    joined: Int32  # the id of the two together
    begins: Bool  # whether a word, or what has been joined on the way to a longer phrase, is the first of any pair


class Paths(NamedTuple):
    """What stands behind words: connector words, and the word after them, each such path with a number.

    A path is known by the path that it goes on from (or a word, its beginning) and the word that comes next: two
    numbers in one. The number of a word is its id, those of paths come after. The hash table has open addressing and
    2^n places, more than half of them free.
    """

    steps: UInt64  # by place; or `NO_PAIR`
    numbers: Int32  # by place
    in_order: UInt64  # the steps in the order of their paths' numbers
    size: Int64  # (1,): how many paths there are


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
def find_place(pairs: UInt64, pair: np.uint64) -> int:
    """Where a hash table has a pair; or if it has not, the free place where it belongs."""
    mask = pairs.shape[0] - 1
    place: int = mixed(pair) & mask
    while pairs[place] != pair and pairs[place] != NO_PAIR:
        place = (place + 1) & mask
    return place


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
def path_of(before: int, word: int, first_number: int, paths: Paths) -> int:
    """The number of the path that goes on from another by a word; -1 if it is a new one, and there is no room."""
    step = pair_of(before, word)
    place = find_place(paths.steps, step)
    if paths.steps[place] == step:
        return int(paths.numbers[place])
    size = paths.size[0]
    if size == paths.in_order.shape[0]:
        return -1
    paths.steps[place] = step
    paths.numbers[place] = first_number + size
    paths.in_order[size] = step
    paths.size[0] = size + 1
    return int(first_number + size)


@compiled
def add_paths(steps: UInt64, first_number: int, paths: Paths) -> None:
    """Add paths that have been elsewhere, in the order of their numbers, which stay."""
    for i in range(steps.shape[0]):
        path_of(int(steps[i] >> _WORD_BITS), int(steps[i] & _WORD), first_number, paths)


@compiled
def list_connected_pairs(
    ids: Int32, ends: Int64, is_connector: Bool, paths: Paths, part: int, parts: int, out: UInt64
) -> int:
    """As `list_pairs`, of words with nothing but connector words between them: each word, and the path to the next one.

    New paths are added; returns -1 if there is no room for one.
    """
    found = 0
    begin = 0
    for sentence in range(ends.shape[0]):
        first = -1  # the last word that is no connector
        path = -1  # what stands behind it
        for i in range(begin, ends[sentence]):
            word = ids[i]
            if first >= 0:
                path = path_of(path, word, is_connector.shape[0], paths) if path >= 0 else word
                if path < 0:
                    return -1
            if not is_connector[word]:
                if first >= 0:
                    pair = pair_of(first, path)
                    out[found] = pair
                    found += int(parts == 1 or mixed(pair) % parts == part)
                first = word
                path = -1
        begin = ends[sentence]
    return found


@compiled
def fill_pair_table(pairs: UInt64, first_id: int, table: PairTable) -> None:
    """Enter pairs, which are joined to ids from `first_id` on; of one that comes twice, the first."""
    for i in range(pairs.shape[0]):
        place = find_place(table.pairs, pairs[i])
        if table.pairs[place] == pairs[i]:
            continue
        table.pairs[place] = pairs[i]
        table.joined[place] = first_id + i
        table.begins[np.int64(pairs[i] >> _WORD_BITS)] = True


@compiled
def find_joined(first: int, second: int, table: PairTable) -> int:
    """The id of two words together, or -1."""
    if not table.begins[first]:
        return -1
    pair = pair_of(first, second)
    place = find_place(table.pairs, pair)
    return int(table.joined[place]) if table.pairs[place] == pair else -1


@compiled
def join_pairs(ids: Int32, ends: Int64, table: PairTable, first_path: int, out: Int32, out_ends: Int64) -> int:
    """Join the phrases of a piece of text, each sentence from the left; return how many tokens it has then.

    What is joined to an id from `first_path` on is no phrase yet: one more word is.
    """
    written = 0
    begin = 0
    for sentence in range(ends.shape[0]):
        end = ends[sentence]
        i = begin
        while i < end:
            last = i + 1
            joined = find_joined(ids[i], ids[last], table) if last < end else -1
            while joined >= first_path:
                last += 1
                joined = find_joined(joined, ids[last], table) if last < end else -1
            out[written] = joined if joined >= 0 else ids[i]
            written += 1
            i = last + 1 if joined >= 0 else i + 1
        out_ends[sentence] = written
        begin = end
    return written
