"""Training by minibatches, compiled: logits, gradients by them, gradients by the embeddings, the optimizers' updates.

`train_batches` is what each thread runs. The threads share the examples of a batch while they find the gradients by
the logits; then each adds, in the order of the examples, the gradients of the rows that are its own, and updates its
share of the rows. So the result has the same bits at any number of threads.

All work on float32, and on float64 for gradient checks. Gradients are summed into an array as large as the parameter,
which the optimizer sets back to zero where it has used it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from firth.kernels.compiler import compiled, compiled_sums
from firth.kernels.synchrony import wait_for_all

Array = np.ndarray[Any, Any]
Float64 = np.ndarray[Any, np.dtype[np.float64]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]
Bool = np.ndarray[Any, np.dtype[np.bool_]]

SOFTMAX, LOGISTIC = range(2)
"""Kinds of objectives over candidates; each may correct its logits by log Q first."""
SGD, ADAGRAD, ADAM, LAZY_ADAM = range(4)


class Parameter(NamedTuple):
    """An embedding (V, d), its gradient, the optimizer's state, and the last step in which each row had a gradient."""

    values: Array
    gradient: Array
    mean: Array
    square: Array
    last_seen: Int64


class Update(NamedTuple):
    """How parameters are updated."""

    optimizer: int
    rate: float
    beta_1: float
    beta_2: float
    epsilon: float


@compiled_sums
def candidate_logits(
    target: Array, context: Array, targets: Int32, contexts: Int32, first: int, last: int, logits: Array
) -> None:
    """logits[i, j] = target[targets[i]] · context[contexts[i, j]], for examples first to last."""
    for i in range(first, last):
        row = targets[i]
        for j in range(contexts.shape[1]):
            other = contexts[i, j]
            total = target[row, 0] * context[other, 0]
            for column in range(1, target.shape[1]):
                total += target[row, column] * context[other, column]
            logits[i, j] = total


@compiled
def gradient_by_logits(
    kind: int, corrected: bool, logits: Array, i: int, contexts: Int32, log_expected: Array
) -> float:
    """Replace the logits of example i by the gradient of its loss; return the loss."""
    if corrected:
        for j in range(logits.shape[1]):
            logits[i, j] -= log_expected[contexts[i, j]]
    loss = 0.0
    if kind == SOFTMAX:
        greatest = logits[i, 0]
        for j in range(1, logits.shape[1]):
            greatest = max(greatest, logits[i, j])
        true = float(logits[i, 0]) - float(greatest)
        total = 0.0
        for j in range(logits.shape[1]):
            exponential = math.exp(float(logits[i, j]) - float(greatest))
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
def add_candidate_gradients(
    by_logits: Array,
    scale: float,
    targets: Int32,
    contexts: Int32,
    target: Array,
    context: Array,
    by_target: Array,
    by_context: Array,
    thread: int,
    threads: int,
) -> None:
    """Add the gradients by this thread's rows of both embeddings, given those by the logits, times `scale`."""
    width = target.shape[1]
    for i in range(contexts.shape[0]):
        row = targets[i]
        mine = owner(row, threads) == thread
        for j in range(contexts.shape[1]):
            other = contexts[i, j]
            g = target.dtype.type(by_logits[i, j] * scale)
            if mine:
                for column in range(width):
                    by_target[row, column] += g * context[other, column]
            if owner(other, threads) == thread:
                for column in range(width):
                    by_context[other, column] += g * target[row, column]


@compiled
def owner(row: int, threads: int) -> int:
    """The thread whose row this is."""
    scattered = np.uint64(np.uint32(row * 2_654_435_761))  # Knuth's multiplicative hash
    return np.int64((scattered * np.uint64(threads)) >> np.uint64(32))  # type: ignore[return-value]


@compiled
def add_rows_by_id(ids: Int32, rows: Array, total: Array) -> None:
    """total[ids[i]] += rows[i], in order."""
    for i in range(ids.shape[0]):
        for column in range(rows.shape[1]):
            total[ids[i], column] += rows[i, column]


@compiled
def mark(ids: Int32, last_seen: Int64, step: int) -> None:
    """last_seen[id] = step, for each of the ids."""
    for i in ids:
        last_seen[i] = step


@compiled
def update_sgd(
    values: Array, gradient: Array, last_seen: Int64, time: int, first: int, last: int, rate: np.float32
) -> None:
    """p -= rate · g for the rows with a gradient."""
    for row in range(first, last):
        if last_seen[row] == time:
            for column in range(values.shape[1]):
                values[row, column] -= rate * gradient[row, column]
                gradient[row, column] = 0


