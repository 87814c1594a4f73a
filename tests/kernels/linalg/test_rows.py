import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.jit.kernel import compiled
from firth.kernels.linalg.rows import axpy, dot, sum_places, weigh_rows


@compiled
def compiled_dot(rows, i, others, j):
    return dot(rows, i, others, j)


@compiled
def compiled_axpy(out, o, weight, rows, i):
    axpy(out, o, weight, rows, i)


@compiled
def compiled_weigh_rows(weights, i, rows, first, numbers, out, o):
    weigh_rows(weights, i, rows, first, numbers, out, o)


@compiled
def compiled_sum_places(weights, which, rows, numbers, begin, end, out, o):
    sum_places(weights, which, rows, numbers, begin, end, out, o)


WIDTHS = [1, 15, 16, 17, 64, 100, 128, 200]
DTYPES = [np.float32, np.float64]


def normal(rows, width, dtype):
    return np.random.default_rng(width).normal(size=(rows, width)).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("function", [dot, compiled_dot])
def test_dot__is_the_product_of_two_rows(function, width, dtype):
    rows = normal(5, width, dtype)
    wanted = rows[4].astype(np.float64) @ rows[1].astype(np.float64)
    assert_allclose(function(rows, 4, rows, 1), wanted, rtol=1e-5, atol=1e-5 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("function", [axpy, compiled_axpy])
def test_axpy__changes_one_row_only(function, width, dtype):
    rows, out = normal(5, width, dtype), normal(3, width, dtype) + 1
    wanted = out.copy()
    wanted[2] += dtype(0.3) * rows[1]
    function(out, 2, dtype(0.3), rows, 1)
    assert_allclose(out, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("function", [weigh_rows, compiled_weigh_rows])
def test_weigh_rows__overwrites_a_row_with_a_weighted_sum(function, width, dtype):
    rows, weights = normal(9, width, dtype), normal(4, 3, dtype)
    out = np.full((2, width), 7, dtype)
    function(weights, 3, rows, 2, np.array([6, 0, 6], np.int32), out, 1)
    assert (out[0] == 7).all()
    assert_allclose(out[1], weights[3].astype(float) @ rows[[8, 2, 8]].astype(float), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("function", [sum_places, compiled_sum_places])
def test_sum_places__overwrites_a_row_with_the_weighted_sum_of_some_places(function, width, dtype):
    rows, weights = normal(9, width, dtype), normal(1, 7, dtype)[0]
    which, numbers = np.array([5, 6, 0, 6, 1], np.int32), np.array([1, 8, 0, 8, 3], np.int32)
    out = np.full((3, width), 7, dtype)
    function(weights, which, rows, numbers, 1, 4, out, 1)
    assert (out[[0, 2]] == 7).all()
    assert_allclose(out[1], weights[[6, 0, 6]].astype(float) @ rows[[8, 0, 8]].astype(float), rtol=1e-5, atol=1e-5)
    function(weights, which, rows, numbers, 2, 2, out, 2)
    assert (out[2] == 0).all()
