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
) -> None:  # fmt: skip
    """Note how many context words each centre has before it, and after it; and which words these are.

    Entry p of `input_words` is for the token first - window + p: its word, or unused if it is no centre's context. Rows
    of `inputs` are asked for as they are found.
    """
    for p in range(input_words.shape[0]):
        input_words[p] = UNUSED
    for i in range(last - first):
        centre = first + i
        window = window_of(stretch, centre, plan)
        reach[i, 0] = reach_of(stretch, centre, -1, window * plan.before)
        reach[i, 1] = reach_of(stretch, centre, 1, window * plan.after)
        for context in range(centre - reach[i, 0], centre + reach[i, 1] + 1):
            p = context - first + plan.window
            if context != centre and input_words[p] == UNUSED:
                input_words[p] = stretch.tokens[context]
                ask_for(inputs, input_words[p], parts)
