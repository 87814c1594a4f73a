"""Where the context words of a block's centers stand: a window around each center, inside its sentence."""

from __future__ import annotations

from typing import Any

import numpy as np

from firth.arrays import LANES, Int32
from firth.jit.kernel import compiled, lowered_by
from firth.kernels.linalg.products import BAND_ROWS, TILE_ROWS
from firth.kernels.machine.rng import draw, high_half, scale
from firth.kernels.word2vec.blocks import (
    UNUSED,
    Block,
    Chunk,
    Context,
    Plan,
    Run,
    Windows,
    count_centers,
    prefetch_vectors,
)

lowered_by(f"{__name__}_llvm")


NO_WINDOW = -1
"""The reach, before and after, of a center that is none: not even itself is within."""


@compiled
def draw_windows(chunk: Chunk, first: int, last: int, plan: Plan, windows: Int32) -> None:
    """The largest distance of the context words of some centers."""
    if plan.shrink == 0:
        for i in range(last - first):
            windows[i] = plan.window
        return
    for i in range(last - first):  # with no branch, so that all are drawn at once
        windows[i] = 1 + scale(high_half(draw(plan.window_key, chunk.positions[first + i])), plan.window)


@compiled
def find_reach(chunk: Chunk, first: int, last: int, plan: Plan, reach: Int32) -> None:
    """reach[0, i] and reach[1, i] = how many context words the i-th of some centers has before it, and after it: within
    its window, in its sentence. Where that begins and ends is looked for once, then followed from center to center.
    """
    sentences = chunk.sentences
    begin, end = first, last  # of the sentences of the first center and of the last, no farther than a window
    while begin > max(0, first - plan.window) and sentences[begin - 1] == sentences[first]:
        begin -= 1
    while end < min(last + plan.window, sentences.shape[0]) and sentences[end] == sentences[last - 1]:
        end += 1
    draw_windows(chunk, first, last, plan, reach[1])
    if sentences[first] == sentences[last - 1]:  # one sentence, as it is mostly: with no branch
        for i in range(last - first):
            window = reach[1, i]
            reach[0, i] = min(window * plan.before, first - begin + i)
            reach[1, i] = min(window * plan.after, end - 1 - first - i)
        return
    for i in range(last - first):
        center = first + i
        if i > 0 and sentences[center] != sentences[center - 1]:
            begin = center
        reach[0, i] = min(reach[1, i] * plan.before, center - begin)
    for i in range(last - first - 1, -1, -1):
        center = first + i
        if center < last - 1 and sentences[center] != sentences[center + 1]:
            end = center + 1
        reach[1, i] = min(reach[1, i] * plan.after, end - 1 - center)


@compiled
def find_windows(block: Block, run: Run, windows: Windows, prefetches: bool) -> Context:
    """Note in `windows` how many context words each center has before it, and after it; and in the block's input words
    which words stand from the first of them to the last. Their vectors are prefetched, if that is wanted.
    """
    reach, before, after = windows.reach, 0, 1
    centers, words = count_centers(block, run), run.updates.inputs.words[block.slot]
    find_reach(run.chunk, block.first, block.first + centers, run.plan, reach)
    for i in range(centers):
        before = max(before, reach[0, i] - i)
        after = max(after, i + reach[1, i] + 1)
    tokens = before + after
    for row in range(tokens):
        words[row] = run.chunk.tokens[block.first - before + row]
        if prefetches:
            prefetch_vectors(run.parameters.inputs, words[row], run.subword_rows)
    for row in range(tokens, tokens + TILE_ROWS):  # which products may read
        words[row] = UNUSED
    run.updates.inputs.used[block.slot] = tokens
    return Context(centers, tokens, before)


def weigh_tile(windows: Windows, tile: Any, first: Any, behind: Any) -> None:
    """Weigh a tile's context words, four rows of `weights`, in their pairs with the 16 centers from the `first` on. Add
    what each weighs to `token_weights`. The range in centers_of for two of them, (0, 0) if there is none so far, goes
    on to the last center that is paired with one of the two.

    The first of the centers stands so many tokens `behind` the first context word, the next one more, and so on. `near`
    has the weight for each such distance; its middle is that of distance 0. Outside a center's reach the weight is
    zero.
    """
    weights, near, reach = windows.weights, windows.near, windows.reach
    center_weights, token_weights, centers_of = windows.center_weights, windows.token_weights, windows.centers_of
    rows, centers = slice(tile * TILE_ROWS, (tile + 1) * TILE_ROWS), slice(first, first + LANES)
    bands = slice(rows.start // BAND_ROWS, rows.stop // BAND_ROWS)
    distances = behind + np.arange(LANES) - np.arange(TILE_ROWS)[:, None]
    is_pair = (distances <= reach[0, centers]) & (-distances <= reach[1, centers])
    weights[rows, centers] = np.where(is_pair, near[len(near) // 2 + distances], 0) * center_weights[centers]
    token_weights[rows] += weights[rows, centers].sum(axis=1)
    for of_two, range_of_two in zip(is_pair.reshape(-1, BAND_ROWS, LANES), centers_of[bands], strict=True):
        paired = first + np.flatnonzero(of_two.any(axis=0))
        if len(paired) > 0:
            range_of_two[:] = paired.min() if range_of_two[1] == 0 else range_of_two[0], paired.max() + 1


@compiled
def weigh_centers(centers: int, plan: Plan, windows: Windows) -> None:
    """Find what the pairs of each center are multiplied by, so that they weigh no more than `plan.most_pairs`."""
    within, reach = windows.within, windows.reach
    if 2 * within[plan.window] <= plan.most_pairs:  # then all are 1, as they were at first
        return
    for i in range(centers):
        total = within[reach[0, i]] + within[reach[1, i]]
        windows.center_weights[i] = plan.most_pairs / total if total > plan.most_pairs else np.float32(1)


@compiled
def weigh_windows(context: Context, windows: Windows) -> None:
    """Weigh each (context word, center) pair, and each context word in all of its pairs; find the bands of the weights
    that are not zero.
    """
    reach, centers_of, tokens_of = windows.reach, windows.centers_of, windows.tokens_of
    for i in range(context.centers, reach.shape[1]):
        reach[0, i] = reach[1, i] = NO_WINDOW
    for tile in range((context.tokens + TILE_ROWS - 1) // TILE_ROWS):
        for row in range(tile * TILE_ROWS, (tile + 1) * TILE_ROWS):
            centers_of[row // BAND_ROWS, 0] = centers_of[row // BAND_ROWS, 1] = 0
            windows.token_weights[row] = 0
        for first in range(0, reach.shape[1], LANES):
            weigh_tile(windows, tile, first, context.before + first - tile * TILE_ROWS)
    for band in range(tokens_of.shape[0]):
        tokens_of[band, 0] = tokens_of[band, 1] = 0
    for i in range(context.centers):
        own, center = i // BAND_ROWS, context.before + i
        first, last = center - reach[0, i], center + reach[1, i] + 1
        tokens_of[own, 0] = first if i % BAND_ROWS == 0 else min(tokens_of[own, 0], first)
        tokens_of[own, 1] = max(tokens_of[own, 1], last)
