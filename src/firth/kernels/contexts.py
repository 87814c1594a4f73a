"""Where the context words of a block's centres stand: a window around each centre, inside its sentence."""

from __future__ import annotations

from typing import Any

import numpy as np

from firth.kernels.blocks import UNUSED, Parts, Plan, Stretch, ask_for
from firth.kernels.compiler import compiled
from firth.kernels.randomness import draw, high_half, scale

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]


@compiled
def window_of(stretch: Stretch, centre: int, plan: Plan) -> int:
    """The largest distance of a centre's context words."""
    if plan.shrink == 1:
        return 1 + scale(high_half(draw(plan.window_key, stretch.positions[centre])), plan.window)
    return plan.window


@compiled
def reach_of(stretch: Stretch, centre: int, direction: int, window: int) -> int:
    """How many context words a centre has before it (direction -1) or after it (1), within a window."""
    sentence = stretch.sentences[centre]
    for distance in range(1, window + 1):
        context = centre + direction * distance
        if not 0 <= context < stretch.tokens.shape[0] or stretch.sentences[context] != sentence:
            return distance - 1
    return window


@compiled
def find_windows(
    stretch: Stretch, first: int, last: int, plan: Plan, reach: Int32, input_words: Int32, inputs: Float32,
    parts: Parts | None,
) -> tuple[int, int]:  # fmt: skip
    """Note how many context words each centre has before it, and after it; and which words these are.

    Returns how many tokens there are from the first context word to the last, and how many of these stand before the
    first centre. `input_words` gets the word of each, or unused if it is no context word. Rows of `inputs` are asked
    for as they are found.
    """
    before, after = 0, 1
    for i in range(last - first):
        window = window_of(stretch, first + i, plan)
        reach[i, 0] = reach_of(stretch, first + i, -1, window * plan.before)
        reach[i, 1] = reach_of(stretch, first + i, 1, window * plan.after)
        before = max(before, reach[i, 0] - i)
        after = max(after, i + reach[i, 1] + 1)
    tokens = before + after
    for row in range(tokens):
        input_words[row] = UNUSED
    for i in range(last - first):
        for row in range(before + i - reach[i, 0], before + i + reach[i, 1] + 1):
            if row != before + i and input_words[row] == UNUSED:
                input_words[row] = stretch.tokens[first - before + row]
                ask_for(inputs, input_words[row], parts)
    return tokens, before
