"""CBOW: the context words of a center together predict it; here with negative sampling, a block of centers at a time.

Of the context words' input vectors the mean is taken, or the sum (Mikolov et al. 2013, "Efficient estimation", §3.1).
Blocks and their updates are as in skip-gram (`firth.kernels.word2vec.skipgram`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.arrays import Float32, Float64, Int32
from firth.jit.kernel import compiled
from firth.kernels.linalg.products import (
    dot_each,
    matmul_nn_banded,
    matmul_nn_with,
    matmul_nt,
    matmul_tn,
    matmul_tn_banded,
    squared_norms,
)
from firth.kernels.linalg.rows import axpy
from firth.kernels.linalg.window_sums import prefix_sum, spread_windows, sum_windows
from firth.kernels.word2vec.blocks import (
    UNUSED,
    Block,
    Context,
    Plan,
    Run,
    Scratch,
    SubwordRows,
    Windows,
    clear,
    copy_rows,
    logistic,
    softplus,
    updates_of,
)
from firth.kernels.word2vec.negatives import Noise, sum_of_mean
from firth.kernels.word2vec.prefetcher import draw_next_negatives, queue_of
from firth.kernels.word2vec.skipgram import start_block
from firth.kernels.word2vec.step_bounds import LEAST_ERRORS, find_ratios, moved
from firth.kernels.word2vec.windows import weigh_windows

NEGATIVES_ROOM, WORD_ROOM = np.float32(16), np.float32(256)
"""By how much the bound on a block's negatives together, and on each of them, is wider than that on others."""


class HiddenLayer(NamedTuple):
    """One thread's working space for the layer between the context words and the center."""

    H: Float32  # (B, width) with a tree, what each center's context words are together; else that is with the updates
    Z: Float32  # (K, width) negatives' output vectors
    G: Float32  # (B, width) the gradient by what a center's context words are together; B may be more than the centers
    S: Float32  # (B, K) scores of negatives, then gradients
    scores: Float32  # (B · K,) S, flat
    shift: Float32  # (1, width) from the mean of the negatives to that of all words
    scales: Float32  # (B,) what the sum of each center's context words is multiplied by, for their mean
    ones: Float32  # (B,)
    sums: Float32  # (T + 1, width) running sums of the context words' vectors
    numbers: Int32  # (T,) 0, 1, 2 …
    errors: Float32  # (B,) the errors in each center's gradient, times what its context words take of it in sum
    losses: Float64  # (B · K,) of the scores
    mean: int  # 1 for the mean of the context words, 0 for their sum
    exact: int  # 0 if each context word gets the gradient of the mean, as word2vec.c has it


class CbowWorkspace(NamedTuple):
    """What a thread works with in CBOW with negative sampling."""

    scratch: Scratch
    noise: Noise
    hidden: HiddenLayer


@compiled
def scale_rows(centers: int, scales: Float32, rows: Float32) -> None:
    """Multiply the row of each center by its scale."""
    for i in range(centers):
        for column in range(rows.shape[1]):
            rows[i, column] *= scales[i]


@compiled
def gather_contexts(
    context: Context, words: Int32, run: Run, scratch: Scratch, hidden: HiddenLayer, H: Float32
) -> None:
    """H[i] = the mean, or the sum, of the input vectors of the words that center i has as context, by their weights."""
    centers, tokens, before = context
    inputs, windows, scales = run.parameters.inputs, scratch.windows, hidden.scales
    reach = windows.reach
    if hidden.mean == 1:
        for i in range(centers):
            total = windows.within[reach[0, i]] + windows.within[reach[1, i]]
            scales[i] = np.float32(1) / total if total > 0 else np.float32(1)
    if run.plan.even == 0:
        copy_rows(inputs, words, tokens, scratch.X, run.subword_rows)
        weigh_windows(context, windows)
        matmul_tn_banded(windows.weights, scratch.X, None, run.plan.size, windows.tokens_of, H)
        scale_rows(centers, scales, H)
        return
    sum_inputs(words, tokens, run.parameters.inputs, run.subword_rows, scratch, hidden)
    sum_windows(hidden.sums, reach, scales, before, centers, H)


@compiled
def sum_inputs(
    words: Int32, tokens: int, inputs: Float32, subword_rows: SubwordRows | None, scratch: Scratch, hidden: HiddenLayer
) -> None:
    """Running sums of the input vectors of some words; of those with subwords, of their rows' means."""
    if subword_rows is None:
        prefix_sum(inputs, words, tokens, hidden.sums)
    else:
        copy_rows(inputs, words, tokens, scratch.X, subword_rows)
        prefix_sum(scratch.X, hidden.numbers, tokens, hidden.sums)


