"""A worker group: the threads that train on a chunk of tokens at a time, with the arrays they work in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.arrays import LANES, Bool, Float32, Float64, aligned_zeros
from firth.config import TrainingConfig
from firth.kernels.linalg.products import BAND_ROWS, TILE_ROWS
from firth.kernels.word2vec.blocks import (
    Chunk,
    Parameters,
    Plan,
    RateScales,
    RoundUpdates,
    Run,
    Scratch,
    SubwordRows,
    Updates,
    Windows,
)
from firth.kernels.word2vec.cbow import CbowWorkspace, HiddenLayer
from firth.kernels.word2vec.hierarchical_softmax import CbowTreeWorkspace, NodeUpdates, PathWorkspace, TreeWorkspace
from firth.kernels.word2vec.huffman_tree import Tree
from firth.kernels.word2vec.negatives import Noise
from firth.kernels.word2vec.prefetcher import CURSORS
from firth.kernels.word2vec.rounds import Workspace, new_counters, train_rounds
from firth.kernels.word2vec.row_owners import BITMAP_WORDS
from firth.kernels.word2vec.skipgram import Pairs, SkipGramWorkspace
from firth.kernels.word2vec.step_bounds import new_limits
from firth.threads import ThreadAutotuner, ThreadPool
from firth.training.huffman import huffman_tree
from firth.training.sampling import alias_table, noise_distribution
from firth.training.schedule import Tokens, node_rate_scales, node_visits


class Frozen(NamedTuple):
    """Which words' input vectors, and output vectors, stay as they are: (V,) bool each."""

    inputs: Bool
    outputs: Bool


class Targets(NamedTuple):
    """What is predicted: words among negatives, or the codes of their paths; the other is None."""

    noise: Noise | None
    tree: Tree | None

    @classmethod
    def of(cls, tokens: Tokens, config: TrainingConfig) -> Targets:
        """Those of a configuration, by the words' counts."""
        if config.objective == "hierarchical-softmax":
            tree = huffman_tree(tokens.counts)
            if config.architecture == "skip-gram":
                rate_scales, visits = node_rate_scales(tree, tokens, config), node_visits(tree, tokens, config)
                tree = tree._replace(rate_scales=rate_scales, visits=visits)
            return cls(None, tree)
        return cls(alias_table(noise_distribution(tokens.counts, config.noise_exponent)), None)


