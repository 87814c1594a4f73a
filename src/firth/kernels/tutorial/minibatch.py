"""Training by minibatches, compiled: logits, gradients by them, gradients by the embeddings, the optimizers' updates.

`train_batches` is what each thread runs. A batch has two phases with a barrier after each. In the first the threads
share the examples: they find the gradients by the logits and by the target's vector, and keep both with a copy of that
vector; one of them lists where each row occurs. In the second they share the rows: a row's gradient is summed in the
order of its occurrences, from what the first phase kept, and the row is updated. So the result has the same bits at any
number of threads.

The two embeddings are the halves of one array, whose rows are the targets' and then the contexts'; shared, they are the
whole of it. All work on float32, and on float64 for gradient checks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.arrays import Array, Bool, Float64, Int32, Int64
from firth.jit.kernel import compiled
from firth.kernels.linalg.exponentials import exponential, logarithm
from firth.kernels.linalg.rows import dot, sum_places, weigh_rows
from firth.kernels.machine.atomics import NONE_LEFT, claim_below, fetch_add, wait_until
from firth.kernels.machine.prefetch import prefetch_row

SOFTMAX, LOGISTIC = range(2)
"""Kinds of objectives over candidates; each may correct its logits by log Q first."""
SGD, ADAGRAD, ADAM, LAZY_ADAM = range(4)
EXAMPLES = 16
"""Examples whose losses are found together, in whole vectors of numbers."""
PIECE_EXAMPLES = 2 * EXAMPLES
"""Examples that a thread claims at a time."""
ROW_PIECES = 32
"""Pieces that the rows of a batch are claimed in."""
SLOTS = 32
"""Rows whose gradients are summed together: as many as the fastest cache holds."""
ROWS_AHEAD = 2
"""Rows that are on their way from memory while one is updated."""
PIECES, DONE = 0, 8
"""The counters of pieces claimed, and done; they lie so far apart that they share no cache line."""
COUNTERS = 16
LEAST_PRODUCT = 1e-250
"""Of probabilities: of one below, the logarithm is taken before it is too small for a number."""
STEP = 1 << 32
"""More than the rows of any batch."""


class Parameter(NamedTuple):
    """Embeddings (rows, d), and the optimizer's state, of the same shape or empty."""

    values: Array
    mean: Array
    square: Array


class Update(NamedTuple):
    """How parameters are updated."""

    optimizer: int
    beta_1: float
    beta_2: float
    epsilon: float


class Objective(NamedTuple):
    """What is minimized: see `firth.tutorial.objectives`."""

    kind: int
    corrected: bool
    log_expected: Array  # (V,)


class Learning(NamedTuple):
    """What is learned, and how."""

    objective: Objective
    parameter: Parameter
    update: Update


class Answered(NamedTuple):
    """Examples, and how each was answered."""

    targets: Int32  # (n,)
    contexts: Int32  # (n, 1 + k) the true candidate first
    contexts_from: int  # the row of the first context vector
    losses: Float64  # (n,)
    right: Bool  # (n,) whether the true candidate had the highest logit


class Batch(NamedTuple):
    """What the first phase keeps of a batch of up to n examples for the second.

    Each of its places, an example's target or candidate, adds to the gradient by a row: a number of `weights` times a
    row of `kept`. A slot is a row that occurs in the batch; the places are listed slot after slot, each one's in order.
    """

    logits: Array  # (n, 1 + k); then the gradient of the mean loss by them
    weights: Array  # (n · (1 + k) + 1,) the same numbers, and 1
    kept: Array  # (2 n, d) the target's vector before the step, of each example; n rows further, the gradient by it
    slots: Int64  # (rows,) step · `STEP` + the slot a row had in the last step it occurred in
    rows: Int32  # (S,) the row of each slot
    starts: Int32  # (S + 1,) where its places are listed
    counts: Int64  # (1,) how many slots there are
    slot_at: Int32  # (P,) the slot of each example's target and candidates
    weight: Int32  # (P,) of each place listed, where its number stands in `weights`,
    source: Int32  # (P,) and its row in `kept`


