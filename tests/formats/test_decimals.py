import json
import sys
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from firth.formats.decimals import ROWS_AT_A_TIME, decimal_lines, json_writer


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


@pytest.fixture
def without_orjson(monkeypatch):
    monkeypatch.setitem(sys.modules, "orjson", None)


def any_numbers():
    """Float32 numbers of all sizes, and those at which notations change."""
    bits = np.random.default_rng(0).integers(0, 2**32, 20_000, dtype=np.uint64).astype(np.uint32)
    edges = np.float32(
        [0, -0.0, 1, 1e-45, 1.1754944e-38, 3.4028235e38, 9_999_999, 1e7, 16_777_216, 1e16, 1e17, 1e-4, 1e-5]
    )
    found = np.concatenate([bits.view(np.float32), edges, -edges])
    return found[np.isfinite(found)]


def test_decimal_lines__without_orjson_have_the_same_digits(monkeypatch):
    pytest.importorskip("orjson")
    numbers = any_numbers()[None]
    with_orjson = b"".join(decimal_lines(numbers, b" ")).split()
    monkeypatch.setitem(sys.modules, "orjson", None)
    without = b"".join(decimal_lines(numbers, b" ")).split()
    assert [Decimal(text.decode()) for text in with_orjson] == [Decimal(text.decode()) for text in without]
    assert (np.array(without).astype(np.float32).view(np.uint32) == numbers.view(np.uint32)).all()


def test_decimal_lines__without_orjson_are_in_order_and_as_short(without_orjson):
    test_decimal_lines__are_in_order_and_as_many_as_the_rows()
    test_decimal_lines__have_no_more_digits_than_a_number_needs()


def test_json_writer__without_orjson_gives_the_same_values(monkeypatch):
    pytest.importorskip("orjson")
    row = {
        "word": 'a"\\\u2028é\x7f\x00',
        "count": 2**53,
        "vector": np.append(any_numbers(), np.float32([np.nan, np.inf])),
    }
    with_orjson = json_writer()(row)
    monkeypatch.setitem(sys.modules, "orjson", None)
    without = json_writer()(row)
    assert json.loads(with_orjson) == json.loads(without)
    assert json.loads(without)["vector"][-2:] == [None, None]
    assert with_orjson[: with_orjson.index(b"vector")] == without[: without.index(b"vector")]
