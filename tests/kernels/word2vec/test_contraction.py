"""What shards changed, combined: eigenvectors, and steps along them, compared with NumPy's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.arrays import aligned_zeros
from firth.kernels.word2vec.contraction import contract, find_second_moment, find_steps
from firth.training import reference_shards
from firth.training.shards import directions_of, new_contraction_workspace, new_moment_workspace


def padded(array, width):
    rows = aligned_zeros(len(array), width)
    rows[:, : array.shape[1]] = array
    return rows


def in_16_bits(array):
    """The bits of an array, and the numbers that they stand for."""
    values = reference_shards.rounded(array).astype(np.float32)
    return (values.view(np.uint32) >> 16).astype(np.uint16), values


def numbers(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def test_find_second_moment__sums_weighted_rows_of_a_range_where_they_come_to_with_the_mean_change():
    rng = np.random.default_rng(0)
    rows, weights = rng.normal(size=(150, 11)), rng.random(150)
    bits, changes = in_16_bits(rng.normal(size=(150, 11)))
    work = new_moment_workspace(16)
    find_second_moment(padded(rows, 16), bits, 4, weights, 5, 140, work)
    ends = (rows + changes / 4)[5:140]
    assert_allclose(work.moment[:11, :11], (ends.T * weights[5:140]) @ ends, rtol=1e-5, atol=1e-5)
    assert not work.moment[11:].any()


@pytest.mark.parametrize("shards", [1, 2, 8])
def test_find_steps__is_from_as_many_as_there_are_shards_down_to_one(shards):
    values, left, steps = np.array([0.0, 1e-9, 0.5, 3.0, 900.0]), np.zeros(5), np.zeros(5)
    find_steps(2.0, values, shards, left, steps)
    a = 2 * values[2:]
    assert_allclose(steps[:2], shards, rtol=1e-7)
    assert_allclose(steps[2:], (1 - np.exp(-shards * a)) / (1 - np.exp(-a)), rtol=1e-14)


def test_contract__is_the_reference_but_for_rounding_and_changes_only_its_range():
    rng = np.random.default_rng(2)
    root, rates = rng.normal(size=(11, 11)), rng.random(70)
    bits, changes = in_16_bits(rng.normal(size=(70, 11)))
    before, moment = bits.copy(), root @ root.T
    directions, work = directions_of(moment, 16), new_contraction_workspace(16, 11)
    contract(bits, rates, directions, 4, work, 1, 69)
    wanted = reference_shards.contracted(changes, 4, moment, rates)
    assert_allclose(numbers(bits)[1:69], wanted[1:69], rtol=2**-8, atol=1e-5)
    assert (bits[[0, 69]] == before[[0, 69]]).all()
