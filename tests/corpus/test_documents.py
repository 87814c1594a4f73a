"""Texts one by one, as they stand in files, lists and columns."""

import gzip
import json

import pytest

import firth
from firth.config import TextConfig
from firth.corpus.sources import as_source
from firth.errors import SourceError
from tests.helpers.tables import write

TEXTS = ["One, two!", "", "three\tfour", "élan"]


def documents(source, **text):
    return list(source.documents(TextConfig(**text)))


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("is_ended", [True, False])
def test_documents__of_a_file_are_its_lines(tmp_path, line_end, is_ended):
    path = tmp_path / "a.txt"
    path.write_bytes((line_end.join(TEXTS) + line_end * is_ended).encode())
    assert documents(as_source(path)) == TEXTS
    assert documents(as_source(path), sentences="punctuation", unicode_punctuation=True) == TEXTS


def test_documents__empty_lines_at_the_end_are_texts(tmp_path):
    path = tmp_path / "a.txt"
    for content, expected in {"": [], "\n": [""], "a\n\n": ["a", ""], "\n\na": ["", "", "a"]}.items():
        path.write_text(content)
        assert documents(as_source(path)) == expected, repr(content)


def test_documents__of_files_that_are_packed_or_in_another_encoding(tmp_path):
    packed, latin = tmp_path / "a.txt.gz", tmp_path / "b.txt"
    packed.write_bytes(gzip.compress("\ufeffone\ntwo".encode()))
    latin.write_bytes("élan\n".encode("latin-1"))
    assert documents(as_source(packed)) == ["one", "two"]
    assert documents(as_source(latin), encoding="latin-1") == ["élan"]
    with pytest.raises(SourceError, match="line 1: byte 0xe9 is not utf-8"):
        documents(as_source(latin))


def test_documents__of_several_files_are_theirs_in_turn(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(f"{name} one\n{name} two\n")
    assert documents(as_source(tmp_path)) == ["a one", "a two", "b one", "b two"]
    with (tmp_path / "a.txt").open("rb") as file:
        assert documents(as_source(file)) == ["a one", "a two"]


def test_documents__of_rows_are_the_cells_of_a_column(tmp_path):
    csv, lines = tmp_path / "a.csv", tmp_path / "b.jsonl"
    csv.write_text('id,text\n1,"one\ntwo"\n2,three\n')
    lines.write_text("".join(json.dumps({"tokens": tokens}) + "\n" for tokens in (["a", "b c"], [])))
    assert documents(firth.column(csv, "text")) == ["one\ntwo", "three"]
    assert documents(firth.column(lines, "tokens")) == [["a", "b c"], []]
    csv.write_text("id,text\n1,\n2,three\n")
    with pytest.raises(SourceError, match="has no value"):
        documents(firth.column(csv, "text"))
    assert documents(firth.column(csv, "text", skip_nulls=True)) == ["three"]


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_documents__of_tables_are_the_values_of_a_column(tmp_path, suffix):
    pyarrow = pytest.importorskip("pyarrow")
    path = write(pyarrow, tmp_path / f"a{suffix}", text=["one\ntwo", "", "three"], tokens=[["a"], [], ["b", "c d"]])
    assert documents(firth.column(path, "text")) == ["one\ntwo", "", "three"]
    assert documents(firth.column(path, "tokens")) == [["a"], [], ["b", "c d"]]


def test_documents__of_lists_are_their_items():
    assert documents(as_source(TEXTS)) == TEXTS
    assert documents(as_source([["a", 1], ("b",)])) == [["a", 1], ["b"]]
    with pytest.raises(SourceError, match="item 2 is an int, where those before it are strings"):
        documents(as_source(["one", 2]))
    with pytest.raises(SourceError, match="item 2 is a str, where a list of tokens was meant"):
        documents(as_source([["a"], "b"]))


def test_documents__of_events_are_the_sessions():
    pytest.importorskip("pyarrow")
    rows = [{"s": "b", "t": 2, "item": 10}, {"s": "a", "t": 1, "item": 20}, {"s": "b", "t": 1, "item": 30}]
    assert documents(firth.column(rows, "item", group_by="s", order_by="t")) == [[30, 10], [20]]
