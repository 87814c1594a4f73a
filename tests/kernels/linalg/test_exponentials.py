import math

import numpy as np
import pytest

from firth.jit.kernel import compiled
from firth.kernels.linalg.exponentials import exponential


@compiled
def fill_exponentials(x, out):
    for i in range(x.shape[0]):
        out[i] = exponential(float(x[i]))


def exponentials(x, dtype=np.float64):
    out = np.empty(len(x), dtype)
    fill_exponentials(np.array(x, dtype), out)
    return out


def test_exponential__is_exact_to_the_last_digits():
    x = np.concatenate([np.linspace(-700, 700, 20_001), np.linspace(-1, 1, 2_001), [0.0, -0.0, 1e-300, 5e-324]])
    assert np.abs(exponentials(x) / np.exp(x) - 1).max() < 4e-16
    assert exponentials([0.0]).tolist() == [1.0]


def test_exponential__of_float32_is_the_nearest_one():
    x = np.linspace(-80, 80, 1_001).astype(np.float32)
    np.testing.assert_array_max_ulp(exponentials(x, np.float32), np.exp(x.astype(np.float64)).astype(np.float32), 1)


@pytest.mark.parametrize(("x", "as_for"), [(-1e9, -700), (-math.inf, -700), (1e9, 700), (math.inf, 700)])
def test_exponential__beyond_its_range_is_that_of_its_end(x, as_for):
    assert exponentials([x]) == pytest.approx(math.exp(as_for), rel=4e-16)


def test_exponential__of_no_number_is_none():
    assert np.isnan(exponentials([math.nan] * 40)).all()
