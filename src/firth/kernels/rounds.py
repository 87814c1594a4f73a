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
    is_measured,
    learning_rate,
)
from firth.kernels.cbow import compute_cbow_block
from firth.kernels.compiler import compiled
from firth.kernels.hierarchy import add_descents, compute_cbow_tree_block, compute_tree_block
from firth.kernels.limits import forget_limits, limited
from firth.kernels.ownership import FEW, clear_marks, find_own, is_marked
from firth.kernels.prefetch import prefetch_row
from firth.kernels.rows import add_row
from firth.kernels.skipgram import compute_block
from firth.kernels.synchrony import is_soon, read_counter, take_if, take_ticket, wait_until

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Float64 = np.ndarray[Any, np.dtype[np.float64]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]
Bool = np.ndarray[Any, np.dtype[np.bool_]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]

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
def scale_of(
    scales: Float32 | None, change: int, ratios: Float32, steps: Float32 | None, limits: Float32, row: int
) -> np.float32:
    """What a change is multiplied by when it is added to a row."""
    scale = limited(limits, row, np.float32(1) if steps is None else steps[row], ratios[change])
    return scale if scales is None else scale * scales[change]


@compiled
def add_block(
    words: Int32, count: int, first: int, rows: Float32, scales: Float32 | None, ratios: Float32,
    steps: Float32 | None, limits: Float32, parameters: Float32, parts: Parts | None,
) -> None:  # fmt: skip
    """Add all changes of a block, which are the rows from the first-th on."""
    for i in range(count):
        ahead = min(i + (ROWS_AHEAD if parts is None else 1), count - 1)
        if words[ahead] != UNUSED:
            ask_for(parameters, words[ahead], parts)
        word, change = words[i], first + i
        if word == UNUSED:
            continue
        if parts is None:
            scale = scale_of(scales, change, ratios, steps, limits, word)
            add_row(parameters, word, scale, rows, change)
        else:
            for k in range(parts.starts[word], parts.starts[word + 1]):
                scale = scale_of(scales, change, ratios, steps, limits, parts.rows[k])
                add_row(parameters, parts.rows[k], scale, rows, change)


@compiled
def add_rows(
    words: Int32,
    count: Int32,
    rows: Float32,
    scales: Float32 | None,
    ratios: Float32,
    steps: Float32 | None,
    limits: Float32,
    blocks: int,
    marks: Int64,
    parameters: Float32,
    parts: Parts | None,
    thread: int,
    scratch: Scratch,
) -> None:
    """Add the changes of the rows that this thread owns, each row in block order. The change of a word with parts is
    added to all of them.
    """
    rows_per_block = rows.shape[0] // words.shape[0]
    if thread == ALONE:
        for block in range(blocks):
            add_block(
                words[block], count[block], block * rows_per_block, rows, scales, ratios, steps, limits, parameters,
                parts,
            )  # fmt: skip
        return
    own, mine, found = scratch.own, scratch.mine, 0
    find_own(marks, thread, own)
    for block in range(blocks):
        for i in range(count[block]):
            word, row = words[block, i], block * rows_per_block + i
            if parts is None:
                mine[found, 0], mine[found, 1] = word, row
                found += int(word != UNUSED) & is_marked(own, word)
            elif word != UNUSED:
                for k in range(parts.starts[word], parts.starts[word + 1]):
                    mine[found, 0], mine[found, 1] = parts.rows[k], row
                    found += is_marked(own, parts.rows[k])
    for place in range(found):
        ahead = min(place + ROWS_AHEAD, found - 1)
        prefetch_row(parameters, mine[ahead, 0])
        prefetch_row(rows, mine[ahead, 1])
        row, change = mine[place, 0], mine[place, 1]
        scale = scale_of(scales, change, ratios, steps, limits, row)
        add_row(parameters, row, scale, rows, change)


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
def drop_frozen(words: Int32, count: int, frozen: Bool) -> None:
    """Take out of a list of words those whose rows nobody changes."""
    for i in range(count):
        if words[i] != UNUSED and frozen[words[i]]:
            words[i] = UNUSED


