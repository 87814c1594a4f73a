"""From bytes of text to numbers of tokens: split and standardize, byte after byte, then look up.

A token that is new gets the next number. A thread's `Table` keeps what each looks like, and finds it by its hash.
Tokens are raw: of their letters only ASCII ones are lower-cased here (see `firth.corpus.tokenizing`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.arrays import Int16, Int32, Int64, UInt8, UInt64
from firth.jit.kernel import compiled
from firth.kernels.machine.prefetch import prefetch_row

DROPPED, SPACE, LINE_END, MAYBE_SPACE = -1, -2, -3, -4
"""What to do with a byte, if it is not the byte itself that is to be kept: `MAYBE_SPACE` begins a Unicode space."""
SENTENCE_END_NUMBER = 0
LINE_FEED = ord("\n")
EMPTY = 0
COUNT, START, KEY = range(3)
"""Columns of `Table.words`."""
SLOTS_AHEAD, WORDS_AHEAD = 16, 8
"""Tokens whose slot, and whose word, are on their way from memory while one is looked up."""
FNV_OFFSET, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
KEY_LETTERS = 8
_MIX, _29, _32 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(29), np.uint64(32)


class Tokens(NamedTuple):
    """The tokens of a block: room for as many as it may have, line ends among them."""

    letters: UInt8  # the standardized bytes of all tokens, a line end after each: no token has one
    starts: Int64  # where in `letters` each token starts, and where the last one ends; a line end has no letters here
    hashes: UInt64
    keys: Int64  # the first `KEY_LETTERS` letters as one number: most tokens have no more


class Table(NamedTuple):
    """Raw tokens by number, from 1 on, with an open-addressing hash table. Number 0 is a sentence's end."""

    slots: Int32  # (2^n, 2) upper half of the hash, and number (or EMPTY), of the token that belongs here or before
    words: Int64  # (capacity + 1, 3) how often, where in `letters`, key; a row more for where the last one ends
    letters: UInt8  # as those of `Tokens`
    size: Int64  # (2,) how many numbers there are, that of the sentence end included; how many letters


@compiled
def hash_with(hash: np.uint64, letter: int) -> np.uint64:
    """The hash of some letters and one more (FNV-1a: Fowler, Noll and Vo)."""
    return np.uint64((hash ^ np.uint64(letter)) * _FNV_PRIME)


@compiled
def mixed(hash: np.uint64) -> np.uint64:
    """A hash whose lower bits depend on all bits of this one."""
    hash = (hash ^ (hash >> _29)) * _MIX
    return np.uint64(hash ^ (hash >> _32))


@compiled
def unicode_space(block: UInt8, at: int) -> int:
    """The bytes of the Unicode white space that begins here, or 0. `block` has two bytes more than its text."""
    first, second, third = block[at], block[at + 1], block[at + 2]
    if first == 0xC2:
        return 2 if second in (0x85, 0xA0) else 0
    if first == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    if first == 0xE3:
        return 3 if second == 0x80 and third == 0x80 else 0
    if second == 0x80:  # after 0xE2
        return 3 if 0x80 <= third <= 0x8A or third in (0xA8, 0xA9, 0xAF) else 0
    return 3 if second == 0x81 and third == 0x9F else 0


@compiled
def find_tokens(block: UInt8, size: int, actions: Int16, tokens: Tokens) -> int:
    """Find the tokens and line ends of a block of text; return how many there are.

    `actions` (256,) says what to do with each byte; `block` has two bytes more than its text of `size` bytes.
    """
    letters, starts, hashes, keys = tokens.letters, tokens.starts, tokens.hashes, tokens.keys
    found = 0
    end = 0
    at = 0
    while at < size:
        action = actions[block[at]]
        if action == LINE_END:
            starts[found] = end
            found += 1
            at += 1
        elif action in (SPACE, DROPPED):
            at += 1
        else:
            start = end
            hash = FNV_OFFSET
            key, shift = np.uint64(0), 0
            while at < size:
                action = actions[block[at]]
                if action == MAYBE_SPACE:
                    width = unicode_space(block, at)
                    if width > 0:
                        at += width
                        break
                    action = np.int16(block[at])
                if action >= 0:
                    letters[end] = action
                    end += 1
                    hash = hash_with(hash, action)
                    if shift < 64:
                        key |= np.uint64(action) << np.uint64(shift)
                        shift += 8
                elif action != DROPPED:
                    break
                at += 1
            if end > start:
                letters[end] = LINE_FEED
                end += 1
                starts[found] = start
                hashes[found] = mixed(hash)
                keys[found] = np.int64(key)
                found += 1
    starts[found] = end
    return found


@compiled
def hash_tokens(tokens: Tokens, count: int) -> None:
    """Fill in the hashes and keys of so many tokens, given their letters."""
    letters, starts = tokens.letters, tokens.starts
    for i in range(count):
        hash = FNV_OFFSET
        key, shift = np.uint64(0), 0
        for at in range(starts[i], starts[i + 1] - 1):
            hash = hash_with(hash, letters[at])
            if shift < 64:
                key |= np.uint64(letters[at]) << np.uint64(shift)
                shift += 8
        tokens.hashes[i], tokens.keys[i] = mixed(hash), np.int64(key)


