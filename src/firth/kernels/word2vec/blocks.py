"""What training in blocks is made of: chunks of tokens, the plan of an epoch, parameters, the updates of a round.

An epoch's tokens are thinned by `keep_tokens`. Blocks of consecutive kept tokens are the centers; each kind of training
has a function that computes the updates of one block, from a snapshot of the parameters.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.arrays import Bool, Float32, Float64, Int32, Int64, UInt32, UInt64
from firth.jit.kernel import compiled
from firth.kernels.linalg.exponentials import exponential, log_of_one_and
from firth.kernels.linalg.rows import axpy, copy_row
from firth.kernels.machine.prefetch import prefetch_row
from firth.kernels.machine.rng import draw, high_half
from firth.kernels.word2vec.row_owners import touch

UNUSED = -1
ALONE = -1
"""In the place of a thread's number, where it keeps no bitmap of touched rows, or where one thread adds all."""


class Chunk(NamedTuple):
    """A chunk of an epoch's kept tokens: those in [first, last) are centers, their neighbors are around."""

    tokens: Int32  # word ids
    sentences: Int32  # a number that changes from sentence to sentence
    positions: Int64  # where the token stands in the corpus
    first: int
    last: int
    first_block: int  # the number of the first center's block in this epoch


class Kept(NamedTuple):
    """Room for the tokens that are kept: their words, and the sentence and the position of each."""

    tokens: Int32
    sentences: Int32
    positions: Int64


class Parameters(NamedTuple):
    """The two vectors of every word: (V, width) float32, zero in the columns past the vector size.

    With subwords there are more inputs than words.
    """

    inputs: Float32
    outputs: Float32


class RateScales(NamedTuple):
    """What the learning rate of each row is multiplied by: (rows,) of the input vectors, and of the output vectors;
    None where it is 1.
    """

    inputs: Float32 | None
    outputs: Float32 | None


class SubwordRows(NamedTuple):
    """What words are made of, where they have subwords: word w has the inputs rows[starts[w]:starts[w + 1]]."""

    starts: Int64  # (V + 1,)
    rows: Int32


class Plan(NamedTuple):
    """What stays the same through an epoch."""

    size: int  # of the vectors, which are zero in the columns from there on
    block_centers: int  # B
    negatives: int  # K, drawn for a block and shared by its pairs
    first_negative: int  # where they begin among the output rows of a block: behind whole vectors of centers
    round_blocks: int  # R
    streams: int  # parts of a chunk that are read side by side: a round takes as many of its blocks from each
    window: int
    shrink: int  # 1 if each center draws its own window, up to that one
    before: int  # 1 if words before the center are context words
    after: int
    distance_weights: Float32  # (window,) the weight of a context word by its distance from the center
    even: int  # 1 if the setting is "even": all of these are 1
    most_pairs: float  # what the pairs of one center weigh together, at most, in skip-gram
    negative_weight: float  # k/K, the weight of each negative in each pair
    mean_rounds: int  # the mean that negatives are moved to is found in one of so many rounds; in none if this is 0
    rate_first: float  # the learning rate where the epoch begins, and how it changes per token
    rate_slope: float
    rate_least: float
    loss_blocks: int  # the loss is measured on one block in so many, or all blocks of one round in so many
    window_key: np.uint64
    negatives_key: np.uint64


class Windows(NamedTuple):
    """One thread's working space for the windows of a block's centers."""

    reach: Int32  # (2, n) how many context words stand before each of n centers, whole vectors of them, and after it
    near: Float32  # (2 · (n + window + 4),) a pair's weight by how far its center is behind; 0 is in the middle
    within: Float32  # (window + 1,) what the context words up to a distance weigh together, on one side
    weights: Float32  # (T, n or more) of each (context word, center), zero where they are no pair
    center_weights: Float32  # (n or more,) what each center's pairs are multiplied by
    token_weights: Float32  # (T,) what the pairs of each context word weigh together
    centers_of: Int32  # (T / 2, 2) the centers that each two context words are paired with: a range, or (0, 0)
    tokens_of: Int32  # (n / 2 or more, 2) the context words that each two centers are paired with


