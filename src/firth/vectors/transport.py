"""Word mover's distance: how far the words of one text must travel to become those of another.

Kusner, Sun, Kolkin and Weinberger 2015, "From Word Embeddings To Document Distances": the least cost of moving the
words of a text, each as heavy as its share of it, to those of the other, where a way costs what it is long (Euclidean).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from firth.arrays import Float32, Float64
from firth.errors import FirthError

ROUNDING = 1e-12
"""Shares that differ by less are equal."""


def word_movers_distance(first: Sequence[tuple[str, Float32]], second: Sequence[tuple[str, Float32]]) -> float:
    """The distance between two texts, lists of words with their vectors (d,); infinite if one has no word.

    Needs SciPy, from the extra `firth[wmd]`, unless the texts have the same words.
    """
    if not first or not second:
        return float("inf")
    surplus = _shares(first)
    for word, share in _shares(second).items():
        surplus[word] = surplus.get(word, 0.0) - share  # what both have stays where it is, as no way is a detour
    vectors = dict([*first, *second])
    sources = [word for word, share in surplus.items() if share > ROUNDING]
    sinks = [word for word, share in surplus.items() if share < -ROUNDING]
    if not sources or not sinks:
        return 0.0
    costs = _distances(*(np.array([vectors[word] for word in words], np.float64) for words in (sources, sinks)))
    supply, demand = (np.array([abs(surplus[word]) for word in words]) for words in (sources, sinks))
    return least_cost(costs, supply, demand)


def least_cost(costs: Float64, supply: Float64, demand: Float64) -> float:
    """The least cost of bringing a supply (n,) to a demand (m,) of the same sum, where costs are (n, m).

    Raises `FirthError` without SciPy, or if it finds no solution.
    """
    try:
        from scipy.optimize import linprog
        from scipy.sparse import identity, kron, vstack
    except ImportError as error:
        raise FirthError("the word mover's distance needs an extra: pip install 'firth[wmd]'") from error
    n, m = costs.shape
    leaving, arriving = kron(identity(n), np.ones((1, m))), kron(np.ones((1, n)), identity(m))
    demand = demand * (supply.sum() / demand.sum())
    # the last demand is met where all others are: with it, rounding could leave no solution
    constraints, amounts = vstack([leaving, arriving]).tocsr()[:-1], np.concatenate([supply, demand])[:-1]
    found = linprog(costs.ravel(), A_eq=constraints, b_eq=amounts, method="highs")
    if found.status != 0:
        raise FirthError(f"SciPy found no way to move the words: {found.message}")
    return float(found.fun)


def _shares(text: Sequence[tuple[str, Float32]]) -> dict[str, float]:
    """Which part of a text each word is."""
    return {word: count / len(text) for word, count in Counter(word for word, _ in text).items()}


def _distances(first: Float64, second: Float64) -> Float64:
    """The Euclidean distances (n, m) of rows (n, d) and rows (m, d)."""
    distances: Float64 = np.array([np.linalg.norm(second - row, axis=1) for row in first])
    return distances
