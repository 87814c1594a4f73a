"""A round of training: its blocks are computed side by side, then their changes are added, row by row in block order.

`train_rounds` is what each thread runs (see `docs/rounds.md`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from firth.kernels.ahead import Ahead, expect_nothing
from firth.kernels.blocks import (
    ALONE,
    UNUSED,
    Changes,
    Parameters,
    Parts,
    Plan,
    Scratch,
    Stretch,
    ask_for,
    clear,
    is_mean_found,
    learning_rate,
)
from firth.kernels.cbow import compute_cbow_block
from firth.kernels.compiler import compiled
from firth.kernels.hierarchy import add_descents, compute_cbow_tree_block, compute_tree_block
from firth.kernels.prefetch import prefetch_row
from firth.kernels.rows import add_row
from firth.kernels.skipgram import compute_block
from firth.kernels.synchrony import read_counter, take_if, take_ticket, wait_until

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Float64 = np.ndarray[Any, np.dtype[np.float64]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]
UInt16 = np.ndarray[Any, np.dtype[np.uint16]]

SPREAD = 8
"""Counters lie so far apart that no two share a cache line."""
BLOCKS_DONE, SHARES_DONE, SHARES = (SPREAD * i for i in range(3))
"""Blocks done in a stretch, and shares; from there on, for each share, the rounds it was claimed in; and then, for each
thread, how many of the blocks that are its own were claimed.
"""
NONE_LEFT = -1
ROWS_AHEAD = 8
"""Rows that are on their way from memory while changes are added to one."""


@compiled
def scale_of(scales: Float32 | None, row: int) -> np.float32:
    """What a row of changes is multiplied by."""
    return np.float32(1) if scales is None else scales[row]


@compiled
def add_block(
    words: Int32, count: int, first: int, rows: Float32, scales: Float32 | None, parameters: Float32,
    parts: Parts | None,
) -> None:  # fmt: skip
    """Add all changes of a block, which are the rows from the first-th on."""
    for i in range(count):
        ahead = min(i + (ROWS_AHEAD if parts is None else 1), count - 1)
        if words[ahead] != UNUSED:
            ask_for(parameters, words[ahead], parts)
        word, scale = words[i], scale_of(scales, first + i)
        if word == UNUSED:
            continue
        if parts is None:
            add_row(parameters, word, scale, rows, first + i)
        else:
            for k in range(parts.starts[word], parts.starts[word + 1]):
                add_row(parameters, parts.rows[k], scale, rows, first + i)


@compiled
def add_rows(
    words: Int32,
    count: Int32,
    rows: Float32,
    scales: Float32 | None,
    blocks: int,
    owner: UInt16,
    parameters: Float32,
    parts: Parts | None,
    thread: int,
    mine: Int32,
) -> None:
    """Add the changes of the rows that this thread owns, each row in block order. `mine` is room to list them. The
    change of a word with parts is added to all of them.
    """
    rows_per_block = rows.shape[0] // words.shape[0]
    if thread == ALONE:
        for block in range(blocks):
            add_block(words[block], count[block], block * rows_per_block, rows, scales, parameters, parts)
        return
    found = 0
    for block in range(blocks):
        for i in range(count[block]):
            word, row = words[block, i], block * rows_per_block + i
            if parts is None:
                mine[found, 0], mine[found, 1] = word, row
                found += int(word != UNUSED and owner[word] == thread)
            elif word != UNUSED:
                for k in range(parts.starts[word], parts.starts[word + 1]):
                    mine[found, 0], mine[found, 1] = parts.rows[k], row
                    found += int(owner[parts.rows[k]] == thread)
    for place in range(found):
        ahead = min(place + ROWS_AHEAD, found - 1)
        prefetch_row(parameters, mine[ahead, 0])
        prefetch_row(rows, mine[ahead, 1])
        row = mine[place, 1]
        add_row(parameters, mine[place, 0], scale_of(scales, row), rows, row)


def new_counters(threads: int) -> Int64:
    """What the threads of a training count in."""
    return np.zeros(SHARES + 2 * SPREAD * threads, np.int64)


@compiled
def first_block(thread: int, threads: int, plan: Plan) -> int:
    """The first of the blocks of a round that are a thread's own: neighbors in the text, which share context words."""
    return thread * plan.round_blocks // threads


@compiled
def claim_block(counters: Int64, of: int, number: int, blocks: int, threads: int, plan: Plan) -> int:
    """One of a thread's own blocks of a round that nobody has claimed; `NONE_LEFT` if there is none."""
    first, behind = first_block(of, threads, plan), first_block(of + 1, threads, plan)
    before = number * (behind - first)  # claimed in other rounds, all of which are whole
    left, place = before + min(behind, blocks) - min(first, blocks), SHARES + SPREAD * (threads + of)
    ticket = read_counter(counters, place)
    while ticket < left:
        if take_if(counters, place, ticket):
            return first + ticket - before
        ticket = read_counter(counters, place)
    return NONE_LEFT


