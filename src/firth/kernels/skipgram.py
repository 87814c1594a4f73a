"""Skip-gram and CBOW with negative sampling, in rounds (see `docs/rounds.md`).

An epoch's tokens are thinned by `keep_tokens`. Blocks of consecutive kept tokens are the centres;
`compute_block` finds the changes one block asks for, from a snapshot of the parameters (`compute_cbow_block` for CBOW),
and `add_share` adds those of a whole round, row by row in block order. `train_rounds` is what each thread runs.

The direction is word2vec.c's: the input vector of a context word, or of all of them together, predicts the centre's
output vector.
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
from firth.kernels.rows import add_row, dot
from firth.kernels.synchrony import read_counter, take_if, take_ticket, wait_until

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Float64 = np.ndarray[Any, np.dtype[np.float64]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]
UInt16 = np.ndarray[Any, np.dtype[np.uint16]]
UInt32 = np.ndarray[Any, np.dtype[np.uint32]]

UNUSED = -1
NOISE_ROWS = 16
"""Where a block's noise words begin among its output rows, for CBOW; there are as many."""
SPREAD = 8
"""Counters lie so far apart that no two share a cache line."""
TICKETS, BLOCKS_DONE, SHARES_DONE, SHARES = (SPREAD * i for i in range(4))
"""Blocks claimed in a stretch, and done; shares done; from there on, for each share, the rounds it was claimed in."""
ROWS_AHEAD = 8
"""Rows that are on their way from memory while changes are added to one."""


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


