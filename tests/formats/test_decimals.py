import numpy as np
from hypothesis import given
from hypothesis.extra.numpy import arrays

from firth.formats.decimals import ROWS_AT_A_TIME, decimal_lines


@given(arrays(np.float32, (3, 2)))
def test_decimal_lines__give_back_every_float32(vectors):
    lines = b"".join(decimal_lines(vectors, b" ")).decode().splitlines()
    np.testing.assert_array_equal(np.array([line.split(" ") for line in lines]).astype(np.float32), vectors)


def test_decimal_lines__are_in_order_and_as_many_as_the_rows():
    vectors = np.arange(2 * ROWS_AT_A_TIME + 3, dtype=np.float32)[:, None]
    assert b"".join(decimal_lines(vectors, b"\t")) == b"".join(b"%d.0\n" % i for i in range(len(vectors)))
    assert list(decimal_lines(vectors[:0], b"\t")) == []


def test_decimal_lines__have_no_more_digits_than_a_number_needs():
    assert list(decimal_lines(np.float32([[0.1, -2.5, 1e-7]]), b"\t")) == [b"0.1\t-2.5\t1e-7\n"]
