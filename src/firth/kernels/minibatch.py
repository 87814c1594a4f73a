"""Training by minibatches, compiled: logits, gradients by them, gradients by the embeddings, the optimizers' updates.

`train_batches` is what each thread runs. A batch has two phases with a meeting after each. In the first the threads
share the examples: they find the gradients by the logits and by the target's vector, and keep both with a copy of that
vector; one of them lists where each row occurs. In the second they share the rows: a row's gradient is summed in the
order of its occurrences, from what the first phase kept, and the row is updated. So the result has the same bits at any
number of threads.

The two embeddings are the halves of one array, whose rows are the targets' and then the contexts'; shared, they are the
whole of it. All work on float32, and on float64 for gradient checks.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from firth.kernels.compiler import compiled
from firth.kernels.prefetch import prefetch_row
from firth.kernels.rows import add_row, dot, weigh_rows
from firth.kernels.synchrony import wait_for_all

Array = np.ndarray[Any, Any]
Float64 = np.ndarray[Any, np.dtype[np.float64]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]
Bool = np.ndarray[Any, np.dtype[np.bool_]]

SOFTMAX, LOGISTIC = range(2)
"""Kinds of objectives over candidates; each may correct its logits by log Q first."""
SGD, ADAGRAD, ADAM, LAZY_ADAM = range(4)
LISTING = 36
"""Listing where a batch's rows occur takes as long as this many examples by vectors' width computing: so much less is
the share of the thread that lists."""
TASK = 32
"""Rows of the batch in a row that are one thread's."""
LONG_TASK = 512
"""Rows in a row that are one thread's, where all are updated."""
ROWS_AHEAD = 2
"""Rows that are on their way from memory while one is updated."""
STEP = 1 << 32
"""More than any place in a batch."""
END = -1


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
    """What is minimised: see `firth.objectives`."""

    kind: int
    corrected: bool
    log_expected: Array  # (V,)


class Batch(NamedTuple):
    """What the first phase keeps of a batch of n examples for the second."""

    by_logits: Array  # (n, 1 + k) the gradient of the mean loss by the logits
    target: Array  # (n, d) the target's vector before the step
    by_target: Array  # (n, d) the gradient by it
    first: Int64  # (rows,) step · `STEP` + the place where a row occurred first in the last step that had it
    following: Int32  # (n · (2 + k),) where the row of this place occurs next, or END. A place is example · (2 + k),
    # and 1 + j more for candidate j
    seen: Int32  # (rows + 1,) the rows that occur
    seen_rows: Int64  # (1,) how many these are


@compiled
def gradient_by_logits(
    kind: int, corrected: bool, logits: Array, i: int, candidates: Int32, log_expected: Array
) -> float:
    """Replace the logits of example i by the gradient of its loss; return the loss."""
    if corrected:
        for j in range(logits.shape[1]):
            logits[i, j] -= log_expected[candidates[j]]
    loss = 0.0
    if kind == SOFTMAX:
        greatest = logits[i, 0]
        for j in range(1, logits.shape[1]):
            greatest = max(greatest, logits[i, j])
        true = float(logits[i, 0]) - float(greatest)
        total = 0.0
        for j in range(logits.shape[1]):
            exponential = np.exp(logits[i, j] - greatest)
            logits[i, j] = exponential
            total += exponential
        for j in range(logits.shape[1]):
            logits[i, j] /= total
        logits[i, 0] -= 1
        return math.log(total) - true
    for j in range(logits.shape[1]):
        logit = float(logits[i, j])
        signed = -logit if j == 0 else logit
        decay = math.exp(-abs(signed))
        loss += max(signed, 0.0) + math.log1p(decay)
        error = 1 / (1 + decay) if signed >= 0 else decay / (1 + decay)
        logits[i, j] = -error if j == 0 else error
    return loss


