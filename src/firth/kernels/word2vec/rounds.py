"""A round of training: its blocks are computed side by side, then their updates are added, row by row in block order.

`train_rounds` is what each thread runs (see `docs/rounds.md`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from firth.arrays import Float32, Float64, Int32, Int64
from firth.jit.kernel import compiled, compiled_by_type
from firth.kernels.linalg.rows import axpy
from firth.kernels.machine.atomics import (
    NONE_LEFT,
    claim_below,
    compare_exchange,
    fetch_add,
    is_soon,
    read_counter,
    wait_until,
)
from firth.kernels.machine.prefetch import prefetch_row
from firth.kernels.word2vec.blocks import (
    ALONE,
    UNUSED,
    Block,
    Chunk,
    Plan,
    Run,
    Scratch,
    SubwordRows,
    Updates,
    clear,
    is_mean_found,
    is_measured,
    learning_rate,
    prefetch_vectors,
)
from firth.kernels.word2vec.cbow import CbowWorkspace, compute_cbow_block
from firth.kernels.word2vec.hierarchical_softmax import (
    CbowTreeWorkspace,
    TreeWorkspace,
    add_node_updates,
    compute_cbow_tree_block,
    compute_tree_block,
)
from firth.kernels.word2vec.prefetcher import schedule_nothing
from firth.kernels.word2vec.row_owners import FEW, clear_bitmap, find_owned, is_touched
from firth.kernels.word2vec.skipgram import SkipGramWorkspace, compute_skip_gram_block
from firth.kernels.word2vec.step_bounds import forget_limits, limited

CACHE_LINE_STRIDE = 8
"""Counters lie so far apart that no two share a cache line."""
BLOCKS_DONE, PARTITIONS_DONE, PARTITIONS = (CACHE_LINE_STRIDE * i for i in range(3))
"""Blocks and partitions done in a chunk; behind them, for each partition, the rounds it was claimed in; and for each
thread, how many of the blocks that are its own were claimed.
"""
ROWS_AHEAD = 8
"""Rows that are prefetched while updates are added to one."""


compute_block = compiled_by_type(
    {
        SkipGramWorkspace: compute_skip_gram_block,
        CbowWorkspace: compute_cbow_block,
        TreeWorkspace: compute_tree_block,
        CbowTreeWorkspace: compute_cbow_tree_block,
    }
)
"""compute_block(block, run, workspace): the updates of a block, by the kind of training that the workspace is for."""
Workspace = SkipGramWorkspace | CbowWorkspace | TreeWorkspace | CbowTreeWorkspace
"""What a thread works with."""


class Round(NamedTuple):
    """One of a chunk's rounds."""

    number: int  # in the chunk
    centers: int
    blocks: int
    rate: float
    finds_mean: bool  # whether the mean that negatives are moved to is found
    is_first: bool  # whether it is the first of its epoch, or of a shard's piece


@compiled
def scale_of(
    scales: Float32 | None, change: int, ratios: Float32, rate_scales: Float32 | None, limits: Float32, row: int
) -> np.float32:
    """What an update is multiplied by when it is added to a row."""
    scale = limited(limits, row, np.float32(1) if rate_scales is None else rate_scales[row], ratios[change])
    return scale if scales is None else scale * scales[change]


