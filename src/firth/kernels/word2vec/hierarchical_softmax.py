"""Hierarchical softmax: a word is predicted by its Huffman code, a bit at each node of its path in a binary tree (Morin
and Bengio 2005).

The tree's inner nodes have output vectors. Blocks and their updates are as in skip-gram and
CBOW. In skip-gram, a center's context words are scored against the nodes of its path in one product of matrices, and
the nodes' updates are added when the round is computed. In CBOW, nodes learn center by center, as they do in
word2vec.c, while their vectors are near: so a round is one block, for one thread.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from firth.arrays import LANES, Float32, Float64, Int32
from firth.jit.kernel import compiled, lowered_by
from firth.kernels.linalg import products
from firth.kernels.linalg.products import TILE_ROWS
from firth.kernels.linalg.rows import dot
from firth.kernels.machine.prefetch import prefetch_number, prefetch_row
from firth.kernels.word2vec.blocks import (
    Block,
    Context,
    Plan,
    Run,
    Scratch,
    Windows,
    clear,
    copy_rows,
    logistic,
    prefetch_vectors,
    softplus,
    touch_rows,
    updates_of,
)
from firth.kernels.word2vec.cbow import HiddenLayer, gather_contexts, scatter_gradients, share_errors
from firth.kernels.word2vec.huffman_tree import NEAR_NODES, Tree, nearness, node_of, root_of
from firth.kernels.word2vec.step_bounds import find_ratios
from firth.kernels.word2vec.windows import find_windows, weigh_centers

lowered_by(f"{__name__}_llvm")


class NodeUpdates(NamedTuple):
    """The pending node updates of a round in skip-gram, each center's in a slot: rows, and their coefficients by node.

    Node k of the path changes by Σⱼ G[j, k] · rows[contexts[j]], a sum that is found when it is added: nothing as large
    as a row is written for a node in between.
    """

    begins: Int32  # (R · B,) where its path begins among the output words of its block
    lengths: Int32  # (R · B,) how many nodes this has, 0 if there is no update
    contexts: Int32  # (R · B, T) the rows of its context words
    sizes: Int32  # (R · B,) how many of them
    G: Float32  # (R · B, T, longest) scores, then gradients
    rows: Float32  # (R, T, width) the context words' input vectors of each block


class PathWorkspace(NamedTuple):
    """One thread's working space for the path of one center."""

    signs: Float32  # (longest,) the signs of the path, 0 past its end
    weights: Float32  # (T,) what the context words weigh, 0 past their end; 1 in CBOW, where they count as one
    nodes: Int32  # (longest,) CBOW's path
    G: Float32  # (1, longest) its scores, then gradients
    losses: Float64  # (longest,)
    errors: Float32  # (longest,) the errors in what each node is changed by, and how long that is at most
    lengths: Float32
    row_lengths: Float32  # (T,) of the context words' vectors


class TreeWorkspace(NamedTuple):
    """What a thread works with in skip-gram with hierarchical softmax."""

    scratch: Scratch
    tree: Tree
    path: PathWorkspace
    node_updates: NodeUpdates  # of all threads


class CbowTreeWorkspace(NamedTuple):
    """What a thread works with in CBOW with hierarchical softmax."""

    scratch: Scratch
    tree: Tree
    path: PathWorkspace
    hidden: HiddenLayer


NODE_ROOM = np.float32(8)
"""By how much the bound on a node is wider than that on others: its length is only known to be no greater."""


@compiled
def prefetch_codes(word: int, tree: Tree) -> None:
    """Have the codes of a word's path on their way from memory."""
    prefetch_number(tree.codes, tree.starts[word])
    prefetch_number(tree.codes, tree.starts[word + 1] - 1)


@compiled
def prefetch_path(word: int, tree: Tree, outputs: Float32, past: int) -> None:
    """Have the output vectors of half of a word's path on their way from memory, every other one from the last node on,
    or from so many nodes before it, to the nodes on many paths, whose vectors are near.
    """
    k = tree.starts[word + 1] - 1 - past
    while k >= tree.starts[word] and nearness(node_of(tree.codes[k]), tree) == NEAR_NODES:
        prefetch_row(outputs, node_of(tree.codes[k]))
        k -= 2


@compiled
def prefetch_next(token: int, run: Run, tree: Tree) -> None:
    """Have what comes after a center on its way from memory: where a path is, then its codes, then half of its vectors;
    and a context word of the next block.
    """
    chunk, plan, parameters, last = run.chunk, run.plan, run.parameters, run.chunk.last - 1
    prefetch_number(tree.starts, chunk.tokens[min(token + 4, last)])
    prefetch_codes(chunk.tokens[min(token + 2, last)], tree)
    prefetch_path(chunk.tokens[min(token + 1, last)], tree, parameters.outputs, 0)
    context = min(token + plan.block_centers + plan.window, chunk.tokens.shape[0] - 1)
    prefetch_vectors(parameters.inputs, chunk.tokens[context], run.subword_rows)