@compiled
def add_share(
    share: int, shares: int, finds_mean: bool, centres: int, blocks: int, totals: Float64, plan: Plan,
    parameters: Parameters, parts: Parts | None, steps: Any, scratch: Scratch, descents: Any, changes: Changes,
) -> None:  # fmt: skip
    """Add one of the shares of a round's changes: rows that one thread owns, and of a tree's nodes some columns; with
    the first share, the round's loss, and the mean of all output vectors, if it was found.
    """
    owner = ALONE if shares == 1 else share
    forget_limits(scratch.input_limits)
    forget_limits(scratch.output_limits)
    input_steps = None if steps is None else steps.inputs
    output_steps = None if steps is None else steps.outputs
    if share == 0:
        for block in range(blocks):
            totals[0] += changes.loss[block]
            totals[1] += changes.pairs[block]
        if finds_mean:
            clear(changes.noise_mean, 0, 1)
            for block in range(blocks):
                add_row(changes.noise_mean, 0, np.float32(1), changes.mean_sums, block)
    add_rows(
        changes.input_words, changes.input_count, changes.input_rows, None, changes.input_ratios, input_steps,
        scratch.input_limits, blocks, changes.input_marks, parameters.inputs, parts, owner, scratch,
    )  # fmt: skip
    if descents is not None:
        add_descents(centres, plan, changes.output_words, parameters.outputs, descents, share, shares)
        return
    add_rows(
        changes.output_words, changes.output_count, changes.output_rows, changes.output_scales,
        changes.output_ratios, output_steps, scratch.output_limits, blocks, changes.output_marks,
        parameters.outputs, None, owner, scratch,
    )  # fmt: skip


@compiled
def as_marker(thread: int, threads: int) -> int:
    """A thread's number, or `ALONE` where there are too few threads, or too many, for it to mark rows."""
    return thread if 1 < threads <= FEW else ALONE


@compiled
def forget_marks(marker: int, changes: Changes) -> None:
    """Begin a round: what a thread has marked is of the round before."""
    if marker != ALONE:
        clear_marks(changes.input_marks[marker])
        clear_marks(changes.output_marks[marker])


@compiled
def compute_changes(
    block: int, blocks: int, first: int, next_first: int, rate: float, measured: bool, finds_mean: bool, marker: int,
    stretch: Stretch, plan: Plan, parameters: Parameters, parts: Any, noise: Any, tree: Any, scratch: Scratch,
    pairs: Any, hidden: Any, turns: Any, descents: Any, changes: Changes, ahead: Ahead,
) -> None:  # fmt: skip
    """The changes of a round's block, of the kind of training whose arrays are there: its centres are those from
    `first` on, and this thread's next block is expected to begin at `next_first`.
    """
    if noise is not None and pairs is not None:
        compute_block(
            stretch, first, block, rate, measured, plan, parameters, parts, noise, scratch, pairs, changes, marker,
            next_first, ahead,
        )  # fmt: skip
    if noise is not None and hidden is not None:
        compute_cbow_block(
            stretch, first, block, rate, measured, plan, parameters, parts, noise, scratch, hidden, changes, marker,
            next_first, ahead, finds_mean, blocks,
        )  # fmt: skip
    if descents is not None:
        compute_tree_block(
            stretch, first, block, rate, measured, plan, parameters, parts, tree, scratch, turns, descents, changes,
            marker,
        )  # fmt: skip
    if tree is not None and hidden is not None:
        compute_cbow_tree_block(
            stretch, first, block, rate, measured, plan, parameters, parts, tree, scratch, hidden, turns, changes,
            marker,
        )  # fmt: skip
    if changes.frozen_inputs.shape[0] > 0:
        drop_frozen(changes.input_words[block], changes.input_count[block], changes.frozen_inputs)
        if noise is not None:
            drop_frozen(changes.output_words[block], changes.output_count[block], changes.frozen_outputs)


@compiled
def whole_rounds(stretch: Stretch, plan: Plan) -> int:
    """How many rounds a stretch has, but for the last if it is shorter."""
    return (stretch.last - stretch.first) // (plan.block_centres * plan.round_blocks)


