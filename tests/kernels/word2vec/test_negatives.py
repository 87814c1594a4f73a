import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.arrays import aligned_zeros
from firth.kernels.word2vec.negatives import draw_negative, sum_of_mean
from firth.training import reference
from firth.training.sampling import alias_table, noise_distribution


@pytest.mark.parametrize("counts", [[5], [3, 3], [100, 10, 1], [10**12, 1], list(range(200, 0, -1)), [1] * 37])
def test_alias_table__holds_the_distribution_exactly(counts):
    wanted = noise_distribution(np.array(counts), 0.75)
    table = alias_table(wanted).table
    own = table[:, 0] / 2**32
    found = own.copy()
    np.add.at(found, table[:, 1], 1 - own)
    assert_allclose(found / len(counts), wanted, atol=2**-31)


def test_draw_negative__follows_the_distribution_and_its_twin():
    noise = alias_table(noise_distribution(np.array([50, 30, 10, 5, 5]), 0.75))
    key = np.uint64(7)
    drawn = [int(draw_negative(noise, key, i)) for i in range(5000)]
    twin = [reference.negative_word(*noise.table.T.tolist(), 7, i) for i in range(5000)]
    assert drawn == twin
    expected = noise_distribution(np.array([50, 30, 10, 5, 5]), 0.75) * 5000
    assert (np.abs(np.bincount(drawn) - expected) < 5 * np.sqrt(expected)).all()


@pytest.mark.parametrize("parts", [1, 3, 8])
def test_sum_of_mean__comes_to_the_mean_of_what_is_drawn(parts):
    noise = alias_table(noise_distribution(np.array([50, 30, 10, 5, 5]), 0.75))
    rows, sums = aligned_zeros(5, 32), np.full((parts, 32), np.nan, np.float32)
    rows[:] = np.random.default_rng(0).normal(size=(5, 32))
    for part in range(parts):
        sum_of_mean(noise, rows, part, parts, sums)
    drawn = rows[[int(draw_negative(noise, np.uint64(7), i)) for i in range(5000)]]
    assert_allclose(sums.sum(axis=0), drawn.mean(axis=0), atol=5 / np.sqrt(5000))
    assert_allclose(sums.sum(axis=0), noise.probabilities.astype(float) @ rows, rtol=1e-5, atol=1e-6)
