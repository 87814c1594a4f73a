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


Target = tuple[int, int, float]
"""An output row, 1 or 0 for what is to be predicted of it, and a weight."""


@dataclass(frozen=True)
class Example:
    """What a block learns from at a time: context words that together predict what is true of some output rows.

    The hidden vector h is the sum of some input vectors, each times its share.
    """

    contexts: Sequence[int]
    shares: Sequence[float]
    steps: Sequence[float]  # what each input vector is given of the gradient by h: its share, for the exact gradient
    targets: Sequence[Target]
    shift: Any = 0.0  # what is added to the output vectors of noise words, (d,), in the gradient by h


def noise_targets(centre: int, noise: Sequence[int], noise_weight: float) -> list[Target]:
    """That the centre is predicted, and a block's noise words are not, each with weight k/K = `noise_weight`; but for
    noise words that are the centre itself.
    """
    return [(centre, 1, 1.0), *((word, 0, noise_weight) for word in noise if word != centre)]


def path_targets(centre: int, tree: Any) -> list[Target]:
    """The turns of the centre's path, at each of its nodes."""
    turns = tree.turns[tree.starts[centre] : tree.starts[centre + 1]].tolist()
    return [(max(turn, ~turn), int(turn >= 0), 1.0) for turn in turns]


def steps_of_nodes(tree: Any) -> Array:
    """What each node's learning rate is multiplied by, (V, 1), where the last is no node."""
    words = len(tree.starts) - 1
    of_heaviest = tree.steps[: words - 1]
    steps = np.full((words, 1), tree.steps[-1], np.float64)
    steps[words - 1 - len(of_heaviest) : words - 1, 0] = of_heaviest[::-1]
    return steps


def examples_of(
    contexts: Sequence[tuple[Sequence[tuple[int, float]], Sequence[Target]]],
    *,
    together: bool = False,
    mean: bool = True,
    exact: bool = True,
    parts: Any = None,
    shift: Any = 0.0,
) -> list[Example]:
    """What is to be learned from context words, each with its weight, and the targets of their centre.

    In skip-gram each context word predicts the targets; in CBOW all of them do `together`, by their mean or their sum.
    Not `exact`, every context word gets the whole gradient of their mean, as word2vec.c has it: too much by as many as
    they are (Irsoy, Benton and Stratos 2021, "Corrected CBOW performs as well as Skip-gram", §2). A word is a row
    number; with `parts` it has several rows, whose mean is its vector, and each gets the whole change of that, as in
    fastText.
    """
    found = []
    for words, targets in contexts:
        if together and words:
            total = sum(weight for _, weight in words) if mean else 1.0
            shares = [(word, weight / total, weight) for word, weight in words]
            found.append(_example(shares, targets, exact, parts, shift))
        elif words:
            for word, weight in words:
                weighted = [(row, label, by * weight) for row, label, by in targets]
                found.append(_example([(word, 1.0, 1.0)], weighted, exact, parts, shift))
    return found


def _example(
    words: Sequence[tuple[int, float, float]], targets: Sequence[Target], exact: bool, parts: Any, shift: Any
) -> Example:
    """Of words, each with its share and its weight."""
    contexts: list[int] = []
    shares: list[float] = []
    steps: list[float] = []
    for word, share, weight in words:
        rows = [word] if parts is None else parts.rows[parts.starts[word] : parts.starts[word + 1]].tolist()
        contexts += rows
        shares += [share / len(rows)] * len(rows)
        steps += [share if exact else weight] * len(rows)
    return Example(contexts, shares, steps, targets, shift)


def block_loss(inputs: Array, outputs: Array, examples: Sequence[Example]) -> float:
    """Σ over the examples' targets of -w log σ(h·u) for what is to be predicted, and -w log σ(-h·u) for what is not.

    With noise words this is equation 4 of Mikolov et al. 2013, "Distributed representations", with paths their equation
    3; for CBOW, see §3.1 of their "Efficient estimation".
    """
    loss = 0.0
    for example in examples:
        hidden = np.array(example.shares) @ inputs[list(example.contexts)]
        for row, label, weight in example.targets:
            loss += weight * np.logaddexp(0.0, (-1 if label else 1) * (hidden @ outputs[row]))
    return loss


def block_gradient(inputs: Array, outputs: Array, examples: Sequence[Example]) -> tuple[Array, Array]:
    """The gradient of `block_loss` by inputs and by outputs, of their shapes, where steps are shares and the shift is
    zero.
    """
    by_inputs, by_outputs = np.zeros_like(inputs), np.zeros_like(outputs)
    for example in examples:
        hidden = np.array(example.shares) @ inputs[list(example.contexts)]
        by_hidden = np.zeros_like(hidden)
        for row, label, weight in example.targets:
            error = weight * (logistic(hidden @ outputs[row]) - label)
            by_hidden += error * (outputs[row] if label else outputs[row] + example.shift)
            by_outputs[row] += error * hidden
        for context, step in zip(example.contexts, example.steps, strict=True):
            by_inputs[context] += step * by_hidden
    return by_inputs, by_outputs