@compiled
def add_block(
    block: int,
    updates: Updates,
    rate_scales: Float32 | None,
    limits: Float32,
    parameters: Float32,
    subword_rows: SubwordRows | None,
) -> None:
    """Add all updates of a block."""
    words, used = updates.words[block], updates.used[block]
    first = block * (updates.rows.shape[0] // updates.words.shape[0])
    for i in range(used):
        ahead = min(i + (ROWS_AHEAD if subword_rows is None else 1), used - 1)
        if words[ahead] != UNUSED:
            prefetch_vectors(parameters, words[ahead], subword_rows)
        word, change = words[i], first + i
        if word == UNUSED:
            continue
        if subword_rows is None:
            scale = scale_of(updates.scales, change, updates.ratios, rate_scales, limits, word)
            axpy(parameters, word, scale, updates.rows, change)
        else:
            for k in range(subword_rows.starts[word], subword_rows.starts[word + 1]):
                scale = scale_of(updates.scales, change, updates.ratios, rate_scales, limits, subword_rows.rows[k])
                axpy(parameters, subword_rows.rows[k], scale, updates.rows, change)


@compiled
def list_owned(blocks: int, updates: Updates, subword_rows: SubwordRows | None, own: Int64, owned_rows: Int32) -> int:
    """List in `owned_rows` the rows that a thread owns, each with its update, in block order. Return how many these
    are.
    """
    found = 0
    rows_per_block = updates.rows.shape[0] // updates.words.shape[0]
    for block in range(blocks):
        for i in range(updates.used[block]):
            word, change = updates.words[block, i], block * rows_per_block + i
            if subword_rows is None:
                owned_rows[found, 0], owned_rows[found, 1] = word, change
                found += int(word != UNUSED) & is_touched(own, word)
            elif word != UNUSED:
                for k in range(subword_rows.starts[word], subword_rows.starts[word + 1]):
                    owned_rows[found, 0], owned_rows[found, 1] = subword_rows.rows[k], change
                    found += is_touched(own, subword_rows.rows[k])
    return found


@compiled
def add_rows(
    blocks: int, updates: Updates, rate_scales: Float32 | None, limits: Float32, parameters: Float32,
    subword_rows: SubwordRows | None, thread: int, scratch: Scratch,
) -> None:  # fmt: skip
    """Add the updates of the rows that this thread owns, each row in block order. The update of a word with subwords is
    added to all of its rows.
    """
    if thread == ALONE:
        for block in range(blocks):
            add_block(block, updates, rate_scales, limits, parameters, subword_rows)
        return
    own, owned_rows = scratch.owned, scratch.owned_rows
    find_owned(updates.touched, thread, own)
    found = list_owned(blocks, updates, subword_rows, own, owned_rows)
    for place in range(found):
        ahead = min(place + ROWS_AHEAD, found - 1)
        prefetch_row(parameters, owned_rows[ahead, 0])
        prefetch_row(updates.rows, owned_rows[ahead, 1])
        row, change = owned_rows[place, 0], owned_rows[place, 1]
        scale = scale_of(updates.scales, change, updates.ratios, rate_scales, limits, row)
        axpy(parameters, row, scale, updates.rows, change)


@compiled
def add_output_rows(partition: int, partitions: int, this: Round, run: Run, workspace: Any) -> None:
    """Add one partition of a round's updates of the output vectors."""
    scratch = workspace.scratch
    add_rows(
        this.blocks, run.updates.outputs, run.rate_scales.outputs, scratch.output_limits, run.parameters.outputs, None,
        ALONE if partitions == 1 else partition, scratch,
    )  # fmt: skip


@compiled
def add_node_columns(partition: int, partitions: int, this: Round, run: Run, workspace: TreeWorkspace) -> None:
    """The same of the nodes of a tree."""
    outputs = run.parameters.outputs
    add_node_updates(
        this.centers, run.plan, run.updates.outputs.words, outputs, workspace.node_updates, partition, partitions
    )


@compiled
def add_nothing(partition: int, partitions: int, this: Round, run: Run, workspace: CbowTreeWorkspace) -> None:
    """The same where nodes have learned already."""


add_outputs = compiled_by_type(
    {
        SkipGramWorkspace: add_output_rows,
        CbowWorkspace: add_output_rows,
        TreeWorkspace: add_node_columns,
        CbowTreeWorkspace: add_nothing,
    }
)
"""add_outputs(partition, partitions, this, run, workspace), by the kind of training."""


def new_counters(threads: int) -> Int64:
    """What the threads of a training count in."""
    return np.zeros(PARTITIONS + 2 * CACHE_LINE_STRIDE * threads, np.int64)


@compiled
def first_block(thread: int, threads: int, plan: Plan) -> int:
    """The first of the blocks of a round that are a thread's own: neighbors in the text, which share context words."""
    return thread * plan.round_blocks // threads


@compiled
def claim_block(counters: Int64, of: int, number: int, blocks: int, threads: int, plan: Plan) -> int:
    """One of a thread's own blocks of a round that nobody has claimed; `NONE_LEFT` if there is none."""
    first, behind = first_block(of, threads, plan), first_block(of + 1, threads, plan)
    before = number * (behind - first)  # claimed in other rounds, all of which are whole
    left, place = before + min(behind, blocks) - min(first, blocks), PARTITIONS + CACHE_LINE_STRIDE * (threads + of)
    ticket = claim_below(counters, place, left)
    return NONE_LEFT if ticket == NONE_LEFT else first + ticket - before


@compiled
def drop_frozen(block: int, updates: Updates) -> None:
    """Take out of the words of a block those whose vectors stay as they are."""
    if updates.frozen.shape[0] == 0:
        return
    words = updates.words[block]
    for i in range(updates.used[block]):
        if words[i] != UNUSED and updates.frozen[words[i]]:
            words[i] = UNUSED


@compiled
def sum_losses(blocks: int, loss: Float64, pairs: Float64, totals: Float64) -> None:
    """Sum up what the blocks of a round have measured."""
    for block in range(blocks):
        totals[0] += loss[block]
        totals[1] += pairs[block]


@compiled
def sum_means(blocks: int, mean_sums: Float32, noise_mean: Float32) -> None:
    """Sum up what the blocks of a round have found of the mean that negatives are moved to."""
    clear(noise_mean, 0, 1)
    for block in range(blocks):
        axpy(noise_mean, 0, np.float32(1), mean_sums, block)


@compiled
def add_partition(
    partition: int, partitions: int, this: Round, totals: Float64, run: Run, workspace: Workspace
) -> None:
    """Add one partition of a round's updates: rows that one thread owns, and of a tree's nodes some columns."""
    scratch = workspace.scratch
    forget_limits(scratch.input_limits)
    forget_limits(scratch.output_limits)
    updates = run.updates
    if partition == 0:
        sum_losses(this.blocks, updates.loss, updates.pairs, totals)
    if partition == 0 and this.finds_mean:
        sum_means(this.blocks, updates.mean_sums, updates.noise_mean)
    add_rows(
        this.blocks, updates.inputs, run.rate_scales.inputs, scratch.input_limits, run.parameters.inputs,
        run.subword_rows, ALONE if partitions == 1 else partition, scratch,
    )  # fmt: skip
    add_outputs(partition, partitions, this, run, workspace)


@compiled
def bitmap_of(thread: int, threads: int) -> int:
    """A thread's number, or `ALONE` where there are too few threads, or too many, for bitmaps of touched rows."""
    return thread if 1 < threads <= FEW else ALONE


@compiled
def clear_touched(bitmap: int, touched: Int64) -> None:
    """Begin a round: clear what a thread has touched in the round before."""
    if bitmap != ALONE:
        clear_bitmap(touched[bitmap])


@compiled
def whole_rounds(chunk: Chunk, plan: Plan) -> int:
    """How many rounds a chunk has, but for the last if it is shorter."""
    return (chunk.last - chunk.first) // (plan.block_centers * plan.round_blocks)


@compiled
def first_center(chunk: Chunk, number: int, block: int, plan: Plan) -> int:
    """Where a block of the chunk's round of this number begins: behind those that other rounds take from its stream.
    The last round, if it is not whole, is what is left behind all streams.
    """
    before = number * plan.round_blocks + block
    if plan.streams > 1:
        whole, of_stream = whole_rounds(chunk, plan), plan.round_blocks // plan.streams
        if number < whole:
            stream = block // of_stream
            before = (stream * whole + number) * of_stream + block - stream * of_stream
    return chunk.first + before * plan.block_centers


@compiled
def first_of_next(chunk: Chunk, number: int, block: int, behind: int, threads: int, plan: Plan) -> int:
    """Where the block begins that a thread will compute after this one of its own, all of which are before block
    `behind`; where there is none, or nobody knows, at the chunk's end or behind it.
    """
    if block + 1 < behind:
        return first_center(chunk, number, block + 1, plan)
    return first_center(chunk, number + 1, 0, plan) if threads == 1 else chunk.last


@compiled
def round_of(number: int, chunk: Chunk, plan: Plan) -> Round:
    """The chunk's round of this number."""
    size = plan.block_centers * plan.round_blocks
    first = chunk.first + number * size
    centers = min(size, chunk.last - first)
    blocks = (centers + plan.block_centers - 1) // plan.block_centers
    of_epoch = chunk.first_block // plan.round_blocks + number
    rate = learning_rate(plan, chunk.positions[first])
    return Round(number, centers, blocks, rate, is_mean_found(of_epoch, plan), of_epoch == 0)


@compiled
def compute_slot(slot: int, of: int, thread: int, threads: int, this: Round, run: Run, workspace: Workspace) -> None:
    """Compute the block in a slot of a round, which is one of the thread `of`."""
    chunk, plan, updates, behind = run.chunk, run.plan, run.updates, first_block(of + 1, threads, run.plan)
    block = Block(
        slot=slot,
        first=first_center(chunk, this.number, slot, plan),
        next_first=first_of_next(chunk, this.number, slot, behind, threads, plan),
        rate=this.rate,
        measured=is_measured(chunk.first_block // plan.round_blocks + this.number, slot, plan),
        finds_mean=this.finds_mean,
        is_first=this.is_first,
        blocks=this.blocks,
        bitmap=bitmap_of(thread, threads),
    )
    compute_block(block, run, workspace)
    drop_frozen(slot, updates.inputs)
    drop_frozen(slot, updates.outputs)


@compiled
def train_rounds(
    thread: int, threads: int, counters: Int64, totals: Float64, begin: int, end: int, run: Run, workspace: Workspace
) -> None:
    """Train on the rounds of a chunk from `begin` to `end`. Every thread calls this with the same arrays, save for
    `thread` and its workspace.

    A round has two phases. Its blocks are computed from the parameters as they are; when all are done, the updates are
    added, in partitions. A thread claims its own blocks and its own partition first, then those of absent threads.
    `counters`, which are zero at the start, only grow, so that who comes back late claims nothing of a round that is
    over. `totals` gets the loss, and what the pairs that it is summed over weigh together.
    """
    schedule_nothing(workspace.scratch.cursors)
    block_end, bitmap = 0, bitmap_of(thread, threads)
    for number in range(end - begin):
        this = round_of(begin + number, run.chunk, run.plan)
        block_end += this.blocks
        computed = 0
        for other in range(threads):
            if other == 1 and this.blocks <= threads and is_soon(counters, BLOCKS_DONE, block_end):
                break
            of = (thread + other) % threads
            slot = claim_block(counters, of, number, this.blocks, threads, run.plan)
            while slot != NONE_LEFT:
                if computed == 0:
                    clear_touched(bitmap, run.updates.inputs.touched)
                    clear_touched(bitmap, run.updates.outputs.touched)
                computed += 1
                compute_slot(slot, of, thread, threads, this, run, workspace)
                fetch_add(counters, BLOCKS_DONE)
                slot = claim_block(counters, of, number, this.blocks, threads, run.plan)
        wait_until(counters, BLOCKS_DONE, block_end)
        for other in range(threads):
            if other == 1 and is_soon(counters, PARTITIONS_DONE, (number + 1) * threads):
                break
            partition = (thread + other) % threads
            place = PARTITIONS + CACHE_LINE_STRIDE * partition
            if read_counter(counters, place) == number and compare_exchange(counters, place, number):
                add_partition(partition, threads, this, totals, run, workspace)
                fetch_add(counters, PARTITIONS_DONE)
        wait_until(counters, PARTITIONS_DONE, (number + 1) * threads)
