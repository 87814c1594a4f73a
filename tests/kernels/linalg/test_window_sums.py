import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.arrays import aligned_zeros
from firth.jit.kernel import compiled
from firth.kernels.linalg.window_sums import prefix_sum, spread_windows, sum_windows


@compiled
def compiled_prefix_sum(rows, words, n, sums):
    prefix_sum(rows, words, n, sums)


@compiled
def compiled_sum_windows(sums, reach, scales, first, n, out):
    sum_windows(sums, reach, scales, first, n, out)


@compiled
def compiled_spread_windows(rows, reach, scales, first, n, tokens, out):
    spread_windows(rows, reach, scales, first, n, tokens, out)


WIDTHS = [16, 48, 112, 128, 240]
CENTERS, BEFORE, TOKENS = 9, 3, 16


def normal(rows, width):
    array = aligned_zeros(rows, width)
    array[:] = np.random.default_rng(width).normal(size=array.shape)
    return array


@pytest.fixture
def reach():
    """How many tokens before and after each center are in its window; the last center has none."""
    rng = np.random.default_rng(1)
    before = np.minimum(rng.integers(0, 6, CENTERS), BEFORE + np.arange(CENTERS))
    after = np.minimum(rng.integers(0, 6, CENTERS), TOKENS - 1 - BEFORE - np.arange(CENTERS))
    before[-1] = after[-1] = 0
    return np.stack([before, after]).astype(np.int32)


@pytest.fixture
def scales():
    return np.random.default_rng(2).uniform(0.1, 1, CENTERS).astype(np.float32)


def windows_of(reach):
    """(TOKENS, CENTERS) of whether a token is in the window of a center, and not that center itself."""
    distances = BEFORE + np.arange(CENTERS) - np.arange(TOKENS)[:, None]
    return (distances <= reach[0]) & (-distances <= reach[1]) & (distances != 0)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("function", [prefix_sum, compiled_prefix_sum])
def test_prefix_sum__gives_running_sums(function, width):
    rows, sums = normal(7, width), np.full((6, width), np.nan, np.float32)
    words = np.array([3, 0, 3, 6, 2, 1], np.int32)
    function(rows, words, 4, sums)
    wanted = [rows[words[:t]].sum(axis=0) for t in range(5)]
    assert_allclose(sums[:5], wanted, rtol=1e-5, atol=1e-5)
    assert np.isnan(sums[5]).all()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("function", [sum_windows, compiled_sum_windows])
def test_sum_windows__sums_what_is_around_each_center(function, width, reach, scales):
    rows, out = normal(TOKENS, width), np.full((CENTERS + 1, width), np.nan, np.float32)
    sums = np.concatenate([np.zeros((1, width), np.float32), np.cumsum(rows, axis=0)])
    function(sums, reach, scales, BEFORE, CENTERS, out)
    assert_allclose(out[:CENTERS], scales[:, None] * (windows_of(reach).T @ rows), rtol=1e-5, atol=1e-5)
    assert np.isnan(out[CENTERS]).all()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("function", [spread_windows, compiled_spread_windows])
def test_spread_windows__gives_a_token_the_rows_of_the_windows_it_is_in(function, width, reach, scales):
    rows, out = normal(CENTERS, width), np.full((TOKENS + 2, width), np.nan, np.float32)
    function(rows, reach, scales, BEFORE, CENTERS, TOKENS, out)
    assert_allclose(out[:TOKENS], windows_of(reach) @ (scales[:, None] * rows), rtol=1e-5, atol=1e-5)
    assert np.isnan(out[TOKENS + 1]).all()