@compiled
def stands_at(mark: UInt8, block: UInt8, at: int, size: int) -> bool:
    """Whether a mark begins here in a block of this size."""
    length = mark.shape[0]
    same = 0
    while same < length and at + same < size and block[at + same] == mark[same]:
        same += 1
    return bool(same == length)


@compiled
def find_items(block: UInt8, size: int, actions: Int16, mark: UInt8, tokens: Tokens) -> int:
    """As `find_tokens`, of what stands between marks, without the white space around it. Nothing is dropped."""
    letters, starts = tokens.letters, tokens.starts
    found = 0
    end = 0
    at = 0
    while at < size:
        start, kept = end, end  # what is kept so far ends before the last white space
        while at < size and actions[block[at]] != LINE_END and not stands_at(mark, block, at, size):
            action = actions[block[at]]
            space = unicode_space(block, at) if action == MAYBE_SPACE else int(action == SPACE)
            if space == 0 or kept > start:
                for i in range(at, at + max(space, 1)):
                    letters[end] = actions[block[i]] if actions[block[i]] >= 0 else block[i]
                    end += 1
                kept = end if space == 0 else kept
            at += max(space, 1)
        end = kept
        if kept > start:
            letters[end] = LINE_FEED
            end += 1
            starts[found] = start
            found += 1
        if at < size and actions[block[at]] == LINE_END:
            starts[found] = end
            found += 1
            at += 1
        elif at < size:
            at += mark.shape[0]
    starts[found] = end
    hash_tokens(tokens, found)
    return found


@compiled
def find_lines(block: UInt8, size: int, tokens: Tokens) -> int:
    """As `find_tokens`, of a text whose lines are tokens as they are; where one is empty, a sentence ends."""
    letters, starts = tokens.letters, tokens.starts
    found = 0
    start, end = 0, 0
    for at in range(size):
        letters[end] = block[at]
        if block[at] == LINE_FEED:
            starts[found] = start
            found += 1
            end += int(end > start)
            start = end
        else:
            end += 1
    starts[found] = end
    hash_tokens(tokens, found)
    return found


@compiled
def number_tokens(tokens: Tokens, first: int, last: int, table: Table, numbers: Int32) -> int:
    """Number the tokens first to last, and count them; return `last`, or the first for which `table` has no room.

    `table` has room for the letters of all of them.
    """
    slots, words, known = table.slots, table.words, table.letters
    letters, starts, hashes, keys = tokens.letters, tokens.starts, tokens.hashes, tokens.keys
    mask = np.uint64(slots.shape[0] - 1)
    for i in range(first, last):
        ahead = min(i + SLOTS_AHEAD, last - 1)
        prefetch_row(slots, np.int64(hashes[ahead] & mask))
        ahead = min(i + WORDS_AHEAD, last - 1)
        prefetch_row(words, slots[np.int64(hashes[ahead] & mask), 1])

        length = starts[i + 1] - starts[i]
        if length == 0:
            numbers[i] = SENTENCE_END_NUMBER
            continue
        tag = np.int32(hashes[i] >> _32)
        slot = hashes[i] & mask
        number = slots[slot, 1]
        while number != EMPTY:
            start = words[number, START]
            if slots[slot, 0] == tag and words[number, KEY] == keys[i] and words[number + 1, START] - start == length:
                same = min(length, KEY_LETTERS)
                while same < length and known[start + same] == letters[starts[i] + same]:
                    same += 1
                if same == length:
                    break
            slot = (slot + np.uint64(1)) & mask
            number = slots[slot, 1]
        if number == EMPTY:
            if table.size[0] == words.shape[0] - 1:
                return i
            number = np.int32(table.size[0])
            start = table.size[1]
            slots[slot, 0], slots[slot, 1] = tag, number
            words[number, COUNT], words[number, KEY], words[number + 1, START] = 0, keys[i], start + length
            for letter in range(length):
                known[start + letter] = letters[starts[i] + letter]
            table.size[0] += 1
            table.size[1] = start + length
        words[number, COUNT] += 1
        numbers[i] = number
    return last


@compiled
def fill_slots(hashes: UInt64, table: Table) -> None:
    """Enter the tokens of a table, given their hashes (from number 1 on), into its slots, which are empty."""
    mask = np.uint64(table.slots.shape[0] - 1)
    for i in range(hashes.shape[0]):
        slot = hashes[i] & mask
        while table.slots[slot, 1] != EMPTY:
            slot = (slot + np.uint64(1)) & mask
        table.slots[slot, 0] = np.int32(hashes[i] >> _32)
        table.slots[slot, 1] = i + 1


@compiled
def translate(numbers: Int32, id_of: Int32, ends: Int64) -> tuple[int, int]:
    """Put the ids of words in the place of the numbers of tokens, without what is no word (id -1); return how many.

    `ends` gets how many ids stand before each end of a sentence, the same number once only: sentences may be empty. How
    many ends there are is returned too.
    """
    ids = 0
    ended = 0
    for i in range(numbers.shape[0]):
        if numbers[i] == SENTENCE_END_NUMBER:
            if ended == 0 or ids > ends[ended - 1]:
                ends[ended] = ids
                ended += 1
        else:
            word = id_of[numbers[i]]
            numbers[ids] = word
            ids += int(word >= 0)
    return ids, ended
