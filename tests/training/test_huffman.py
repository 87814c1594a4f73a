import heapq

import numpy as np
import pytest

from firth.training.huffman import huffman_tree, node_frequencies


def paths_of(tree):
    return [
        [(max(code, ~code), 1 if code >= 0 else -1) for code in tree.codes[a:b].tolist()]
        for a, b in zip(tree.starts[:-1], tree.starts[1:], strict=True)
    ]


def cost_of_the_best_code(counts):
    """The sum of the weights of all nodes that a heap joins."""
    heap = [int(count) for count in counts]
    heapq.heapify(heap)
    cost = 0
    while len(heap) > 1:
        both = heapq.heappop(heap) + heapq.heappop(heap)
        cost += both
        heapq.heappush(heap, both)
    return cost


@pytest.mark.parametrize("words", [2, 3, 7, 100, 3000])
@pytest.mark.parametrize("sort", [True, False])
def test_huffman_tree__no_code_is_shorter(words, sort):
    counts = np.random.default_rng(words).zipf(1.3, words).clip(max=10**6)
    counts = -np.sort(-counts) if sort else counts
    tree = huffman_tree(counts)
    assert (np.diff(tree.starts) * counts).sum() == cost_of_the_best_code(counts)


def test_huffman_tree__is_a_binary_tree_with_a_leaf_for_each_word():
    counts = np.random.default_rng(0).zipf(1.3, 500)
    paths = paths_of(huffman_tree(counts))
    assert len({tuple(path) for path in paths}) == 500
    assert {path[0][0] for path in paths} == {498}  # the root
    turns = {}
    for path in paths:
        for (node, sign), below in zip(path, [*(node for node, _ in path[1:]), None], strict=True):
            turns.setdefault((node, sign), set()).add(below)
    assert {node for node, _ in turns} == set(range(499))
    assert all((node, -sign) in turns for node, sign in turns)  # each node has two children,
    assert all(len(children) == 1 for (_, _), children in turns.items() if children != {None})  # always the same


def test_huffman_tree__of_few_words_by_hand():
    # 1 + 2 join to node 0 of weight 3, which joins with 3 to node 1 of weight 6, that with 7 to node 2, the root
    paths = paths_of(huffman_tree(np.array([7, 3, 2, 1])))
    assert [[node for node, _ in path] for path in paths] == [[2], [2, 1], [2, 1, 0], [2, 1, 0]]
    assert paths[3][-1] == (0, 1)  # the lighter child
    assert paths[2][-1] == (0, -1)


@pytest.mark.parametrize("words", [2, 40, 500])
def test_shares_of_nodes__are_those_of_the_words_below(words):
    rng = np.random.default_rng(words)
    tree, p = huffman_tree(rng.zipf(1.3, words)), rng.random(words)
    below = np.zeros(words - 1)
    for path, share in zip(paths_of(tree), p, strict=True):
        below[[node for node, _ in path]] += share
    shares = node_frequencies(tree, p)
    n = min(words - 1, len(shares))
    np.testing.assert_allclose(shares[:n], below[::-1][:n])
    assert not shares[n:].any()
