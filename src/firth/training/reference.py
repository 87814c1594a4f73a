"""The kernels again, slowly and in double precision: what they are tested against.

Every function here is NumPy and plain loops. It takes the same random numbers as the kernels, so a whole
training comes out the same but for rounding. The loss that they minimize is in `firth.training.reference_gradients`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from firth.arrays import Array
from firth.kernels.word2vec.cbow import NEGATIVES_ROOM, WORD_ROOM
from firth.kernels.word2vec.hierarchical_softmax import NODE_ROOM
from firth.kernels.word2vec.row_owners import place_of
from firth.kernels.word2vec.skipgram import SHIFT
from firth.kernels.word2vec.step_bounds import LEAST_ERRORS
from firth.training.reference_gradients import (
    OWN,
    Example,
    block_loss,
    examples_of,
    logistic,
    negative_targets,
    path_targets,
)

_MASK = 2**64 - 1


def draw(key: int, counter: int) -> int:
    """64 random bits: SplitMix64 (Steele, Lea and Flood 2014), output number `counter` of stream `key`."""
    z = (key + (counter + 1) * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def keep_tokens(ids: Sequence[int], keep: Sequence[int], key: int) -> list[int]:
    """The positions of the tokens that are kept: of a word of the vocabulary, and by its random number."""
    return [p for p, word in enumerate(ids) if word < len(keep) and draw(key, p) >> 32 <= keep[word]]


def negative_word(threshold: Sequence[int], alias: Sequence[int], key: int, counter: int) -> int:
    """A word drawn from an alias table."""
    bits = draw(key, counter)
    column = ((bits >> 32) * len(alias)) >> 32
    return column if bits & 0xFFFFFFFF < threshold[column] else int(alias[column])


def pairs_of(center: int, kept: Sequence[int], sentences: Sequence[int], plan: Any) -> list[int]:
    """The indices (into `kept`) of the context words of a center: within its own window, in its own sentence.

    `kept` are positions in the corpus, `sentences` the sentence of each.
    """
    reach = plan.window
    if plan.shrink:
        reach = 1 + (((draw(int(plan.window_key), kept[center]) >> 32) * plan.window) >> 32)
    return [
        j
        for j in range(max(0, center - plan.before * reach), min(len(kept), center + plan.after * reach + 1))
        if j != center and sentences[j] == sentences[center]
    ]


def by_node(tree: Any, values: Array) -> Array:
    """What the heaviest nodes have, the root first, and then all others, for each node: (V, 1); the last is none."""
    words = len(tree.starts) - 1
    of_heaviest = values[: words - 1]
    steps = np.full((words, 1), values[-1], np.float64)
    steps[words - 1 - len(of_heaviest) : words - 1, 0] = of_heaviest[::-1]
    return steps


@dataclass
class Update:
    """The update of a row by a block, as it adds up: Δ, and the errors in it
    (`firth.kernels.word2vec.step_bounds`).
    """

    vector: Any = 0.0
    errors: float = 0.0
    room: float = 1.0  # by how much its bound is wider than that of others

    @property
    def ratio(self) -> float:
        """‖Δ‖² / E: the step as a multiple of Polyak's."""
        return float(self.vector @ self.vector) / max(self.errors, float(LEAST_ERRORS)) / self.room

    def scaled(self, by: float, room: float = 1.0) -> Update:
        """As much of it."""
        return Update(by * self.vector, by * self.errors, room)


OF_CENTER, OF_NEGATIVE = range(2)
BlockUpdates = dict[tuple[Any, int], Update]
"""By what makes them one, a token of the block or an output row of it, and the row."""


def block_updates(
    inputs: Array, outputs: Array, examples: Sequence[Example], rate: float, epoch: Epoch
) -> tuple[BlockUpdates, BlockUpdates]:
    """What a block changes the rows of the inputs and of the outputs by, at most."""
    of_inputs: BlockUpdates = defaultdict(Update)
    of_outputs: BlockUpdates = defaultdict(Update)
    cbow, tree = epoch.config.architecture == "cbow", epoch.tree
    for example in examples:
        hidden = np.array(example.weights) @ inputs[list(example.contexts)]
        by_hidden, errors = np.zeros_like(hidden), 0.0
        for row, label, weight, number in example.targets:
            g = float(rate * weight * (label - logistic(hidden @ outputs[row])))
            if cbow and tree is not None and rate * (hidden @ hidden) > 1:
                most = 1 / float(hidden @ hidden)
                g = min(max(g, -most), most)
            by_hidden += g * (outputs[row] if label else outputs[row] + example.shift)
            errors += abs(g)
            change = of_outputs[(OF_CENTER, example.center) if number == OWN else (OF_NEGATIVE, number), row]
            change.vector, change.errors = change.vector + g * hidden, change.errors + abs(g)
            if not cbow and tree is not None:
                change.room += abs(g) * float(np.linalg.norm(hidden))  # no less than the change's length
        words = zip(example.contexts, example.gradient_weights, example.places, example.of_errors, strict=True)
        for row, step, place, of_error in words:
            change = of_inputs[place, row]
            change.vector, change.errors = change.vector + step * by_hidden, change.errors + of_error * errors
    if tree is not None:
        return of_inputs, of_outputs if cbow else limited_nodes(of_outputs, epoch)
    return of_inputs, limited_together(of_outputs) if cbow else of_outputs


