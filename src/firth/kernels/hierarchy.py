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
    is_measured,
    logistic,
    softplus,
)
from firth.kernels.cbow import Hidden, gather_contexts, scatter_gradients
from firth.kernels.compiler import compiled
from firth.kernels.contexts import find_windows
from firth.kernels.prefetch import prefetch_number, prefetch_row
from firth.kernels.products import LANES, TILE_ROWS, score_listed, weigh_listed, weigh_transposed_listed
from firth.kernels.rows import weigh_rows

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Int8 = np.ndarray[Any, np.dtype[np.int8]]
Int32 = np.ndarray[Any, np.dtype[np.int32]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]


class Tree(NamedTuple):
    """The path of every word, from the root on: word w has `turns[starts[w]:starts[w + 1]]`."""

    starts: Int64  # (V + 1,)
    turns: Int32  # n where the path turns to the child that the score of inner node n speaks for, ~n where to the other


class Descent(NamedTuple):
    """One thread's working space for hierarchical softmax."""

    nodes: Int32  # (longest,) the path of one centre, then the root up to whole tiles
    begins: Int32  # (longest,) the output rows that hold what these are changed by so far; one is always zero
    places: Int32  # (longest,) and those that hold it from now on; one holds nothing of use
    signs: Float32  # (longest,) the signs of the path, 0 past its end
    contexts: Int32  # (rows of X,) the rows of the centre's context words, then its own row up to whole tiles
    weights: Float32  # (rows of X,) what these context words weigh, 0 past their end
    S: Float32  # (rows of X, longest) scores, then gradients


HEAVY_NODES = 64
"""Nodes that are on many paths, the last by their numbers: a block adds up their changes, in its first output rows."""
SPARE_ROWS = 2
ZERO_ROW, NO_ROW = -2, -1
"""A block's last output rows: one that stays zero, and one for what nobody asks for."""


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
            turn = parents[node] - V
            tree.turns[k] = turn if of_child[node] > 0 else ~turn
            node = parents[node]


@compiled
def node_of(turn: int) -> int:
    """The node of a turn."""
    return turn if turn >= 0 else ~turn


@compiled
def ask_for_turns(word: int, tree: Tree) -> None:
    """Have the turns of a word's path on their way from memory."""
    prefetch_number(tree.turns, tree.starts[word])
    prefetch_number(tree.turns, tree.starts[word + 1] - 1)


@compiled
def ask_for_path(word: int, tree: Tree, outputs: Float32) -> None:
    """Have the output vectors of a word's path on their way from memory; those of heavy nodes are near."""
    heaviest = tree.starts.shape[0] - 3
    for k in range(tree.starts[word], tree.starts[word + 1]):
        node = node_of(tree.turns[k])
        if heaviest - node >= HEAVY_NODES:
            prefetch_row(outputs, node)


@compiled
def list_path(word: int, tree: Tree, used: int, descent: Descent, output_words: Int32) -> int:
    """List the nodes of a word's path, and which rows get their changes: one for all of a block's changes of a heavy
    node, a new one for each other. Returns how many rows are used.
    """
    outputs = output_words.shape[0]
    first, root = tree.starts[word], tree.starts.shape[0] - 3
    length = tree.starts[word + 1] - first
    for k in range(length):
        turn = tree.turns[first + k]
        node = node_of(turn)
        is_heavy = root - node < HEAVY_NODES
        place = root - node if is_heavy else used
        used += int(not is_heavy)
        descent.nodes[k], descent.places[k] = node, place
        descent.begins[k] = place if is_heavy and output_words[place] != UNUSED else outputs + ZERO_ROW
        descent.signs[k] = 1 if turn >= 0 else -1
        output_words[place] = node
    for k in range(length, whole(length, LANES)):
        descent.nodes[k], descent.places[k], descent.signs[k] = root, outputs + NO_ROW, 0
        descent.begins[k] = outputs + ZERO_ROW
    return used


@compiled
def list_contexts(i: int, before: int, plan: Plan, scratch: Scratch, descent: Descent) -> int:
    """List the context words of centre i, and what they weigh by their distance; return how many these are."""
    own, last = before + i, before + i + scratch.windows.reach[1, i]
    n = 0
    for row in range(own - scratch.windows.reach[0, i], last + 1):
        descent.contexts[n] = row
        descent.weights[n] = plan.distance_weights[max(abs(row - own), 1) - 1]
        n += int(row != own)
    for row in range(n, whole(n, TILE_ROWS)):
        descent.contexts[row], descent.weights[row] = own, 0
    return n