@compiled
def softmax_losses(first: int, last: int, start: int, batch: Batch, losses: Float64) -> None:
    """Replace the logits of the examples from `first` to `last` by the gradients of their losses; write the losses."""
    logits, flat = batch.logits, batch.weights
    candidates = logits.shape[1]
    for i in range(first - start, last - start):
        greatest = logits[i, 0]
        for j in range(1, candidates):
            greatest = logits[i, j] if logits[i, j] > greatest else greatest
        for j in range(candidates):
            logits[i, j] -= greatest
        losses[start + i] = -logits[i, 0]
    for p in range((first - start) * candidates, (last - start) * candidates):
        flat[p] = exponential(float(flat[p]))
    for i in range(first - start, last - start):
        total = 0.0
        for j in range(candidates):
            total += logits[i, j]
        losses[start + i] += logarithm(total)
        for j in range(candidates):
            logits[i, j] /= total
        logits[i, 0] -= 1


@compiled
def logistic_losses(first: int, last: int, start: int, batch: Batch, losses: Float64) -> None:
    """Replace the logits of the examples from `first` to `last` by the gradients of their losses; write the losses.

    With x a logit, that of the true candidate negated, the gradient by x is σ(x), and the loss the sum of
    log(1 + exp(x)) = max(x, 0) - log(max(σ(x), 1 - σ(x))), of which one logarithm finds many.
    """
    logits, flat = batch.logits, batch.weights
    candidates = logits.shape[1]
    for i in range(first - start, last - start):
        logits[i, 0] = -logits[i, 0]
        losses[start + i] = 0
        for j in range(candidates):
            losses[start + i] += logits[i, j] if logits[i, j] > 0 else 0
    for p in range((first - start) * candidates, (last - start) * candidates):
        decay = exponential(-abs(float(flat[p])))
        flat[p] = (1 if flat[p] > 0 else decay) / (1 + decay)
    for i in range(first - start, last - start):
        product = 1.0
        for j in range(candidates):
            product *= max(logits[i, j], 1 - logits[i, j])
            if product < LEAST_PRODUCT:
                losses[start + i] -= logarithm(product)
                product = 1.0
        losses[start + i] -= logarithm(product)
        logits[i, 0] = -logits[i, 0]


@compiled
def compute_examples(
    first: int,
    last: int,
    start: int,
    stop: int,
    examples: Answered,
    values: Array,
    objective: Objective,
    batch: Batch,
) -> None:
    """Keep what the examples from `first` to `last` add to a batch of those from `start` to `stop`: the gradients
    of its mean loss, and the targets' vectors. Writes the losses, and which were answered right.
    """
    targets, contexts, contexts_from = examples.targets, examples.contexts, examples.contexts_from
    logits, weights, kept = batch.logits, batch.weights, batch.kept
    candidates = contexts.shape[1]
    for i in range(first, last):
        answer = 0
        for j in range(candidates):
            logits[i - start, j] = dot(values, targets[i], values, contexts_from + contexts[i, j])
            if logits[i - start, j] > logits[i - start, answer]:
                answer = j
        examples.right[i] = answer == 0
        if objective.corrected:
            for j in range(candidates):
                logits[i - start, j] -= objective.log_expected[contexts[i, j]]
    if objective.kind == SOFTMAX:
        softmax_losses(first, last, start, batch, examples.losses)
    else:
        logistic_losses(first, last, start, batch, examples.losses)
    scale = 1 / (stop - start)
    for p in range((first - start) * candidates, (last - start) * candidates):
        weights[p] *= scale
    for i in range(first - start, last - start):
        target = targets[start + i]
        for column in range(values.shape[1]):
            kept[i, column] = values[target, column]
        weigh_rows(logits, i, values, contexts_from, contexts[start + i], kept, logits.shape[0] + i)


