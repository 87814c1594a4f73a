"""Skip-gram with negative sampling, a block of centres at a time (see `docs/rounds.md`).

An epoch's tokens are thinned by `keep_tokens`. Blocks of consecutive kept tokens are the centres; `compute_block` finds
the changes one block asks for, from a snapshot of the parameters. What blocks are made of, and ask for, is here too.

The direction is word2vec.c's: the input vector of a context word predicts the centre's output vector.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from firth.kernels.compiler import compiled
from firth.kernels.noise import Noise, draw_noise_word
from firth.kernels.prefetch import prefetch_row
from firth.kernels.products import TILE_ROWS, score, weigh, weigh_transposed
from firth.kernels.randomness import draw, high_half, scale

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Float64 = np.ndarray[Any, np.dtype[np.float64]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]
UInt16 = np.ndarray[Any, np.dtype[np.uint16]]
UInt32 = np.ndarray[Any, np.dtype[np.uint32]]

UNUSED = -1
FROZEN = 0xFFFF
"""The owner of a row that nobody changes."""


class Stretch(NamedTuple):
    """A stretch of an epoch's kept tokens: those in [first, last) are centres, their neighbors are around."""

    tokens: Int32  # word ids
    sentences: Int32  # a number that changes from sentence to sentence
    positions: Int64  # where the token stands in the corpus
    first: int
    last: int
    first_block: int  # the number of the first centre's block in this epoch


class Parameters(NamedTuple):
    """The two vectors of every word: (V, width) float32, zero in the columns past the vector size."""

    inputs: Float32
    outputs: Float32


class Plan(NamedTuple):
    """What stays the same through an epoch."""

    block_centres: int  # B
    noise_words: int  # K, drawn for a block and shared by its pairs
    round_blocks: int  # R
    window: int
    shrink: int  # 1 if each centre draws its own window, up to that one
    before: int  # 1 if words before the centre are context words
    after: int
    noise_weight: float  # k/K, the weight of each noise word in each pair
    rate_first: float  # the learning rate where the epoch begins, and how it changes per token
    rate_slope: float
    rate_least: float
    loss_blocks: int  # the loss is measured on one block in so many
    window_key: np.uint64
    noise_key: np.uint64


class Changes(NamedTuple):
    """What the blocks of a round ask for: words (R, rows), changes (R · rows, width), the rows of a block together."""

    input_words: Int32
    input_rows: Float32
    output_words: Int32
    output_rows: Float32
    input_count: Int32  # (R,) input rows in use
    output_count: Int32  # (R,) output rows, all of them
    input_owner: UInt16  # (V,) the thread that adds all changes of a row: any of those that found one
    output_owner: UInt16
    loss: Float64  # (R,) sum over the block's pairs, where it is measured
    pairs: Int64  # (R,) pairs that the loss is summed over


class Scratch(NamedTuple):
    """One thread's working space."""

    X: Float32  # (T, width) context words' input vectors
    Z: Float32  # (B + K, width) centres' and noise words' output vectors
    S: Float32  # (T, B + K) scores, then gradients
    W: Float32  # (T, B + K) weights
    scores: Float32  # S and W row after row
    weights: Float32
    slot: Int32  # (B + 2·window,) the row of X of each token around the block
    row_pairs: Int32  # (T,) pairs of each row of X
    mine: Int32  # (R · rows + 1, 2) room to list the rows of a round: word and row of the changes


# 1/(1+exp(-x)) = 1/2 + x·P(x²)/Q(x²) on [-16, 16], fitted for the least greatest error: 3e-7 in float32.
_HALF, _LIMIT = np.float32(0.5), np.float32(16)
_P0, _P1 = np.float32(0.2499998405168109), np.float32(0.008071024839336532)
_P2, _P3 = np.float32(4.591915838525097e-05), np.float32(4.4180501393527405e-08)
_Q1, _Q2 = np.float32(0.11561684620183083), np.float32(0.0014852387796183825)
_Q3, _Q4 = np.float32(3.7035665291461822e-06), np.float32(9.468112016972654e-10)
_ONE = np.float32(1)


