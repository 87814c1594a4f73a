import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from firth.arrays import LANES, aligned_zeros
from firth.jit.kernel import compiled
from firth.jit.target import is_enabled
from firth.kernels.linalg.products import (
    BAND_ROWS,
    TILE_ROWS,
    dot_each,
    learn_gathered,
    matmul_nn_banded,
    matmul_nn_gathered,
    matmul_nn_shifted,
    matmul_nn_with,
    matmul_nt,
    matmul_nt_banded,
    matmul_nt_gathered,
    matmul_tn,
    matmul_tn_banded,
    matmul_tn_gathered,
)


@compiled
def compiled_nt(X, n, Z, S):
    matmul_nt(X, n, Z, S)


@compiled
def compiled_nt_banded(X, of_x, Z, of_z, size, bands, S):
    matmul_nt_banded(X, of_x, Z, of_z, size, bands, S)


@compiled
def compiled_dot_each(X, n, Z, of_z, s):
    dot_each(X, n, Z, of_z, s)


@compiled
def compiled_nt_gathered(X, of_x, Z, of_z, S):
    matmul_nt_gathered(X, of_x, Z, of_z, S)


@compiled
def compiled_nn_gathered(G, Z, of_z, out, of_out):
    matmul_nn_gathered(G, Z, of_z, out, of_out)


@compiled
def compiled_tn_gathered(G, X, of_x, out, of_out, first, last):
    matmul_tn_gathered(G, X, of_x, out, of_out, first, last)


@compiled
def compiled_learn_gathered(g, H, i, Z, of_z, out):
    learn_gathered(g, H, i, Z, of_z, out)


@compiled
def compiled_nn_banded(G, n, bands, dense, Z, size, out):
    matmul_nn_banded(G, n, bands, dense, Z, size, out)


@compiled
def compiled_nn_shifted(G, n, bands, dense, Z, of_z, weights, shift, size, out, squares):
    matmul_nn_shifted(G, n, bands, dense, Z, of_z, weights, shift, size, out, squares)


@compiled
def compiled_nn_with(G, n, Z, weights, others, of_others, out):
    matmul_nn_with(G, n, Z, weights, others, of_others, out)


@compiled
def compiled_tn(G, n, X, out):
    matmul_tn(G, n, X, out)


@compiled
def compiled_tn_banded(G, X, of_x, size, bands, out, squares):
    matmul_tn_banded(G, X, of_x, size, bands, out, squares)


