"""Skip-gram with negative sampling, a block of centres at a time (see `docs/rounds.md`).

The direction is word2vec.c's: the input vector of a context word predicts the centre's output vector. The context words
of a block are scored against its centres and noise words in one product of matrices, and weighted. Context words and
centres are in the order of the text: what is no pair of them is left out of the product, tile by tile.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from firth.kernels.ahead import Ahead, ask_for_outputs, draw_ahead, expect, is_expected, take_noise_words
from firth.kernels.blocks import (
    UNUSED,
    Changes,
    Parameters,
    Parts,
    Plan,
    Scratch,
    Stretch,
    copy_inputs,
    copy_rows,
    logistic,
    mark_inputs,
    mark_rows,
    softplus,
)
from firth.kernels.compiler import compiled
from firth.kernels.contexts import find_windows, weigh_windows
from firth.kernels.noise import Noise
from firth.kernels.products import TILE_ROWS, score_bands, weigh_bands, weigh_transposed_bands

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]


class Pairs(NamedTuple):
    """One thread's working space for skip-gram with noise words."""

    Z: Float32  # (B + K, width) centres' and noise words' output vectors
    S: Float32  # (T, B + K) scores, then gradients
    W: Float32  # (T, B + K) weights: those of the windows, then of the noise words
    scores: Float32  # S and W row after row
    weights: Float32


@compiled
def weigh_noise(
    tokens: int, centres: int, plan: Plan, token_weights: Float32, pairs: Pairs, output_words: Int32
) -> None:
    """Weigh noise word n in row t by -k/K for each pair of t, save the pairs whose centre is that very word."""
    B = plan.block_centres
    weight = np.float32(plan.noise_weight)
    for row in range(tokens):
        of_row = -weight * token_weights[row]
        for n in range(B, B + plan.noise_words):
            pairs.W[row, n] = of_row
    for n in range(B, B + plan.noise_words):
        same = 0
        for centre in range(centres):
            same += int(output_words[n] == output_words[centre])
        if same == 0:
            continue
        for centre in range(centres):
            if output_words[n] == output_words[centre]:
                for row in range(tokens):
                    pairs.W[row, n] += weight * pairs.W[row, centre]


@compiled
def scores_to_gradients(tokens: int, rate: np.float32, pairs: Pairs) -> None:
    """Replace the scores S by learning rate × weight × (1 - σ) for pairs and × σ for noise words."""
    S, W = pairs.scores, pairs.weights
    size = tokens * pairs.S.shape[1]
    for i in range(size):
        score_of_error = S[i] if W[i] < 0 else -S[i]
        S[i] = rate * W[i] * logistic(score_of_error)
    for i in range(size, min(size + TILE_ROWS * pairs.S.shape[1], S.shape[0])):
        S[i] = 0


@compiled
def measure_loss(tokens: int, pairs: Pairs) -> float:
    """-log σ(score) summed over the pairs, plus -log σ(-score) of their noise words by weight."""
    loss = 0.0
    for row in range(tokens):
        for z in range(pairs.S.shape[1]):
            weight = pairs.W[row, z]
            if weight > 0:
                loss += weight * softplus(-np.float64(pairs.S[row, z]))
            elif weight < 0:
                loss -= weight * softplus(np.float64(pairs.S[row, z]))
    return loss


@compiled
def compute_block(
    stretch: Stretch,
    first: int,
    block: int,
    rate: float,
    measured: bool,
    plan: Plan,
    parameters: Parameters,
    parts: Parts | None,
    noise: Noise,
    scratch: Scratch,
    pairs: Pairs,
    changes: Changes,
    thread: int,
    next_first: int,
    ahead: Ahead,
) -> None:
    """The changes of the block of centres from `first` on, written to slot `block` of the round. That from `next_first`
    on is expected to be this thread's next.
    """
    B = plan.block_centres
    centres = min(B, stretch.last - first)
    input_words, output_words = changes.input_words[block], changes.output_words[block]
    inputs, outputs = scratch.X.shape[0], pairs.Z.shape[0]
    input_rows = changes.input_rows[block * inputs : (block + 1) * inputs]
    output_rows = changes.output_rows[block * outputs : (block + 1) * outputs]

    asks = not is_expected(first, ahead)
    tokens, before = find_windows(
        stretch, first, first + centres, plan, scratch.windows, input_words, parameters.inputs, parts, asks
    )
    changes.input_count[block] = tokens
    for i in range(B):
        output_words[i] = stretch.tokens[first + i] if i < centres else UNUSED
    take_noise_words(first, stretch, plan, noise, ahead, output_words[B:])
    if asks:
        ask_for_outputs(output_words, ahead)
    expect(next_first, first, stretch, plan, noise, ahead)
    windows = scratch.windows
    weigh_windows(centres, tokens, before, windows)
    for tile in range(B // TILE_ROWS, windows.tokens_of.shape[0]):  # noise words are paired with all
        windows.tokens_of[tile, 0], windows.tokens_of[tile, 1] = 0, tokens
    weigh_noise(tokens, centres, plan, windows.token_weights, pairs, output_words)
    mark_inputs(changes.input_marks, input_words, tokens, thread, parts)
    mark_rows(changes.output_marks, output_words, outputs, thread)

    copy_inputs(parameters.inputs, input_words, tokens, scratch.X, parts)
    copy_rows(parameters.outputs, output_words, outputs, pairs.Z)
    draw_ahead(stretch, plan, noise, ahead)
    score_bands(scratch.X, pairs.Z, windows.tokens_of, pairs.S, ahead)

    changes.loss[block] = 0.0
    changes.pairs[block] = 0
    if measured:
        changes.loss[block] = measure_loss(tokens, pairs)
        changes.pairs[block] = np.float64(windows.token_weights[:tokens].sum())

    scores_to_gradients(tokens, np.float32(rate), pairs)
    weigh_bands(pairs.S, tokens, windows.centres_of, B, pairs.Z, input_rows, ahead)
    weigh_transposed_bands(pairs.S, scratch.X, windows.tokens_of, output_rows, ahead)