def _whole(n: int, of: int) -> int:
    return -(-n // of) * of


def new_workspace(
    config: TrainingConfig,
    plan: Plan,
    width: int,
    targets: Targets,
    node_updates: NodeUpdates | None,
    subword_rows: SubwordRows | None,
) -> Workspace:
    """One thread's workspace for a kind of training; the node updates are those of all threads."""
    rows, centers = context_rows(plan), _whole(plan.block_centers, LANES)
    scratch = new_scratch(config, plan, width, targets, subword_rows)
    if targets.tree is not None:
        path = new_path_workspace(rows + centers, longest_path(targets.tree))
        if node_updates is not None:
            return TreeWorkspace(scratch, targets.tree, path, node_updates)
        return CbowTreeWorkspace(scratch, targets.tree, path, new_hidden(config, rows, centers, 0, width))
    assert targets.noise is not None
    if config.architecture == "cbow":
        return CbowWorkspace(scratch, targets.noise, new_hidden(config, rows, centers, plan.negatives, width))
    return SkipGramWorkspace(scratch, targets.noise, new_pairs(scratch.windows.weights, width))


def context_rows(plan: Plan) -> int:
    """Rows of context words' vectors that a block has room for: whole tiles, and one more."""
    return _whole(plan.block_centers + 2 * plan.window, TILE_ROWS) + TILE_ROWS


def negative_outputs(plan: Plan) -> int:
    """Rows of output vectors that a block has room for, with negatives."""
    return plan.first_negative + plan.negatives


def new_scratch(
    config: TrainingConfig, plan: Plan, width: int, targets: Targets, subword_rows: SubwordRows | None
) -> Scratch:
    """What every kind of training needs."""
    rows, centers = context_rows(plan), _whole(plan.block_centers, LANES)
    outputs = plan.first_negative if targets.tree else negative_outputs(plan)
    changed = (plan.block_centers + 2 * plan.window) * (
        1 if subword_rows is None else int(np.diff(subword_rows.starts).max())
    )
    listed = changed if targets.tree else max(changed, outputs)
    limits = new_limits()
    return Scratch(
        X=aligned_zeros(rows, width),
        windows=new_windows(plan.distance_weights, rows, centers, _whole(outputs, LANES)),
        owned_rows=np.zeros((plan.round_blocks * listed + 1, 2), np.int32),
        owned=np.zeros(BITMAP_WORDS, np.int64),
        input_errors=np.zeros(rows, np.float32),
        output_errors=np.zeros(_whole(outputs, LANES), np.float32),
        input_limits=limits,
        output_limits=limits if config.shared_vectors else new_limits(),
        negatives=np.zeros(plan.negatives, np.int32),
        negative_bits=np.zeros(plan.negatives, np.uint64),
        cursors=np.zeros(CURSORS, np.int64),
    )


def new_path_workspace(rows: int, longest: int) -> PathWorkspace:
    """What hierarchical softmax needs."""
    return PathWorkspace(
        signs=np.zeros(longest, np.float32),
        weights=np.ones(rows, np.float32),
        nodes=np.zeros(longest, np.int32),
        G=aligned_zeros(1, longest),
        losses=np.zeros(longest),
        errors=np.zeros(longest, np.float32),
        lengths=np.zeros(longest, np.float32),
        row_lengths=np.zeros(rows, np.float32),
    )


def new_windows(weights: Float32, rows: int, centers: int, columns: int) -> Windows:
    """What every kind of training needs of windows, whose context words weigh so much by their distance."""
    middle = centers + len(weights) + TILE_ROWS
    near = np.zeros(2 * middle, np.float32)
    near[middle - len(weights) : middle], near[middle + 1 : middle + 1 + len(weights)] = weights[::-1], weights
    return Windows(
        reach=np.zeros((2, centers), np.int32),
        near=near,
        within=np.concatenate([np.zeros(1, np.float32), np.cumsum(weights)]),
        weights=aligned_zeros(rows, columns),
        center_weights=np.ones(columns, np.float32),
        token_weights=np.zeros(rows, np.float32),
        centers_of=np.zeros((rows // BAND_ROWS, 2), np.int32),
        tokens_of=np.zeros((columns // BAND_ROWS, 2), np.int32),
    )


def new_pairs(weights: Float32, width: int) -> Pairs:
    """What skip-gram needs."""
    return Pairs(
        S=np.zeros_like(weights),
        W=weights,
        weighed=np.zeros((2, weights.size + LANES), np.float32),
        losses=np.zeros(weights.size + LANES),
        numbers=np.arange(len(weights), dtype=np.int32),
        of_negatives=np.zeros(len(weights), np.float32),
        shift=aligned_zeros(1, width),
    )


def new_hidden(config: TrainingConfig, rows: int, centers: int, negatives: int, width: int) -> HiddenLayer:
    """What CBOW needs; with a tree, there are no negatives."""
    scores = aligned_zeros(centers, negatives)
    return HiddenLayer(
        H=aligned_zeros(0 if negatives else centers, width),
        Z=aligned_zeros(negatives, width),
        G=aligned_zeros(centers, width),
        S=scores,
        scores=scores.reshape(-1),
        shift=aligned_zeros(1, width),
        scales=np.ones(centers, np.float32),
        ones=np.ones(centers, np.float32),
        numbers=np.arange(rows, dtype=np.int32),
        errors=np.zeros(centers, np.float32),
        sums=aligned_zeros(rows + 1, width),
        losses=np.zeros(scores.size),
        mean=int(config.context == "mean"),
        exact=int(config.context_gradient == "exact"),
    )


def new_node_updates(plan: Plan, rows: int, width: int, tree: Tree) -> NodeUpdates:
    """What skip-gram with hierarchical softmax needs."""
    slots, longest = plan.round_blocks * plan.block_centers, longest_path(tree)
    return NodeUpdates(
        begins=np.zeros(slots, np.int32),
        lengths=np.zeros(slots, np.int32),
        contexts=np.zeros((slots, rows), np.int32),
        sizes=np.zeros(slots, np.int32),
        G=aligned_zeros(slots * rows, longest).reshape(slots, rows, longest),
        rows=aligned_zeros(plan.round_blocks * rows, width).reshape(plan.round_blocks, rows, width),
    )


def rounds_of(chunk: Chunk, plan: Plan) -> int:
    """How many rounds a chunk has, the last of which may be shorter."""
    return -(-(chunk.last - chunk.first) // (plan.block_centers * plan.round_blocks))


def longest_path(tree: Tree) -> int:
    """How many nodes the longest path of a tree has, in whole vectors."""
    return _whole(int(np.diff(tree.starts).max()), LANES)


def listed_outputs(config: TrainingConfig, plan: Plan, tree: Tree | None) -> int:
    """Rows of output vectors that a block lists to be changed, at most."""
    if tree is None:
        return negative_outputs(plan)
    return 0 if config.architecture == "cbow" else (plan.block_centers + 1) * longest_path(tree)


def new_round_updates(
    config: TrainingConfig, plan: Plan, width: int, targets: Targets, threads: int, frozen: Frozen | None
) -> RoundUpdates:
    """Room for the updates of a round: nothing so far."""
    blocks, inputs = plan.round_blocks, context_rows(plan)
    listed = listed_outputs(config, plan, targets.tree)
    outputs = 0 if targets.tree else listed  # updates of nodes are left in `NodeUpdates`
    touched = np.zeros((threads, BITMAP_WORDS), np.int64)
    none = np.zeros(0, np.bool_)
    return RoundUpdates(
        inputs=Updates(
            words=np.zeros((blocks, inputs), np.int32),
            used=np.zeros(blocks, np.int32),
            rows=aligned_zeros(blocks * inputs, width),
            scales=None,
            ratios=np.zeros(blocks * inputs, np.float32),
            touched=touched,
            frozen=none if frozen is None else frozen.inputs,
        ),
        outputs=Updates(
            words=np.zeros((blocks, listed), np.int32),
            used=np.full(blocks, listed, np.int32),
            rows=aligned_zeros(blocks * outputs, width),
            scales=np.ones(blocks * outputs, np.float32),
            ratios=np.zeros(blocks * outputs, np.float32),
            touched=touched if config.shared_vectors else np.zeros_like(touched),
            frozen=none if frozen is None or targets.tree else frozen.outputs,
        ),
        mean_sums=aligned_zeros(blocks, width),
        noise_mean=aligned_zeros(1, width),
        loss=np.zeros(blocks),
        pairs=np.zeros(blocks),
    )


class WorkerGroup:
    """The threads of one training, with the arrays they share."""

    def __init__(
        self,
        pool: ThreadPool,
        config: TrainingConfig,
        plan: Plan,
        parameters: Parameters,
        targets: Targets,
        subword_rows: SubwordRows | None = None,
        rate_scales: RateScales | None = None,
        frozen: Frozen | None = None,
    ):
        width = parameters.inputs.shape[1]
        node_updates = None
        if targets.tree is not None and config.architecture == "skip-gram":
            node_updates = new_node_updates(plan, context_rows(plan), width, targets.tree)
        self.workspaces = [
            new_workspace(config, plan, width, targets, node_updates, subword_rows) for _ in range(pool.threads)
        ]
        self.pool = pool
        self.autotuner = ThreadAutotuner(pool.threads)
        self.parameters = parameters
        self.subword_rows = subword_rows
        self.rate_scales = rate_scales or RateScales(None, None)
        self.counters = new_counters(pool.threads)
        self.updates = new_round_updates(config, plan, width, targets, pool.threads, frozen)

    def train(self, chunk: Chunk, plan: Plan) -> tuple[float, float]:
        """Train on a chunk, and return its loss and what the pairs that is summed over weigh together."""
        totals = np.zeros(2)
        begin = 0
        for threads, rounds in self.autotuner.split(rounds_of(chunk, plan)):
            self._train(chunk, begin, begin + rounds, plan, totals, threads)
            begin += rounds
        return float(totals[0]), float(totals[1])

    def _train(self, chunk: Chunk, begin: int, end: int, plan: Plan, totals: Float64, threads: int) -> None:
        """Have one thread or all train on some rounds of a chunk, and add their loss and pairs to the totals."""
        self.counters[:] = 0

        run = Run(chunk, plan, self.parameters, self.subword_rows, self.rate_scales, self.updates)

        def work(thread: int) -> None:
            train_rounds(thread, threads, self.counters, totals, begin, end, run, self.workspaces[thread])

        self.pool.run(work, alone=threads == 1)
