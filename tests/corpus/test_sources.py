import decimal
import gzip
import io
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import firth
from firth.config import TextConfig
from firth.corpus.encoding import encode
from firth.corpus.sources import as_source
from firth.errors import FirthError, SourceError, shortened


def sentences(source, **text):
    return sentences_of(encode(source, config=TextConfig(**text)))


def sentences_of(corpus):
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
    monkeypatch.setattr("firth.corpus.in_memory.BLOCK_BYTES", 10)
    assert len(sentences(f"item number {i}" for i in range(100))) == 100


def test_source__token_lists_are_taken_as_they_are():
    lists = [["New York", "USA,", "x\ny"], ["Élan", ""[:0] or "z", "New York"]]
    assert sentences(lists) == lists


ODD_TOKENS = st.text(st.sampled_from("\0\1\2\t\n\r\x0bab é\u2028𝒜"), min_size=1, max_size=4) | st.integers(-3, 3)


@pytest.mark.parametrize("tables_bytes", [0, 1 << 20])
@settings(max_examples=60, deadline=None)
@given(lists=st.lists(st.lists(ODD_TOKENS, max_size=6), min_size=1, max_size=12))
def test_source__a_token_may_hold_any_character(tables_bytes, lists):
    counts = Counter(str(token) for tokens in lists for token in tokens)
    assume(len(counts) > 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("firth.corpus.in_memory.BATCH_TOKENS", 10)
        corpus = encode(lists, tables_bytes=tables_bytes, threads=2)
    assert corpus.vocabulary().words == sorted(counts, key=lambda word: (-counts[word], word))
    assert sentences_of(corpus) == [[str(token) for token in tokens] for tokens in lists if tokens]


def test_source__tokens_known_by_another_text_than_their_letters():
    class Item(str):
        __slots__ = ()

        def __str__(self):
            return f"item {self[:]}"

    lists = [[Item("a"), "a"], [Item("a"), np.str_("b"), True, np.int64(7)]]
    assert sentences(lists) == [["item a", "a"], ["item a", "b", "True", "7"]]


@pytest.mark.parametrize("wrong", [None, "", b"b", ["b"]], ids=repr)
def test_source__a_wrong_token_is_found_in_its_sentence(wrong, monkeypatch):
    monkeypatch.setattr("firth.corpus.in_memory.BATCH_TOKENS", 10)
    lists = [["a", "b"]] * 9 + [["a"], [], ["c", wrong]] + [["a"]] * 9
    with pytest.raises(SourceError, match="sentence 12 holds"):
        encode(lists)


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
        ("", "an empty string is no path"),
        ("none*.txt", "no file matches"),
        (Path("/no/such"), "there is no file"),
        (42, "cannot train on an int"),
        (b"bytes", "cannot train on a bytes"),
        ({"one two": 1}, "cannot train on a dict"),
        ({"one two", "three"}, "a set has no order.*pass a list"),
        (frozenset({"one two", "three"}), "a frozenset has no order"),
        ({("one", "two")}, "a set has no order"),
        ({Path("a"), Path("b")}, "a set has no order"),
        (iter({"one two", "three"}), "a set_iterator has no order"),
        ([None, "a b c"], r"item 1 is a missing value \(None\): wanted strings"),
        (["a b c", None], r"item 2 is a missing value \(None\), where"),
        ([], "yields nothing.*generator that has been used up"),
        (iter([]), "yields nothing"),
        ([1, 2, 3], "item 1 is an int: wanted strings of text, or lists of tokens"),
        ([["a", "b"], "c d"], "item 2 is a str, where a list of tokens was meant.*single letters"),
        (["a b", ["c"]], "item 2 is a list, where those before it are strings"),
        ([np.array(3)], "item 1 is a ndarray: wanted"),
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
    ids=lambda value: value[:40] if isinstance(value, str) else type(value).__name__,
)
def test_source__what_was_wanted_and_what_came(source, message):
    with pytest.raises(SourceError, match=f"(?s){message}"):
        encode(source)


HOLES = [
    np.float32("nan"),
    np.float64("nan"),
    np.float16("nan"),
    np.datetime64("NaT", "s"),
    np.timedelta64("NaT", "s"),
    decimal.Decimal("NaN"),
    decimal.Decimal("sNaN"),
    np.ma.masked,
]