class Scratch(NamedTuple):
    """One thread's working space, whatever the kind of training."""

    X: Float32  # (T, width) context words' input vectors
    windows: Windows
    owned_rows: Int32  # (R · rows + 1, 2) room to list the rows that a thread owns: each row, and that of its update
    owned: Int64  # (BITMAP_WORDS,) the bits of the rows whose updates a thread adds
    input_errors: Float32  # (T,) the errors in each row's update (`firth.kernels.word2vec.step_bounds`)
    output_errors: Float32  # (O, whole vectors,)
    input_limits: Float32  # those of `firth.kernels.word2vec.step_bounds`; where vectors are shared, both are one array
    output_limits: Float32
    negatives: Int32  # those of `firth.kernels.word2vec.prefetcher.PrefetchQueue`; as the next two
    negative_bits: UInt64
    cursors: Int64


class Updates(NamedTuple):
    """What the blocks of a round add to the input vectors, or to the output vectors. R blocks have room for n rows
    each, and those of a block stand together.
    """

    words: Int32  # (R, n) the words whose vectors are changed, or `UNUSED`
    used: Int32  # (R,) how many of these are in use
    rows: Float32  # (R · n, width) what is added to them
    scales: Float32 | None  # (R · n,) what that is multiplied by; None for 1
    ratios: Float32  # (R · n,) the ratios of these updates (`firth.kernels.word2vec.step_bounds`)
    touched: Int64  # (threads, BITMAP_WORDS) the bits of the rows that each thread's blocks change
    frozen: Bool  # (V,) the words whose vectors stay as they are, or (0,) if there are none


class RoundUpdates(NamedTuple):
    """The updates of a round's blocks, and what they measure."""

    inputs: Updates
    outputs: Updates
    mean_sums: Float32  # (R, width) what the blocks add to the mean of output vectors that negatives are moved to
    noise_mean: Float32  # (1, width) that mean, as it was found last: of all words as they are drawn, or of a round
    loss: Float64  # (R,) sum over the block's pairs, where it is measured
    pairs: Float64  # (R,) what these pairs weigh together


class Run(NamedTuple):
    """What all threads share while they train on a chunk."""

    chunk: Chunk
    plan: Plan
    parameters: Parameters
    subword_rows: SubwordRows | None
    rate_scales: RateScales
    updates: RoundUpdates


class Block(NamedTuple):
    """A block of a round, as it is given to a thread."""

    slot: int  # its number in the round, and so where its updates stand
    first: int  # its first center
    next_first: int  # the first center of the block that this thread is expected to compute next
    rate: float
    measured: bool  # whether its loss is
    finds_mean: bool  # whether its round finds the mean that negatives are moved to
    is_first: bool  # whether its round is the first of the epoch, or of a shard's piece
    blocks: int  # of its round
    bitmap: int  # the thread, or `ALONE` where it keeps no bitmap of touched rows


class Context(NamedTuple):
    """The context of a block's centers: consecutive tokens of the chunk."""

    centers: int  # how many the block has
    tokens: int  # from the first context word to the last, how many
    before: int  # how many of these stand before the first center


# 1/(1+exp(-x)) = 1/2 + x·P(x²)/Q(x²) on [-16, 16], fitted for the least greatest error: 3e-7 in float32.
_HALF, LIMIT = np.float32(0.5), np.float32(16)
P = (
    np.float32(0.2499998405168109),
    np.float32(0.008071024839336532),
    np.float32(4.591915838525097e-05),
    np.float32(4.4180501393527405e-08),
)
Q = (
    np.float32(1),
    np.float32(0.11561684620183083),
    np.float32(0.0014852387796183825),
    np.float32(3.7035665291461822e-06),
    np.float32(9.468112016972654e-10),
)


@compiled
def logistic(x: np.float32) -> np.float32:
    """1 / (1 + exp(-x)) to within 3e-7, without a branch or a table, so that loops over it vectorize."""
    x = min(max(x, -LIMIT), LIMIT)
    s = x * x
    p = ((P[3] * s + P[2]) * s + P[1]) * s + P[0]
    q = (((Q[4] * s + Q[3]) * s + Q[2]) * s + Q[1]) * s + Q[0]
    return np.float32(_HALF + x * (p / q))


