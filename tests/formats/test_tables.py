"""Files of a row a word: Parquet, CSV, JSON lines; and NumPy's arrays."""

import json
import subprocess
import sys

import numpy as np
import pytest

from firth import export, load
from firth.errors import FirthWarning, FormatError, UnwritableWordError
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

ENDINGS = ["parquet", "npy", "csv", "jsonl"]
ODD = ["plain", "new york", 'quo"te', "com,ma", "tab\there", "Zoë мир", "42"]


def odd(words=ODD, counts=None):
    numbers = np.random.default_rng(0).normal(size=(len(words), 4)).astype(np.float32)
    numbers[0] = [1e-38, -3.4e38, 0.1, 1 / 3]
    return WordVectors(Vocabulary(words, range(len(words), 0, -1) if counts is None else counts), numbers)


@pytest.fixture(autouse=True)
def needs_pyarrow():
    pytest.importorskip("pyarrow")


@pytest.mark.parametrize("ending", ENDINGS)
def test_export__reads_back_word_for_word_and_bit_for_bit(tmp_path, ending):
    path = tmp_path / f"v.{ending}"
    words = ODD if ending != "npy" else [word.replace("\t", " ") for word in ODD]  # a file of counts has tabs
    written = export(odd(words), path)
    assert sorted(written) == sorted(tmp_path.iterdir())
    again = load(path, counts=tmp_path / "v.npy.counts.txt" if ending == "npy" else None)
    assert again.words == words
    assert again.vocabulary.counts.tolist() == [7, 6, 5, 4, 3, 2, 1]
    assert again.vectors.tobytes() == odd().vectors.tobytes()
    assert load(path, limit=2).words == ODD[:2]


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_export__line_ends_and_no_words_are_no_difficulty(tmp_path, ending):
    words = ["line\nend", "a\r\nb", "nul\0"]
    export(odd(words), tmp_path / f"v.{ending}")
    assert load(tmp_path / f"v.{ending}").words == words
    with pytest.raises(UnwritableWordError, match="it is empty"):
        export(odd(["a", ""]), tmp_path / f"w.{ending}")


@pytest.mark.parametrize("ending", ENDINGS)
def test_export__without_counts_reads_back_without(tmp_path, ending):
    export(WordVectors(ODD, odd().vectors), tmp_path / f"v.{ending}")
    assert not load(tmp_path / f"v.{ending}").vocabulary.has_counts


@pytest.mark.parametrize("ending", ENDINGS)
def test_export__numbers_that_are_not_finite_stay_so(tmp_path, ending):
    numbers = odd().vectors.copy()
    numbers[1, 2], numbers[3, 0] = np.nan, np.inf
    export(WordVectors(ODD, numbers), tmp_path / f"v.{ending}")
    with pytest.warns(FirthWarning, match="2 of 7 words have a vector that is not finite"):
        again = load(tmp_path / f"v.{ending}")
    assert np.flatnonzero(~again.is_finite).tolist() == [1, 3]


def test_csv__is_what_pandas_reads(tmp_path):
    pandas = pytest.importorskip("pandas")
    export(odd(), tmp_path / "v.csv")
    frame = pandas.read_csv(tmp_path / "v.csv", dtype={"word": str})
    assert list(frame.columns) == ["word", "count", "v1", "v2", "v3", "v4"]
    assert frame["word"].tolist() == ODD
    assert (frame.iloc[:, 2:].to_numpy(np.float32) == odd().vectors).all()