@compiled
def logistic(x: np.float32) -> np.float32:
    """1 / (1 + exp(-x)) to within 3e-7, without a branch or a table, so that loops over it vectorise."""
    x = min(max(x, -_LIMIT), _LIMIT)
    s = x * x
    p = ((_P3 * s + _P2) * s + _P1) * s + _P0
    q = (((_Q4 * s + _Q3) * s + _Q2) * s + _Q1) * s + _ONE
    return np.float32(_HALF + x * (p / q))


@compiled
def softplus(x: float) -> float:
    """log(1 + exp(x)) in double precision, without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@compiled
def keep_tokens(
    tokens: Int32,
    sentence_starts: Int64,
    position: int,
    sentence: int,
    keep: UInt32,
    key: np.uint64,
    kept_tokens: Int32,
    kept_sentences: Int32,
    kept_positions: Int64,
    filled: int,
) -> tuple[int, int, int]:
    """Append the kept tokens from `position` on, until the buffers are full or the corpus ends.

    Token p of word w is kept if its random 32 bits are at most `keep[w]`; words of no entry in `keep` (those
    outside the vocabulary) never are. Returns the position, the sentence and the fill level reached.
    """
    while position < tokens.shape[0] and filled < kept_tokens.shape[0]:
        while position >= sentence_starts[sentence + 1]:
            sentence += 1
        word = tokens[position]
        known = word < keep.shape[0]
        kept_tokens[filled] = word  # written always, counted if kept: no branch to mispredict
        kept_sentences[filled] = sentence & 0x7FFFFFFF
        kept_positions[filled] = position
        filled += int(known & (high_half(draw(key, position)) <= keep[word if known else 0]))
        position += 1
    return position, sentence, filled


@compiled
def window_of(stretch: Stretch, centre: int, plan: Plan) -> int:
    """The largest distance of a centre's context words."""
    if plan.shrink == 1:
        return 1 + scale(high_half(draw(plan.window_key, stretch.positions[centre])), plan.window)
    return plan.window


@compiled
def find_pairs(
    stretch: Stretch, first: int, last: int, plan: Plan, scratch: Scratch, input_words: Int32, inputs: Float32
) -> int:
    """Weigh each (context, centre) pair of the block 1 in `scratch.W`; return the number T of context tokens.

    Their rows of `inputs` are asked for as they are found.
    """
    base = first - plan.window
    for i in range(scratch.slot.shape[0]):
        scratch.slot[i] = UNUSED
    used = 0
    for centre in range(first, last):
        window = window_of(stretch, centre, plan)
        sentence = stretch.sentences[centre]
        for direction in (-1, 1):
            for distance in range(1, window * (plan.before if direction < 0 else plan.after) + 1):
                context = centre + direction * distance
                if not 0 <= context < stretch.tokens.shape[0] or stretch.sentences[context] != sentence:
                    break
                row = scratch.slot[context - base]
                if row == UNUSED:
                    row = used
                    used += 1
                    scratch.slot[context - base] = row
                    scratch.row_pairs[row] = 0
                    for z in range(scratch.W.shape[1]):
                        scratch.W[row, z] = 0
                    input_words[row] = stretch.tokens[context]
                    prefetch_row(inputs, input_words[row])
                scratch.row_pairs[row] += 1
                scratch.W[row, centre - first] = 1
    return used


@compiled
def weigh_noise(used: int, centres: int, plan: Plan, scratch: Scratch, output_words: Int32) -> None:
    """Weigh noise word n in row t by -k/K for each pair of t, save the pairs whose centre is that very word."""
    B = plan.block_centres
    weight = np.float32(plan.noise_weight)
    for row in range(used):
        of_row = -weight * np.float32(scratch.row_pairs[row])
        for n in range(B, B + plan.noise_words):
            scratch.W[row, n] = of_row
    for n in range(B, B + plan.noise_words):
        for centre in range(centres):
            if output_words[n] == output_words[centre]:
                for row in range(used):
                    scratch.W[row, n] += weight * scratch.W[row, centre]


@compiled
def claim(owner: UInt16, words: Int32, count: int, thread: int) -> None:
    """Make this thread the owner of these words' rows; if another claims them too, either may win. None owns a row
    that is frozen.
    """
    for i in range(count):
        if words[i] != UNUSED and owner[words[i]] != FROZEN:
            owner[words[i]] = thread