@compiled
def softplus(x: float) -> float:
    """log(1 + exp(x)) in double precision, without overflow, and without a branch, so that loops over it vectorize."""
    size = abs(x)
    power = exponential(-size) if size < 700.0 else 0.0
    return max(x, 0.0) + log_of_one_and(power)


@compiled
def keep_tokens(
    tokens: Int32,
    sentence_starts: Int64,
    position: int,
    sentence: int,
    keep: UInt32,
    key: np.uint64,
    kept: Kept,
    filled: int,
) -> tuple[int, int, int]:
    """Append the kept tokens from `position` on, until there is no more room or the corpus ends.

    Token p of word w is kept if its random 32 bits are at most `keep[w]`; words of no entry in `keep` (those
    outside the vocabulary) never are. Returns the position, the sentence and the fill level reached.
    """
    kept_tokens, kept_sentences, kept_positions = kept
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
def learning_rate(plan: Plan, position: int) -> float:
    """The learning rate at a position of this epoch."""
    return max(plan.rate_first + plan.rate_slope * position, plan.rate_least)


@compiled
def is_measured(number: int, block: int, plan: Plan) -> bool:
    """Whether the loss of a block of the round of this number in its epoch is to be measured. Where a round is of
    several streams, that of all its blocks is, or of none: no thread waits for one that measures.
    """
    return (number * plan.round_blocks + block if plan.streams == 1 else number) % plan.loss_blocks == 0


@compiled
def is_mean_found(number: int, plan: Plan) -> bool:
    """Whether the mean that negatives are moved to is found in the round of this number in its epoch."""
    return plan.mean_rounds > 0 and number % plan.mean_rounds == 0


@compiled
def clear(rows: Float32, first: int, last: int) -> None:
    """rows[first:last] = 0."""
    for i in range(first, last):
        for column in range(rows.shape[1]):
            rows[i, column] = 0


@compiled
def prefetch_vectors(inputs: Float32, word: int, subword_rows: SubwordRows | None) -> None:
    """Have the input vectors of a word on their way from memory."""
    if subword_rows is None:
        prefetch_row(inputs, word)
    else:
        for k in range(subword_rows.starts[word], subword_rows.starts[word + 1]):
            prefetch_row(inputs, subword_rows.rows[k])


@compiled
def touch_rows(touched: Int64, words: Int32, count: int, thread: int, subword_rows: SubwordRows | None) -> None:
    """Set these words' rows, or their subword rows, in a thread's bitmap of touched rows."""
    if thread == ALONE:
        return
    for i in range(count):
        if words[i] != UNUSED:
            if subword_rows is None:
                touch(touched[thread], words[i])
            else:
                for k in range(subword_rows.starts[words[i]], subword_rows.starts[words[i] + 1]):
                    touch(touched[thread], subword_rows.rows[k])


@compiled
def count_centers(block: Block, run: Run) -> int:
    """How many centers a block has: the last of a chunk may have fewer."""
    return min(run.plan.block_centers, run.chunk.last - block.first)


@compiled
def updates_of(block: Block, updates: Updates) -> tuple[Int32, Float32, Float32]:
    """The words of a block, its rows, and their ratios, among those of its round."""
    n = updates.rows.shape[0] // updates.words.shape[0]
    first, last = block.slot * n, (block.slot + 1) * n
    return updates.words[block.slot], updates.rows[first:last], updates.ratios[first:last]


@compiled
def copy_rows(parameters: Float32, words: Int32, count: int, rows: Float32, subword_rows: SubwordRows | None) -> None:
    """rows[i] = parameters[words[i]], or zero for an unused word; of a word with subwords, the mean of its rows."""
    for i in range(count):
        word = words[i]
        if word == UNUSED or subword_rows is not None:
            clear(rows, i, i + 1)
        if word == UNUSED:
            continue
        if subword_rows is None:
            copy_row(rows, i, parameters, word)
        else:
            first, last = subword_rows.starts[word], subword_rows.starts[word + 1]
            share = np.float32(1) / np.float32(last - first)
            for k in range(first, last):
                axpy(rows, i, share, parameters, subword_rows.rows[k])
