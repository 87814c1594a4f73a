"""Hierarchical softmax: a word is predicted by the turns on its path through a binary tree (Morin and Bengio 2005).

The tree is Huffman's, by the words' counts, so that frequent words have short paths (Mikolov et al. 2013, "Distributed
representations", §2.1). Its inner nodes have output vectors. Blocks, and what they ask for, are those of skip-gram and
CBOW; for each centre, the context words are scored against the nodes of its path in one product of matrices.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from firth.kernels.blocks import (
    Changes,
    Parameters,
    Parts,
    Plan,
    Scratch,
    Stretch,
    claim,
    claim_inputs,
    clear,
    copy_inputs,
    copy_rows,
    is_measured,
    logistic,
    softplus,
)
from firth.kernels.cbow import Hidden, gather_contexts, scatter_gradients
from firth.kernels.compiler import compiled
from firth.kernels.contexts import find_windows
from firth.kernels.prefetch import prefetch_row
from firth.kernels.products import LANES, TILE_ROWS, score, weigh_more, weigh_transposed

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Int8 = np.ndarray[Any, np.dtype[np.int8]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]


class Tree(NamedTuple):
    """The path of every word, from the root on: word w has `nodes[starts[w]:starts[w + 1]]`."""

    starts: Int64  # (V + 1,)
    nodes: Int32  # inner nodes, numbered from 0 to V - 2, the root last
    signs: Int8  # 1 where the path turns to the child that the node's score speaks for, -1 where to the other


class Descent(NamedTuple):
    """One thread's working space for hierarchical softmax."""

    Z: Float32  # (B · longest + 16, width) output vectors of the nodes of all centres' paths
    S: Float32  # (rows of X, longest) scores of one centre, then gradients
    signs: Float32  # (longest,) the signs of one centre's path, 0 past its end
    weights: Float32  # (rows of X,) what one centre's rows weigh
    ends: Int32  # (B,) where the path of each centre ends in Z


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
def fill_paths(parents: Int32, of_child: Int8, tree: Tree) -> None:
    """Fill the paths, for `starts` that leave them room."""
    V = tree.starts.shape[0] - 1
    for word in range(V):
        node = word
        for k in range(tree.starts[word + 1] - 1, tree.starts[word] - 1, -1):
            tree.signs[k] = of_child[node]
            node = parents[node]
            tree.nodes[k] = node - V


@compiled
def find_paths(
    stretch: Stretch, first: int, centres: int, tree: Tree, reach: Int32, descent: Descent, output_words: Int32,
    outputs: Float32,
) -> int:  # fmt: skip
    """List the nodes of the paths of all centres that have a context word; return how many they are."""
    used = 0
    for i in range(centres):
        if reach[i, 0] + reach[i, 1] > 0:
            word = stretch.tokens[first + i]
            for k in range(tree.starts[word], tree.starts[word + 1]):
                output_words[used] = tree.nodes[k]
                prefetch_row(outputs, tree.nodes[k])
                used += 1
        descent.ends[i] = used
    return used


@compiled
def weigh_context(i: int, low: int, high: int, plan: Plan, descent: Descent) -> None:
    """What the rows [low, high) of X weigh as context of centre i: by distance, and nothing the centre's own row."""
    for row in range(low, high):
        distance = abs(row - plan.window - i)
        descent.weights[row - low] = plan.distance_weights[distance - 1] if distance > 0 else np.float32(0)


@compiled
def path_loss(n: int, length: int, descent: Descent) -> float:
    """-log σ(sign × score) summed over n rows, by their weights, and the nodes of a path."""
    loss = 0.0
    for row in range(n):
        for k in range(length):
            turn = np.float64(descent.signs[k]) * np.float64(descent.S[row, k])
            loss += np.float64(descent.weights[row]) * softplus(-turn)
    return loss


@compiled
def path_gradients(n: int, length: int, rate: np.float32, descent: Descent) -> None:
    """Replace the scores S by learning rate × weight × sign × σ(-sign × score); by zero up to whole tiles."""
    for row in range(n):
        step = rate * descent.weights[row]
        for k in range((length + LANES - 1) // LANES * LANES):
            sign = descent.signs[k]
            descent.S[row, k] = step * sign * logistic(-sign * descent.S[row, k])
    clear(descent.S, n, (n + TILE_ROWS - 1) // TILE_ROWS * TILE_ROWS)


@compiled
def compute_tree_block(
    stretch: Stretch,
    first: int,
    block: int,
    rate: float,
    plan: Plan,
    parameters: Parameters,
    parts: Parts | None,
    tree: Tree,
    scratch: Scratch,
    hidden: Hidden | None,
    descent: Descent,
    changes: Changes,
    thread: int,
) -> None:
    """As `compute_block`, with hierarchical softmax; for CBOW where there is a hidden layer, else for skip-gram."""
    centres = min(plan.block_centres, stretch.last - first)
    input_words, output_words = changes.input_words[block], changes.output_words[block]
    inputs, outputs = scratch.X.shape[0], descent.Z.shape[0]
    input_rows = changes.input_rows[block * inputs : (block + 1) * inputs]
    output_rows = changes.output_rows[block * outputs : (block + 1) * outputs]

    find_windows(stretch, first, first + centres, plan, scratch.reach, input_words, parameters.inputs, parts)
    used = find_paths(stretch, first, centres, tree, scratch.reach, descent, output_words, parameters.outputs)
    changes.input_count[block] = input_words.shape[0]
    changes.output_count[block] = used
    claim_inputs(changes.input_owner, input_words, input_words.shape[0], thread, parts)
    claim(changes.output_owner, output_words, used, thread)

    copy_inputs(parameters.inputs, input_words, input_words.shape[0], scratch.X, parts)
    copy_rows(parameters.outputs, output_words, used, descent.Z)
    if hidden is None:
        clear(input_rows, 0, inputs)
    else:
        gather_contexts(centres, plan, scratch, hidden)
        clear(hidden.G, 0, hidden.G.shape[0])

    changes.loss[block] = 0.0
    changes.pairs[block] = 0
    measured = is_measured(stretch, first, plan)
    begin = 0
    for i in range(centres):
        end = descent.ends[i]
        length = end - begin
        if length == 0:
            continue
        word = stretch.tokens[first + i]
        for k in range(descent.signs.shape[0]):
            descent.signs[k] = 0
        for k in range(length):
            descent.signs[k] = tree.signs[tree.starts[word] + k]
        padded = begin + (length + LANES - 1) // LANES * LANES
        out = output_rows[begin:padded]
        if hidden is None:
            low, high = i + plan.window - scratch.reach[i, 0], i + plan.window + scratch.reach[i, 1] + 1
            weigh_context(i, low, high, plan, descent)
            rows, n, into = scratch.X[low:], high - low, input_rows[low:]
        else:
            descent.weights[0] = 1
            rows, n, into = hidden.H[i:], 1, hidden.G[i:]
        score(rows, n, descent.Z[begin:padded], descent.S)
        if measured:
            changes.loss[block] += path_loss(n, length, descent)
            for row in range(n):
                changes.pairs[block] += descent.weights[row]
        path_gradients(n, length, np.float32(rate), descent)
        weigh_more(descent.S, n, descent.Z[begin:end], into)
        weigh_transposed(descent.S, n, rows, out)
        begin = end
    if hidden is not None:
        scatter_gradients(centres, plan, scratch, hidden, input_rows)