@dataclass
class Epoch:
    """What an epoch needs besides the parameters: settings, and the kernels' `Plan`, `Noise`, `Tree` and keep table."""

    config: Any
    plan: Any
    noise: Any
    tree: Any
    keep: Sequence[int]
    keep_key: int
    parts: Any = None
    steps: Any = None


def steps_of_rows(epoch: Epoch, inputs: int, outputs: int) -> tuple[Array, Array]:
    """What the learning rate of each row of the inputs and of the outputs is multiplied by, (rows, 1) each."""
    of_inputs, of_outputs = np.ones(inputs), np.ones(outputs)
    if epoch.steps is not None:
        of_inputs, of_outputs = (of.astype(float) for of in epoch.steps)
    return of_inputs[:, None], of_outputs[:, None] if epoch.tree is None else steps_of_nodes(epoch.tree)


def rounds_of(centres: int, plan: Any) -> list[list[list[int]]]:
    """Where the blocks of each round begin and end, of a text of so many centres that is one stretch.

    As many blocks as make whole rounds are cut into strands of equal length, and each round takes as many from each;
    what is left is a round of its own.
    """
    blocks = [[first, min(first + plan.block_centres, centres)] for first in range(0, centres, plan.block_centres)]
    whole = centres // (plan.block_centres * plan.round_blocks)
    in_rounds, left = blocks[: whole * plan.round_blocks], blocks[whole * plan.round_blocks :]
    strands = np.array(in_rounds, int).reshape(plan.strands, whole, plan.round_blocks // plan.strands, 2)
    found = [strands[:, number].reshape(-1, 2).tolist() for number in range(whole)]
    return [*found, left] if left else found


def train_epoch(
    ids: Sequence[int], sentence_starts: Sequence[int], inputs: Array, outputs: Array, epoch: Epoch
) -> tuple[float, float]:
    """One epoch of rounds on (V, d) float64 parameters, in place. Returns the measured loss, and its pairs by weight.

    Where the inputs and the outputs are one array, words have one vector.
    """
    plan = epoch.plan
    kept = keep_tokens(ids, epoch.keep, epoch.keep_key)
    sentences = (np.searchsorted(sentence_starts, kept, side="right") - 1).tolist()
    loss, measured = 0.0, 0.0
    input_steps, output_steps = steps_of_rows(epoch, len(inputs), len(outputs))
    size = plan.block_centres * plan.round_blocks
    together = epoch.config.architecture == "cbow"
    for number, blocks in enumerate(rounds_of(len(kept), plan)):
        finds_mean = number % plan.mean_rounds == 0
        if finds_mean and epoch.noise is not None:
            noise_mean = epoch.noise.shares @ outputs
        rate = max(plan.rate_first + plan.rate_slope * kept[number * size], plan.rate_least)
        by_input, by_output = [], []
        for first, last in blocks:
            noise, shift = [], 0.0
            if epoch.noise is not None:
                counters = [kept[first] * plan.noise_words + n for n in range(plan.noise_words)]
                tables = epoch.noise.table[:, 0].tolist(), epoch.noise.table[:, 1].tolist()
                noise = [noise_word(*tables, int(plan.noise_key), counter) for counter in counters]
                if together and not finds_mean:
                    shift = noise_mean - outputs[noise].mean(axis=0)
            contexts = []
            for i in range(first, last):
                near = pairs_of(i, kept, sentences, plan)
                words = [(ids[kept[j]], float(plan.distance_weights[abs(j - i) - 1])) for j in near]
                centre = ids[kept[i]]
                targets = (
                    noise_targets(centre, noise, plan.noise_weight)
                    if epoch.tree is None
                    else path_targets(centre, epoch.tree)
                )
                contexts.append((words, targets))
            at_once = together and epoch.tree is not None
            for some in [[context] for context in contexts] if at_once else [contexts]:
                examples = examples_of(
                    some,
                    together=together,
                    mean=epoch.config.context == "mean",
                    exact=epoch.config.context_gradient == "exact",
                    parts=epoch.parts,
                    shift=shift,
                )
                by_inputs, by_outputs = block_gradient(inputs, outputs, examples)
                if (first // plan.block_centres if plan.strands == 1 else number) % plan.loss_blocks == 0:
                    loss += block_loss(inputs, outputs, examples)
                    measured += len(examples) if together else sum(weight for words, _ in some for _, weight in words)
                by_input.append(-rate * input_steps * by_inputs)
                by_output.append(-rate * output_steps * by_outputs)
                if at_once:
                    outputs += by_output.pop()
        for change in by_input:
            inputs += change
        for change in by_output:
            outputs += change
    return loss, measured
