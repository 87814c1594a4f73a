"""The loss of a block and its gradient, slowly and in double precision: where to read first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from firth.arrays import Array


def logistic(x: Array) -> Array:
    """σ(x) = 1 / (1 + exp(-x))."""
    return np.exp(-np.logaddexp(0.0, -x))


Target = tuple[int, int, float, int]
"""An output row, 1 or 0 for what is to be predicted of it, a weight; and its number among a block's negatives, or
`OWN` if it is of the center alone.
"""
OWN = -1


@dataclass(frozen=True)
class Example:
    """What a block learns from at a time: context words that together predict what is true of some output rows.

    The hidden vector h is the weighted sum of some input vectors.
    """

    contexts: Sequence[int]
    weights: Sequence[float]
    gradient_weights: Sequence[float]  # of the gradient by h in each input vector's: the same, for the exact gradient
    targets: Sequence[Target]
    places: Sequence[int]  # which token of the block each context word is; the subword rows of one word are one token
    of_errors: Sequence[float]  # the part of the errors that each context word is limited by
    center: int = 0  # its number in the block
    shift: Any = 0.0  # what is added to the output vectors of negatives, (d,), in the gradient by h


def negative_targets(center: int, negatives: Sequence[int], negative_weight: float) -> list[Target]:
    """That the center is predicted, and a block's negatives are not, each with weight k/K = `negative_weight`; but for
    negatives that are the center itself.
    """
    others = ((word, 0, negative_weight, n) for n, word in enumerate(negatives) if word != center)
    return [(center, 1, 1.0, OWN), *others]


def path_targets(center: int, tree: Any) -> list[Target]:
    """The codes of the center's path, at each of its nodes."""
    codes = tree.codes[tree.starts[center] : tree.starts[center + 1]].tolist()
    return [(max(code, ~code), int(code >= 0), 1.0, OWN) for code in codes]


def examples_of(
    contexts: Sequence[tuple[Sequence[tuple[int, float]], Sequence[Target]]],
    *,
    together: bool = False,
    mean: bool = True,
    exact: bool = True,
    subword_rows: Any = None,
    shift: Any = 0.0,
    places: Sequence[Sequence[int]] | None = None,
) -> list[Example]:
    """What is to be learned from context words, each with its weight, and the targets of their center.

    In skip-gram each context word predicts the targets; in CBOW all of them do `together`, by their mean or their sum.
    Not `exact`, every context word gets the whole gradient of their mean, as word2vec.c has it: too much by as many as
    they are (Irsoy, Benton and Stratos 2021, "Corrected CBOW performs as well as Skip-gram", §2). A word is a row
    number; with `subword_rows` it has several rows, whose mean is its vector, and each gets the whole change of that,
    as in fastText. `places` tell which tokens the context words are.
    """
    found = []
    for center, (words, targets) in enumerate(contexts):
        tokens = places[center] if places else range(len(words))
        if together and words:
            total = sum(weight for _, weight in words)
            of_h, spread = total if mean else 1.0, total if exact or not mean else 1.0
            weighted = [
                (word, weight / of_h, weight, weight / spread, place)
                for (word, weight), place in zip(words, tokens, strict=True)
            ]
            found.append(_example(weighted, targets, exact, subword_rows, center, shift))
        elif words:
            for (word, weight), place in zip(words, tokens, strict=True):
                scaled = [(row, label, by * weight, number) for row, label, by, number in targets]
                found.append(_example([(word, 1.0, 1.0, 1.0, place)], scaled, exact, subword_rows, center, shift))
    return found


def _example(
    words: Sequence[tuple[int, float, float, float, int]],
    targets: Sequence[Target],
    exact: bool,
    subword_rows: Any,
    center: int,
    shift: Any,
) -> Example:
    """Of words, each with its weight in h, its own weight, its part of the errors and its place."""
    listed: list[tuple[int, float, float, int, float]] = []
    for word, weight, own, of_error, place in words:
        rows = (
            [word]
            if subword_rows is None
            else subword_rows.rows[subword_rows.starts[word] : subword_rows.starts[word + 1]].tolist()
        )
        listed += [(row, weight / len(rows), weight if exact else own, place, of_error) for row in rows]
    contexts, weights, gradient_weights, places, of_errors = map(list, zip(*listed, strict=True))
    return Example(contexts, weights, gradient_weights, targets, places, of_errors, center, shift)


def block_loss(inputs: Array, outputs: Array, examples: Sequence[Example]) -> float:
    """Σ over the examples' targets of -w log σ(h·u) for what is to be predicted, and -w log σ(-h·u) for what is not.

    With negatives this is equation 4 of Mikolov et al. 2013, "Distributed representations", with paths their equation
    3; for CBOW, see §3.1 of their "Efficient estimation".
    """
    loss = 0.0
    for example in examples:
        hidden = np.array(example.weights) @ inputs[list(example.contexts)]
        for row, label, weight, _ in example.targets:
            loss += weight * np.logaddexp(0.0, (-1 if label else 1) * (hidden @ outputs[row]))
    return loss


def block_gradient(inputs: Array, outputs: Array, examples: Sequence[Example]) -> tuple[Array, Array]:
    """The gradient of `block_loss` by inputs and by outputs, of their shapes, where both weights are the same and
    the shift is zero.
    """
    by_inputs, by_outputs = np.zeros_like(inputs), np.zeros_like(outputs)
    for example in examples:
        hidden = np.array(example.weights) @ inputs[list(example.contexts)]
        by_hidden = np.zeros_like(hidden)
        for row, label, weight, _ in example.targets:
            error = weight * (logistic(hidden @ outputs[row]) - label)
            by_hidden += error * (outputs[row] if label else outputs[row] + example.shift)
            by_outputs[row] += error * hidden
        for context, step in zip(example.contexts, example.gradient_weights, strict=True):
            by_inputs[context] += step * by_hidden
    return by_inputs, by_outputs
