"""What of a training is decided before it begins: the shape of rounds, and the plan of each epoch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from firth.arrays import LANES, Float32, Float64, Int32, Int64, aligned_zeros
from firth.config import MOST_DISTANCE, TrainingConfig
from firth.kernels.linalg.exponentials import logarithms
from firth.kernels.linalg.products import TILE_ROWS
from firth.kernels.machine import rng
from firth.kernels.word2vec.blocks import Parameters, Plan, RateScales, SubwordRows
from firth.kernels.word2vec.huffman_tree import NEAR_NODES, Tree
from firth.training.huffman import node_frequencies
from firth.training.sampling import keep_probabilities, noise_distribution

BLOCK_CENTERS = 16
"""Centers in a block, where the corpus allows; the rest of its output rows are negatives."""
NEGATIVES, MOST_NEGATIVES, NEGATIVE_STEP = 12, 112, 1.0
"""Negatives of a block, at least and at most: so many that the learning rates of all pairs that one of them stands
for sum to `NEGATIVE_STEP`.
"""
USUAL_NEGATIVES, USUAL_NEGATIVE_STEP, USUAL_EXPONENTS = 8, 1.5, (0.5, 0.75)
"""The same where a word has two vectors and the noise exponent is between these. Elsewhere, eight negatives learn less
than twelve.
"""
CBOW_CENTERS, CBOW_NEGATIVES, CBOW_NEGATIVE_STEP = 32, {"shared": 8, "whole": 12}, {"shared": 2.0, "whole": 0.34}
"""The same of CBOW, where context words share a gradient, and where each has the whole."""
MEAN_ROUNDS, MEAN_CENTERS = 16, 16
"""The mean of all output vectors is found in one of so many rounds at most, and once for so many centers for each word:
a hundredth of the time goes there.
"""
ROUND_CENTERS = 256
"""Centers in a round, unless more are asked for: where all are neighbors in the text, more learn less, as the snapshot
is old by the time that their updates are added.
"""
ROUND_STEP = 4.0
"""Greatest sum of a round's learning rates over one word's pairs, with their negatives: above it, it overshoots."""
CENTER_STEP, TREE_CENTER_STEP = 2.0, 1.0
"""The same over the pairs of one center in skip-gram, of which each sees the center's vector as it was before all of
them: where windows are so wide that it would be more, its pairs weigh less. And over those of a path of a tree.
"""
SUM_STEP = 2.5
"""The same in CBOW where context words are summed: each center changes the sums of all that share its context words."""
TREE_STEP, TREE_CENTERS = 1.0, {"skip-gram": 64, "cbow": CBOW_CENTERS}
"""The same over the pairs of a tree's node: those on many paths learn more slowly. And the centers in a round, unless
more are asked for; in CBOW, where nodes learn center by center, a round is one block.
"""
LOSS_BLOCKS_WANTED = 4096
"""Blocks an epoch on which the loss is measured, if there are so many; on one in 128 at least."""


@dataclass(frozen=True)
class Tokens:
    """What is trained on: the corpus as word ids, and how often each word of the vocabulary occurs in it.

    `ids` is (n,) int32, where ids of V or more are words outside the vocabulary, left out before windows are
    taken; `sentence_starts` is (sentences + 1,) int64, the last entry n; `counts` is (V,) int64.
    """

    ids: Int32
    sentence_starts: Int64
    counts: Int64
    subword_rows: SubwordRows | None = None  # of the input vectors, where a word has more than one


class Visits(NamedTuple):
    """How many pairs change each row, for each center: (rows,) of the input vectors, and of the output vectors."""

    inputs: Float64
    outputs: Float64


def initial_parameters(words: int, vector_size: int, seed: int, *, shared: bool = False, ngrams: int = 0) -> Parameters:
    """Input vectors uniform in ±1/(2·vector_size), output vectors zero, or the same array where they are shared; both
    padded to whole registers. Input vectors of n-grams stand below those of words.
    """
    width = -(-vector_size // LANES) * LANES
    inputs = aligned_zeros(words + ngrams, width)
    rng.fill_uniform(inputs, vector_size, vector_size, rng.stream_key(seed, 0, rng.INITIAL_VECTORS))
    return Parameters(inputs, inputs if shared else aligned_zeros(words, width))


def distance_weights(config: TrainingConfig, window: int) -> Float32:
    """The weight of a context word by its distance from the center, (window,) for distances from 1 on.

    `window` is the largest that can be drawn: a center that draws a smaller one leaves context words out, and the
    others keep their weights.
    """
    distances = np.arange(1, window + 1)
    weights = {"even": np.ones(window), "linear": (window - distances + 1) / window, "harmonic": 1 / distances}
    return weights[config.distance_weights].astype(np.float32)


def window_and_pairs(tokens: Tokens, config: TrainingConfig) -> tuple[int, float]:
    """The largest distance of a context word; and how many a center has, by their weight and where sentences are long.

    In windows of whole sentences, how many it has in these sentences.
    """
    if config.window == "sentence":
        lengths = np.diff(tokens.sentence_starts)
        others = np.minimum(lengths - 1, MOST_DISTANCE)
        window = max(1, int(others.max()))
        pairs = np.minimum(others, most_pairs(config))
        return window, max(1.0, float((pairs * lengths).sum() / lengths.sum()))
    window = int(config.window)
    within = np.arange(window, 0, -1) / window if config.shrink_windows else np.ones(window)
    sides = 2 if config.window_side == "both" else 1
    return window, min(sides * float((within * distance_weights(config, window)).sum()), most_pairs(config))


def most_pairs(config: TrainingConfig) -> float:
    """What the pairs of one center weigh together, at most; in CBOW, where they are one step, there is no bound."""
    if config.architecture == "cbow":
        return math.inf
    return (TREE_CENTER_STEP if config.objective == "hierarchical-softmax" else CENTER_STEP) / config.first_rate


def row_frequencies(p: Float64, subword_rows: SubwordRows) -> Float64:
    """How often each row of the input vectors is one of a kept token's rows, by the words' frequencies p."""
    return np.bincount(subword_rows.rows, np.repeat(p, np.diff(subword_rows.starts))).astype(np.float64)


def word_frequencies(p: Float64, subword_rows: SubwordRows) -> Float64:
    """How often a word's vector changes, by its rows: the mean of how often each of these is one of a kept token's."""
    of_row = row_frequencies(p, subword_rows)
    shares: Float64 = np.add.reduceat(of_row[subword_rows.rows], subword_rows.starts[:-1]) / np.diff(
        subword_rows.starts
    )
    return shares


def kept_counts(tokens: Tokens, config: TrainingConfig) -> Float64:
    """How many tokens of each word subsampling is expected to keep, (V,)."""
    kept: Float64 = tokens.counts * keep_probabilities(tokens.counts, config.sample)
    return kept


def kept_frequencies(tokens: Tokens, config: TrainingConfig) -> Float64:
    """Each word's fraction of these, (V,)."""
    kept = kept_counts(tokens, config)
    shares: Float64 = kept / kept.sum()
    return shares