@compiled
def list_places(start: int, stop: int, examples: Answered, step: int, batch: Batch) -> None:
    """Find the slots of a batch, and list their places: count, add up, and put each in its place."""
    targets, contexts, contexts_from = examples.targets, examples.contexts, examples.contexts_from
    rows, starts, slots, slot_at = batch.rows, batch.starts, batch.slots, batch.slot_at
    candidates = contexts.shape[1]
    found = at = 0
    starts[0] = 0
    for i in range(start, stop):
        for j in range(-1, candidates):
            row = np.int64(targets[i]) if j < 0 else contexts_from + contexts[i, j]
            slot = slots[row] - step * STEP
            is_new = slot < 0
            slot = found if is_new else slot  # all without a branch, which nobody could foretell
            slots[row] = step * STEP + slot
            rows[slot] = row
            starts[slot + 1] = 1 if is_new else starts[slot + 1] + 1
            slot_at[at] = slot
            found += is_new
            at += 1
    batch.counts[0] = found
    total = 0
    for slot in range(found):
        places = starts[slot + 1]
        starts[slot + 1] = total
        total += places
    at = weight = 0
    for i in range(stop - start):
        for j in range(-1, candidates):
            slot = slot_at[at] + 1
            place = starts[slot]
            starts[slot] = place + 1
            batch.weight[place] = batch.weights.shape[0] - 1 if j < 0 else weight
            batch.source[place] = batch.logits.shape[0] + i if j < 0 else i
            weight += j >= 0
            at += 1


@compiled
def sum_gradients(begin: int, end: int, batch: Batch, gradients: Array) -> None:
    """The gradients (end - begin, d) by the rows of some slots: the sums over their places in the batch."""
    for slot in range(begin, end):
        sum_places(
            batch.weights, batch.weight, batch.kept, batch.source,
            batch.starts[slot], batch.starts[slot + 1], gradients, slot - begin,
        )  # fmt: skip


@compiled
def update_row(row: int, gradient: Array, learning_rate: float, parameter: Parameter, update: Update) -> None:
    """Update a row, given its gradient (d,).

    SGD: p -= rate · g. Adagrad: s += g²; p -= rate · g / √(s + ε) (Duchi, Hazan and Singer 2011). Adam:
    m += (g - m)(1 - β₁); v += (g² - v)(1 - β₂); p -= rate · m / (√v + ε) (Kingma and Ba 2015).
    """
    values, mean, square = parameter.values, parameter.mean, parameter.square
    kind = values.dtype.type
    rate, epsilon = kind(learning_rate), kind(update.epsilon)
    fall_1, fall_2 = kind(1 - update.beta_1), kind(1 - update.beta_2)
    if update.optimizer == SGD:
        for column in range(gradient.shape[0]):
            values[row, column] -= rate * gradient[column]
    elif update.optimizer == ADAGRAD:
        for column in range(gradient.shape[0]):
            g = gradient[column]
            square[row, column] += g * g
            values[row, column] -= rate * g / np.sqrt(square[row, column] + epsilon)
    else:
        for column in range(gradient.shape[0]):
            g = gradient[column]
            m = mean[row, column] + (g - mean[row, column]) * fall_1
            v = square[row, column] + (g * g - square[row, column]) * fall_2
            mean[row, column] = m
            square[row, column] = v
            values[row, column] -= rate * m / (np.sqrt(v) + epsilon)


@compiled
def update_rows(parameter: Parameter, update: Update, rate: float, rows: Int32, gradients: Array) -> None:
    """Update these rows at a learning rate, given the gradients (rows, d) by all."""
    for row in rows:
        update_row(row, gradients[row], rate, parameter, update)


