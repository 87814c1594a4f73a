"""Skip-gram with negative sampling, a block of centers at a time (see `docs/rounds.md`).

The direction is word2vec.c's: the input vector of a context word predicts the center's output vector. The context words
of a block are scored against its centers and negatives in one product of matrices, and weighted. Context words and
centers are in the order of the text: what is no pair of them is left out of the product, band by band.

Context words learn from negatives that are moved towards the mean of those of the round before. The mean of a few is
far from that of all words, and most of their gradient lies along their mean.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from firth.arrays import LANES, Float32, Float64, Int32
from firth.jit.kernel import compiled, lowered_by
from firth.kernels.linalg.products import BAND_ROWS, TILE_ROWS, matmul_nn_shifted, matmul_nt_banded, matmul_tn_banded
from firth.kernels.linalg.rows import sum_rows
from firth.kernels.word2vec.blocks import (
    LIMIT,
    UNUSED,
    Block,
    Context,
    Plan,
    RoundUpdates,
    Run,
    Scratch,
    SubwordRows,
    Windows,
    clear,
    copy_rows,
    softplus,
    touch_rows,
    updates_of,
)
from firth.kernels.word2vec.negatives import Noise
from firth.kernels.word2vec.prefetcher import (
    PrefetchQueue,
    draw_next_negatives,
    is_scheduled,
    prefetch_outputs,
    queue_of,
    schedule_block,
    take_negatives,
)
from firth.kernels.word2vec.step_bounds import squares_to_ratios
from firth.kernels.word2vec.windows import find_windows, weigh_centers, weigh_windows

lowered_by(f"{__name__}_llvm")


SHIFT = np.float32(0.5)
"""What part of the way a block's negatives are moved, from their mean to that of all negatives of the round before."""


class Pairs(NamedTuple):
    """One thread's working space for skip-gram with negatives."""

    S: Float32  # (T, O or more, whole vectors) scores, then gradients; zero past O
    W: Float32  # (T, as many) weights: those of the windows, then of the negatives
    weighed: Float32  # (2, as many and a vector) the weights that are not zero, and the scores of their pairs
    losses: Float64  # (as many,) of these pairs
    numbers: Int32  # (T,) 0, 1, 2 and so on: which row each context word has, where they are put together in X
    of_negatives: Float32  # (T,) the sum of the sizes of each row's gradients by negatives
    shift: Float32  # (1, width) what the negatives' vectors are moved by


class SkipGramWorkspace(NamedTuple):
    """What a thread works with in skip-gram with negative sampling."""

    scratch: Scratch
    noise: Noise
    pairs: Pairs


@compiled
def weigh_negatives(
    tokens: int, centers: int, plan: Plan, token_weights: Float32, pairs: Pairs, output_words: Int32
) -> None:
    """Weigh negative n in row t by -k/K for each pair of t, save the pairs whose center is that very word."""
    weight = np.float32(plan.negative_weight)
    clear(pairs.W, tokens, tokens + TILE_ROWS)
    for row in range(tokens):
        fill_row(pairs.W, row, plan.first_negative, plan.negatives, -weight * token_weights[row])
    for n in range(plan.first_negative, plan.first_negative + plan.negatives):
        if not is_among(output_words, plan.first_negative, output_words[n]):
            continue
        for center in range(centers):
            if output_words[n] == output_words[center]:
                for row in range(tokens):
                    pairs.W[row, n] += weight * pairs.W[row, center]


def is_among(words: Int32, n: Any, word: Any) -> Any:
    """Whether a word is among the first n, whole vectors of them."""
    return bool((words[:n] == word).any())


