import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.kernels.compiler import compiled
from firth.kernels.products import LANES, TILE_ROWS, score, weigh, weigh_transposed


@compiled
def compiled_score(X, n, Z, S):
    score(X, n, Z, S)


@compiled
def compiled_weigh(G, n, Z, out):
    weigh(G, n, Z, out)


@compiled
def compiled_weigh_transposed(G, n, X, out):
    weigh_transposed(G, n, X, out)


def normal(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


SHAPES = [(1, 16, 16), (7, 32, 16), (8, 48, 112), (23, 48, 112), (24, 16, 304)]


@pytest.mark.parametrize(("n", "outputs", "width"), SHAPES)
@pytest.mark.parametrize("function", [score, compiled_score])
def test_score__is_the_product_with_the_transpose(function, n, outputs, width):
    X, Z = normal(24, width), normal(outputs, width)
    S = np.full((24, outputs), 7, np.float32)
    function(X, n, Z, S)
    assert_allclose(S[:n], X[:n].astype(float) @ Z.T.astype(float), rtol=1e-5, atol=1e-4)
    assert (S[n:] == 7).all()


@pytest.mark.parametrize(("n", "outputs", "width"), SHAPES)
@pytest.mark.parametrize("function", [weigh, compiled_weigh])
def test_weigh__is_the_product(function, n, outputs, width):
    G, Z = normal(24, outputs), normal(outputs, width)
    out = np.full((32, width), 7, np.float32)
    function(G, n, Z, out)
    assert_allclose(out[:n], G[:n].astype(float) @ Z.astype(float), rtol=1e-5, atol=1e-4)
    assert (out[-(-n // TILE_ROWS) * TILE_ROWS :] == 7).all()


@pytest.mark.parametrize(("n", "outputs", "width"), SHAPES)
@pytest.mark.parametrize("function", [weigh_transposed, compiled_weigh_transposed])
def test_weigh_transposed__is_the_product_of_the_transpose(function, n, outputs, width):
    G, X = normal(24, outputs), normal(24, width)
    out = np.full((outputs, width), 7, np.float32)
    function(G, n, X, out)
    assert_allclose(out, G[:n].T.astype(float) @ X[:n].astype(float), rtol=1e-5, atol=1e-4)


def test_score__adds_in_the_order_of_a_tree_of_lanes():
    """The order of additions is part of the result: the same bits on every processor."""
    rng = np.random.default_rng(1)
    X, Z = rng.normal(size=(1, LANES)).astype(np.float32), rng.normal(size=(16, LANES)).astype(np.float32)
    S = np.zeros((1, 16), np.float32)
    compiled_score(X, 1, Z, S)
    lanes = X * Z
    while lanes.shape[1] > 1:
        lanes = lanes[:, ::2] + lanes[:, 1::2]
    if S[0, 0] != (X @ Z.T)[0, 0] or compiled_score is not score:
        assert_allclose(S[0], lanes[:, 0], rtol=2e-6, atol=1e-6)