class Hidden(NamedTuple):
    """One thread's working space for CBOW, the layer between the context words and the centre."""

    H: Float32  # (B, width) what a centre's context words are together
    Z: Float32  # (B + K, width) centres' and noise words' output vectors
    HZ: Float32  # H and Z in one array
    G: Float32  # (B, width) the gradient by H
    S: Float32  # (B, K) scores of noise words, then gradients
    reach: Int32  # (B, 2) how many context words stand before the centre, and after it
    mean: int  # 1 for the mean of the context words, 0 for their sum
    exact: int  # 0 if each context word gets the gradient of the mean, as word2vec.c has it


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
def reach_of(stretch: Stretch, centre: int, direction: int, plan: Plan) -> int:
    """How many context words a centre has before it (direction -1) or after it (1)."""
    reach = plan.window
    if plan.shrink == 1:
        reach = 1 + scale(high_half(draw(plan.window_key, stretch.positions[centre])), plan.window)
    reach *= plan.before if direction < 0 else plan.after
    sentence = stretch.sentences[centre]
    for distance in range(1, reach + 1):
        context = centre + direction * distance
        if not 0 <= context < stretch.tokens.shape[0] or stretch.sentences[context] != sentence:
            return distance - 1
    return reach


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
        for direction in (-1, 1):
            for distance in range(1, reach_of(stretch, centre, direction, plan) + 1):
                context = centre + direction * distance
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
    """Make this thread the owner of these words' rows; if another claims them too, either may win."""
    for i in range(count):
        if words[i] != UNUSED:
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
    if (stretch.first_block + (first - stretch.first) // B) % plan.loss_blocks == 0:
        changes.loss[block] = measure_loss(used, plan, scratch)
        changes.pairs[block] = scratch.row_pairs[:used].sum()

    scores_to_gradients(used, plan, np.float32(rate), scratch)
    inputs, outputs = scratch.X.shape[0], scratch.Z.shape[0]
    weigh(scratch.S, used, scratch.Z, changes.input_rows[block * inputs : (block + 1) * inputs])
    weigh_transposed(scratch.S, used, scratch.X, changes.output_rows[block * outputs : (block + 1) * outputs])


@compiled
def find_contexts(
    stretch: Stretch, first: int, last: int, plan: Plan, scratch: Scratch, hidden: Hidden, input_words: Int32
) -> int:
    """Note how far each centre's context reaches; return the number T of context tokens, with a row each."""
    base = first - plan.window
    for i in range(scratch.slot.shape[0]):
        scratch.slot[i] = UNUSED
    used = 0
    for centre in range(first, last):
        before, after = reach_of(stretch, centre, -1, plan), reach_of(stretch, centre, 1, plan)
        hidden.reach[centre - first, 0] = before
        hidden.reach[centre - first, 1] = after
        for context in range(centre - before, centre + after + 1):
            if context != centre and scratch.slot[context - base] == UNUSED:
                scratch.slot[context - base] = used
                input_words[used] = stretch.tokens[context]
                used += 1
    return used


@compiled
def gather_contexts(first: int, last: int, plan: Plan, scratch: Scratch, hidden: Hidden) -> None:
    """H[i] = the mean, or the sum, of the rows of X that centre i has as context."""
    for i in range(last - first):
        before, after = hidden.reach[i, 0], hidden.reach[i, 1]
        share = np.float32(1 / max(before + after, 1)) if hidden.mean == 1 else np.float32(1)
        for column in range(hidden.H.shape[1]):
            hidden.H[i, column] = 0
        for token in range(i - before, i + after + 1):
            if token != i:
                add_row(hidden.H, i, share, scratch.X, scratch.slot[token + plan.window])


@compiled
def scatter_gradients(
    first: int, last: int, plan: Plan, scratch: Scratch, hidden: Hidden, input_rows: Float32, row: int
) -> None:
    """Add to each context word's change, from `row` on in `input_rows`, what its centres' gradients ask for."""
    for i in range(last - first):
        before, after = hidden.reach[i, 0], hidden.reach[i, 1]
        share = np.float32(1)
        if hidden.mean == 1 and hidden.exact == 1:
            share = np.float32(1 / max(before + after, 1))
        for token in range(i - before, i + after + 1):
            if token != i:
                add_row(input_rows, row + scratch.slot[token + plan.window], share, hidden.G, i)


@compiled
def compute_cbow_block(
    stretch: Stretch,
    first: int,
    block: int,
    rate: float,
    plan: Plan,
    parameters: Parameters,
    noise: Noise,
    scratch: Scratch,
    hidden: Hidden,
    changes: Changes,
    thread: int,
) -> None:
    """As `compute_block`, for CBOW. A centre's own score is one product; those of the noise words are a matrix."""
    B, K = plan.block_centres, plan.noise_words
    last = min(first + B, stretch.last)
    centres = last - first
    input_words = changes.input_words[block]
    output_words = changes.output_words[block]
    inputs, outputs = scratch.X.shape[0], hidden.Z.shape[0]
    rows, columns = block * inputs, block * outputs
    noise_rows = hidden.Z[NOISE_ROWS : NOISE_ROWS + K]
    weight = np.float32(plan.noise_weight)
    step = np.float32(rate)

    used = find_contexts(stretch, first, last, plan, scratch, hidden, input_words)
    changes.input_count[block] = used
    for i in range(outputs):
        output_words[i] = UNUSED
    for i in range(centres):
        if hidden.reach[i, 0] + hidden.reach[i, 1] > 0:
            output_words[i] = stretch.tokens[first + i]
            prefetch_row(parameters.outputs, output_words[i])
    counter = stretch.positions[first] * K
    for n in range(K):
        output_words[NOISE_ROWS + n] = draw_noise_word(noise, plan.noise_key, counter + n)
        prefetch_row(parameters.outputs, output_words[NOISE_ROWS + n])
    claim(changes.input_owner, input_words, used, thread)
    claim(changes.output_owner, output_words, outputs, thread)

    copy_rows(parameters.inputs, input_words, used, scratch.X)
    copy_rows(parameters.outputs, output_words, outputs, hidden.Z)
    gather_contexts(first, last, plan, scratch, hidden)
    score(hidden.H, centres, noise_rows, hidden.S)

    measured = (stretch.first_block + (first - stretch.first) // B) % plan.loss_blocks == 0
    loss = 0.0
    pairs = 0
    for i in range(outputs):
        for column in range(hidden.Z.shape[1]):
            changes.output_rows[columns + i, column] = 0
    for i in range(centres):
        word = output_words[i]
        if measured and word != UNUSED:
            pairs += 1
            for n in range(K):
                if output_words[NOISE_ROWS + n] != word:
                    loss += plan.noise_weight * softplus(np.float64(hidden.S[i, n]))
        for n in range(K):
            of_noise = weight if word != UNUSED and output_words[NOISE_ROWS + n] != word else np.float32(0)
            hidden.S[i, n] = -step * of_noise * logistic(hidden.S[i, n])
    for i in range(centres, hidden.S.shape[0]):
        for n in range(K):
            hidden.S[i, n] = 0
    weigh(hidden.S, centres, noise_rows, hidden.G)
    weigh_transposed(
        hidden.S, centres, hidden.H, changes.output_rows[columns + NOISE_ROWS : columns + NOISE_ROWS + K]
    )
    for i in range(centres):
        if output_words[i] != UNUSED:
            own = np.float32(dot(hidden.HZ, i, hidden.H.shape[0] + i))
            if measured:
                loss += softplus(-np.float64(own))
            gradient = step * logistic(-own)
            add_row(changes.output_rows, columns + i, gradient, hidden.H, i)
            add_row(hidden.G, i, gradient, hidden.Z, i)
    for i in range(used):
        for column in range(scratch.X.shape[1]):
            changes.input_rows[rows + i, column] = 0
    scatter_gradients(first, last, plan, scratch, hidden, changes.input_rows, rows)
    changes.loss[block] = loss
    changes.pairs[block] = pairs


@compiled
def add_rows(
    words: Int32,
    count: Int32,
    rows: Float32,
    blocks: int,
    owner: UInt16,
    parameters: Float32,
    thread: int,
    mine: Int32,
) -> None:
    """Add the changes of the rows that this thread owns, each row in block order. `mine` is room to list them."""
    rows_per_block = rows.shape[0] // words.shape[0]
    found = 0
    for block in range(blocks):
        for i in range(count[block]):
            word = words[block, i]
            mine[found, 0] = word
            mine[found, 1] = block * rows_per_block + i
            found += int(word != UNUSED and owner[word] == thread)
    for place in range(found):
        ahead = min(place + ROWS_AHEAD, found - 1)
        prefetch_row(parameters, mine[ahead, 0])
        prefetch_row(rows, mine[ahead, 1])
        word, row = mine[place, 0], mine[place, 1]
        for column in range(parameters.shape[1]):
            parameters[word, column] += rows[row, column]


@compiled
def add_share(
    share: int, blocks: int, totals: Float64, parameters: Parameters, scratch: Scratch, changes: Changes
) -> None:
    """Add the changes of the rows that one thread, the share's, owns; with the first share, the round's loss."""
    if share == 0:
        for block in range(blocks):
            totals[0] += changes.loss[block]
            totals[1] += changes.pairs[block]
    add_rows(
        changes.input_words, changes.input_count, changes.input_rows, blocks,
        changes.input_owner, parameters.inputs, share, scratch.mine,
    )  # fmt: skip
    add_rows(
        changes.output_words, changes.output_count, changes.output_rows, blocks,
        changes.output_owner, parameters.outputs, share, scratch.mine,
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
    noise: Noise,
    scratch: Scratch,
    hidden: Hidden | None,
    changes: Changes,
) -> None:
    """Train on a stretch. Every thread calls this with the same arrays, save `thread`, `scratch` and `hidden`, which is None for
    skip-gram.

    A round has two phases. Its blocks are computed from the parameters as they are, each by who claims it; when all are
    done, the changes are added, in shares: a thread claims its own first, and then those of threads that are away.
    `counters`, which are zero at the start, only grow, so that who comes back late claims nothing of a round that is
    over. `totals` gets the loss, and the number of pairs it is summed over.
    """
    size = plan.block_centres * plan.round_blocks
    block_end = 0
    for number, round_first in enumerate(range(stretch.first, stretch.last, size)):
        centres = min(size, stretch.last - round_first)
        blocks = (centres + plan.block_centres - 1) // plan.block_centres
        block_first, block_end = block_end, block_end + blocks
        rate = learning_rate(plan, stretch.positions[round_first])
        ticket = read_counter(counters, TICKETS)
        while ticket < block_end:
            if take_if(counters, TICKETS, ticket):
                block = ticket - block_first
                first = round_first + block * plan.block_centres
                if hidden is None:
                    compute_block(stretch, first, block, rate, plan, parameters, noise, scratch, changes, thread)
                else:
                    compute_cbow_block(
                        stretch, first, block, rate, plan, parameters, noise, scratch, hidden, changes, thread
                    )
                take_ticket(counters, BLOCKS_DONE)
            ticket = read_counter(counters, TICKETS)
        wait_until(counters, BLOCKS_DONE, block_end)
        for other in range(threads):
            share = (thread + other) % threads
            if take_if(counters, SHARES + SPREAD * share, number):
                add_share(share, blocks, totals, parameters, scratch, changes)
                take_ticket(counters, SHARES_DONE)
        wait_until(counters, SHARES_DONE, (number + 1) * threads)
