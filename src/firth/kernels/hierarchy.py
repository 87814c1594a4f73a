"""Hierarchical softmax: a word is predicted by the turns on its path through a binary tree (Morin and Bengio 2005).

The tree is Huffman's, by the words' counts, so that frequent words have short paths (Mikolov et al. 2013, "Distributed
representations", §2.1). Its inner nodes have output vectors. Blocks, and what they ask for, are those of skip-gram and
CBOW; for each centre, the context words are scored against the nodes of its path in one product of matrices.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from firth.kernels.blocks import (
    UNUSED,
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
from firth.kernels.rows import add_row, weigh_rows

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

    Z: Float32  # (longest, width) output vectors of the nodes of one centre's path
    D: Float32  # (longest, width) what they are changed by
    S: Float32  # (rows of X, longest) scores, then gradients
    places: Int32  # (longest,) 0, 1, 2 …
    signs: Float32  # (longest,) the signs of the path, 0 past its end
    weights: Float32  # (rows of X,) what the centre's rows weigh


HEAVY_NODES = 64
"""Nodes that are on many paths, the last by their numbers: a block adds up their changes, in its first output rows."""


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
def clear_heavy(output_words: Int32, output_rows: Float32) -> None:
    """Begin with no changes of heavy nodes."""
    clear(output_rows, 0, HEAVY_NODES)
    for heavy in range(HEAVY_NODES):
        output_words[heavy] = UNUSED


@compiled
def ask_for_path(word: int, tree: Tree, outputs: Float32) -> None:
    """Have the output vectors of a word's path on their way from memory."""
    for k in range(tree.starts[word], tree.starts[word + 1]):
        prefetch_row(outputs, tree.nodes[k])


@compiled
def load_path(word: int, tree: Tree, outputs: Float32, descent: Descent) -> int:
    """Copy the output vectors of a word's path to Z, and its signs; return how many nodes it has."""
    first = tree.starts[word]
    length = tree.starts[word + 1] - first
    copy_rows(outputs, tree.nodes[first : first + length], length, descent.Z)
    for k in range(descent.signs.shape[0]):
        descent.signs[k] = tree.signs[first + k] if k < length else 0
    return int(length)


@compiled
def add_path(word: int, tree: Tree, used: int, descent: Descent, output_words: Int32, output_rows: Float32) -> int:
    """Note what a path's nodes are changed by: added up for the heavy ones, in a row of its own for each other. Returns
    how many rows are used.
    """
    first, root = tree.starts[word], tree.starts.shape[0] - 3
    for k in range(tree.starts[word + 1] - first):
        node = tree.nodes[first + k]
        if root - node < HEAVY_NODES:
            output_words[root - node] = node
            add_row(output_rows, root - node, np.float32(1), descent.D, k)
        else:
            output_words[used] = node
            for column in range(output_rows.shape[1]):
                output_rows[used, column] = descent.D[k, column]
            used += 1
    return used


@compiled
def score_window(i: int, before: int, plan: Plan, scratch: Scratch, padded: int, descent: Descent) -> tuple[int, int]:
    """Score the context words of centre i against the nodes of its path; return the first of their rows of X, and how
    many these are. They weigh by their distance; the centre's own row, which is among them, nothing.
    """
    own = scratch.windows.reach[0, i]
    low, n = before + i - own, own + 1 + scratch.windows.reach[1, i]
    for row in range(n):
        descent.weights[row] = plan.distance_weights[abs(row - own) - 1] if row != own else np.float32(0)
    score(scratch.X[low:], own, descent.Z[:padded], descent.S)
    score(scratch.X[low + own + 1 :], n - own - 1, descent.Z[:padded], descent.S[own + 1 :])
    return low, n


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
    inputs, outputs = scratch.X.shape[0], output_words.shape[0]
    input_rows = changes.input_rows[block * inputs : (block + 1) * inputs]
    output_rows = changes.output_rows[block * outputs : (block + 1) * outputs]

    tokens, before = find_windows(
        stretch, first, first + centres, plan, scratch.windows, input_words, parameters.inputs, parts
    )
    changes.input_count[block] = tokens
    claim_inputs(changes.input_owner, input_words, tokens, thread, parts)
    ask_for_path(stretch.tokens[first], tree, parameters.outputs)
    copy_inputs(parameters.inputs, input_words, tokens, scratch.X, parts)
    if hidden is None:
        clear(input_rows, 0, min(tokens + TILE_ROWS, inputs))
    else:
        gather_contexts(centres, tokens, before, scratch, hidden)
        clear(hidden.G, 0, hidden.G.shape[0])
    clear_heavy(output_words, output_rows)

    changes.loss[block] = 0.0
    changes.pairs[block] = 0
    measured = is_measured(stretch, first, plan)
    used = HEAVY_NODES
    for i in range(centres):
        ask_for_path(stretch.tokens[min(first + i + 1, stretch.last - 1)], tree, parameters.outputs)
        if scratch.windows.reach[0, i] + scratch.windows.reach[1, i] == 0:
            continue
        word = stretch.tokens[first + i]
        length = load_path(word, tree, parameters.outputs, descent)
        padded = (length + LANES - 1) // LANES * LANES
        if hidden is None:
            low, n = score_window(i, before, plan, scratch, padded, descent)
            rows = scratch.X[low:]
        else:
            descent.weights[0] = 1
            rows, n = hidden.H[i:], 1
            score(rows, n, descent.Z[:padded], descent.S)
        if measured:
            changes.loss[block] += path_loss(n, length, descent)
            for row in range(n):
                changes.pairs[block] += descent.weights[row]
        path_gradients(n, length, np.float32(rate), descent)
        if hidden is None:
            weigh_more(descent.S, n, descent.Z[:length], input_rows[low:])
        else:
            weigh_rows(descent.S, 0, descent.Z, 0, descent.places[:length], hidden.G, i)
        whole_tiles = (length + TILE_ROWS - 1) // TILE_ROWS * TILE_ROWS
        weigh_transposed(descent.S, n, rows, descent.D[:whole_tiles])
        used = add_path(word, tree, used, descent, output_words, output_rows)
    changes.output_count[block] = used
    claim(changes.output_owner, output_words, used, thread)
    if hidden is not None:
        scatter_gradients(centres, tokens, scratch, hidden, input_rows)