@compiled
def scatter_gradients(context: Context, plan: Plan, windows: Windows, hidden: HiddenLayer, input_rows: Float32) -> None:
    """input_rows[t] = the update of context token t: the sum of the gradients of the centers that have it, scaled."""
    centers, tokens, before = context
    scales = hidden.scales if hidden.exact == 1 else hidden.ones
    if plan.even == 0:
        scale_rows(centers, scales, hidden.G)
        matmul_nn_banded(
            windows.weights, tokens, windows.centers_of, hidden.G.shape[0], hidden.G, plan.size, input_rows
        )
        return
    spread_windows(hidden.G, windows.reach, scales, before, centers, tokens, input_rows)


@compiled
def share_errors(context: Context, plan: Plan, windows: Windows, hidden: HiddenLayer, errors: Float32) -> None:
    """errors[t] = the errors in what context token t is changed by, from those of each center's gradient.

    Let each of C context words take a of a gradient, so that h takes D of it. The bound on a word's change is then that
    on the change of h, where its errors are a² / D of the gradient's: one Cth, or all if each takes the whole for the
    mean (`firth.kernels.word2vec.step_bounds`). A word that weighs less has as much less of them.
    """
    centers, tokens, before = context
    for i in range(centers):
        if hidden.mean == 0:
            total = windows.within[windows.reach[0, i]] + windows.within[windows.reach[1, i]]
            hidden.errors[i] /= max(total, windows.within[1])
        elif hidden.exact == 1:
            hidden.errors[i] *= hidden.scales[i]
    for t in range(tokens + 1):
        errors[t] = 0
    if plan.even == 0:
        for i in range(centers):
            for t in range(before + i - windows.reach[0, i], before + i + windows.reach[1, i] + 1):
                errors[t] += windows.weights[t, i] * hidden.errors[i]
        return
    for i in range(centers):
        errors[before + i - windows.reach[0, i]] += hidden.errors[i]
        errors[before + i + windows.reach[1, i] + 1] -= hidden.errors[i]
    for t in range(1, tokens):
        errors[t] += errors[t - 1]
    for i in range(centers):
        errors[before + i] -= hidden.errors[i]
    for t in range(tokens):
        errors[t] = max(errors[t], np.float32(0))  # where there is no update, rounding may leave less


@compiled
def negative_gradients(rate: np.float32, plan: Plan, hidden: HiddenLayer, output_words: Int32) -> None:
    """Replace the scores S by learning rate × weight × -σ; by zero where the negative is the center itself, and where
    there is no center.
    """
    weight = -rate * np.float32(plan.negative_weight)
    negatives = output_words[hidden.G.shape[0] :]
    for k in range(hidden.scores.shape[0]):
        hidden.scores[k] = weight * logistic(hidden.scores[k])
    for i in range(hidden.S.shape[0]):
        word = output_words[i]
        if word == UNUSED:
            clear(hidden.S, i, i + 1)
        for n in range(plan.negatives):
            if negatives[n] == word:
                hidden.S[i, n] = 0


@compiled
def sum_errors(own: Float32, hidden: HiddenLayer, errors: Float32) -> None:
    """The errors in what each output row is changed by, and in the gradient by what each center's context words are."""
    B, K = hidden.S.shape
    for n in range(K):
        errors[B + n] = 0
    for i in range(B):
        errors[i], hidden.errors[i] = own[i], own[i]
        for n in range(K):
            hidden.errors[i] -= hidden.S[i, n]
            errors[B + n] -= hidden.S[i, n]


@compiled
def limit_outputs(hidden: HiddenLayer, errors: Float32, scales: Float32, ratios: Float32) -> None:
    """Find the ratios of a block's output rows from their squares, and scale all down as much as the bound on
    its negatives together requires.

    So few negatives stand for many pairs each, and go far at once. If they alone were held back, scores would rise:
    pairs pull up, and nothing would pull down as much.
    """
    B, K = hidden.S.shape
    square, error = np.float32(0), LEAST_ERRORS
    for n in range(B, B + K):
        square += ratios[n]
        error += errors[n]
    limit = moved(square / (NEGATIVES_ROOM * error))
    for i in range(B):
        ratios[i] *= limit * scales[i] * scales[i] / max(errors[i], LEAST_ERRORS)
        scales[i] *= limit
    for n in range(B, B + K):
        scales[n] = limit
        ratios[n] *= limit / (WORD_ROOM * max(errors[n], LEAST_ERRORS))


