"""The binary tree of hierarchical softmax, and the path of each word in it.

The tree is Huffman's, by the words' counts, so that frequent words have short paths (Mikolov et al. 2013, "Distributed
representations", §2.1).
"""

from __future__ import annotations

from typing import NamedTuple

from firth.arrays import Float32, Int8, Int32, Int64
from firth.jit.kernel import compiled


class Tree(NamedTuple):
    """The path of every word, from the root on: word w has `codes[starts[w]:starts[w + 1]]`."""

    starts: Int64  # (V + 1,)
    codes: Int32  # n where the path goes to the child that a positive score of inner node n predicts, ~n for the other
    # behind them, room for one more vector
    rate_scales: Float32  # (NEAR_NODES + 1,) of the heaviest nodes, the root first; the last is that of all others
    visits: Float32  # (NEAR_NODES + 1,) the centers of a round that are expected to have each on their path, 1 or more


NEAR_NODES = 64
"""Nodes that are on many paths, the last by their numbers: their vectors need not be prefetched, and they may learn
more slowly.
"""


@compiled
def fill_tree(counts: Int64, weights: Int64, parents: Int32, signs: Int8) -> None:
    """Huffman's tree of V words, whose counts fall (Huffman 1952, "A method for the construction of
    minimum-redundancy codes"), in linear time: the two lightest nodes are the next of the words, from behind, and of
    the inner nodes, which come into being by rising weight.

    Fills `parents` (2·V - 1,), for the words and then the inner nodes, each from V on, and `signs`, whether a node is
    its parent's lighter child (1) or the other (-1); `weights` (2·V - 1,) is working space.
    """
    V = counts.shape[0]
    for word in range(V):
        weights[word] = counts[word]
    word, inner = V - 1, V
    for node in range(V, 2 * V - 1):
        weights[node] = 0
        for sign in (1, -1):
            if word >= 0 and (inner >= node or weights[word] < weights[inner]):
                child = word
                word -= 1
            else:
                child = inner
                inner += 1
            weights[node] += weights[child]
            parents[child] = node
            signs[child] = sign


@compiled
def fill_lengths(parents: Int32, lengths: Int64) -> None:
    """How many inner nodes are above each node, (2·V - 1,): a node comes after its children."""
    for node in range(parents.shape[0] - 2, -1, -1):
        lengths[node] = lengths[parents[node]] + 1


@compiled
def fill_paths(parents: Int32, signs: Int8, tree: Tree) -> None:
    """Fill the paths, for `starts` that leave them room."""
    V = tree.starts.shape[0] - 1
    for word in range(V):
        node = word
        for k in range(tree.starts[word + 1] - 1, tree.starts[word] - 1, -1):
            code = parents[node] - V
            tree.codes[k] = code if signs[node] > 0 else ~code
            node = parents[node]


@compiled
def node_of(code: int) -> int:
    """The node of a code."""
    return code if code >= 0 else ~code


@compiled
def root_of(tree: Tree) -> int:
    """The last of the V - 1 inner nodes."""
    root: int = tree.starts.shape[0] - 3
    return root


@compiled
def nearness(node: int, tree: Tree) -> int:
    """A node's place among those on many paths, the root's being 0; `NEAR_NODES` for all others."""
    return min(root_of(tree) - node, NEAR_NODES)
