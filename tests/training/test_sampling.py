import hashlib

import numpy as np
from numpy.testing import assert_allclose

from firth.training.sampling import alias_table, as_thresholds, keep_probabilities, noise_distribution, sampling_table


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


def test_noise_and_sampling_table__are_the_same_bits_on_every_machine():
    counts = np.maximum(5e7 / (np.arange(30_000) + 2.7), 1).astype(np.int64)
    noise = alias_table(noise_distribution(counts, 0.75))
    found = [hashlib.sha256(array.tobytes()).hexdigest()[:12] for array in (*noise, sampling_table(30_000))]
    assert found == ["dc3e17a7f2ba", "1e08fde24ecd", "685457e10c3b"]
