"""Lines of JSON are the same objects with orjson as with Python's own reader, where orjson is not installed."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.corpus import rows
from firth.errors import SourceError
from tests.corpus.test_rows import sentences

numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.sampled_from([1e308, -0.0, 5e-324])
texts = st.text('a "\\\0\x7f\té\u2028\ufeff😀\ud800\udc00', max_size=4)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
HARD = [
    '{"a": 1, "a": 2}',
    '{"a": [18446744073709551615, 18446744073709551616, -9223372036854775809]}',
    '{"a": [123456789012345678901234567890, 0.1]}',
    '{"a": [[18446744073709551616], {"b": 18446744073709551616}]}',
    '{"a": 18446744073709551616}',
    '{"a": [' + "1" * 400 + "]}",
    '{"a": ' + "1" * 5000 + "}",
    '{"a": [NaN, Infinity, -Infinity, 1e400, -0, 1E5]}',
    '{"a": "\\ud800"}',
    '{"a": "\\ude00\\ud83d"}',
    '{"a": "\\ud83d\\ude00"}',
    '{"\\ud800": ["\\u0000"]}',
    '{"a": "\x7f\x85\u2028"}',
    '{"a": "\t"}',
    '{"a": "\\x"}',
    '\ufeff{"a": 1}',
    '{"a": 1}\ufeff',
    '{"a": 1,}',
    '{"a": 01}',
    '{"a": .5}',
    '{"a": 1} {"b": 2}',
    "{'a': 1}",
    " \t{}\r\n",
    "\x0b{}",
    "\x00",
    "[1]",
    "null",
    "5",
    '"a"',
    '{"a": ' + "[" * 500 + "]" * 500 + "}",
    '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
    '{"a": ' + '{"a":' * 100_000,
]


@pytest.fixture(params=["orjson", "python"])
def reader(request, monkeypatch):
    if request.param == "python":
        monkeypatch.setattr(rows, "orjson", None)
    else:
        pytest.importorskip("orjson")


def read(line):
    """What becomes of a line: the column `a` as a training gets it, or the error."""
    try:
        parsed = rows._parsed(line, lambda: "line 1")
        ((_, column),) = rows._of_json_lines(io.BytesIO(line), "f", "a", skip_nulls=True, line_of=str)
        return repr(parsed.keys()), repr(column)
    except SourceError as error:
        return str(error)


def both(line):
    """What becomes of a line with orjson, and without."""
    with pytest.MonkeyPatch.context() as patch:
        with_orjson = read(line)
        patch.setattr(rows, "orjson", None)
        return with_orjson, read(line)


@pytest.mark.parametrize("line", HARD, ids=range(len(HARD)))
def test_json_lines__hard_ones_are_the_same_object_or_error_without_orjson(line):
    pytest.importorskip("orjson")
    with_orjson, without = both(line.encode())
    assert with_orjson == without


@given(st.dictionaries(st.sampled_from("ab"), values), st.booleans())
def test_json_lines__any_object_is_the_same_without_orjson(row, is_ascii):
    pytest.importorskip("orjson")
    line = json.dumps(row | {"a": [row.get("a")]}, ensure_ascii=is_ascii)
    with_orjson, without = both(line.encode("utf-8", "surrogatepass"))
    assert with_orjson == without


@given(st.binary(max_size=12), st.integers(0, 40))
def test_json_lines__any_bytes_are_the_same_without_orjson(some, place):
    pytest.importorskip("orjson")
    line = b'{"a": ["one", 1, 2.5, null, true], "b": "x"}'
    damaged = (line[:place] + some + line[place:]).replace(b"\n", b" ")
    with_orjson, without = both(damaged)
    assert with_orjson == without


def test_json_lines__are_read_by_either(reader, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"x": [1, 123456789012345678901234567890, "b"]}\n{"x": ["c", 2], "y": NaN}\n')
    assert sentences(tmp_path / "a.jsonl", column="x") == [["1", "123456789012345678901234567890", "b"], ["c", "2"]]
