"""Where the context words of a block's centres stand: a window around each centre, inside its sentence."""

from __future__ import annotations

from typing import Any

import numpy as np

from firth.kernels.blocks import Parts, Plan, Stretch, Windows, ask_for
from firth.kernels.compiler import compiled
from firth.kernels.products import LANES, TILE_ROWS
from firth.kernels.randomness import draw, high_half, scale

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]


@compiled
def draw_windows(stretch: Stretch, first: int, last: int, plan: Plan, windows: Int32) -> None:
    """The largest distance of the context words of some centres."""
    if plan.shrink == 0:
        for i in range(last - first):
            windows[i] = plan.window
        return
    for i in range(last - first):  # with no branch, so that all are drawn at once
        windows[i] = 1 + scale(high_half(draw(plan.window_key, stretch.positions[first + i])), plan.window)


@compiled
def find_reach(stretch: Stretch, first: int, last: int, plan: Plan, reach: Int32) -> None:
    """reach[0, i] and reach[1, i] = how many context words the i-th of some centres has before it, and after it: within
    its window, in its sentence. Where that begins and ends is looked for once, then followed from centre to centre.
    """
    sentences = stretch.sentences
    begin, end = first, last  # of the sentences of the first centre and of the last, no farther than a window
    while begin > max(0, first - plan.window) and sentences[begin - 1] == sentences[first]:
        begin -= 1
    while end < min(last + plan.window, sentences.shape[0]) and sentences[end] == sentences[last - 1]:
        end += 1
    draw_windows(stretch, first, last, plan, reach[1])
    for i in range(last - first):
        centre = first + i
        if i > 0 and sentences[centre] != sentences[centre - 1]:
            begin = centre
        reach[0, i] = min(reach[1, i] * plan.before, centre - begin)
    for i in range(last - first - 1, -1, -1):
        centre = first + i
        if centre < last - 1 and sentences[centre] != sentences[centre + 1]:
            end = centre + 1
        reach[1, i] = min(reach[1, i] * plan.after, end - 1 - centre)


@compiled
def find_windows(
    stretch: Stretch, first: int, last: int, plan: Plan, windows: Windows, input_words: Int32, inputs: Float32,
    parts: Parts | None, asks: bool,
) -> tuple[int, int]:  # fmt: skip
    """Note in `windows` how many context words each centre has before it, and after it; and which words these are.

    Returns how many tokens there are from the first context word to the last, and how many of these stand before the
    first centre. `input_words` gets the word of each, whose rows of `inputs` are asked for, if that is wanted.
    """
    reach, before, after = windows.reach, 0, 1
    find_reach(stretch, first, last, plan, reach)
    for i in range(last - first):
        before = max(before, reach[0, i] - i)
        after = max(after, i + reach[1, i] + 1)
    tokens = before + after
    for row in range(tokens):
        input_words[row] = stretch.tokens[first - before + row]
        if asks:
            ask_for(inputs, input_words[row], parts)
    return tokens, before


def weigh_row(weights: Float32, row: Any, first: Any, near: Float32, behind: Any, reach: Int32) -> Any:
    """Weigh a context word in its pairs with 16 centres, from the `first` on, in weights[row, first:first + 16]; return
    the sum of these weights.

    The first of the centres stands so many tokens `behind` it, the next one more, and so on. `near` has the weight for
    each such distance; its middle is that of distance 0. Outside a centre's reach the weight is zero.
    """
    distances, centres = behind + np.arange(LANES), slice(first, first + LANES)
    is_pair = (distances <= reach[0, centres]) & (-distances <= reach[1, centres])
    weights[row, centres] = np.where(is_pair, near[len(near) // 2 + distances], 0)
    return weights[row, centres].sum()


@compiled
def weigh_windows(centres: int, tokens: int, before: int, windows: Windows) -> None:
    """Weigh each (context word, centre) pair, and each context word in all of its pairs; find the bands of the weights
    that are not zero.
    """
    reach, centres_of, tokens_of = windows.reach, windows.centres_of, windows.tokens_of
    for i in range(centres, reach.shape[1]):
        reach[0, i] = reach[1, i] = 0
    for row in range(tokens):
        windows.token_weights[row] = 0
        for first in range(0, reach.shape[1], LANES):
            behind = before + first - row
            windows.token_weights[row] += weigh_row(windows.weights, row, first, windows.near, behind, reach)
    for tile in range((tokens + TILE_ROWS - 1) // TILE_ROWS):
        centres_of[tile, 0] = centres_of[tile, 1] = 0
    for tile in range(tokens_of.shape[0]):
        tokens_of[tile, 0] = tokens_of[tile, 1] = 0
    for i in range(centres):
        first, last, own = before + i - reach[0, i], before + i + reach[1, i] + 1, i // TILE_ROWS
        tokens_of[own, 0] = first if i % TILE_ROWS == 0 else min(tokens_of[own, 0], first)
        tokens_of[own, 1] = max(tokens_of[own, 1], last)
        for tile in range(first // TILE_ROWS, (last - 1) // TILE_ROWS + 1):
            centres_of[tile, 0] = centres_of[tile, 0] if centres_of[tile, 1] > 0 else i
            centres_of[tile, 1] = i + 1