@compiled
def copy_rows(parameters: Float32, words: Int32, count: int, rows: Float32) -> None:
    """rows[i] = parameters[words[i]], or zero for an unused word."""
    for i in range(count):
        word = words[i]
        if word == UNUSED:
            for column in range(rows.shape[1]):
                rows[i, column] = 0
        else:
            for column in range(rows.shape[1]):
                rows[i, column] = parameters[word, column]


@compiled
def scores_to_gradients(used: int, plan: Plan, rate: np.float32, scratch: Scratch) -> None:
    """Replace the scores S by learning rate × weight × (1 - σ) for pairs and × σ for noise words."""
    S, W = scratch.scores, scratch.weights
    size = used * scratch.S.shape[1]
    for i in range(size):
        score_of_error = S[i] if W[i] < 0 else -S[i]
        S[i] = rate * W[i] * logistic(score_of_error)
    for i in range(size, min(size + TILE_ROWS * scratch.S.shape[1], S.shape[0])):
        S[i] = 0


@compiled
def measure_loss(used: int, plan: Plan, scratch: Scratch) -> float:
    """-log σ(score) summed over the pairs, plus -log σ(-score) of their noise words by weight."""
    loss = 0.0
    for row in range(used):
        for z in range(scratch.S.shape[1]):
            weight = scratch.W[row, z]
            if weight > 0:
                loss += weight * softplus(-np.float64(scratch.S[row, z]))
            elif weight < 0:
                loss -= weight * softplus(np.float64(scratch.S[row, z]))
    return loss


@compiled
def learning_rate(plan: Plan, position: int) -> float:
    """The learning rate at a position of this epoch."""
    return max(plan.rate_first + plan.rate_slope * position, plan.rate_least)


@compiled
def is_measured(stretch: Stretch, first: int, plan: Plan) -> bool:
    """Whether the loss of the block of centres from `first` on is to be measured."""
    block = stretch.first_block + (first - stretch.first) // plan.block_centres
    return block % plan.loss_blocks == 0


@compiled
def compute_block(
    stretch: Stretch,
    first: int,
    block: int,
    rate: float,
    plan: Plan,
    parameters: Parameters,
    noise: Noise,
    scratch: Scratch,
    changes: Changes,
    thread: int,
) -> None:
    """The changes of the block of centres from `first` on, written to slot `block` of the round."""
    B = plan.block_centres
    centres = min(B, stretch.last - first)
    input_words = changes.input_words[block]
    output_words = changes.output_words[block]

    used = find_pairs(stretch, first, first + centres, plan, scratch, input_words, parameters.inputs)
    changes.input_count[block] = used
    for i in range(B):
        output_words[i] = stretch.tokens[first + i] if i < centres else UNUSED
        prefetch_row(parameters.outputs, max(output_words[i], 0))
    counter = stretch.positions[first] * plan.noise_words
    for n in range(plan.noise_words):
        output_words[B + n] = draw_noise_word(noise, plan.noise_key, counter + n)
        prefetch_row(parameters.outputs, output_words[B + n])
    weigh_noise(used, centres, plan, scratch, output_words)
    claim(changes.input_owner, input_words, used, thread)
    claim(changes.output_owner, output_words, B + plan.noise_words, thread)

    copy_rows(parameters.inputs, input_words, used, scratch.X)
    copy_rows(parameters.outputs, output_words, B + plan.noise_words, scratch.Z)
    score(scratch.X, used, scratch.Z, scratch.S)

    changes.loss[block] = 0.0
    changes.pairs[block] = 0
    if is_measured(stretch, first, plan):
        changes.loss[block] = measure_loss(used, plan, scratch)
        changes.pairs[block] = scratch.row_pairs[:used].sum()

    scores_to_gradients(used, plan, np.float32(rate), scratch)
    inputs, outputs = scratch.X.shape[0], scratch.Z.shape[0]
    weigh(scratch.S, used, scratch.Z, changes.input_rows[block * inputs : (block + 1) * inputs])
    weigh_transposed(scratch.S, used, scratch.X, changes.output_rows[block * outputs : (block + 1) * outputs])