def limited_together(changes: BlockUpdates) -> BlockUpdates:
    """The output updates of a block of CBOW, scaled down as much as the bound on its negatives together requires."""
    negatives = [change for (slot, _), change in changes.items() if slot[0] == OF_NEGATIVE]
    squares = sum(change.vector @ change.vector for change in negatives)
    errors = sum(change.errors for change in negatives)
    limit = moved(float(squares) / (float(NEGATIVES_ROOM) * (errors + float(LEAST_ERRORS)))) if negatives else 1.0
    return {
        at: change.scaled(limit, float(WORD_ROOM) if at[0][0] == OF_NEGATIVE else 1.0) for at, change in changes.items()
    }


def limited_nodes(changes: BlockUpdates, epoch: Epoch) -> BlockUpdates:
    """The updates of the nodes of paths in skip-gram, each by its rate scale, or by less where the bound is lower."""
    steps, visits = (by_node(epoch.tree, of) for of in (epoch.tree.rate_scales, epoch.tree.visits))
    found = {}
    for (slot, node), change in changes.items():
        longest = visits[node, 0] * (change.room - 1) ** 2 / float(NODE_ROOM)
        step = steps[node, 0]
        found[slot, node] = change.scaled(change.errors / longest if step * longest > change.errors else step)
    return found


def in_order(changes: BlockUpdates) -> BlockUpdates:
    """The changes in the order in which the kernels add them: tokens, or centers and then negatives."""
    return dict(sorted(changes.items(), key=lambda item: item[0][0]))


def moved(ratio: float) -> float:
    """D(R) / R (`firth.kernels.word2vec.step_bounds`)."""
    return 1.0 if ratio <= 1 else (2 - 1 / ratio) / ratio


def add_updates(
    rows: Array, changes: Sequence[BlockUpdates], limits: dict[int, float], rate_scales: Array | None
) -> None:
    """Add the updates of a round's blocks to the rows. `limits` has the sum of the ratios by bit, and `rate_scales`
    what the learning rate of each row is multiplied by; without these, the updates are limited already.
    """
    for block in changes:
        for (_, row), change in block.items():
            if rate_scales is None:
                rows[row] += change.vector
                continue
            step, place = float(rate_scales[row, 0]), place_of(row)
            before, more = limits.get(place, 0.0), step * change.ratio
            limits[place] = before + more
            if before + more > 1:
                step *= ((before + more) * moved(before + more) - before * moved(before)) / max(more, 1e-300)
            rows[row] += step * change.vector


@dataclass
class Epoch:
    """What an epoch needs besides the parameters: settings, and the kernels' `Plan`, `Noise`, `Tree` and keep table."""

    config: Any
    plan: Any
    noise: Any
    tree: Any
    keep: Sequence[int]
    keep_key: int
    rate_scales: Any
    subword_rows: Any = None


def rate_scales_of_rows(epoch: Epoch, inputs: int, outputs: int) -> tuple[Array, Array]:
    """What the learning rate of each row of the inputs and of the outputs is multiplied by, (rows, 1) each."""
    of_inputs, of_outputs = np.ones(inputs), np.ones(outputs)
    if epoch.rate_scales.inputs is not None:
        of_inputs, of_outputs = (of.astype(float) for of in epoch.rate_scales)
    return of_inputs[:, None], of_outputs[:, None]


