"""The kernels again, slowly and in double precision: what they are tested against, and where to read first.

Every function here is NumPy and plain loops. It takes the same random numbers as the kernels, so a whole
training comes out the same but for rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_MASK = 2**64 - 1


def draw(key: int, counter: int) -> int:
    """64 random bits: SplitMix64 (Steele, Lea and Flood 2014), output number `counter` of stream `key`."""
    z = (key + (counter + 1) * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def logistic(x: Array) -> Array:
    """σ(x) = 1 / (1 + exp(-x))."""
    return np.exp(-np.logaddexp(0.0, -x))


def keep_tokens(ids: Sequence[int], keep: Sequence[int], key: int) -> list[int]:
    """The positions of the tokens that are kept: of a word of the vocabulary, and by its random number."""
    return [p for p, word in enumerate(ids) if word < len(keep) and draw(key, p) >> 32 <= keep[word]]


def noise_word(threshold: Sequence[int], alias: Sequence[int], key: int, counter: int) -> int:
    """A word drawn from an alias table."""
    bits = draw(key, counter)
    column = ((bits >> 32) * len(alias)) >> 32
    return column if bits & 0xFFFFFFFF < threshold[column] else int(alias[column])


def pairs_of(centre: int, kept: Sequence[int], sentences: Sequence[int], plan: Any) -> list[int]:
    """The indices (into `kept`) of the context words of a centre: within its own window, in its own sentence.

    `kept` are positions in the corpus, `sentences` the sentence of each.
    """
    reach = plan.window
    if plan.shrink:
        reach = 1 + (((draw(int(plan.window_key), kept[centre]) >> 32) * plan.window) >> 32)
    return [
        j
        for j in range(max(0, centre - plan.before * reach), min(len(kept), centre + plan.after * reach + 1))
        if j != centre and sentences[j] == sentences[centre]
    ]


def block_loss(
    inputs: Array, outputs: Array, pairs: Sequence[tuple[int, int]], noise: Sequence[int], noise_weight: float
) -> float:
    """The loss of a block: Σ over pairs (context, centre) of -log σ(x·u) - w Σ over noise n ≠ centre of log σ(-x·n).

    This is equation 4 of Mikolov et al. 2013, "Distributed representations", with a block's noise words shared by
    its pairs and weighted k/K = `noise_weight`. Words are row numbers.
    """
    loss = 0.0
    for context, centre in pairs:
        loss += np.logaddexp(0.0, -inputs[context] @ outputs[centre])
        for word in noise:
            if word != centre:
                loss += noise_weight * np.logaddexp(0.0, inputs[context] @ outputs[word])
    return loss


def block_gradient(
    inputs: Array, outputs: Array, pairs: Sequence[tuple[int, int]], noise: Sequence[int], noise_weight: float
) -> tuple[Array, Array]:
    """The gradient of `block_loss` by inputs and by outputs, each (V, d)."""
    by_inputs, by_outputs = np.zeros_like(inputs), np.zeros_like(outputs)
    for context, centre in pairs:
        x = inputs[context]
        error = logistic(x @ outputs[centre]) - 1
        by_inputs[context] += error * outputs[centre]
        by_outputs[centre] += error * x
        for word in noise:
            if word != centre:
                error = noise_weight * logistic(x @ outputs[word])
                by_inputs[context] += error * outputs[word]
                by_outputs[word] += error * x
    return by_inputs, by_outputs


def cbow_loss(
    inputs: Array,
    outputs: Array,
    contexts: Sequence[tuple[Sequence[int], int]],
    noise: Sequence[int],
    noise_weight: float,
    *,
    mean: bool,
) -> float:
    """The loss of a block of CBOW (Mikolov et al. 2013, "Efficient estimation", §3.1), as `block_loss` has it, with the
    mean or the sum of a centre's context words in place of each of them. `contexts` are (context words, centre).
    """
    loss = 0.0
    for words, centre in contexts:
        hidden = inputs[list(words)].sum(axis=0) / (len(words) if mean else 1)
        loss += np.logaddexp(0.0, -hidden @ outputs[centre])
        for word in noise:
            if word != centre:
                loss += noise_weight * np.logaddexp(0.0, hidden @ outputs[word])
    return loss


def cbow_gradient(
    inputs: Array,
    outputs: Array,
    contexts: Sequence[tuple[Sequence[int], int]],
    noise: Sequence[int],
    noise_weight: float,
    *,
    mean: bool,
    exact: bool = True,
) -> tuple[Array, Array]:
    """The gradient of `cbow_loss` by inputs and by outputs, each (V, d).

    Not `exact`, every context word gets the whole gradient of their mean, as word2vec.c has it: too much by as many as
    they are (Irsoy, Benton and Stratos 2021, "Corrected CBOW performs as well as Skip-gram", §2).
    """
    by_inputs, by_outputs = np.zeros_like(inputs), np.zeros_like(outputs)
    for words, centre in contexts:
        share = 1 / len(words) if mean else 1.0
        hidden = inputs[list(words)].sum(axis=0) * share
        errors = [(centre, logistic(hidden @ outputs[centre]) - 1)]
        errors += [(word, noise_weight * logistic(hidden @ outputs[word])) for word in noise if word != centre]
        for word, error in errors:
            by_outputs[word] += error * hidden
            for context in words:
                by_inputs[context] += (share if exact else 1) * error * outputs[word]
    return by_inputs, by_outputs


@dataclass
class Epoch:
    """What an epoch needs besides the parameters: the fields of the kernels' `Plan`, `Noise` and keep table."""

    plan: Any
    noise: Any
    keep: Sequence[int]
    keep_key: int
    cbow: tuple[bool, bool] | None = None  # whether the mean is taken, and whether gradients are exact


