"""The steps of a minibatch that touch rows of the embeddings: logits, gradients, and the optimizers' updates.

All work on float32, and on float64 for gradient checks. Gradients are summed into an array as large as the parameter,
which the optimizer sets back to zero where it has used it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from firth.kernels.compiler import compiled, compiled_sums

Array = np.ndarray[Any, Any]
Int32 = np.ndarray[Any, np.dtype[np.int32]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]


@compiled_sums
def candidate_logits(target: Array, context: Array, targets: Int32, contexts: Int32, logits: Array) -> None:
    """logits[i, j] = target[targets[i]] · context[contexts[i, j]]."""
    for i in range(contexts.shape[0]):
        row = targets[i]
        for j in range(contexts.shape[1]):
            other = contexts[i, j]
            total = target[row, 0] * context[other, 0]
            for column in range(1, target.shape[1]):
                total += target[row, column] * context[other, column]
            logits[i, j] = total


@compiled
def add_candidate_gradients(
    by_logits: Array,
    target: Array,
    context: Array,
    targets: Int32,
    contexts: Int32,
    by_target: Array,
    by_context: Array,
) -> None:
    """Add the gradients by both embeddings, given those by the logits."""
    width = target.shape[1]
    for i in range(contexts.shape[0]):
        row = targets[i]
        for j in range(contexts.shape[1]):
            other = contexts[i, j]
            g = by_logits[i, j]
            for column in range(width):
                by_target[row, column] += g * context[other, column]
            for column in range(width):
                by_context[other, column] += g * target[row, column]


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
def update_sgd(rows: Int64, parameter: Array, gradient: Array, rate: float) -> None:
    """p -= rate · g for these rows."""
    step = parameter.dtype.type(rate)
    for row in rows:
        for column in range(parameter.shape[1]):
            parameter[row, column] -= step * gradient[row, column]
            gradient[row, column] = 0


@compiled
def update_adagrad(rows: Int64, parameter: Array, gradient: Array, squares: Array, rate: float, epsilon: float) -> None:
    """s += g²; p -= rate · g / √(s + ε) for these rows (Duchi, Hazan and Singer 2011; Keras's ε)."""
    step, least = parameter.dtype.type(rate), parameter.dtype.type(epsilon)
    for row in rows:
        for column in range(parameter.shape[1]):
            g = gradient[row, column]
            squares[row, column] += g * g
            parameter[row, column] -= step * g / np.sqrt(squares[row, column] + least)
            gradient[row, column] = 0


@compiled
def update_adam_row(
    row: int,
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    step: float,
    fall_1: float,
    fall_2: float,
    epsilon: float,
) -> None:
    """m += (g - m)(1 - β₁); v += (g² - v)(1 - β₂); p -= step · m / (√v + ε) (Kingma and Ba 2015, as Keras has it)."""
    kind = parameter.dtype.type
    s, a, b, least = kind(step), kind(fall_1), kind(fall_2), kind(epsilon)
    for column in range(parameter.shape[1]):
        g = gradient[row, column]
        m = mean[row, column] + (g - mean[row, column]) * a
        v = square[row, column] + (g * g - square[row, column]) * b
        mean[row, column] = m
        square[row, column] = v
        parameter[row, column] -= s * m / (np.sqrt(v) + least)
        gradient[row, column] = 0


@compiled
def update_adam(
    rows: Int64,
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    time: int,
    rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam's update number `time` (from 1) of these rows."""
    step = rate * math.sqrt(1 - beta_2**time) / (1 - beta_1**time)
    for row in rows:
        update_adam_row(row, parameter, gradient, mean, square, step, 1 - beta_1, 1 - beta_2, epsilon)