def follow(codes: Int32, first: Any, length: Any, root: Any, nodes: Int32, signs: Float32) -> None:
    """The nodes and the signs of a path of so many codes, from the first-th on; behind it, up to whole vectors, the
    root, with a sign of 0.
    """
    end = whole(length, LANES)
    path, nodes[:end], signs[:end] = codes[first : first + length], root, 0
    nodes[:length], signs[:length] = np.maximum(path, ~path), np.where(path >= 0, 1, -1)


@compiled
def list_path(word: int, tree: Tree, nodes: Int32, path: PathWorkspace) -> int:
    """List the nodes of a word's path, and the root behind them up to whole vectors. Returns how long it is."""
    length: int = tree.starts[word + 1] - tree.starts[word]
    follow(tree.codes, tree.starts[word], length, root_of(tree), nodes, path.signs)
    return length


@compiled
def list_contexts(i: int, before: int, plan: Plan, windows: Windows, contexts: Int32, path: PathWorkspace) -> int:
    """List the rows of the context words of center i, and what they weigh; behind them its own, to make them even.
    Return how many context words these are.
    """
    own, n, reach = before + i, 0, windows.reach
    for row in range(own - reach[0, i], own + reach[1, i] + 1):
        contexts[n] = row
        path.weights[n] = windows.center_weights[i] * plan.distance_weights[max(abs(row - own), 1) - 1]
        n += int(row != own)
    contexts[n], path.weights[n] = own, 0
    return n


@compiled
def whole(n: int, of: int) -> int:
    """The next multiple."""
    return (n + of - 1) // of * of


@compiled
def path_loss(n: int, length: int, G: Float32, path: PathWorkspace) -> float:
    """-log σ(sign × score) summed over n rows, by their weights, and the nodes of a path."""
    loss = 0.0
    for row in range(n):
        for k in range(length):
            path.losses[k] = softplus(-np.float64(path.signs[k]) * np.float64(G[row, k]))
        for k in range(length):
            loss += np.float64(path.weights[row]) * path.losses[k]
    return loss


@compiled
def path_gradients(n: int, length: int, rate: np.float32, G: Float32, path: PathWorkspace) -> None:
    """Replace the scores of n rows by learning rate × weight × sign × σ(-sign × score)."""
    for row in range(n):
        step = rate * path.weights[row]
        for k in range(whole(length, LANES)):
            sign = path.signs[k]
            G[row, k] = step * sign * logistic(-sign * G[row, k])


def sum_sizes(
    G: Float32, n: Any, length: Any, numbers: Int32, weights: Float32, by_number: Float32, by_column: Float32,
    weighted: Float32,
) -> None:  # fmt: skip
    """Sum |G| over the first n rows and some columns: by_number[numbers[j]] gets those of row j besides; by_column[k],
    and weighted[k] with the weight weights[numbers[j]], those of column k. Past the length, G is zero up to whole
    vectors.
    """
    sizes = np.abs(G[:n, :length])
    np.add.at(by_number, numbers[:n], sizes.sum(axis=1))
    by_column[:length], weighted[:length] = sizes.sum(axis=0), weights[numbers[:n]] @ sizes


@compiled
def limit_nodes(n: int, length: int, tree: Tree, nodes: Int32, G: Float32, path: PathWorkspace) -> None:
    """Multiply the gradients of a path's nodes, for n rows, by their rate scales, or by less where the bound is lower
    (`firth.kernels.word2vec.step_bounds`): what a node is changed by is no longer than Σⱼ |G[j, k]| · ‖row j‖, and in a
    round as often that as is expected.
    """
    for k in range(length):
        place = nearness(nodes[k], tree)
        step, longest = tree.rate_scales[place], tree.visits[place] * path.lengths[k] * path.lengths[k] / NODE_ROOM
        if step * longest > path.errors[k]:
            step = path.errors[k] / longest
        if step < 1:
            for row in range(n):
                G[row, k] *= step


@compiled
def limit_path(length: int, rate: np.float32, square: np.float32, G: Float32) -> None:
    """The same for the path of one center in CBOW, whose nodes learn at once: none is changed by more than 1 / ‖h‖,
    where ‖h‖² is the square.
    """
    if rate * square <= 1:
        return
    most = np.float32(1) / square
    for k in range(length):
        G[0, k] = min(max(G[0, k], -most), most)


@compiled
def start_tree_block(block: Block, run: Run, scratch: Scratch, tree: Tree) -> Context:
    """Find the windows of a block's centers, and prefetch the path of the first."""
    context, updates = find_windows(block, run, scratch.windows, True), run.updates
    words = updates.inputs.words[block.slot]
    touch_rows(updates.inputs.touched, words, context.tokens, block.bitmap, run.subword_rows)
    for past in range(2):
        prefetch_path(run.chunk.tokens[block.first], tree, run.parameters.outputs, past)
    updates.loss[block.slot] = 0.0
    updates.pairs[block.slot] = 0
    return context