@compiled
def compute_example(
    i: int,
    target: int,
    candidates: Int32,
    contexts_from: int,
    scale: float,
    values: Array,
    objective: Objective,
    batch: Batch,
) -> tuple[float, bool]:
    """Keep what example i asks for: the gradients of its loss, times `scale`, and its target's vector.

    Returns the loss, and whether the true candidate has the highest logit. `candidates` (1 + k,) are its own.
    """
    logits, kept, by_target = batch.by_logits, batch.target, batch.by_target
    answer = 0
    for j in range(candidates.shape[0]):
        logits[i, j] = dot(values, target, contexts_from + candidates[j])
        if logits[i, j] > logits[i, answer]:
            answer = j
    loss = gradient_by_logits(objective.kind, objective.corrected, logits, i, candidates, objective.log_expected)
    for j in range(candidates.shape[0]):
        logits[i, j] *= scale
    for column in range(values.shape[1]):
        kept[i, column] = values[target, column]
    weigh_rows(logits, i, values, contexts_from, candidates, by_target, i)
    return loss, answer == 0


@compiled
def list_occurrences(targets: Int32, contexts: Int32, contexts_from: int, step: int, batch: Batch) -> None:
    """List where each row occurs in a batch."""
    places = contexts.shape[1] + 1
    first, following, seen = batch.first, batch.following, batch.seen
    found = 0
    for example in range(targets.shape[0] - 1, -1, -1):
        for j in range(contexts.shape[1], -1, -1):
            place = example * places + j
            row = contexts_from + contexts[example, j - 1] if j > 0 else np.int64(targets[example])
            later = first[row] - step * STEP
            following[place] = later if later >= 0 else END
            first[row] = step * STEP + place
            seen[found] = row  # without a branch, which nobody could foretell: the next row takes this place if it was
            found += later < 0  # seen before
    batch.seen_rows[0] = found


@compiled
def add_gradients(
    first: int, following: Int32, by_logits: Array, target: Array, by_target: Array, gradients: Array, thread: int
) -> None:
    """Add to a thread's row of `gradients` what each place of a row in the batch asks for, from its first one on."""
    places = by_logits.shape[1] + 1
    place = first
    while place != END:
        example = place // places
        j = place - example * places
        if j == 0:
            add_row(gradients, thread, by_logits.dtype.type(1), by_target, example)
        else:
            add_row(gradients, thread, by_logits[example, j - 1], target, example)
        place = following[place]


@compiled
def update_row(
    row: int,
    gradient: Array,
    values: Array,
    mean: Array,
    square: Array,
    optimizer: int,
    rate: np.float32,
    fall_1: np.float32,
    fall_2: np.float32,
    epsilon: np.float32,
) -> None:
    """Update a row, given its gradient (d,).

    SGD: p -= rate · g. Adagrad: s += g²; p -= rate · g / √(s + ε) (Duchi, Hazan and Singer 2011). Adam:
    m += (g - m)(1 - β₁); v += (g² - v)(1 - β₂); p -= rate · m / (√v + ε) (Kingma and Ba 2015).
    """
    if optimizer == SGD:
        for column in range(gradient.shape[0]):
            values[row, column] -= rate * gradient[column]
    elif optimizer == ADAGRAD:
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
    values, mean, square = parameter.values, parameter.mean, parameter.square
    kind = values.dtype.type
    step_rate, epsilon = kind(rate), kind(update.epsilon)
    fall_1, fall_2 = kind(1 - update.beta_1), kind(1 - update.beta_2)
    for row in rows:
        update_row(row, gradients[row], values, mean, square, update.optimizer, step_rate, fall_1, fall_2, epsilon)


