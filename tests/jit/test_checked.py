from typing import NamedTuple

import numpy as np
import pytest

from firth.jit import target
from firth.jit.checked import call_checked
from firth.jit.kernel import compiled


class Rows(NamedTuple):
    numbers: np.ndarray
    starts: np.ndarray


def rows():
    return Rows(np.arange(12.0).reshape(3, 4), np.array([0, 2], np.int32))


@pytest.mark.parametrize(
    "key",
    [-1, np.int32(-1), np.int64(-3), (0, -1), (np.int8(-1), 0), (slice(None), -1), slice(-1), slice(-2, None),
     (0, slice(0, -1)), np.array([0, -1]), (np.array([-1, 0]), slice(None))],
)  # fmt: skip
def test_checked__refuses_a_negative_index_wherever_it_stands(key):
    def read(a_tuple):
        return a_tuple.numbers[key]

    def write(numbers):
        numbers[key] = 0

    for function, argument in ((read, rows()), (write, rows().numbers)):
        with pytest.raises(IndexError, match="from the beginning"):
            call_checked(function, (argument,))


@pytest.mark.parametrize(
    "key",
    [0, np.uint64(1), (2, np.int16(3)), slice(1), (slice(1, 3), 0), np.array([2, 0]), np.array([True, False, True]),
     ..., None],
)  # fmt: skip
def test_checked__gives_what_numpy_gives(key):
    plain, written = rows().numbers, rows().numbers
    assert np.array_equal(call_checked(lambda numbers: numbers[key], (plain,)), plain[key])
    call_checked(lambda numbers: numbers.__setitem__(key, 7), (written,))
    plain[key] = 7
    assert np.array_equal(written, plain)


def test_checked__is_a_row_of_an_array_too():
    def last_of_row(rows):
        row = rows.numbers[1]
        return row[len(row) - 5]

    with pytest.raises(IndexError):
        call_checked(last_of_row, (rows(),))


def test_checked__an_error_ends_the_check_of_its_kernel_only():
    def fail(numbers):
        numbers[-1]

    for _ in range(2):
        with pytest.raises(IndexError):
            call_checked(fail, (rows().numbers,))


@compiled
def number_at(numbers, place):
    return numbers[place]


@compiled
def number_before(rows, k):
    return number_at(rows.numbers[0], rows.starts[k] - 1)


@pytest.mark.skipif(target.is_enabled(), reason="with the compiler on, nobody checks")
def test_kernel__without_the_compiler_catches_an_index_that_machine_code_would_not():
    assert number_before(rows(), 1) == 1.0
    with pytest.raises(IndexError):
        number_before(rows(), 0)