def rounds_of(centers: int, plan: Any) -> list[list[list[int]]]:
    """Where the blocks of each round begin and end, of a text of so many centers that is one chunk.

    As many blocks as make whole rounds are cut into streams of equal length, and each round takes as many from each;
    what is left is a round of its own.
    """
    blocks = [[first, min(first + plan.block_centers, centers)] for first in range(0, centers, plan.block_centers)]
    whole = centers // (plan.block_centers * plan.round_blocks)
    in_rounds, left = blocks[: whole * plan.round_blocks], blocks[whole * plan.round_blocks :]
    streams = np.array(in_rounds, int).reshape(plan.streams, whole, plan.round_blocks // plan.streams, 2)
    found = [streams[:, number].reshape(-1, 2).tolist() for number in range(whole)]
    return [*found, left] if left else found


class Shifts:
    """By what the negatives of a block are moved in the updates of its context words (`docs/rounds.md`)."""

    def __init__(self, epoch: Epoch):
        self.epoch = epoch
        self.part = 1.0 if epoch.config.architecture == "cbow" else float(SHIFT)
        self.mean: Any = None
        self.is_known = False
        self.of_round: list[Array] = []

    def begin_round(self, number: int, outputs: Array) -> None:
        """In skip-gram the mean is that of the negatives of the round before, in CBOW that of all words when it was
        found last; where there is none, or in the round that finds it, nothing is moved.
        """
        if self.epoch.config.architecture == "skip-gram":
            self.is_known = bool(self.of_round)
            self.mean = np.mean(self.of_round, axis=0) if self.is_known else None
            self.of_round = []
        elif self.epoch.noise is not None:
            self.is_known = number % self.epoch.plan.mean_rounds > 0
            self.mean = self.mean if self.is_known else self.epoch.noise.probabilities @ outputs

    def next(self, own: Array) -> Any:
        """That of the next block, of which this is the mean of the negatives."""
        if self.epoch.config.architecture == "skip-gram":
            self.of_round.append(own)
        return self.part * (self.mean - own) if self.is_known else 0.0


def train_epoch(
    ids: Sequence[int],
    sentence_starts: Sequence[int],
    inputs: Array,
    outputs: Array,
    epoch: Epoch,
    piece: tuple[int, int] | None = None,
) -> tuple[float, float]:
    """One epoch of rounds on (V, d) float64 parameters, in place; or the piece of it from one position to another.
    Returns the measured loss, and its pairs by weight.

    Where the inputs and the outputs are one array, words have one vector.
    """
    plan = epoch.plan
    begin, end = piece or (0, len(ids))
    kept = [position for position in keep_tokens(ids, epoch.keep, epoch.keep_key) if begin <= position < end]
    sentences = (np.searchsorted(sentence_starts, kept, side="right") - 1).tolist()
    loss, measured = 0.0, 0.0
    input_scales, output_scales = rate_scales_of_rows(epoch, len(inputs), len(outputs))
    size = plan.block_centers * plan.round_blocks
    together, shifts = epoch.config.architecture == "cbow", Shifts(epoch)
    for number, blocks in enumerate(rounds_of(len(kept), plan)):
        shifts.begin_round(number, outputs)
        rate = max(plan.rate_first + plan.rate_slope * kept[number * size], plan.rate_least)
        by_input, by_output = [], []
        for first, last in blocks:
            negatives, shift = [], 0.0
            if epoch.noise is not None:
                counters = [kept[first] * plan.negatives + n for n in range(plan.negatives)]
                tables = epoch.noise.table[:, 0].tolist(), epoch.noise.table[:, 1].tolist()
                negatives = [negative_word(*tables, int(plan.negatives_key), counter) for counter in counters]
                shift = shifts.next(outputs[negatives].mean(axis=0))
            contexts, places = [], []
            for i in range(first, last):
                near = pairs_of(i, kept, sentences, plan)
                weights = plan.distance_weights[np.abs(np.array(near, int) - i) - 1].astype(float)
                weights *= plan.most_pairs / max(plan.most_pairs, weights.sum()) if plan.most_pairs < np.inf else 1
                words = [(ids[kept[j]], float(weight)) for j, weight in zip(near, weights, strict=True)]
                center = ids[kept[i]]
                targets = (
                    negative_targets(center, negatives, plan.negative_weight)
                    if epoch.tree is None
                    else path_targets(center, epoch.tree)
                )
                contexts.append((words, targets))
                places.append(near)
            examples = examples_of(
                contexts,
                together=together,
                mean=epoch.config.context == "mean",
                exact=epoch.config.context_gradient == "exact",
                subword_rows=epoch.subword_rows,
                shift=shift,
                places=places,
            )
            of_inputs: BlockUpdates = {}
            at_once = together and epoch.tree is not None  # nodes learn before the next center is scored
            for some in [[example] for example in examples] if at_once else [examples]:
                more, of_outputs = block_updates(inputs, outputs, some, rate, epoch)
                if (first // plan.block_centers if plan.streams == 1 else number) % plan.loss_blocks == 0:
                    loss += block_loss(inputs, outputs, some)
                    measured += len(some) if together else sum(example.targets[0][2] for example in some)
                for at, change in more.items():
                    old = of_inputs.get(at, Update())
                    of_inputs[at] = Update(old.vector + change.vector, old.errors + change.errors)
                if at_once:
                    add_updates(outputs, [of_outputs], {}, None)
                else:
                    by_output.append(in_order(of_outputs))
            by_input.append(in_order(of_inputs))
        limits: dict[int, float] = {}
        add_updates(inputs, by_input, limits, input_scales)
        of_tree = epoch.tree is not None
        add_updates(outputs, by_output, limits if inputs is outputs else {}, None if of_tree else output_scales)
    return loss, measured