@compiled
def whole(n: int, of: int) -> int:
    """The next multiple."""
    return (n + of - 1) // of * of


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
    """Replace the scores S of n rows by learning rate × weight × sign × σ(-sign × score)."""
    for row in range(n):
        step = rate * descent.weights[row]
        for k in range(whole(length, LANES)):
            sign = descent.signs[k]
            descent.S[row, k] = step * sign * logistic(-sign * descent.S[row, k])


@compiled
def descend_from_words(length: int, n: int, rate: np.float32, outputs: Float32, X: Float32, descent: Descent,
                       input_rows: Float32, output_rows: Float32, measured: bool) -> float:  # fmt: skip
    """Add what the path of a centre asks for of its context words, each by itself, and these of it; return their loss,
    where it is measured.
    """
    tiles = whole(length, TILE_ROWS)
    contexts = descent.contexts[: whole(n, TILE_ROWS)]
    score_listed(X, contexts, outputs, descent.nodes[:tiles], descent.S)
    loss = path_loss(n, length, descent) if measured else 0.0
    path_gradients(contexts.shape[0], length, rate, descent)
    weigh_listed(descent.S, outputs, descent.nodes[:length], input_rows, contexts, contexts)
    weigh_transposed_listed(descent.S, X, contexts[:n], output_rows, descent.begins[:tiles], descent.places[:tiles])
    return loss


@compiled
def descend_together(length: int, i: int, rate: np.float32, outputs: Float32, hidden: Hidden, descent: Descent,
                     output_rows: Float32, measured: bool) -> float:  # fmt: skip
    """As `descend_from_words`, of the hidden layer of centre i."""
    descent.contexts[0], descent.weights[0] = i, 1
    score_listed(hidden.H, descent.contexts[:1], outputs, descent.nodes[: whole(length, LANES)], descent.S)
    loss = path_loss(1, length, descent) if measured else 0.0
    path_gradients(1, length, rate, descent)
    weigh_rows(descent.S, 0, outputs, 0, descent.nodes[:length], hidden.G, i)
    tiles = whole(length, TILE_ROWS)
    weigh_transposed_listed(
        descent.S, hidden.H, descent.contexts[:1], output_rows, descent.begins[:tiles], descent.places[:tiles]
    )
    return loss


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
    if hidden is None:
        copy_inputs(parameters.inputs, input_words, tokens, scratch.X, parts)
        clear(input_rows, 0, min(tokens + TILE_ROWS, inputs))
    else:
        gather_contexts(centres, tokens, before, plan, parameters.inputs, input_words, parts, scratch, hidden)
        clear(hidden.G, 0, hidden.G.shape[0])
    for heavy in range(HEAVY_NODES):
        output_words[heavy] = UNUSED

    changes.loss[block] = 0.0
    changes.pairs[block] = 0
    measured = is_measured(stretch, first, plan)
    used = HEAVY_NODES
    for i in range(centres):
        ask_for_turns(stretch.tokens[min(first + i + 2, stretch.last - 1)], tree)
        ask_for_path(stretch.tokens[min(first + i + 1, stretch.last - 1)], tree, parameters.outputs)
        if scratch.windows.reach[0, i] + scratch.windows.reach[1, i] == 0:
            continue
        word, n = stretch.tokens[first + i], 1
        length = tree.starts[word + 1] - tree.starts[word]
        used = list_path(word, tree, used, descent, output_words)
        if hidden is None:
            n = list_contexts(i, before, plan, scratch, descent)
            changes.loss[block] += descend_from_words(
                length, n, np.float32(rate), parameters.outputs, scratch.X, descent, input_rows, output_rows, measured
            )
        else:
            changes.loss[block] += descend_together(
                length, i, np.float32(rate), parameters.outputs, hidden, descent, output_rows, measured
            )
        if measured:
            for row in range(n):
                changes.pairs[block] += descent.weights[row]
    changes.output_count[block] = used
    claim(changes.output_owner, output_words, used, thread)
    if hidden is not None:
        scatter_gradients(centres, tokens, before, plan, scratch, hidden, input_rows)
