import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from firth.vectors import nearest as module
from firth.vectors.nearest import FEW_QUERIES, ONE_BY_ONE, QUERIES, WORDS, inverse_lengths, nearest, unit_rows


def by_sorting(queries, vectors, left_out, k):
    """The slow twin, in float64: cosines and rows, the nearest first, of equals the lower row."""
    lengths = np.linalg.norm(vectors.astype(float), axis=1)
    cosines = queries.astype(float) @ (vectors / np.where(lengths > 0, lengths, 1)[:, None]).T.astype(float)
    for row, ids in zip(cosines, left_out, strict=True):
        row[ids] = -np.inf
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(cosines, order, axis=1), order


def some(words, queries, seed=0):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(words, 20)).astype(np.float32)
    vectors *= random.uniform(0.1, 3, (words, 1)).astype(np.float32)
    asked = random.normal(size=(queries, 20)).astype(np.float32)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    inverse = 1 / np.linalg.norm(vectors, axis=1)
    return asked, vectors, inverse.astype(np.float32), random


@pytest.mark.parametrize("queries", [1, ONE_BY_ONE, ONE_BY_ONE + 1, FEW_QUERIES, QUERIES + 3])
@pytest.mark.parametrize("words", [5, 100, WORDS, WORDS + 1, 2 * WORDS + 77])
@pytest.mark.parametrize("k", [1, 10])
def test_nearest__are_those_that_sorting_finds(queries, words, k):
    asked, vectors, inverse, random = some(words, queries)
    left_out = [sorted(set(random.integers(0, words, n % 4).tolist())) for n in range(queries)]
    cosines, rows = nearest(asked, vectors, inverse, left_out, k)
    wanted, order = by_sorting(asked, vectors, left_out, k)
    assert_allclose(cosines, wanted, atol=1e-5)
    there = wanted > -np.inf
    assert (rows == order)[there].all()


def test_nearest__of_equals_the_lower_row_comes_first():
    vectors = np.ones((2 * WORDS + 5, 4), np.float32)
    _, rows = nearest(vectors[:40] / 2, vectors, np.full(len(vectors), 0.5, np.float32), [[i] for i in range(40)], 3)
    assert rows[0].tolist() == [1, 2, 3]
    assert rows[1].tolist() == [0, 2, 3]
    assert rows[39].tolist() == [0, 1, 2]


def test_nearest__more_than_there_are_end_with_nothing():
    asked, vectors, inverse, _ = some(4, 1)
    cosines, _ = nearest(asked, vectors, inverse, [[0, 2]], 50)
    assert cosines.shape == (1, 4)
    assert (cosines[0] > -np.inf).tolist() == [True, True, False, False]


def test_nearest__a_great_k_over_several_parts():
    asked, vectors, inverse, _ = some(3 * WORDS, 3)
    cosines, rows = nearest(asked, vectors, inverse, [[], [], []], WORDS + 100)
    wanted, _ = by_sorting(asked, vectors, [[], [], []], WORDS + 100)
    assert_allclose(cosines, wanted, atol=1e-5)
    assert all(len(set(row)) == WORDS + 100 for row in rows.tolist())


@pytest.mark.parametrize("queries", [1, ONE_BY_ONE, ONE_BY_ONE + 1, FEW_QUERIES, QUERIES + 3])
@pytest.mark.parametrize("k", [1, 10])
def test_nearest__rows_that_are_not_finite_are_as_if_not_there(queries, k):
    asked, vectors, inverse, _ = some(WORDS + 300, queries)
    bad = [*range(0, 400, 4), 401, 402, WORDS + 7]  # more than k where the first words set the bar
    vectors[bad] = np.resize([np.nan, np.inf, -np.inf], (len(bad), 1))
    inverse[bad] = np.nan
    left_out = [[] for _ in range(queries)]
    cosines, rows = nearest(asked, vectors, inverse, left_out, k)
    there = np.delete(np.arange(len(vectors)), bad)
    wanted, order = by_sorting(asked, vectors[there], left_out, k)
    assert (rows == there[order]).all()
    assert_allclose(cosines, wanted, atol=1e-5)


@pytest.mark.parametrize("queries", [1, FEW_QUERIES, QUERIES + 3])
def test_nearest__of_vectors_as_short_and_as_long_as_float32_can_be(queries):
    asked, vectors, _, _ = some(50, queries)
    true = vectors.astype(float)
    true[10] *= 1e-40 / np.abs(true[10]).max()
    true[20] *= 3.3e38 / np.abs(true[20]).max()
    true[21] = 3.3e38 * np.sign(true[21])  # whose length is none in float32
    extreme = true.astype(np.float32)
    left_out = [[] for _ in range(queries)]
    cosines, rows = nearest(asked, extreme, inverse_lengths(extreme), left_out, 50)
    wanted, order = by_sorting(asked, extreme.astype(float), left_out, 50)
    assert (rows == order).all()
    assert_allclose(cosines, wanted, atol=1e-5)


@pytest.mark.parametrize("queries", [1, ONE_BY_ONE, ONE_BY_ONE + 1, FEW_QUERIES])
def test_nearest__few_queries_are_products_so_small_that_blas_wakes_no_threads(queries, monkeypatch):
    asked, vectors, inverse, _ = some(WORDS + 77, queries)
    left_out = [[] for _ in range(queries)]
    sizes = []

    def matmul(a, b, out):
        sizes.append(math.prod(a.shape) * (b.shape[1] if b.ndim == 2 else 1))
        out[...] = a.astype(np.float64) @ b

    with monkeypatch.context() as patch:
        patch.setattr(module.np, "matmul", matmul)
        patch.setattr(module, "MULTIPLICATIONS_AT_A_TIME", 20 * 1000)
        cosines, ids = nearest(asked, vectors, inverse, left_out, 5)
    assert max(sizes) <= 20 * 1000
    assert sum(sizes) == queries * vectors.size
    whole, rows = nearest(asked, vectors, inverse, left_out, 5)
    assert_array_equal(ids, rows)
    assert_allclose(cosines, whole, atol=1e-6)


def test_unit_rows__of_zeros_numbers_that_are_not_finite_and_extremes():
    rows = np.array([[0, 0], [3, 4], [np.nan, 1], [np.inf, 1], [3e38, 3e38], [1e-42, 0]], np.float32)
    inverse = inverse_lengths(rows)
    assert_allclose(inverse[:2], [0, 0.2])
    assert np.isnan(inverse).tolist() == [False, False, True, True, False, False]
    half = 0.5**0.5
    nan = np.nan
    assert_allclose(unit_rows(rows, inverse), [[0, 0], [0.6, 0.8], [nan, nan], [nan, nan], [half, half], [1, 0]])
