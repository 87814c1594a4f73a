import numpy as np
import pytest

from firth.errors import FormatError
from firth.visual.columns import MISSING, MOST_LABELS, clusters, frequency, own, read_columns

WORDS = [f"w{i}" for i in range(30)]


def test_frequency__is_logarithmic():
    column = frequency([1000, 100, 10])
    assert column.codes.tolist() == [65_534, 32_767, 0]
    assert (column.low, column.high) == ("10 times", "1,000")


def test_frequency__of_equal_counts():
    assert frequency([5, 5]).codes.tolist() == [0, 0]


def test_own__numbers_of_many_kinds_are_a_scale():
    column = own("score", {word: i for i, word in enumerate(WORDS)}, WORDS)
    assert not column.labels
    assert column.codes[[0, -1]].tolist() == [0, 65_534]
    assert (column.low, column.high) == (0, 29)


def test_own__few_numbers_and_words_are_labels():
    column = own("part", {"w0": "noun", "w2": "verb", "w5": "noun"}, WORDS)
    assert column.labels == ("noun", "verb")
    assert column.codes[:6].tolist() == [0, MISSING, 1, MISSING, MISSING, 0]
    assert own("year", {"w0": 1990, "w1": 2000}, WORDS).labels == ("1990", "2000")


def test_own__words_that_are_numbers_may_be_given_as_numbers():
    for values in ({7: "a", 42: "b"}, {"7": "a", 42: "b"}, {np.int64(7): "a", np.int64(42): "b"}):
        column = own("shelf", values, ["42", "8", "7"])
        assert [column.labels[code] if code != MISSING else None for code in column.codes] == ["b", None, "a"]


def test_own__labels_beyond_the_colors_are_other():
    column = own("id", {word: f"label {word}" for word in WORDS}, WORDS)
    assert len(column.labels) == MOST_LABELS
    assert column.labels[-1] == "other"
    assert column.codes.max() == MOST_LABELS - 1


def test_own__of_no_word_on_the_map_is_an_error():
    with pytest.raises(FormatError, match="none of the words of the column 'x'"):
        own("x", {"other": "1"}, WORDS)


def test_clusters__are_named_by_their_words():
    pytest.importorskip("sklearn", reason="the extra firth[map] is not installed")
    groups = np.arange(150) % 3
    units = np.eye(3, dtype=np.float32)[groups] + np.random.default_rng(0).normal(0, 0.02, (150, 3)).astype(np.float32)
    words = [f"{'abc'[g]}{i}" for i, g in enumerate(groups)]
    column = clusters(units, words, seed=1)
    assert column.codes[0] == 0
    for label, code in zip(column.labels, range(len(column.labels)), strict=True):
        of_cluster = {words[i] for i in np.flatnonzero(column.codes == code)}
        assert set(label.split(", ")) <= of_cluster
        assert len({word[0] for word in of_cluster}) == 1
    assert clusters(units[:5], words[:5], seed=1) is None


def test_read_columns__csv_and_tsv(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('word,part,score\nking,noun,3\n"a, b",,1\n', "utf-8")
    assert read_columns(path) == {"part": {"king": "noun", "a, b": ""}, "score": {"king": "3", "a, b": "1"}}
    path.write_text("word;part\nking;a, b\n", "utf-8")
    assert read_columns(path) == {"part": {"king": "a, b"}}
    path.write_text("word\tpart\nking\tnoun\n", "utf-8")
    assert read_columns(path) == {"part": {"king": "noun"}}


def test_read_columns__a_field_without_end_is_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("word,part\nking," + "x" * 200_000, "utf-8")
    with pytest.raises(FormatError, match=r"x\.csv is no table .*field"):
        read_columns(path)


def test_read_columns__the_index_that_pandas_writes_is_no_word(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(",word,part\n0,king,noun\n1,go,verb\n", "utf-8")
    assert read_columns(path) == {"part": {"king": "noun", "go": "verb"}}
    path.write_text(",part,size\n0,3,4\n1,5,6\n", "utf-8")  # tokens that are numbers
    assert read_columns(path) == {"part": {"0": "3", "1": "5"}, "size": {"0": "4", "1": "6"}}
    path.write_text(",part\nking,noun\n", "utf-8")  # words as pandas' index
    assert read_columns(path) == {"part": {"king": "noun"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "line 1"), ("word\nking\n", "line 1"), ("w,a,a\n", "same name"), ("w,a\nking,1,2\n", "line 2 has 3 fields")],
)
def test_read_columns__a_malformed_file_is_an_error_that_says_where(tmp_path, text, message):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_columns(path)