@compiled
def compute_tree_block(block: Block, run: Run, workspace: TreeWorkspace) -> None:
    """As `compute_skip_gram_block`, with hierarchical softmax. The nodes' updates are left pending, in
    `node_updates`.
    """
    scratch, tree, path, node_updates = workspace
    chunk, plan, updates, slot = run.chunk, run.plan, run.updates, block.slot
    outputs, rows, reach = run.parameters.outputs, node_updates.rows[slot], scratch.windows.reach
    input_words, input_rows, input_ratios = updates_of(block, updates.inputs)
    output_words = updates.outputs.words[slot]

    context = start_tree_block(block, run, scratch, tree)
    centers, tokens, before = context
    weigh_centers(centers, plan, scratch.windows)
    copy_rows(run.parameters.inputs, input_words, tokens, rows, run.subword_rows)
    clear(input_rows, 0, tokens)
    for t in range(tokens):
        scratch.input_errors[t], path.row_lengths[t] = 0, math.sqrt(dot(rows, t, rows, t))

    used, step = 0, np.float32(block.rate)
    for i in range(centers):
        center, place = block.first + i, slot * plan.block_centers + i
        contexts, nodes, G = node_updates.contexts[place], output_words[used:], node_updates.G[place]
        node_updates.begins[place], node_updates.lengths[place] = used, 0
        prefetch_next(center, run, tree)
        if reach[0, i] + reach[1, i] == 0:
            continue
        length = list_path(chunk.tokens[center], tree, nodes, path)
        n = list_contexts(i, before, plan, scratch.windows, contexts, path)
        even = contexts[: whole(n, 2)]
        products.matmul_nt_gathered(rows, even, outputs, nodes[: whole(length, TILE_ROWS)], G)
        if block.measured:
            updates.loss[slot] += path_loss(n, length, G, path)
            for row in range(n):
                updates.pairs[slot] += path.weights[row]
        path_gradients(even.shape[0], length, step, G, path)
        sum_sizes(G, n, length, contexts, path.row_lengths, scratch.input_errors, path.errors, path.lengths)
        products.matmul_nn_gathered(G, outputs, nodes[:length], input_rows, even)
        limit_nodes(n, length, tree, nodes, G, path)
        prefetch_path(chunk.tokens[min(center + 1, chunk.last - 1)], tree, outputs, 1)
        node_updates.lengths[place], node_updates.sizes[place] = length, n
        used += length
    find_ratios(input_rows, tokens, scratch.input_errors, input_ratios)


@compiled
def compute_cbow_tree_block(block: Block, run: Run, workspace: CbowTreeWorkspace) -> None:
    """As `compute_cbow_block`, with hierarchical softmax. The nodes of a center's path learn before the next center is
    scored; the context words' updates are left pending.
    """
    scratch, tree, path, hidden = workspace
    chunk, plan, updates, slot = run.chunk, run.plan, run.updates, block.slot
    outputs, windows, reach, H, G = run.parameters.outputs, scratch.windows, scratch.windows.reach, hidden.H, path.G
    input_words, input_rows, input_ratios = updates_of(block, updates.inputs)

    context = start_tree_block(block, run, scratch, tree)
    gather_contexts(context, input_words, run, scratch, hidden, H)
    step = np.float32(block.rate)
    for i in range(context.centers):
        center = block.first + i
        hidden.errors[i] = 0
        if reach[0, i] + reach[1, i] == 0:
            clear(hidden.G, i, i + 1)
            continue
        length = list_path(chunk.tokens[center], tree, path.nodes, path)
        products.matmul_nt_gathered(H, hidden.numbers[i : i + 1], outputs, path.nodes[: whole(length, TILE_ROWS)], G)
        if block.measured:
            updates.loss[slot] += path_loss(1, length, G, path)
            updates.pairs[slot] += 1
        path_gradients(1, length, step, G, path)
        limit_path(length, step, dot(H, i, H, i), G)
        for k in range(length):
            hidden.errors[i] += abs(G[0, k])
        prefetch_next(center, run, tree)  # while the gradients are on their way
        products.learn_gathered(G[0], H, i, outputs, path.nodes[:length], hidden.G)
        prefetch_path(chunk.tokens[min(center + 1, chunk.last - 1)], tree, outputs, 1)
    share_errors(context, plan, windows, hidden, scratch.input_errors)
    scatter_gradients(context, plan, windows, hidden, input_rows)
    find_ratios(input_rows, context.tokens, scratch.input_errors, input_ratios)


@compiled
def add_node_updates(
    centers: int, plan: Plan, words: Int32, outputs: Float32, node_updates: NodeUpdates, partition: int, partitions: int
) -> None:
    """Add one partition of a round's pending node updates, center by center: some columns of every node."""
    vectors = outputs.shape[1] // LANES
    first, last = vectors * partition // partitions * LANES, vectors * (partition + 1) // partitions * LANES
    for slot in range(centers):
        block, begin, length = slot // plan.block_centers, node_updates.begins[slot], node_updates.lengths[slot]
        products.matmul_tn_gathered(
            node_updates.G[slot], node_updates.rows[block], node_updates.contexts[slot, : node_updates.sizes[slot]],
            outputs, words[block, begin : begin + length], first, last,
        )  # fmt: skip