def fill_row(rows: Float32, row: Any, first: Any, count: Any, value: Any) -> None:
    """rows[row, first:first + count] = value, and zero behind, up to whole vectors."""
    rows[row, first : first + -(-count // LANES) * LANES] = 0
    rows[row, first : first + count] = value


def scores_to_gradients(
    S: Float32, W: Float32, n: Any, first: Any, last: Any, rate: Any, by_row: Float32, by_column: Float32
) -> None:
    """Replace the scores S of n rows, in the columns from `first` to `last`, by learning rate × weight × (1 - σ) for
    pairs and × σ for negatives, whose weights are below zero; behind them, where W is zero too, come zeros up to whole
    tiles; and behind the last column up to whole vectors. by_row, (n,) up to whole tiles, and by_column get the sums of
    their absolute values.
    """
    rows, columns = slice(0, -(-n // TILE_ROWS) * TILE_ROWS), slice(first, last)
    weights, scores = W[rows, columns], S[rows, columns]
    scores = np.clip(np.where(weights < 0, -scores, scores), -LIMIT, LIMIT)
    S[rows, columns] = rate * weights / (1 + np.exp(scores))
    sizes = np.abs(S[rows, columns])
    by_row[rows], by_column[columns] = sizes.sum(axis=1), sizes.sum(axis=0)


@compiled
def measure_loss(tokens: int, pairs: Pairs) -> float:
    """-log σ(score) summed over the pairs, plus -log σ(-score) of their negatives by weight."""
    loss, losses, weighed = 0.0, pairs.losses, pairs.weighed
    found = 0
    for row in range(tokens):
        for z in range(pairs.W.shape[1]):  # written always, counted if weighed: no branch to mispredict
            weighed[0, found], weighed[1, found] = pairs.W[row, z], pairs.S[row, z]
            found += int(pairs.W[row, z] != 0)
    whole = -(-found // LANES) * LANES
    for k in range(found, whole):  # so that vectors are whole
        weighed[0, k] = weighed[1, k] = 0
    for k in range(whole):
        weight, score = np.float64(weighed[0, k]), np.float64(weighed[1, k])
        losses[k] = abs(weight) * softplus(score if weight < 0 else -score)
    for k in range(found):
        loss += losses[k]
    return loss


@compiled
def choose_outputs(
    block: Block, run: Run, centers: int, reach: Int32, noise: Noise, queue: PrefetchQueue, output_words: Int32
) -> None:
    """The output words of a block: the centers that have a context word; behind the room for all, its negatives."""
    first, chunk, plan = block.first, run.chunk, run.plan
    for i in range(plan.first_negative):
        has_context = i < centers and reach[0, i] + reach[1, i] > 0
        output_words[i] = chunk.tokens[first + i] if has_context else UNUSED
    take_negatives(first, chunk, plan, noise, queue, output_words[plan.first_negative :])


@compiled
def start_block(block: Block, run: Run, noise: Noise, windows: Windows, queue: PrefetchQueue) -> Context:
    """Find the windows of a block's centers, and the words whose rows it changes; have the next block prefetched."""
    updates, slot, prefetches = run.updates, block.slot, not is_scheduled(block.first, queue)
    input_words, output_words = updates.inputs.words[slot], updates.outputs.words[slot]
    context = find_windows(block, run, windows, prefetches)
    choose_outputs(block, run, context.centers, windows.reach, noise, queue, output_words)
    if prefetches:
        prefetch_outputs(output_words, queue)
    schedule_block(block.next_first, block.first, run.chunk, run.plan, noise, queue)
    touch_rows(updates.inputs.touched, input_words, context.tokens, block.bitmap, run.subword_rows)
    touch_rows(updates.outputs.touched, output_words, output_words.shape[0], block.bitmap, None)
    updates.loss[slot] = 0.0
    updates.pairs[slot] = 0
    return context


@compiled
def vectors_of(
    inputs: Float32, words: Int32, tokens: int, X: Float32, numbers: Int32, subword_rows: SubwordRows | None
) -> tuple[Float32, Int32]:
    """The vectors of a block's context words, and which of these rows each has: they are read where they are; those of
    words with subwords are put together in X.
    """
    if subword_rows is None:
        return inputs, words
    copy_rows(inputs, words, tokens, X, subword_rows)
    return X, numbers


@compiled
def find_shift(
    block: Block, plan: Plan, updates: RoundUpdates, negatives: Int32, outputs: Float32, shift: Float32
) -> None:
    """Find by what a block's negatives are moved, and what they add to the mean of those of their round."""
    sums, slot = updates.mean_sums, block.slot
    sum_rows(outputs, negatives, sums, slot)
    share = np.float32(1) / np.float32(plan.negatives)
    for column in range(shift.shape[1]):
        own = share * sums[slot, column]
        shift[0, column] = SHIFT * (updates.noise_mean[0, column] - own) if not block.is_first else np.float32(0)
        sums[slot, column] = own / np.float32(block.blocks)


@compiled
def add_errors(n: int, more: Float32, errors: Float32) -> None:
    """errors[:n] += more[:n]."""
    for i in range(n):
        errors[i] += more[i]


@compiled
def compute_skip_gram_block(block: Block, run: Run, workspace: SkipGramWorkspace) -> None:
    """Compute the updates of a block."""
    scratch, noise, pairs = workspace
    plan, parameters, updates = run.plan, run.parameters, run.updates
    windows, queue = scratch.windows, queue_of(run.chunk.tokens, parameters, run.subword_rows, scratch)
    input_words, input_rows, input_ratios = updates_of(block, updates.inputs)
    output_words, output_rows, output_ratios = updates_of(block, updates.outputs)
    outputs = output_words.shape[0]

    context = start_block(block, run, noise, windows, queue)
    centers, tokens = context.centers, context.tokens
    weigh_centers(centers, plan, windows)
    weigh_windows(context, windows)
    for band in range(plan.first_negative // BAND_ROWS, windows.tokens_of.shape[0]):  # negatives are paired with all
        windows.tokens_of[band, 0], windows.tokens_of[band, 1] = 0, tokens
    weigh_negatives(tokens, centers, plan, windows.token_weights, pairs, output_words)

    X, of_x = vectors_of(parameters.inputs, input_words, tokens, scratch.X, pairs.numbers, run.subword_rows)
    draw_next_negatives(plan, noise, queue)
    matmul_nt_banded(X, of_x, parameters.outputs, output_words, plan.size, windows.tokens_of, pairs.S)

    if block.measured:
        updates.loss[block.slot] = measure_loss(tokens, pairs)
        updates.pairs[block.slot] = np.float64(windows.token_weights[:tokens].sum())

    first, rate = plan.first_negative, np.float32(block.rate)
    scores_to_gradients(pairs.S, pairs.W, tokens, 0, first, rate, scratch.input_errors, scratch.output_errors)
    scores_to_gradients(pairs.S, pairs.W, tokens, first, outputs, rate, pairs.of_negatives, scratch.output_errors)
    add_errors(tokens, pairs.of_negatives, scratch.input_errors)
    find_shift(block, plan, updates, output_words[first:], parameters.outputs, pairs.shift)
    matmul_nn_shifted(
        pairs.S, tokens, windows.centers_of, first, parameters.outputs, output_words, pairs.of_negatives, pairs.shift,
        plan.size, input_rows, input_ratios, queue,
    )  # fmt: skip
    matmul_tn_banded(pairs.S, X, of_x, plan.size, windows.tokens_of, output_rows, output_ratios, queue)
    squares_to_ratios(tokens, scratch.input_errors, input_ratios)
    squares_to_ratios(outputs, scratch.output_errors, output_ratios)
