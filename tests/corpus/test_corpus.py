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


def test_corpus__remembers_how_its_text_was_split(text, tmp_path):
    as_told = {"unicode_punctuation": False, "keep_apostrophes": False}
    usual = {"lowercase": True, "strip_punctuation": True, "separator": None} | as_told
    assert encode(text).splitting == usual
    assert encode(text, tmp_path / "c", config=firth.TextConfig(lowercase=False)).splitting == usual | {
        "lowercase": False
    }
    assert Corpus(tmp_path / "c").splitting["lowercase"] is False
    assert encode([["New York", 10]]).splitting == {}
    joined = firth.join_phrases(["new york is new"], firth.Phrases([{("new", "york"): 9.0}]))
    assert joined.splitting == usual
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"items": ["A-b", "c"], "text": "A-b c"}\n')
    assert encode(rows, column="items").splitting == {}
    assert encode(rows, column="text").splitting == usual


def test_corpus__of_an_older_version_does_not_know_how_its_text_was_split(text):
    corpus = encode(text)
    about = json.loads((corpus.folder / "corpus.json").read_text())
    del about["splitting"]
    (corpus.folder / "corpus.json").write_text(json.dumps(about))
    assert encode(text).splitting is None
    assert encode(text).fingerprint == corpus.fingerprint
    model = firth.train(encode(text), min_count=1, sample=0, vector_size=4, epochs=1, lowercase=False, progress=False)
    assert model.config.lowercase is False


@pytest.mark.parametrize(
    "splitting", [{"lowercase": 3}, {"window": 5}, ["lowercase"], 7, "x", {"separator": ","} | {"sentences": "file"}]
)
def test_corpus__split_by_settings_that_do_not_exist_is_not_believed(text, splitting):
    folder = encode(text).folder
    about = json.loads((folder / "corpus.json").read_text())
    (folder / "corpus.json").write_text(json.dumps(about | {"splitting": splitting}))
    with pytest.raises(FormatError, match="does not say how the text was split"):
        Corpus(folder)


def test_corpus__gives_a_model_the_settings_by_which_its_text_was_split(tmp_path):
    corpus = encode(["Apple a-b"] * 9, config=firth.TextConfig(lowercase=False, strip_punctuation=False))
    settings = {"min_count": 1, "sample": 0, "vector_size": 4, "epochs": 1, "progress": False}
    model = firth.train(corpus, **settings)
    assert (model.config.lowercase, model.config.strip_punctuation) == (False, False)
    np.testing.assert_array_equal(firth.TextVectors(model, "mean").fit().transform(["a-b"])[0], model["a-b"])
    lowered = encode(["Apple a-b"] * 9)
    with pytest.warns(firth.FirthWarning, match="encoded already, with lowercase=True"):
        model = firth.train(lowered, lowercase=False, **settings)
    assert model.config.lowercase is True


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
