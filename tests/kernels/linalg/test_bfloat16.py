"""Numbers of 16 bits, against the definition in NumPy's double precision."""

import numpy as np
import pytest

from firth.kernels.linalg.bfloat16 import add_rounded, add_widened, round_differences
from firth.training.reference_shards import rounded


def numbers(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def bits_of(values):
    out = np.zeros(values.shape, np.uint16)
    round_differences(values, np.zeros_like(values), out, 0, len(values))
    return out


def values_of_all_sizes(seed, rows, width):
    rng = np.random.default_rng(seed)
    return np.float32(rng.normal(size=(rows, width)) * 10.0 ** rng.integers(-30, 30, (rows, width)))


def test_round_differences__are_the_nearest_numbers_of_8_significant_bits_and_those_of_a_range_only():
    after, before = values_of_all_sizes(0, 40, 19), values_of_all_sizes(1, 40, 19)
    out = np.zeros((40, 17), np.uint16)
    round_differences(after, before, out, 3, 38)
    assert (numbers(out)[3:38] == rounded(np.float64((after - before)[3:38, :17]))).all()
    assert not out[[0, 1, 2, 38, 39]].any()


def test_round_differences__a_number_in_the_middle_goes_to_the_even_one():
    ulp = 2.0**-7
    values = np.float32([[1 + 0.5 * ulp, 1 + 1.5 * ulp, -1 - 0.5 * ulp, 1 + 0.5 * ulp + 2**-23]])
    assert numbers(bits_of(values)).tolist() == [[1, 1 + 2 * ulp, -1, 1 + ulp]]


def test_round_differences__what_is_no_number_stays_so():
    """A training that diverges must be seen to do so."""
    values = np.array([0x7FFFFFFF, 0x7F800001, 0xFFFFFFFF, 0x7F800000, 0xFF800000], np.uint32).view(np.float32)[None]
    with np.errstate(all="ignore"):
        found = numbers(bits_of(values))[0]
    assert np.isnan(found[:3]).all()
    assert found[3:].tolist() == [np.inf, -np.inf]


def test_add_rounded__is_the_sum_rounded_once():
    left, right = bits_of(values_of_all_sizes(2, 30, 17)), bits_of(values_of_all_sizes(2, 30, 17) * np.float32(1.7))
    before = numbers(left)
    add_rounded(left, right, 1, 29)
    assert (numbers(left)[1:29] == rounded(np.float64(before + numbers(right)))[1:29]).all()
    assert (numbers(left)[[0, 29]] == before[[0, 29]]).all()


@pytest.mark.parametrize("width", [17, 20])
def test_add_widened__adds_steps_in_single_precision(width):
    rows, steps, out = values_of_all_sizes(4, 30, 20), bits_of(values_of_all_sizes(5, 30, width)), np.zeros((30, 20))
    out = out.astype(np.float32)
    add_widened(rows, steps, out, 2, 30)
    assert (out[2:, :width] == rows[2:, :width] + numbers(steps)[2:]).all()
    assert not out[:2].any()
    assert not out[:, width:].any()
