import gzip
import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from firth.config import TextConfig
from firth.encoding import encode
from firth.errors import SourceError
from firth.sources import as_source


def sentences(source, **text):
    corpus = encode(source, config=TextConfig(**text))
    words = corpus.vocabulary().words
    ends = corpus.sentence_starts.tolist()
    return [[words[i] for i in corpus.ids[a:b]] for a, b in pairwise(ends)]


EXPECTED = [["one", "two"], ["three", "four", "one"]]


def test_source__a_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("One, two!\n\n  \nthree four one")
    assert sentences(path) == sentences(str(path)) == EXPECTED


def test_source__several_files_in_the_order_given_each_ending_its_sentence(tmp_path):
    a, b = tmp_path / "a.txt", tmp_path / "b.txt.gz"
    a.write_text("one two")
    b.write_bytes(gzip.compress(b"three four one"))
    assert sentences([a, b]) == EXPECTED
    assert sentences([b, a]) == EXPECTED[::-1]


def test_source__a_folder_is_all_its_files_in_order_but_the_hidden(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.txt").write_text("one two")
    (tmp_path / "in" / "deep" / "b.txt").write_text("three four one")
    (tmp_path / "in" / ".hidden").write_text("not this")
    assert sentences(tmp_path / "in") == EXPECTED


def test_source__a_glob(tmp_path):
    (tmp_path / "a.txt").write_text("one two")
    (tmp_path / "b.txt").write_text("three four one")
    (tmp_path / "c.md").write_text("not this")
    assert sentences(str(tmp_path / "*.txt")) == EXPECTED


def test_source__an_open_binary_file():
    assert sentences(io.BytesIO(b"one two\nthree four one")) == EXPECTED
    assert sentences(io.BytesIO(gzip.compress(b"one two\nthree four one"))) == EXPECTED


def test_source__strings_and_a_generator_of_them():
    texts = ["One two", "Three, four one!"]
    assert sentences(texts) == sentences(text for text in texts) == EXPECTED
    assert sentences(["one two\nthree four one"]) == EXPECTED


def test_source__many_strings_are_read_in_batches(monkeypatch):
    monkeypatch.setattr("firth.sources.BLOCK_BYTES", 10)
    assert len(sentences(f"item number {i}" for i in range(100))) == 100


def test_source__token_lists_are_taken_as_they_are():
    lists = [["New York", "USA,", "x\ny"], ["Élan", ""[:0] or "z", "New York"]]
    assert sentences(lists) == lists


def test_source__tokens_may_be_anything_hashable_with_a_text():
    lists = [[17, "17", ("a", 1)], np.array([17, 18])]
    assert sentences(lists) == [["17", "17", "('a', 1)"], ["17", "18"]]


def test_source__switches_change_the_words(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("New York,Old's\nnew york,x")
    assert sentences(path, separator=",") == [["new york", "olds"], ["new york", "x"]]
    assert sentences(path, lowercase=False) == [["New", "YorkOlds"], ["new", "yorkx"]]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no/such/file.txt", "there is no file or folder 'no/such/file.txt'.*list of strings"),
        ("the quick brown fox", "there is no file"),
        ("text\0with a nul", "no file or folder|not a path"),
        ("x" * 10_000, "no file or folder|not a path"),
        ("none*.txt", "no file matches"),
        (Path("/no/such"), "there is no file"),
        (42, "cannot train on an int"),
        (b"bytes", "cannot train on a bytes"),
        ([], "yields nothing.*generator that has been used up"),
        (iter([]), "yields nothing"),
        ([1, 2, 3], "item 1 is an int: wanted strings of text, or lists of tokens"),
        ([["a", "b"], "c d"], "item 2 is a str, where a list of tokens was meant.*single letters"),
        (["a b", ["c"]], "item 2 is a list, where those before it are strings"),
        ([{"a", "b"}], "item 1 is a set: .*no order"),
        ([["a"], {"b"}], "item 2 is a set"),
        ([["a", None]], "sentence 1 holds a missing value"),
        ([["a"], ["b", float("nan")]], "sentence 2 holds a missing value"),
        ([["a", ""]], "sentence 1 holds an empty string"),
        ([["a", ["b"]]], "sentence 1 holds a list where a token was meant"),
        ([["a", b"b"]], "sentence 1 holds bytes"),
        ([["a", "\ud800"]], "half a character"),
        (["a \ud800"], "item 1 holds half a character"),
        (io.StringIO("text"), "open it in binary mode"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_source__what_was_wanted_and_what_came(source, message):
    with pytest.raises(SourceError, match=f"(?s){message}"):
        encode(source)


def test_source__a_used_up_generator_says_so():
    generator = (text for text in ["one two", "two one"])
    encode(generator)
    with pytest.raises(SourceError, match="used up"):
        encode(generator)


def test_source__strings_that_are_files_are_asked_about(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one two")
    with pytest.raises(SourceError, match=r"is a file: for files, pass pathlib\.Path"):
        as_source([str(path)])


def test_source__an_empty_folder_and_a_folder_for_a_file(tmp_path):
    with pytest.raises(SourceError, match="holds no files"):
        as_source(tmp_path)


def test_source__a_file_that_changes_while_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("one two\n" * 10)
    monkeypatch.setattr("firth.text.BLOCK_BYTES", 16)
    batches = as_source(path).batches(TextConfig())
    next(batches)
    path.write_text("another text\n" * 20)
    with pytest.raises(SourceError, match="changed while it was read"):
        list(batches)