def test_jsonl__is_an_object_a_line(tmp_path):
    export(odd(), tmp_path / "v.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "v.jsonl").read_text("utf-8").splitlines()]
    assert [(row["word"], row["count"]) for row in rows] == list(zip(ODD, range(7, 0, -1), strict=True))
    assert (np.array([row["vector"] for row in rows], np.float32) == odd().vectors).all()


def test_npy__is_what_numpy_reads_and_its_words_are_beside(tmp_path):
    export(odd(), tmp_path / "v.npy")
    assert (np.load(tmp_path / "v.npy") == odd().vectors).all()
    assert (tmp_path / "v.words.txt").read_text("utf-8").split("\n")[:-1] == ODD
    with pytest.raises(UnwritableWordError):
        export(odd(["a", "line\nend"]), tmp_path / "w.npy")


def test_parquet__of_others_is_read_with_lists_of_any_kind(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    for kind in (pa.list_(pa.float32()), pa.large_list(pa.float64()), pa.list_(pa.float32(), 2)):
        table = pa.table({"vector": pa.array([[1, 2], [3, 4], [5, 6]], kind), "word": ["a", "b", "c"], "x": [1, 2, 3]})
        parquet.write_table(table, tmp_path / "v.parquet", row_group_size=1)
        again = load(tmp_path / "v.parquet")
        assert (again.words, again.vectors.tolist()) == (["a", "b", "c"], [[1, 2], [3, 4], [5, 6]])
        assert load(tmp_path / "v.parquet", limit=2)["b"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"word": ["a"], "x": [1]}, "no column 'vector'; it has word, x"),
        ({"word": [1.5], "vector": [[1.0]]}, "column word holds double"),
        ({"word": ["a", None], "vector": [[1.0], [2.0]]}, "or nulls"),
        ({"word": ["a"], "vector": ["x"]}, "wanted lists of floating-point numbers"),
        ({"word": ["a"], "vector": [[1]]}, "wanted lists of floating-point numbers"),
        ({"word": ["a", "b"], "vector": [[1.0], [1.0, 2.0]]}, "not of one length"),
        ({"word": ["a", "b"], "vector": [[1.0], None]}, "not all there"),
        ({"word": ["a", "b"], "vector": [[1.0], [None]]}, "not all there"),
        ({"word": ["a"], "vector": [[1.0]], "count": [-1]}, "what is no count"),
        ({"word": ["a"], "vector": [[1.0]], "count": [0.5]}, "what is no count"),
    ],
)
def test_parquet__what_is_no_table_of_vectors_is_an_error(tmp_path, columns, message):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table(columns), tmp_path / "v.parquet")
    with pytest.raises(FormatError, match=message):
        load(tmp_path / "v.parquet")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("v.parquet", b"no parquet", "cannot be read"),
        ("v.csv", b"", "no columns of numbers"),
        ("v.csv", b"word\na\n", "no columns of numbers"),
        ("v.csv", b"word,v1\n", "has no words"),
        ("v.csv", b"word,v1\na,1\nb,1,2\n", "row 2: 3 cells, the first line has 2"),
        ("v.csv", b"word,v1\na,1\nb,x\n", "row 2: could not convert"),
        ("v.csv", b"word,count,v1\na,many,1\n", "row 1: 'many' is no count"),
        ("v.csv", b"word,count,v1\na,-1,1\n", "row 1: '-1' is no count"),
        ("v.jsonl", b'{"word": "a", "count": 1.5, "vector": [1]}\n', "row 1: 1.5 is no count"),
        ("v.jsonl", b'{"word": "a", "count": 1' + b"0" * 30 + b', "vector": [1]}\n', "row 1: 1.*is no count"),
        ("v.jsonl", b'{"word": "a", "vector": [1' + b"0" * 400 + b"]}\n", "row 1: int too large"),
        ("v.jsonl", rb'{"word": "\ud800", "vector": [1]}' + b"\n", "row 1"),
        ("v.csv", b"word,v1\n\xff,1\n", "not UTF-8"),
        ("v.jsonl", b"", "has no words"),
        ("v.jsonl", b"[1]\n", "row 1: wanted a word and a vector"),
        ("v.jsonl", b'{"word": "a"}\n', "wanted a word and a vector"),
        ("v.jsonl", b'{"word": "a", "vector": [1]}\n{"word": "b", "vector": [1, 2]}\n', "row 2: 2 numbers"),
        ("v.jsonl", b'{"word": "a", "vector": ["x"]}\n', "row 1: could not convert"),
        ("v.jsonl", b'{"word": "a", "vector": [1]\n', "row 1"),
        ("v.jsonl", b"[" * 100_000, "row 1"),
        ("v.npy", b"\x93NUMPY\x01\0", "is a NumPy array, without words.*in v.words.txt"),
    ],
)
def test_load__a_damaged_file_is_an_error_that_says_where(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=message):
        load(tmp_path / name)


def test_csv__counts_may_come_first(tmp_path):
    (tmp_path / "v.csv").write_text("count,word,x\n7,a,0.5\n2,b,1\n")
    again = load(tmp_path / "v.csv")
    assert (again.words, again.vocabulary.counts.tolist(), again.vectors.tolist()) == (["a", "b"], [7, 2], [[0.5], [1]])


def test_parquet__a_column_that_comes_twice_and_words_that_are_not_utf8_are_errors(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    arrays = [pa.array(["a"]), pa.array([[1.0]]), pa.array(["b"])]
    parquet.write_table(pa.Table.from_arrays(arrays, ["word", "vector", "word"]), tmp_path / "v.parquet")
    with pytest.raises(FormatError, match="the column 'word' twice"):
        load(tmp_path / "v.parquet")
    words = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())
    parquet.write_table(pa.table({"word": words, "vector": [[1.0]]}), tmp_path / "w.parquet")
    with pytest.raises(FormatError, match="not UTF-8"):
        load(tmp_path / "w.parquet")


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((2, 2)), np.array([["a"]]), np.array([[{}]], object)])
def test_npy__what_does_not_fit_the_words_is_an_error(tmp_path, array):
    np.save(tmp_path / "v.npy", array, allow_pickle=True)
    (tmp_path / "v.words.txt").write_text("a\nb\nc\n")
    with pytest.raises(FormatError):
        load(tmp_path / "v.npy")


def test_export__a_catalogue_is_for_parquet_only(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    about = pa.table({"id": ["42"], "price": [1.5]})
    export(odd(), tmp_path / "v.parquet", about=about, on="id")
    assert parquet.read_table(tmp_path / "v.parquet")["price"].to_pylist() == [None] * 6 + [1.5]
    assert load(tmp_path / "v.parquet").words == ODD
    with pytest.raises(ValueError, match=r"in \.parquet files, not in csv"):
        export(odd(), tmp_path / "v.csv", about=about)


def test_formats__are_known_without_pyarrow():
    line = "import sys; import firth.formats; print([m for m in sys.modules if m.split('.')[0] == 'pyarrow'])"
    assert subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True).stdout == "[]\n"