@compiled
def update_adagrad(
    values: Array,
    gradient: Array,
    square: Array,
    last_seen: Int64,
    time: int,
    first: int,
    last: int,
    rate: np.float32,
    epsilon: np.float32,
) -> None:
    """s += g²; p -= rate · g / √(s + ε) for the rows with a gradient (Duchi, Hazan and Singer 2011)."""
    for row in range(first, last):
        if last_seen[row] == time:
            for column in range(values.shape[1]):
                g = gradient[row, column]
                square[row, column] += g * g
                values[row, column] -= rate * g / np.sqrt(square[row, column] + epsilon)
                gradient[row, column] = 0


@compiled
def update_adam(
    values: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    last_seen: Int64,
    every_row: bool,
    time: int,
    first: int,
    last: int,
    rate: np.float32,
    fall_1: np.float32,
    fall_2: np.float32,
    epsilon: np.float32,
) -> None:
    """m += (g - m)(1 - β₁); v += (g² - v)(1 - β₂); p -= rate · m / (√v + ε) (Kingma and Ba 2015)."""
    for row in range(first, last):
        if every_row or last_seen[row] == time:
            for column in range(values.shape[1]):
                g = gradient[row, column]
                m = mean[row, column] + (g - mean[row, column]) * fall_1
                v = square[row, column] + (g * g - square[row, column]) * fall_2
                mean[row, column] = m
                square[row, column] = v
                values[row, column] -= rate * m / (np.sqrt(v) + epsilon)
                gradient[row, column] = 0


@compiled
def update_rows(parameter: Parameter, update: Update, time: int, first: int, last: int) -> None:
    """Update number `time` (from 1) of rows first to last: of those with a gradient, or with `ADAM` of all.

    The gradient is set back to zero. Each optimizer does what Keras's does.
    """
    values, gradient, square, last_seen = parameter.values, parameter.gradient, parameter.square, parameter.last_seen
    kind = values.dtype.type
    rate, epsilon = kind(update.rate), kind(update.epsilon)
    if update.optimizer == SGD:
        update_sgd(values, gradient, last_seen, time, first, last, rate)
    elif update.optimizer == ADAGRAD:
        update_adagrad(values, gradient, square, last_seen, time, first, last, rate, epsilon)
    else:
        rate = kind(update.rate * math.sqrt(1 - update.beta_2**time) / (1 - update.beta_1**time))
        fall_1, fall_2 = kind(1 - update.beta_1), kind(1 - update.beta_2)
        every_row = update.optimizer == ADAM
        update_adam(
            values, gradient, parameter.mean, square, last_seen, every_row, time, first, last,
            rate, fall_1, fall_2, epsilon,
        )  # fmt: skip


@compiled
def share(size: int, thread: int, threads: int) -> tuple[int, int]:
    """The thread's share of 0 … size: from where to where."""
    return size * thread // threads, size * (thread + 1) // threads


@compiled
def train_batches(
    thread: int,
    threads: int,
    counters: Int64,
    targets: Int32,
    contexts: Int32,
    batch_size: int,
    kind: int,
    corrected: bool,
    log_expected: Array,
    target: Parameter,
    context: Parameter,
    shared: bool,
    update: Update,
    steps_before: int,
    logits: Array,
    losses: Float64,
    right_answers: Bool,
) -> None:
    """Train on examples in order, a batch at a time; write each one's loss, and whether it was answered right.

    Every thread calls this with the same arrays, and `counters` all zero. `logits` has room for a batch.
    """
    n = targets.shape[0]
    first_row, last_row = share(target.values.shape[0], thread, threads)
    meeting = 0
    for batch, start in enumerate(range(0, n, batch_size)):
        stop = min(start + batch_size, n)
        ids, others = targets[start:stop], contexts[start:stop]
        time = steps_before + batch + 1
        first, last = share(stop - start, thread, threads)
        candidate_logits(target.values, context.values, ids, others, first, last, logits)
        for i in range(first, last):
            answer = 0
            for j in range(1, others.shape[1]):
                if logits[i, j] > logits[i, answer]:
                    answer = j
            right_answers[start + i] = answer == 0
            losses[start + i] = gradient_by_logits(kind, corrected, logits, i, others, log_expected)
        if thread == 0:
            mark(ids, target.last_seen, time)
            for i in range(stop - start):
                mark(others[i], context.last_seen, time)
        meeting += 1
        wait_for_all(counters, meeting, threads)
        add_candidate_gradients(
            logits, 1.0 / (stop - start), ids, others, target.values, context.values,
            target.gradient, context.gradient, thread, threads,
        )  # fmt: skip
        meeting += 1
        wait_for_all(counters, meeting, threads)
        update_rows(target, update, time, first_row, last_row)
        if not shared:
            update_rows(context, update, time, first_row, last_row)
        meeting += 1
        wait_for_all(counters, meeting, threads)
