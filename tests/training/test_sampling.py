import numpy as np
from numpy.testing import assert_allclose

from firth.training.sampling import as_thresholds, keep_probabilities, noise_distribution


def test_keep_probabilities__by_hand():
    counts = np.array([900, 90, 10])  # shares .9, .09, .01
    expected = [np.sqrt(0.01 / 0.9) + 0.01 / 0.9, np.sqrt(0.01 / 0.09) + 0.01 / 0.09, 1.0]
    assert_allclose(keep_probabilities(counts, 0.01), expected)


def test_keep_probabilities__zero_keeps_everything():
    assert keep_probabilities(np.array([10**9, 1]), 0).tolist() == [1, 1]


def test_noise_distribution__by_hand():
    counts = np.array([16, 1])
    assert_allclose(noise_distribution(counts, 0.75), [8 / 9, 1 / 9])
    assert_allclose(noise_distribution(counts, 0), [0.5, 0.5])
    assert_allclose(noise_distribution(counts, -1), [1 / 17, 16 / 17])


def test_noise_distribution__no_exponent_overflows():
    assert_allclose(noise_distribution(np.array([10**12, 1]), 10), [1, 0], atol=1e-100)


def test_as_thresholds__the_extremes_are_always_and_almost_never():
    assert as_thresholds(np.array([1.0, 0.5, 0.0])).tolist() == [2**32 - 1, 2**31 - 1, 0]