@compiled
def shift_negatives(noise_mean: Float32, hidden: HiddenLayer) -> None:
    """Move the negatives' vectors Z so that their mean is that of all words."""
    negatives = hidden.Z.shape[0]
    share = np.float32(1) / np.float32(negatives)
    for column in range(hidden.shift.shape[1]):
        hidden.shift[0, column] = noise_mean[0, column]
    for n in range(negatives):
        axpy(hidden.shift, 0, -share, hidden.Z, n)
    for n in range(negatives):
        axpy(hidden.Z, n, np.float32(1), hidden.shift, 0)


@compiled
def cbow_loss(centers: int, plan: Plan, own: Float32, hidden: HiddenLayer, output_words: Int32) -> float:
    """The loss of a block's centers: -log σ(own score) - w Σ log σ(-score of a negative), from the scores S."""
    loss, negatives, losses, K = 0.0, output_words[hidden.G.shape[0] :], hidden.losses, plan.negatives
    for k in range(centers * K):
        losses[k] = plan.negative_weight * softplus(np.float64(hidden.scores[k]))
    for i in range(centers):
        word = output_words[i]
        if word != UNUSED:
            loss += softplus(-np.float64(own[i]))
            for n in range(K):
                loss += losses[i * K + n] if negatives[n] != word else 0.0
    return loss


@compiled
def compute_cbow_block(block: Block, run: Run, workspace: CbowWorkspace) -> None:
    """As `compute_skip_gram_block`, for CBOW. A center's own score is one product; those of the negatives are a
    matrix. Its own output row changes by what its context words are together, times a number: both are left. What
    context words change by, they get from negatives that are moved to the mean of all words: with that of a few, they
    would all change by what it is off by. In a round that finds that mean, each of its blocks sums a part of it, and
    nothing is moved.
    """
    scratch, noise, hidden = workspace
    plan, parameters, updates, slot = run.plan, run.parameters, run.updates, block.slot
    windows, queue = scratch.windows, queue_of(run.chunk.tokens, parameters, run.subword_rows, scratch)
    input_words, input_rows, input_ratios = updates_of(block, updates.inputs)
    output_words, output_rows, output_ratios = updates_of(block, updates.outputs)
    outputs, first_negative = output_words.shape[0], hidden.G.shape[0]
    scales = updates.outputs.scales[slot * outputs :]  # type: ignore[index]
    H, own = output_rows[:first_negative], scales[:first_negative]

    context = start_block(block, run, noise, windows, queue)
    centers, tokens = context.centers, context.tokens
    gather_contexts(context, input_words, run, scratch, hidden, H)
    copy_rows(parameters.outputs, output_words[first_negative:], outputs - first_negative, hidden.Z, None)
    draw_next_negatives(plan, noise, queue)
    matmul_nt(H, centers, hidden.Z, hidden.S, queue)
    dot_each(H, centers, parameters.outputs, output_words, own, queue)

    if block.measured:
        updates.loss[slot] = cbow_loss(centers, plan, own, hidden, output_words)
        for i in range(centers):
            updates.pairs[slot] += int(output_words[i] != UNUSED)

    step = np.float32(block.rate)
    negative_gradients(step, plan, hidden, output_words)
    if block.finds_mean:
        sum_of_mean(noise, parameters.outputs, slot, block.blocks, updates.mean_sums)
    else:
        shift_negatives(updates.noise_mean, hidden)
    for i in range(first_negative):
        own[i] = step * logistic(-own[i]) if output_words[i] != UNUSED else np.float32(0)
    sum_errors(own, hidden, scratch.output_errors)
    matmul_nn_with(hidden.S, centers, hidden.Z, own, parameters.outputs, output_words, hidden.G, queue)
    matmul_tn(hidden.S, centers, H, output_rows[first_negative:], queue)
    share_errors(context, plan, windows, hidden, scratch.input_errors)
    scatter_gradients(context, plan, windows, hidden, input_rows)
    find_ratios(input_rows, tokens, scratch.input_errors, input_ratios)
    squared_norms(output_rows, outputs, output_ratios)
    limit_outputs(hidden, scratch.output_errors, scales, output_ratios)
