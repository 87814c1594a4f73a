import math

import numpy as np
import pytest

from firth.jit.kernel import compiled
from firth.kernels.linalg.exponentials import exponential, logarithms
from firth.kernels.linalg.exponentials import exponentials as array_exponentials


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


def test_logarithm__is_exact_to_the_last_digits():
    near_one = 1 + np.linspace(-1e-6, 1e-6, 2_001)
    x = np.concatenate(
        [np.geomspace(3e-308, 1e308, 20_001), np.linspace(0.5, 2, 2_001), np.arange(1.0, 5_000), near_one]
    )
    exact = np.log(x.astype(np.longdouble))
    assert (np.abs(logarithms(x) - exact) <= 6e-16 * np.abs(exact)).all()
    assert logarithms([1.0]).tolist() == [0.0]


def test_logarithm__of_what_is_not_finite_is_no_number():
    with np.errstate(invalid="ignore"):  # which is said where the compiler is off
        assert np.isnan(logarithms([math.nan, math.inf] * 20)).all()


def test_logarithms_and_exponentials__have_the_shape_of_what_they_are_given():
    x = np.arange(1, 7).reshape(2, 3)
    np.testing.assert_allclose(array_exponentials(logarithms(x)), x, rtol=1e-15)
    assert array_exponentials([]).shape == (0,)


@pytest.mark.parametrize(
    ("x", "log", "exp"),
    [
        (0.1, "-0x1.26bb1bbb55515p+1", "0x1.1aec7b35a00d4p+0"),
        (77.25, "0x1.163604445c633p+2", "0x1.5d44af7b629e5p+111"),
    ],
)
def test_logarithm_and_exponential__are_the_same_bits_on_every_machine(x, log, exp):
    assert (float(logarithms([x])[0]).hex(), float(array_exponentials([x])[0]).hex()) == (log, exp)