def usual_centers(config: TrainingConfig) -> int:
    """The centers in a round, unless more are asked for or the corpus wants fewer."""
    is_tree = config.objective == "hierarchical-softmax"
    return TREE_CENTERS[config.architecture] if is_tree else ROUND_CENTERS


def is_wide(config: TrainingConfig) -> bool:
    """Whether rounds are larger than usual: their blocks are from all over a chunk of the text, and words that are in
    too many of their pairs learn more slowly.
    """
    return config.batch_size is not None and config.batch_size > usual_centers(config)


def visits(tokens: Tokens, config: TrainingConfig, by_rows: Callable[[Float64, SubwordRows], Float64]) -> Visits:
    """How many pairs, with their negatives, change each row of the input and of the output vectors, for each center.

    In each pair of a center, a word with a fraction p of the kept tokens and q of the negatives is the center or a
    negative with a frequency of p + k·q, and the context word of any of these with p·(1 + k). With hierarchical
    softmax a pair has the nodes of a path, as many as the words' entropy in bits; for the nodes themselves, see
    `node_rate_scales`. How often the inputs of words with subwords are changed, `by_rows` finds.
    """
    p = kept_frequencies(tokens, config)
    q = noise_distribution(tokens.counts, config.noise_exponent)
    _, pairs = window_and_pairs(tokens, config)
    p_input = p if tokens.subword_rows is None else by_rows(p, tokens.subword_rows)
    inputs, outputs = p_input * (1 + config.negative), p + config.negative * q
    if config.objective == "hierarchical-softmax":
        inputs, outputs = -p_input * float((p * logarithms(p)).sum()) / math.log(2), np.zeros(len(p))
    of_input = of_output = pairs
    if config.architecture == "cbow" and config.context == "mean":
        of_input, of_output = 1 if config.shares_gradient else pairs, 1
    return Visits(of_input * inputs, of_output * outputs)