@compiled
def first_centre(stretch: Stretch, number: int, block: int, plan: Plan) -> int:
    """Where a block of the stretch's round of this number begins: behind those that other rounds take from its strand.
    The last round, if it is not whole, is what is left behind all strands.
    """
    before = number * plan.round_blocks + block
    if plan.strands > 1:
        whole, of_strand = whole_rounds(stretch, plan), plan.round_blocks // plan.strands
        if number < whole:
            strand = block // of_strand
            before = (strand * whole + number) * of_strand + block - strand * of_strand
    return stretch.first + before * plan.block_centres


@compiled
def first_of_next(stretch: Stretch, number: int, block: int, behind: int, threads: int, plan: Plan) -> int:
    """Where the block begins that a thread will compute after this one of its own, all of which are before block
    `behind`; where there is none, or nobody knows, at the stretch's end or behind it.
    """
    if block + 1 < behind:
        return first_centre(stretch, number, block + 1, plan)
    return first_centre(stretch, number + 1, 0, plan) if threads == 1 else stretch.last


@compiled
def train_rounds(
    thread: int,
    threads: int,
    counters: Int64,
    totals: Float64,
    stretch: Stretch,
    begin: int,
    end: int,
    plan: Plan,
    parameters: Parameters,
    parts: Any,  # Parts, or None, and so on
    steps: Any,
    noise: Any,
    tree: Any,
    scratch: Scratch,
    pairs: Any,
    hidden: Any,
    turns: Any,
    descents: Any,
    changes: Changes,
) -> None:
    """Train on the rounds of a stretch from `begin` to `end`. Every thread calls this with the same arrays, save
    `thread` and its working space, of which only what the kind of training needs is there.

    A round has two phases. Its blocks are computed from the parameters as they are; when all are done, the changes are
    added, in shares. A thread claims its own blocks and its own share first, then those of threads that are away.
    `counters`, which are zero at the start, only grow, so that who comes back late claims nothing of a round that is
    over. `totals` gets the loss, and the number of pairs it is summed over.
    """
    size = plan.block_centres * plan.round_blocks
    marker = as_marker(thread, threads)
    ahead = Ahead(stretch.tokens, parameters, parts, scratch.noise_words, scratch.noise_bits, scratch.places)
    expect_nothing(ahead)
    block_end, rounds_before = 0, stretch.first_block // plan.round_blocks
    for number in range(end - begin):
        round_number = begin + number
        round_first = stretch.first + round_number * size
        centres = min(size, stretch.last - round_first)
        blocks = (centres + plan.block_centres - 1) // plan.block_centres
        block_end += blocks
        finds_mean = noise is not None and hidden is not None and is_mean_found(rounds_before + round_number, plan)
        rate = learning_rate(plan, stretch.positions[round_first])
        computed = 0
        for other in range(threads):
            if other == 1 and blocks <= threads and is_soon(counters, BLOCKS_DONE, block_end):
                break
            of = (thread + other) % threads
            block = claim_block(counters, of, number, blocks, threads, plan)
            while block != NONE_LEFT:
                if computed == 0:
                    forget_marks(marker, changes)
                computed += 1
                first, behind = first_centre(stretch, round_number, block, plan), first_block(of + 1, threads, plan)
                next_first = first_of_next(stretch, round_number, block, behind, threads, plan)
                measured = is_measured(rounds_before + round_number, block, plan)
                compute_changes(
                    block, blocks, first, next_first, rate, measured, finds_mean, marker, stretch, plan, parameters,
                    parts, noise, tree, scratch, pairs, hidden, turns, descents, changes, ahead,
                )  # fmt: skip
                take_ticket(counters, BLOCKS_DONE)
                block = claim_block(counters, of, number, blocks, threads, plan)
        wait_until(counters, BLOCKS_DONE, block_end)
        for other in range(threads):
            if other == 1 and is_soon(counters, SHARES_DONE, (number + 1) * threads):
                break
            share = (thread + other) % threads
            place = SHARES + SPREAD * share
            if read_counter(counters, place) == number and take_if(counters, place, number):
                add_share(
                    share, threads, finds_mean, centres, blocks, totals, plan, parameters, parts, steps, scratch,
                    descents, changes,
                )  # fmt: skip
                take_ticket(counters, SHARES_DONE)
        wait_until(counters, SHARES_DONE, (number + 1) * threads)