def holes_of_libraries():
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    return [pandas.NA, pandas.NaT, pyarrow.scalar(None), pyarrow.scalar(None, pyarrow.string())]


@pytest.mark.parametrize("of_libraries", [False, True])
def test_source__whatever_is_no_value_is_a_hole_and_no_word(of_libraries):
    for hole in holes_of_libraries() if of_libraries else HOLES:
        with pytest.raises(SourceError, match="sentence 2 holds a missing value"):
            encode([["a", "b"], ["b", hole]])
        with pytest.raises(SourceError, match="item 2 is a missing value"):
            encode(["a b", hole])
        with pytest.raises(SourceError, match="item 1 is a missing value"):
            encode([hole, "a b"])


def test_source__holes_in_what_libraries_hold_lists_in():
    pandas, polars, pyarrow = map(pytest.importorskip, ("pandas", "polars", "pyarrow"))
    lists = [["a", "b"], ["b", None]]
    for held in (
        pandas.Series([pandas.array(tokens, dtype="string") for tokens in lists]),
        [pandas.array([1, 2], dtype="Int64"), pandas.array([1, None], dtype="Int64")],
        [pandas.Series([1, 2]), pandas.Series([1, None])],
        polars.Series(lists),
        pyarrow.chunked_array([lists]),
        np.ma.masked_array([[1, 2], [2, 3]], [[0, 0], [0, 1]]),
    ):
        with pytest.raises(SourceError, match="sentence 2 holds a missing value"):
            encode(held)


def test_source__whole_numbers_are_known_by_their_digits_also_as_floats():
    assert sentences([[3.0, 4, np.float32(5)], [4.0, -1.0, 2.5]]) == [["3", "4", "5"], ["4", "-1", "2.5"]]
    large = [float("inf"), 1e300, 2.0**53]
    assert sentences([large, large]) == [["inf", "1e+300", "9007199254740992"]] * 2
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": [3, None, 4, 3]})  # pandas makes floats of them
    model = firth.train([frame["id"].dropna().tolist()] * 9, min_count=1, epochs=1, vector_size=4, sample=0)
    assert model.words == ["3", "4"]
    assert 3 in model
    assert 3.0 in model
    assert np.array_equal(model[frame["id"][0]], model["3"])
    assert 3.5 not in model


def test_source__views_of_a_dict_have_an_order():
    texts = {"one two": 1, "three four one": 2}
    assert sentences(texts.keys()) == EXPECTED
    assert sentences(dict(enumerate(texts)).values()) == EXPECTED


TEXT = "To be, or not to be: that is the question.\n" * 1000


@pytest.mark.parametrize("read", [firth.train, encode, as_source, firth.load, lambda text: firth.column(text, "text")])
@pytest.mark.parametrize("text", [TEXT, TEXT[:2000], TEXT[:200], "*" + TEXT, "\0" + TEXT], ids=range(5))
def test_source__a_text_in_place_of_a_path_is_not_quoted_whole(read, text):
    with pytest.raises(FirthError) as raised:
        read(text)
    assert "To be, or not to be" in str(raised.value)
    assert len(str(raised.value)) < 300
    if read in {firth.train, encode, as_source}:
        assert "It looks like a text: pass it in a list, [text], or its lines" in str(raised.value)


def test_shortened__quotes_a_beginning():
    assert shortened("a" * 80) == repr("a" * 80)
    assert shortened("a" * 81) == "'" + "a" * 78 + "…'"
    assert shortened("it's " * 100) == '"' + ("it's " * 16)[:78] + '…"'
    assert shortened(b"a" * 10**6) == "b'" + "a" * 77 + "…'"
    assert shortened(list(range(100))) == repr(list(range(100)))[:79] + "…"
    assert shortened(None) == "None"
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert shortened(deep) == "<list that is nested too deeply>"


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
    monkeypatch.setattr("firth.corpus.decoding.BLOCK_BYTES", 16)
    batches = as_source(path).batches(TextConfig())
    next(batches)
    path.write_text("another text\n" * 20)
    with pytest.raises(SourceError, match="changed while it was read"):
        list(batches)