def normal(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def whole_tiles(n):
    return -(-n // TILE_ROWS) * TILE_ROWS


SHAPES = [(1, 16, 16), (7, 32, 16), (8, 48, 112), (23, 48, 112), (24, 16, 304), (5, 16, 32), (3, 16, 48), (9, 16, 80)]
SHAPES += [(23, 20, 112), (5, 12, 16)]


@pytest.mark.parametrize(("n", "outputs", "width"), SHAPES)
@pytest.mark.parametrize("function", [matmul_nt, compiled_nt])
def test_matmul_nt__is_the_product_with_the_transpose(function, n, outputs, width):
    X, Z = normal(24, width), normal(outputs, width)
    S = np.full((32, outputs), 7, np.float32)
    function(X, n, Z, S)
    assert_allclose(S[:n], X[:n].astype(float) @ Z.T.astype(float), rtol=1e-5, atol=1e-4)
    assert (S[n:] == 7).all()


@pytest.mark.parametrize(("n", "outputs", "width"), SHAPES)
@pytest.mark.parametrize("function", [matmul_nn_with, compiled_nn_with])
def test_matmul_nn_with__adds_another_row_to_each_of_the_product(function, n, outputs, width):
    G, Z, weights, others = normal(24, outputs), normal(outputs, width), normal(24), normal(9, width)
    of_others = np.random.default_rng(n).integers(-1, 9, 24).astype(np.int32)
    out = np.full((32, width), 7, np.float32)
    function(G, n, Z, weights, others, of_others, out)
    wanted = G.astype(float) @ Z.astype(float) + weights[:, None] * others[np.maximum(of_others, 0)].astype(float)
    assert_allclose(out[:n], wanted[:n], rtol=1e-5, atol=1e-4)
    assert (out[whole_tiles(n) :] == 7).all()


@pytest.mark.parametrize(("n", "outputs", "width"), SHAPES)
@pytest.mark.parametrize("function", [matmul_tn, compiled_tn])
def test_matmul_tn__is_the_product_of_the_transpose(function, n, outputs, width):
    G, X = normal(24, outputs), normal(24, width)
    out = np.full((outputs, width), 7, np.float32)
    function(G, n, X, out)
    assert_allclose(out, G[:n].T.astype(float) @ X[:n].astype(float), rtol=1e-5, atol=1e-4)


BANDS = np.array([[0, 3], [2, 9], [0, 0], [4, 23], [0, 23], [22, 23], [1, 2], [7, 20], [0, 1], [5, 18]], np.int32)
"""Of ten bands of columns, the rows that are not zero."""
SIZES = [1, 8, 17, 24, 40, 50, 64, 100, 105, 128, 136, 300]
"""Sizes of vectors: the last vector of 16 is whole, half or less, and there are odd and even numbers of halves."""


def banded(rows):
    """A matrix that is zero outside `BANDS`, and a mask of what is inside."""
    inside = np.zeros((rows, len(BANDS) * BAND_ROWS), np.bool_)
    for band, (first, last) in enumerate(BANDS):
        inside[first:last, band * BAND_ROWS : (band + 1) * BAND_ROWS] = True
    return np.where(inside, normal(*inside.shape), 0).astype(np.float32), inside


def vectors(n, size):
    """So many vectors of this size, with zeros up to whole vectors of 16."""
    rows = aligned_zeros(n, -(-size // LANES) * LANES)
    rows[:, :size] = normal(n, size)
    return rows


def behind_no_number(n, size):
    """As `vectors`, where the row before the first is NaN: whoever takes -1 for a row finds it."""
    rows = vectors(n + 1, size)
    rows[0] = np.nan
    return rows[1:]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("function", [matmul_nt_banded, compiled_nt_banded])
def test_matmul_nt_banded__fills_the_bands(function, size):
    X, Z, S = behind_no_number(50, size), behind_no_number(40, size), np.zeros((28, 24), np.float32)
    of_x, of_z = some_of(50, 28, 1), some_of(40, 20, 2)
    of_x[23:], of_z[13] = -1, -1  # tiles read rows behind the bands
    function(X, of_x, Z, of_z, size, BANDS, S)
    _, inside = banded(28)
    wanted = X[np.maximum(of_x, 0)].astype(float) @ Z[np.maximum(of_z, 0)].T.astype(float)
    assert_allclose(S[:, :20][inside], wanted[inside], rtol=1e-5, atol=1e-4)
    assert np.isfinite(S).all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("function", [matmul_nn_banded, compiled_nn_banded])
def test_matmul_nn_banded__is_the_product(function, size):
    of_columns, _ = banded(28)
    G = np.ascontiguousarray(np.concatenate([of_columns.T, np.zeros((20, 2)), normal(20, 8)], axis=1, dtype=np.float32))
    Z, out = vectors(38, size), np.zeros((20, vectors(1, size).shape[1]), np.float32)
    out[:, :size] = 7
    function(G, 19, BANDS, 30, Z, size, out)
    assert_allclose(out[:19], G[:19].astype(float) @ Z.astype(float), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("function", [matmul_nn_shifted, compiled_nn_shifted])
def test_matmul_nn_shifted__is_the_product_less_a_row_by_weight(function, size):
    of_columns, _ = banded(28)
    G = np.ascontiguousarray(np.concatenate([of_columns.T, np.zeros((20, 2)), normal(20, 8)], axis=1, dtype=np.float32))
    Z, shift, weights, of_z = behind_no_number(50, size), vectors(1, size), normal(20), some_of(50, 38, 1)
    G[:, 33], of_z[33] = 0, -1
    out, squares = np.zeros((20, Z.shape[1]), np.float32), np.full(20, 7, np.float32)
    out[:, :size] = 7
    wanted = (G.astype(float) @ Z[of_z].astype(float) - weights[:, None] * shift)[:19]
    function(G, 19, BANDS, 30, Z, of_z, weights, shift, size, out, squares)
    assert_allclose(out[:19], wanted, rtol=1e-5, atol=1e-4)
    assert_allclose(squares[:19], (wanted**2).sum(axis=1), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("is_listed", [True, False])
@pytest.mark.parametrize("function", [matmul_tn_banded, compiled_tn_banded])
def test_matmul_tn_banded__is_the_product_of_the_transpose(function, is_listed, size):
    G, _ = banded(28)
    X, out = vectors(40 if is_listed else 28, size), np.zeros((20, vectors(1, size).shape[1]), np.float32)
    of_x = some_of(40, 28, 2) if is_listed else None
    squares = np.full(20, 7, np.float32)
    wanted = G.T.astype(float) @ X[of_x if is_listed else slice(None)].astype(float)
    for found in (None, squares):
        out[:, :size] = 7
        function(G, X, of_x, size, BANDS, out, found)
        assert_allclose(out, wanted, rtol=1e-5, atol=1e-4)
    assert_allclose(squares, (wanted**2).sum(axis=1), rtol=1e-5, atol=1e-4)


def some_of(rows, count, seed):
    """Some different rows, in any order."""
    return np.random.default_rng(seed).permutation(rows)[:count].astype(np.int32)


@pytest.mark.parametrize("width", [16, 48, 112])
@pytest.mark.parametrize(("of_x", "of_z"), [(1, 16), (1, 20), (1, 32), (3, 12), (4, 4), (8, 12), (12, 16)])
@pytest.mark.parametrize("function", [matmul_nt_gathered, compiled_nt_gathered])
def test_matmul_nt_gathered__is_the_product_of_some_rows(function, of_x, of_z, width):
    X, Z, S = normal(30, width), normal(40, width), np.full((16, 48), 7, np.float32)
    x_rows, z_rows = some_of(30, of_x, 1), some_of(40, of_z, 2)
    function(X, x_rows, Z, z_rows, S)
    wanted = X[x_rows].astype(float) @ Z[z_rows].T.astype(float)
    assert_allclose(S[:of_x, :of_z], wanted, rtol=1e-5, atol=1e-4)
    assert (S[of_x:] == 7).all()
    assert (S[:, of_z:] == 7).all()


@pytest.mark.parametrize("width", [16, 48, 112])
@pytest.mark.parametrize(("of_out", "of_z"), [(2, 4), (4, 1), (6, 4), (8, 11), (14, 25)])
@pytest.mark.parametrize("function", [matmul_nn_gathered, compiled_nn_gathered])
def test_matmul_nn_gathered__adds_the_product_of_some_rows_to_some_rows(function, of_out, of_z, width):
    G, Z, before = normal(32, 32), normal(40, width), normal(50, width)
    z_rows, out_rows = some_of(40, of_z, 1), some_of(50, of_out, 2)
    out = before.copy()
    function(G, Z, z_rows, out, out_rows)
    wanted = before.astype(float)
    wanted[out_rows] += G[:of_out, :of_z].astype(float) @ Z[z_rows].astype(float)
    assert_allclose(out, wanted, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("width", [16, 48, 112])
@pytest.mark.parametrize(("of_out", "of_x"), [(0, 3), (1, 1), (4, 1), (6, 4), (7, 11), (14, 25)])
@pytest.mark.parametrize("function", [matmul_tn_gathered, compiled_tn_gathered])
def test_matmul_tn_gathered__adds_the_product_share_by_share(function, of_out, of_x, width):
    G, X, before = normal(32, 32), normal(40, width), normal(50, width)
    x_rows, out_rows = some_of(40, of_x, 1), some_of(50, of_out, 3)
    wanted = before.astype(float)
    wanted[out_rows] += G[:of_x, :of_out].T.astype(float) @ X[x_rows].astype(float)
    out, middle = before.copy(), width // LANES // 2 * LANES
    function(G, X, x_rows, out, out_rows, middle, width)
    assert (out[:, :middle] == before[:, :middle]).all()
    function(G, X, x_rows, out, out_rows, 0, middle)
    assert_allclose(out, wanted, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("width", [16, 48, 112, 304])
@pytest.mark.parametrize("of_z", [0, 1, 4, 11, 25])
@pytest.mark.parametrize("function", [learn_gathered, compiled_learn_gathered])
def test_learn_gathered__sums_rows_as_they_were_and_changes_them(function, of_z, width):
    g, H, before, rows = normal(32), normal(3, width), normal(40, width), some_of(40, of_z, 1)
    Z, out = before.copy(), np.full((3, width), 7, np.float32)
    function(g, H, 1, Z, rows, out)
    assert_allclose(out[1], g[:of_z].astype(float) @ before[rows].astype(float), rtol=1e-5, atol=1e-4)
    assert (out[[0, 2]] == 7).all()
    wanted = before.astype(float)
    wanted[rows] += np.outer(g[:of_z].astype(float), H[1].astype(float))
    assert_allclose(Z, wanted, rtol=1e-5, atol=1e-4)


@pytest.mark.skipif(not is_enabled(), reason="where the compiler is off, NumPy adds in an order of its own")
@pytest.mark.parametrize(("n", "outputs"), [(1, 4), (1, 16), (2, 4), (4, 16)])
def test_matmul_nt__adds_the_halves_of_lanes(n, outputs):
    """The order of additions is part of the result: the same bits on every processor, and in every tile."""
    rng = np.random.default_rng(1)
    X, Z = rng.normal(size=(n, LANES)).astype(np.float32), rng.normal(size=(outputs, LANES)).astype(np.float32)
    S, gathered = np.zeros((n, outputs), np.float32), np.zeros((n, outputs), np.float32)
    compiled_nt(X, n, Z, S)
    compiled_nt_gathered(X, np.arange(n, dtype=np.int32), Z, np.arange(outputs, dtype=np.int32), gathered)
    lanes = X[:, None] * Z
    while lanes.shape[-1] > 1:
        half = lanes.shape[-1] // 2
        lanes = lanes[..., :half] + lanes[..., half:]
    assert_array_equal(S, lanes[..., 0])
    assert_array_equal(gathered, lanes[..., 0])


@pytest.mark.parametrize("width", [16, 112, 304])
@pytest.mark.parametrize("n", [1, 4, 7, 32])
@pytest.mark.parametrize("function", [dot_each, compiled_dot_each])
def test_dot_each__is_a_product_of_two_rows_for_each(function, n, width):
    X, Z, scores = normal(32, width), normal(9, width), np.full(36, np.nan, np.float32)
    of_z = np.random.default_rng(n).integers(-1, 9, 32).astype(np.int32)
    function(X, n, Z, of_z, scores)
    assert_allclose(scores[:n], [x @ Z[max(z, 0)] for x, z in zip(X[:n], of_z, strict=False)], rtol=1e-4, atol=1e-4)
    assert np.isnan(scores[whole_tiles(n) :]).all()