@compiled
def update_seen_rows(
    begin: int, end: int, rate: float, parameter: Parameter, update: Update, batch: Batch, gradients: Array
) -> None:
    """Update the rows of some slots. `gradients` (`SLOTS`, d) is working space."""
    values, mean, square = parameter.values, parameter.mean, parameter.square
    for first in range(begin, end, SLOTS):
        last = min(first + SLOTS, end)
        sum_gradients(first, last, batch, gradients)
        for slot in range(first, last):
            ahead = np.int64(batch.rows[min(slot + ROWS_AHEAD, last - 1)])
            prefetch_row(values, ahead)
            if mean.shape[0] > 0:
                prefetch_row(mean, ahead)
            if square.shape[0] > 0:
                prefetch_row(square, ahead)
            update_row(int(batch.rows[slot]), gradients[slot - first], rate, parameter, update)


@compiled
def update_other_rows(
    begin: int, end: int, step: int, learning_rate: float, parameter: Parameter, update: Update, batch: Batch
) -> None:
    """Update those of some rows that do not occur in a batch, as `update_row` does where the gradient is zero: with
    `ADAM`, their means move them.
    """
    values, mean, square = parameter.values, parameter.mean, parameter.square
    kind = values.dtype.type
    rate, epsilon = kind(learning_rate), kind(update.epsilon)
    fall_1, fall_2 = kind(1 - update.beta_1), kind(1 - update.beta_2)
    for row in range(begin, end):
        if batch.slots[row] < step * STEP:
            for column in range(values.shape[1]):
                m = mean[row, column] - mean[row, column] * fall_1
                v = square[row, column] - square[row, column] * fall_2
                mean[row, column] = m
                square[row, column] = v
                values[row, column] -= rate * m / (np.sqrt(v) + epsilon)


@compiled
def train_batches(
    counters: Int64,
    examples: Answered,
    batch_size: int,
    learning: Learning,
    rates: Float64,
    steps_before: int,
    batch: Batch,
    gradients: Array,
) -> None:
    """Train on examples in order, a batch at a time; write each one's loss, and whether it was answered right.

    Every thread calls this with the same arrays, save `gradients` (`SLOTS`, d), its working space. `counters` are all
    zero at the start, and only grow, so that who comes back late claims nothing of a batch that is over.
    `rates` are those of the steps; `batch` has room for one.
    """
    objective, parameter, update = learning
    rows = parameter.values.shape[0]
    end_of_pieces = 0
    for number in range(rates.shape[0]):
        start = number * batch_size
        stop = min(start + batch_size, examples.targets.shape[0])
        step = steps_before + number + 1
        first_piece = end_of_pieces
        end_of_pieces += 1 + (stop - start + PIECE_EXAMPLES - 1) // PIECE_EXAMPLES
        piece = claim_below(counters, PIECES, end_of_pieces)
        while piece != NONE_LEFT:
            if piece == first_piece:
                list_places(start, stop, examples, step, batch)
            else:
                begin = start + (piece - first_piece - 1) * PIECE_EXAMPLES
                end = min(begin + PIECE_EXAMPLES, stop)
                for first in range(begin, end, EXAMPLES):
                    last = min(first + EXAMPLES, end)
                    compute_examples(first, last, start, stop, examples, parameter.values, objective, batch)
            fetch_add(counters, DONE)
            piece = claim_below(counters, PIECES, end_of_pieces)
        wait_until(counters, DONE, end_of_pieces)

        first_piece = end_of_pieces
        end_of_pieces += ROW_PIECES
        piece = claim_below(counters, PIECES, end_of_pieces)
        while piece != NONE_LEFT:
            part, slots = piece - first_piece, batch.counts[0]
            begin, end = part * slots // ROW_PIECES, (part + 1) * slots // ROW_PIECES
            update_seen_rows(begin, end, rates[number], parameter, update, batch, gradients)
            if update.optimizer == ADAM:
                begin, end = part * rows // ROW_PIECES, (part + 1) * rows // ROW_PIECES
                update_other_rows(begin, end, step, rates[number], parameter, update, batch)
            fetch_add(counters, DONE)
            piece = claim_below(counters, PIECES, end_of_pieces)
        wait_until(counters, DONE, end_of_pieces)