@compiled
def as_owner(thread: int, threads: int, changes: Changes) -> int:
    """What stands for a thread in the table of owners, or `ALONE`."""
    return ALONE if threads == 1 and changes.frozen == 0 else thread


@compiled
def add_share(
    share: int, shares: int, finds_mean: bool, centres: int, blocks: int, totals: Float64, plan: Plan,
    parameters: Parameters, parts: Parts | None, scratch: Scratch, descents: Any, changes: Changes,
) -> None:  # fmt: skip
    """Add one of the shares of a round's changes: rows that one thread owns, and of a tree's nodes some columns; with
    the first share, the round's loss, and the mean of all output vectors, if it was found.
    """
    owner = as_owner(share, shares, changes)
    if share == 0:
        for block in range(blocks):
            totals[0] += changes.loss[block]
            totals[1] += changes.pairs[block]
        if finds_mean:
            clear(changes.noise_mean, 0, 1)
            for block in range(blocks):
                add_row(changes.noise_mean, 0, np.float32(1), changes.mean_sums, block)
    add_rows(
        changes.input_words, changes.input_count, changes.input_rows, None, blocks,
        changes.input_owner, parameters.inputs, parts, owner, scratch.mine,
    )  # fmt: skip
    if descents is not None:
        add_descents(centres, plan, changes.output_words, parameters.outputs, descents, share, shares)
        return
    add_rows(
        changes.output_words, changes.output_count, changes.output_rows, changes.output_scales, blocks,
        changes.output_owner, parameters.outputs, None, owner, scratch.mine,
    )  # fmt: skip


@compiled
def train_rounds(
    thread: int,
    threads: int,
    counters: Int64,
    totals: Float64,
    stretch: Stretch,
    plan: Plan,
    parameters: Parameters,
    parts: Any,
    noise: Any,  # Noise, or None, and so on
    tree: Any,
    scratch: Scratch,
    pairs: Any,
    hidden: Any,
    turns: Any,
    descents: Any,
    changes: Changes,
) -> None:
    """Train on a stretch. Every thread calls this with the same arrays, save `thread` and its working space, of which
    only what the kind of training needs is there.

    A round has two phases. Its blocks are computed from the parameters as they are; when all are done, the changes are
    added, in shares. A thread claims its own blocks and its own share first, then those of threads that are away.
    `counters`, which are zero at the start, only grow, so that who comes back late claims nothing of a round that is
    over. `totals` gets the loss, and the number of pairs it is summed over.
    """
    size = plan.block_centres * plan.round_blocks
    owner = as_owner(thread, threads, changes)
    ahead = Ahead(stretch.tokens, parameters, parts, scratch.noise_words, scratch.places)
    expect_nothing(ahead)
    block_end, rounds_before = 0, stretch.first_block // plan.round_blocks
    for number, round_first in enumerate(range(stretch.first, stretch.last, size)):
        centres = min(size, stretch.last - round_first)
        blocks = (centres + plan.block_centres - 1) // plan.block_centres
        block_end += blocks
        finds_mean = noise is not None and hidden is not None and is_mean_found(rounds_before + number, plan)
        rate = learning_rate(plan, stretch.positions[round_first])
        for other in range(threads):
            of = (thread + other) % threads
            block = claim_block(counters, of, number, blocks, threads, plan)
            while block != NONE_LEFT:
                first = round_first + block * plan.block_centres
                is_followed = threads == 1 or block + 1 < first_block(of + 1, threads, plan)
                next_first = first + plan.block_centres if is_followed else stretch.last
                if noise is not None and pairs is not None:
                    compute_block(
                        stretch, first, block, rate, plan, parameters, parts, noise, scratch, pairs, changes, owner,
                        next_first, ahead,
                    )  # fmt: skip
                if noise is not None and hidden is not None:
                    compute_cbow_block(
                        stretch, first, block, rate, plan, parameters, parts, noise, scratch, hidden, changes, owner,
                        next_first, ahead, finds_mean, blocks,
                    )  # fmt: skip
                if descents is not None:
                    compute_tree_block(
                        stretch, first, block, rate, plan, parameters, parts, tree, scratch, turns, descents, changes,
                        owner,
                    )  # fmt: skip
                if tree is not None and hidden is not None:
                    compute_cbow_tree_block(
                        stretch, first, block, rate, plan, parameters, parts, tree, scratch, hidden, turns, changes,
                        owner,
                    )  # fmt: skip
                take_ticket(counters, BLOCKS_DONE)
                block = claim_block(counters, of, number, blocks, threads, plan)
        wait_until(counters, BLOCKS_DONE, block_end)
        for other in range(threads):
            share = (thread + other) % threads
            if take_if(counters, SHARES + SPREAD * share, number):
                add_share(
                    share, threads, finds_mean, centres, blocks, totals, plan, parameters, parts, scratch, descents,
                    changes,
                )  # fmt: skip
                take_ticket(counters, SHARES_DONE)
        wait_until(counters, SHARES_DONE, (number + 1) * threads)