@compiled
def compute_examples(
    thread: int,
    threads: int,
    targets: Int32,
    contexts: Int32,
    contexts_from: int,
    start: int,
    stop: int,
    values: Array,
    objective: Objective,
    batch: Batch,
    losses: Float64,
    right_answers: Bool,
) -> None:
    """This thread's share of a batch's examples, start to stop. That of the last thread, which lists, is smaller."""
    n = stop - start
    scale = 1.0 / n
    listing = n * LISTING // values.shape[1]
    of_the_last = max(0, (n + listing) // threads - listing) if threads > 1 else n
    of_others = n - of_the_last
    last = thread == threads - 1
    begin = of_others if last else thread * of_others // (threads - 1)
    end = n if last else (thread + 1) * of_others // (threads - 1)
    for k in range(end - begin):
        i = start + begin + k
        ahead = min(i + ROWS_AHEAD, stop - 1)
        prefetch_row(values, np.int64(targets[ahead]))
        for j in range(contexts.shape[1]):
            prefetch_row(values, contexts_from + contexts[ahead, j])
        losses[i], right_answers[i] = compute_example(
            i - start, targets[i], contexts[i], contexts_from, scale, values, objective, batch
        )


@compiled
def update_seen_rows(
    thread: int,
    threads: int,
    step: int,
    rate: float,
    parameter: Parameter,
    update: Update,
    batch: Batch,
    gradients: Array,
) -> None:
    """This thread's share of the rows that a step moves: those that occur in the batch, or with `ADAM` all.

    The thread's row of `gradients` (threads, d) is working space.
    """
    values, mean, square = parameter.values, parameter.mean, parameter.square
    kind = values.dtype.type
    step_rate, epsilon = kind(rate), kind(update.epsilon)
    fall_1, fall_2 = kind(1 - update.beta_1), kind(1 - update.beta_2)
    every_row = update.optimizer == ADAM
    rows = values.shape[0] if every_row else batch.seen_rows[0]
    size = LONG_TASK if every_row else TASK
    first = thread * size
    while first < rows:
        last = min(first + size, rows)
        for place in range(first, last):
            row = place if every_row else batch.seen[place]
            if not every_row:
                ahead = np.int64(batch.seen[min(place + ROWS_AHEAD, last - 1)])
                prefetch_row(values, ahead)
                if mean.shape[0] > 0:
                    prefetch_row(mean, ahead)
                if square.shape[0] > 0:
                    prefetch_row(square, ahead)
            gradient = gradients[thread]
            for column in range(gradient.shape[0]):
                gradient[column] = 0
            first_place = batch.first[row] - step * STEP
            if first_place >= 0:
                add_gradients(
                    first_place, batch.following, batch.by_logits, batch.target, batch.by_target, gradients, thread
                )
            update_row(row, gradient, values, mean, square, update.optimizer, step_rate, fall_1, fall_2, epsilon)
        first += threads * size


@compiled
def train_batches(
    thread: int,
    threads: int,
    counters: Int64,
    targets: Int32,
    contexts: Int32,
    contexts_from: int,
    batch_size: int,
    objective: Objective,
    parameter: Parameter,
    update: Update,
    rates: Float64,
    steps_before: int,
    batch: Batch,
    gradients: Array,
    losses: Float64,
    right_answers: Bool,
) -> None:
    """Train on examples in order, a batch at a time; write each one's loss, and whether it was answered right.

    Every thread calls this with the same arrays, and `counters` all zero. `contexts_from` is the row of the first
    context vector; `rates` are those of the steps; `batch` has room for a batch, `gradients` (threads, d) for one
    gradient a thread.
    """
    meeting = 0
    for number in range(rates.shape[0]):
        start = number * batch_size
        stop = min(start + batch_size, targets.shape[0])
        step = steps_before + number + 1
        if thread == threads - 1:
            list_occurrences(targets[start:stop], contexts[start:stop], contexts_from, step, batch)
        compute_examples(
            thread, threads, targets, contexts, contexts_from, start, stop,
            parameter.values, objective, batch, losses, right_answers,
        )  # fmt: skip
        meeting += 1
        wait_for_all(counters, meeting, threads)
        update_seen_rows(thread, threads, step, rates[number], parameter, update, batch, gradients)
        meeting += 1
        wait_for_all(counters, meeting, threads)
