"""What an encoded corpus is, on disk; and its vocabulary."""

import json

import numpy as np
import pytest

import firth
from firth.corpus.corpus import Corpus
from firth.corpus.encoding import encode
from firth.errors import CorpusError, FormatError


def test_vocabulary__too_strict_says_what_would_keep_some(text):
    corpus = encode(text)
    with pytest.raises(
        CorpusError, match=r"12 words, 7 different ones, but min_count=5 keeps none.*min_count=3 would keep 2"
    ):
        corpus.vocabulary(5)
    with pytest.raises(CorpusError, match="max_vocabulary=1"):
        corpus.vocabulary(1, 1)
    with pytest.raises(CorpusError, match="need at least two"):
        encode(["one one one"]).vocabulary()


def test_vocabulary__is_cut_at_min_count_and_size(text):
    corpus = encode(text)
    assert corpus.vocabulary(2).words == ["the", "école", "sat"]
    assert corpus.vocabulary(2, 2).words == ["the", "école"]


def test_corpus__cut_short_is_not_believed(text):
    corpus = encode(text)
    folder = corpus.folder
    with (folder / "ids.i32").open("r+b") as file:
        file.truncate(20)
    with pytest.raises(FormatError, match="cut short"):
        Corpus(folder)
    assert encode(text).ids.tolist() == [0, 3, 2, 6, 0, 5, 0, 4, 2, 1, 1, 1]  # it is made anew


@pytest.mark.parametrize("name", ["ids.i32", "sentence_starts.i64", "counts.i64", "words.jsonl", "corpus.json"])
def test_corpus__a_missing_file_is_named(text, name):
    folder = encode(text).folder
    (folder / name).unlink()
    with pytest.raises(FormatError, match=name):
        Corpus(folder)


def test_corpus__of_a_newer_version(text):
    folder = encode(text).folder
    about = json.loads((folder / "corpus.json").read_text())
    (folder / "corpus.json").write_text(json.dumps(about | {"version": 99}))
    with pytest.raises(FormatError, match="version 99"):
        Corpus(folder)


def test_corpus__is_mapped_not_loaded(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a b c d\n" * 1000)
    base = encode(path).ids
    while base.base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap) or type(base).__name__ == "mmap"


@pytest.mark.parametrize(
    ("name", "dtype", "place", "value"),
    [
        ("ids.i32", "<i4", 3, 1 << 30),
        ("ids.i32", "<i4", -1, -1),
        ("sentence_starts.i64", "<i8", 0, 1),
        ("sentence_starts.i64", "<i8", 1, 1 << 40),
        ("sentence_starts.i64", "<i8", -1, 7),
        ("counts.i64", "<i8", 0, 1 << 40),
        ("counts.i64", "<i8", -1, -3),
    ],
)
def test_corpus__numbers_that_do_not_fit_are_refused_before_training(text, tmp_path, name, dtype, place, value):
    corpus = encode(text, tmp_path / "e")
    numbers = np.fromfile(tmp_path / "e" / name, dtype)
    numbers[place] = value
    numbers.tofile(tmp_path / "e" / name)
    with pytest.raises(FormatError, match=name):
        firth.train(tmp_path / "e", min_count=1, sample=0, progress=False)
    assert len(corpus) > 5
