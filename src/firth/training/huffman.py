"""The tree of hierarchical softmax, by the words' counts."""

from __future__ import annotations

import numpy as np

from firth.arrays import LANES, Float64, Int64
from firth.kernels.word2vec.huffman_tree import NEAR_NODES, Tree, fill_lengths, fill_paths, fill_tree


def huffman_tree(counts: Int64) -> Tree:
    """Huffman's tree for words that occur so often, (V,) in any order; V is 2 or more.

    It makes the paths as short as they can be, weighted by the counts (Huffman 1952); with words of equal count or
    nodes of equal weight in the order of word2vec.c. Linear in time, after sorting.
    """
    V = len(counts)
    order = np.argsort(-counts, kind="stable")
    parents, signs = np.zeros(2 * V - 1, np.int32), np.zeros(2 * V - 1, np.int8)
    fill_tree(counts[order], np.zeros(2 * V - 1, np.int64), parents, signs)
    parents[:V], signs[:V] = parents[np.argsort(order)], signs[np.argsort(order)]
    lengths = np.zeros(2 * V - 1, np.int64)
    fill_lengths(parents, lengths)
    starts = np.concatenate([[0], np.cumsum(lengths[:V])])
    tree = Tree(starts, np.zeros(starts[-1] + LANES, np.int32), *np.ones((2, NEAR_NODES + 1), np.float32))
    fill_paths(parents, signs, tree)
    return tree


def node_frequencies(tree: Tree, p: Float64) -> Float64:
    """The sum of the words' frequencies p, (V,), below each of the heaviest nodes, the root first: (NEAR_NODES,), zeros
    where the tree has fewer.
    """
    codes = tree.codes[: tree.starts[-1]]
    places = len(tree.starts) - 3 - np.maximum(codes, ~codes)
    near = np.flatnonzero(places < NEAR_NODES)
    words = np.searchsorted(tree.starts, near, side="right") - 1
    found: Float64 = np.bincount(places[near], p[words], minlength=NEAR_NODES).astype(np.float64)
    return found
