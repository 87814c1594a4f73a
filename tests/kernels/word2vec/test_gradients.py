"""What stands in vectors of 16 beside its NumPy twin: gradients, sums of their sizes, squares, a logarithm."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from firth.jit.kernel import compiled
from firth.kernels.linalg import products
from firth.kernels.linalg.exponentials import log_of_one_and
from firth.kernels.word2vec import hierarchical_softmax, skipgram


@compiled
def compiled_gradients(S, W, n, first, last, rate, by_row, by_column):
    skipgram.scores_to_gradients(S, W, n, first, last, rate, by_row, by_column)


@compiled
def compiled_is_among(words, n, word):
    return skipgram.is_among(words, n, word)


@compiled
def compiled_fill(rows, row, first, count, value):
    skipgram.fill_row(rows, row, first, count, value)


@compiled
def compiled_sizes(G, n, length, numbers, weights, by_number, by_column, weighted):
    hierarchical_softmax.sum_sizes(G, n, length, numbers, weights, by_number, by_column, weighted)


@compiled
def compiled_squares(X, n, s):
    products.squared_norms(X, n, s)


@pytest.mark.parametrize(
    ("first", "last"), [(0, 16), (0, 32), (16, 20), (16, 24), (16, 28), (16, 32), (32, 72), (0, 80)]
)
@pytest.mark.parametrize("n", [1, 4, 7, 23])
def test_scores_to_gradients__are_those_of_the_logistic_loss_and_so_are_their_sums(n, first, last):
    rng = np.random.default_rng(n)
    scores = rng.normal(0, 8, (28, 80)).astype(np.float32)
    weights = rng.normal(size=(28, 80)).astype(np.float32)
    weights[:, last - 3 :] = 0
    weights[n:] = 0
    error = 1 / (1 + np.exp(np.where(weights < 0, -scores, scores).astype(float)))
    wanted, part = 0.05 * weights * error, slice(first, last)
    for function in (skipgram.scores_to_gradients, compiled_gradients):
        S, by_row, by_column = scores.copy(), np.full(28, 7, np.float32), np.full(80, 7, np.float32)
        function(S, weights, n, first, last, np.float32(0.05), by_row, by_column)
        assert_allclose(S[:n, part], wanted[:n, part], rtol=1e-4, atol=1e-7)
        assert_array_equal(S[:, :first], scores[:, :first])
        assert not S[n : -(-n // 4) * 4, part].any()
        assert_allclose(by_row[:n], np.abs(wanted[:n, part]).sum(1), rtol=1e-4, atol=1e-6)
        assert_allclose(by_column[part], np.abs(wanted[:n, part]).sum(0), rtol=1e-4, atol=1e-6)
        assert (by_column[:first] == 7).all()


@pytest.mark.parametrize("function", [skipgram.is_among, compiled_is_among])
def test_is_among__looks_at_the_first_words_only(function):
    words = np.array([*range(100, 132), 7, 8], np.int32)
    assert function(words, 32, words[31])
    assert function(words, 16, words[0])
    assert not function(words, 16, words[16])
    assert not function(words, 32, words[33])


@pytest.mark.parametrize("function", [skipgram.fill_row, compiled_fill])
@pytest.mark.parametrize("count", [1, 12, 16, 44])
def test_fill_row__fills_as_many_and_clears_up_to_whole_vectors(function, count):
    rows = np.full((3, 80), 9, np.float32)
    function(rows, 1, 16, count, np.float32(-2))
    whole = -(-count // 16) * 16
    assert_array_equal(rows[1], [*[9] * 16, *[-2] * count, *[0] * (whole - count), *[9] * (64 - whole)])
    assert (rows[[0, 2]] == 9).all()


@pytest.mark.parametrize("length", [3, 16, 21])
@pytest.mark.parametrize("function", [hierarchical_softmax.sum_sizes, compiled_sizes])
def test_sum_sizes__by_rows_and_by_columns(function, length):
    rng = np.random.default_rng(length)
    G = np.zeros((8, 32), np.float32)
    G[:6, :length] = rng.normal(size=(6, length))
    numbers, weights = np.array([4, 0, 2, 5, 1, 3], np.int32), rng.random(8).astype(np.float32)
    by_number = np.ones(8, np.float32)
    by_column, weighted = np.zeros(32, np.float32), np.zeros(32, np.float32)
    function(G, 5, length, numbers, weights, by_number, by_column, weighted)
    sizes = np.abs(G[:5, :length].astype(float))
    wanted = np.ones(8)
    wanted[numbers[:5]] += sizes.sum(1)
    assert_allclose(by_number, wanted, rtol=1e-5)
    assert_allclose(by_column[:length], sizes.sum(0), rtol=1e-5)
    assert_allclose(weighted[:length], (weights[numbers[:5], None] * sizes).sum(0), rtol=1e-5)


@pytest.mark.parametrize("n", [1, 4, 8, 13, 20])
@pytest.mark.parametrize("function", [products.squared_norms, compiled_squares])
def test_square_each__of_rows(function, n):
    X = np.random.default_rng(n).normal(size=(24, 48)).astype(np.float32)
    s = np.zeros(24, np.float32)
    function(X, n, s)
    assert_allclose(s[:n], (X[:n].astype(float) ** 2).sum(1), rtol=1e-5)
    assert not s[-(-n // 4) * 4 :].any()


def test_log_of_one_and__is_exact_to_the_stated_error():
    y = np.concatenate([np.linspace(0, 1, 2001), 10.0 ** -np.arange(300)])
    found = np.array([log_of_one_and(float(value)) for value in y])
    assert_allclose(found, np.log1p(y), rtol=5e-16)