def train_epoch(
    ids: Sequence[int], sentence_starts: Sequence[int], inputs: Array, outputs: Array, epoch: Epoch
) -> tuple[float, int]:
    """One epoch of rounds on (V, d) float64 parameters, in place. Returns the measured loss and its pairs."""
    plan = epoch.plan
    kept = keep_tokens(ids, epoch.keep, epoch.keep_key)
    sentences = (np.searchsorted(sentence_starts, kept, side="right") - 1).tolist()
    loss, measured = 0.0, 0
    size = plan.block_centres * plan.round_blocks
    for round_first in range(0, len(kept), size):
        round_last = min(round_first + size, len(kept))
        rate = max(plan.rate_first + plan.rate_slope * kept[round_first], plan.rate_least)
        changes = []
        for first in range(round_first, round_last, plan.block_centres):
            last = min(first + plan.block_centres, round_last)
            contexts = [
                ([ids[kept[j]] for j in pairs_of(centre, kept, sentences, plan)], ids[kept[centre]])
                for centre in range(first, last)
            ]
            noise = [
                noise_word(
                    epoch.noise.threshold.tolist(),
                    epoch.noise.alias.tolist(),
                    int(plan.noise_key),
                    kept[first] * plan.noise_words + n,
                )
                for n in range(plan.noise_words)
            ]
            pairs = [(word, centre) for words, centre in contexts for word in words]
            if epoch.cbow is None:
                found = block_loss(inputs, outputs, pairs, noise, plan.noise_weight)
                by_inputs, by_outputs = block_gradient(inputs, outputs, pairs, noise, plan.noise_weight)
            else:
                contexts = [(words, centre) for words, centre in contexts if words]
                mean, exact = epoch.cbow
                found = cbow_loss(inputs, outputs, contexts, noise, plan.noise_weight, mean=mean)
                by_inputs, by_outputs = cbow_gradient(
                    inputs, outputs, contexts, noise, plan.noise_weight, mean=mean, exact=exact
                )
            if (first // plan.block_centres) % plan.loss_blocks == 0:
                loss += found
                measured += len(pairs) if epoch.cbow is None else len(contexts)
            changes.append((-rate * by_inputs, -rate * by_outputs))
        for input_change, output_change in changes:
            inputs += input_change
            outputs += output_change
    return loss, measured