def round_shape(tokens: Tokens, config: TrainingConfig) -> tuple[int, int]:
    """Centers in a block and blocks in a round, from the corpus and the configuration alone.

    All pairs of a round are computed from one snapshot, so the updates by a word's pairs add up unseen: where one word
    is very frequent, or the learning rate large, a round must be small, or such words learn more slowly
    (`row_rate_scales`).
    """
    centers = usual_centers(config) if config.batch_size is None else config.batch_size
    if not is_wide(config):
        greatest = max(float(of.max()) for of in visits(tokens, config, word_frequencies))
        centers = int(min(centers, ROUND_STEP / (config.first_rate * greatest)))
    if config.architecture == "cbow" and config.context == "sum":
        _, pairs = window_and_pairs(tokens, config)
        centers = min(centers, int(SUM_STEP / (config.first_rate * pairs)))
    of_block = CBOW_CENTERS if config.architecture == "cbow" else BLOCK_CENTERS
    return min(of_block, max(1, centers)), max(1, centers // of_block)


def loss_of_nothing(tree: Tree | None, config: TrainingConfig) -> float:
    """The mean loss of a pair under a model that knows nothing, whose scores are all zero, in nats: (1 + k) · log 2;
    or, with a tree, log 2 for each node of the longest path, the most that it can be.
    """
    terms = 1 + config.negative if tree is None else int(np.diff(tree.starts).max())
    return terms * math.log(2)


def row_rate_scales(tokens: Tokens, config: TrainingConfig) -> RateScales:
    """What the learning rates of the rows of the vectors are multiplied by in wide rounds; in others, by nothing.

    It is 1 but for rows that so many pairs of a round change that the sum of their learning rates would be above
    `ROUND_STEP`: for these that is what it comes to.
    """
    if not is_wide(config):
        return RateScales(None, None)
    block_centers, round_blocks = round_shape(tokens, config)
    of_round = config.first_rate * block_centers * round_blocks
    found = visits(tokens, config, row_frequencies)
    return RateScales(*((ROUND_STEP / np.maximum(of_round * of, ROUND_STEP)).astype(np.float32) for of in found))


def negatives(tokens: Tokens, config: TrainingConfig, block_centers: int) -> int:
    """How many negatives a block draws: as many as keep the step of each small, in whole tiles."""
    least, step, pairs = NEGATIVES, NEGATIVE_STEP, float(block_centers)
    lowest, highest = USUAL_EXPONENTS
    if lowest <= config.noise_exponent <= highest and not config.shared_vectors:
        least, step = USUAL_NEGATIVES, USUAL_NEGATIVE_STEP
    if config.architecture == "cbow":
        gradient = "shared" if config.shares_gradient else "whole"
        least, step = CBOW_NEGATIVES[gradient], CBOW_NEGATIVE_STEP[gradient]
        if config.context == "sum":
            pairs *= max(1.0, window_and_pairs(tokens, config)[1] / 6)
    else:
        pairs *= window_and_pairs(tokens, config)[1]
    wanted = config.first_rate * config.negative * pairs / step
    return min(max(least, TILE_ROWS * math.ceil(wanted / TILE_ROWS - 1e-6)), MOST_NEGATIVES)


def node_rate_scales(tree: Tree, tokens: Tokens, config: TrainingConfig) -> Float32:
    """What the learning rates of a tree's heaviest nodes are multiplied by in skip-gram, the root first, and those of
    all others, the last: (NEAR_NODES + 1,).

    The root is in every pair of a round, and nodes below it are in many. All these pairs see the same snapshot, and
    their updates add up: so that it does not overshoot, the sum of the learning rates is `TREE_STEP` at most.
    """
    _, of_center = window_and_pairs(tokens, config)
    pairs = of_center * node_visits(tree, tokens, config)
    rate_scales: Float32 = (TREE_STEP / np.maximum(config.first_rate * pairs, TREE_STEP)).astype(np.float32)
    return rate_scales


def node_visits(tree: Tree, tokens: Tokens, config: TrainingConfig) -> Float32:
    """How many centers of a round are expected to have a tree's heaviest nodes on their path, 1 at least, the root
    first; and 1 for all others, the last: (NEAR_NODES + 1,).
    """
    block_centers, round_blocks = round_shape(tokens, config)
    visits = np.ones(NEAR_NODES + 1, np.float32)
    visits[:-1] = np.maximum(block_centers * round_blocks * node_frequencies(tree, kept_frequencies(tokens, config)), 1)
    return visits


def mean_rounds(tokens: Tokens, config: TrainingConfig, round_size: int) -> int:
    """The mean that negatives are moved to is found in one of so many rounds: in skip-gram in each, from its negatives;
    in CBOW from all words, in fewer; with a tree in none, 0.
    """
    if config.objective == "hierarchical-softmax":
        return 0
    if config.architecture == "skip-gram":
        return 1
    return max(MEAN_ROUNDS, MEAN_CENTERS * len(tokens.counts) // round_size)


def plan_epoch(tokens: Tokens, config: TrainingConfig, epoch: int, epochs: int) -> Plan:
    """The settings of one epoch (counted from 0)."""
    n = max(1, len(tokens.ids))
    kept = float(kept_counts(tokens, config).sum())
    block_centers, round_blocks = round_shape(tokens, config)
    window, _ = window_and_pairs(tokens, config)
    of_block = negatives(tokens, config, block_centers)
    of_round = block_centers * round_blocks
    fall = (config.first_rate - config.last_rate) / epochs
    return Plan(
        size=config.vector_size,
        block_centers=block_centers,
        negatives=of_block,
        first_negative=-(-block_centers // LANES) * LANES,
        round_blocks=round_blocks,
        streams=round_blocks if is_wide(config) else 1,
        window=window,
        shrink=int(config.shrink_windows and config.window != "sentence"),
        before=int(config.window_side != "after"),
        after=int(config.window_side != "before"),
        distance_weights=distance_weights(config, window),
        even=int(config.distance_weights == "even"),
        most_pairs=most_pairs(config),
        negative_weight=config.negative / of_block,
        mean_rounds=mean_rounds(tokens, config, of_round),
        rate_first=config.first_rate - fall * epoch,
        rate_slope=-fall / n,
        rate_least=float(config.last_rate),
        loss_blocks=min(max(int(kept / block_centers / LOSS_BLOCKS_WANTED), 1), 128),
        window_key=rng.stream_key(config.seed, epoch, rng.WINDOWS),
        negatives_key=rng.stream_key(config.seed, epoch, rng.NEGATIVES),
    )
