"""Skip-gram with negative sampling, a block of centres at a time (see `docs/rounds.md`).

The direction is word2vec.c's: the input vector of a context word predicts the centre's output vector. All context words
of a block are scored against all its centres and noise words, in one product of matrices, and weighted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from firth.kernels.blocks import (
    UNUSED,
    Changes,
    Parameters,
    Parts,
    Plan,
    Scratch,
    Stretch,
    ask_for,
    claim,
    claim_inputs,
    copy_inputs,
    copy_rows,
    is_measured,
    logistic,
    softplus,
)
from firth.kernels.compiler import compiled
from firth.kernels.contexts import window_of
from firth.kernels.noise import Noise, draw_noise_word
from firth.kernels.prefetch import prefetch_row
from firth.kernels.products import TILE_ROWS, score, weigh, weigh_transposed

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]


class Pairs(NamedTuple):
    """One thread's working space for skip-gram with noise words."""

    Z: Float32  # (B + K, width) centres' and noise words' output vectors
    S: Float32  # (T, B + K) scores, then gradients
    W: Float32  # (T, B + K) weights
    scores: Float32  # S and W row after row
    weights: Float32
    slot: Int32  # (B + 2·window,) the row of X of each token around the block
    row_weights: Float32  # (T,) what the pairs of each row of X weigh together


@compiled
def find_pairs(
    stretch: Stretch, first: int, last: int, plan: Plan, pairs: Pairs, input_words: Int32, inputs: Float32,
    parts: Parts | None,
) -> int:  # fmt: skip
    """Weigh each (context, centre) pair of the block in `pairs.W`; return the number T of context tokens.

    Their rows of `inputs` are asked for as they are found.
    """
    base = first - plan.window
    for i in range(pairs.slot.shape[0]):
        pairs.slot[i] = UNUSED
    used = 0
    for centre in range(first, last):
        window = window_of(stretch, centre, plan)
        sentence = stretch.sentences[centre]
        for direction in (-1, 1):
            for distance in range(1, window * (plan.before if direction < 0 else plan.after) + 1):
                context = centre + direction * distance
                if not 0 <= context < stretch.tokens.shape[0] or stretch.sentences[context] != sentence:
                    break
                row = pairs.slot[context - base]
                if row == UNUSED:
                    row = used
                    used += 1
                    pairs.slot[context - base] = row
                    pairs.row_weights[row] = 0
                    for z in range(pairs.W.shape[1]):
                        pairs.W[row, z] = 0
                    input_words[row] = stretch.tokens[context]
                    ask_for(inputs, input_words[row], parts)
                pairs.row_weights[row] += plan.distance_weights[distance - 1]
                pairs.W[row, centre - first] = plan.distance_weights[distance - 1]
    return used


@compiled
def weigh_noise(used: int, centres: int, plan: Plan, pairs: Pairs, output_words: Int32) -> None:
    """Weigh noise word n in row t by -k/K for each pair of t, save the pairs whose centre is that very word."""
    B = plan.block_centres
    weight = np.float32(plan.noise_weight)
    for row in range(used):
        of_row = -weight * pairs.row_weights[row]
        for n in range(B, B + plan.noise_words):
            pairs.W[row, n] = of_row
    for n in range(B, B + plan.noise_words):
        for centre in range(centres):
            if output_words[n] == output_words[centre]:
                for row in range(used):
                    pairs.W[row, n] += weight * pairs.W[row, centre]


@compiled
def scores_to_gradients(used: int, plan: Plan, rate: np.float32, pairs: Pairs) -> None:
    """Replace the scores S by learning rate × weight × (1 - σ) for pairs and × σ for noise words."""
    S, W = pairs.scores, pairs.weights
    size = used * pairs.S.shape[1]
    for i in range(size):
        score_of_error = S[i] if W[i] < 0 else -S[i]
        S[i] = rate * W[i] * logistic(score_of_error)
    for i in range(size, min(size + TILE_ROWS * pairs.S.shape[1], S.shape[0])):
        S[i] = 0


@compiled
def measure_loss(used: int, plan: Plan, pairs: Pairs) -> float:
    """-log σ(score) summed over the pairs, plus -log σ(-score) of their noise words by weight."""
    loss = 0.0
    for row in range(used):
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
    plan: Plan,
    parameters: Parameters,
    parts: Parts | None,
    noise: Noise,
    scratch: Scratch,
    pairs: Pairs,
    changes: Changes,
    thread: int,
) -> None:
    """The changes of the block of centres from `first` on, written to slot `block` of the round."""
    B = plan.block_centres
    centres = min(B, stretch.last - first)
    input_words = changes.input_words[block]
    output_words = changes.output_words[block]

    used = find_pairs(stretch, first, first + centres, plan, pairs, input_words, parameters.inputs, parts)
    changes.input_count[block] = used
    for i in range(B):
        output_words[i] = stretch.tokens[first + i] if i < centres else UNUSED
        prefetch_row(parameters.outputs, max(output_words[i], 0))
    counter = stretch.positions[first] * plan.noise_words
    for n in range(plan.noise_words):
        output_words[B + n] = draw_noise_word(noise, plan.noise_key, counter + n)
        prefetch_row(parameters.outputs, output_words[B + n])
    weigh_noise(used, centres, plan, pairs, output_words)
    claim_inputs(changes.input_owner, input_words, used, thread, parts)
    claim(changes.output_owner, output_words, B + plan.noise_words, thread)

    copy_inputs(parameters.inputs, input_words, used, scratch.X, parts)
    copy_rows(parameters.outputs, output_words, B + plan.noise_words, pairs.Z)
    score(scratch.X, used, pairs.Z, pairs.S)

    changes.loss[block] = 0.0
    changes.pairs[block] = 0
    if is_measured(stretch, first, plan):
        changes.loss[block] = measure_loss(used, plan, pairs)
        changes.pairs[block] = np.float64(pairs.row_weights[:used].sum())

    scores_to_gradients(used, plan, np.float32(rate), pairs)
    inputs, outputs = scratch.X.shape[0], pairs.Z.shape[0]
    weigh(pairs.S, used, pairs.Z, changes.input_rows[block * inputs : (block + 1) * inputs])
    weigh_transposed(pairs.S, used, scratch.X, changes.output_rows[block * outputs : (block + 1) * outputs])
