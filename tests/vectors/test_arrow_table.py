"""Vectors as a table of Arrow's, with what a catalogue says of the words."""

import json
import sys

import numpy as np
import pytest

import firth
from firth.errors import FirthError, FormatError, SourceError
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

pyarrow = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def items():
    words = ["4711", "bread", "new york"]
    return WordVectors(Vocabulary(words, [9, 5, 2]), np.arange(6, dtype=np.float32).reshape(3, 2) + 0.1)


def test_to_arrow__has_words_counts_and_vectors_of_a_fixed_size(model):
    table = model.to_arrow()
    assert table.schema.names == ["word", "count", "vector"]
    assert table.schema.types == [pyarrow.string(), pyarrow.int64(), pyarrow.list_(pyarrow.float32(), 10)]
    assert table["word"].to_pylist() == model.words
    assert table["count"].to_pylist() == model.vocabulary.counts.tolist()
    numbers = table["vector"].combine_chunks().flatten().to_numpy()
    assert numbers.tobytes() == model.vectors.tobytes()


def test_to_arrow__does_not_copy_the_vectors(model):
    (chunk,) = model.to_arrow()["vector"].chunks
    assert chunk.flatten().to_numpy().__array_interface__["data"][0] == model.vectors.ctypes.data


def test_to_arrow__tells_the_settings_in_its_metadata(model, vectors):
    about = json.loads(model.to_arrow().schema.metadata[b"firth"])
    assert about["config"]["vector_size"] == 10
    assert [result["loss"] for result in about["history"]] == [4.0, 3.5]
    assert about["written_by"] == f"firth {firth.__version__}"
    assert json.loads(vectors.to_arrow().schema.metadata[b"firth"])["format"] == "firth vectors"


def test_to_arrow__output_vectors_come_on_request(model, vectors):
    table = model.to_arrow(output=True)
    assert table["output"].combine_chunks().flatten().to_numpy().tobytes() == model.output_vectors.tobytes()
    with pytest.raises(FirthError, match="only a trained model"):
        vectors.to_arrow(output=True)


def test_to_arrow__counts_that_are_not_known_are_null(vectors):
    table = WordVectors(vectors.words, vectors.vectors).to_arrow()
    assert table["count"].null_count == len(vectors)
    assert table.schema.field("count").type == pyarrow.int64()


CATALOGUE = {"id": ["bread", "4711", "else"], "price": [2.5, 1.0, 9.0], "name": ["Loaf", None, "Else"]}


@pytest.mark.parametrize("kind", ["arrow", "pandas", "polars", "parquet", "csv", "jsonl", "feather"])
def test_to_arrow__joins_a_catalogue_of_any_kind(items, tmp_path, kind):
    table = pyarrow.table(CATALOGUE)
    about = tmp_path / f"catalogue.{kind}"
    if kind == "parquet":
        pq.write_table(table, about)
    elif kind == "feather":
        pytest.importorskip("pyarrow.feather").write_feather(table, about)
    elif kind == "csv":
        about.write_text("id,price,name\nbread,2.5,Loaf\n4711,1,\nelse,9,Else\n")
    elif kind == "jsonl":
        about.write_text("\n".join(json.dumps(row) for row in table.to_pylist()))
    elif kind == "arrow":
        about = table
    else:
        about = pytest.importorskip(kind).DataFrame(CATALOGUE)
    found = items.to_arrow(about=about)
    assert found.schema.names == ["word", "count", "vector", "price", "name"]
    assert found["word"].to_pylist() == items.words
    assert found["price"].to_pylist() == [1.0, 2.5, None]
    assert (found["name"].to_pylist()[0] or None, *found["name"].to_pylist()[1:]) == (None, "Loaf", None)
    assert b"firth" in found.schema.metadata


def test_to_arrow__numbers_in_a_catalogue_are_words_by_their_digits(items):
    found = items.to_arrow(about=pyarrow.table({"x": [1, 2], "sku": [17, 4711]}), on="sku")
    assert found["x"].to_pylist() == [2, None, None]
    with_holes = pyarrow.table({"word": [4711.0, None, None], "x": [1, 2, 3]})
    assert items.to_arrow(about=with_holes)["x"].to_pylist() == [1, None, None]


def test_to_arrow__ids_in_a_file_stay_the_text_they_are(tmp_path):
    items = WordVectors(["007", "7", "2020-01-01"], np.eye(3))
    (tmp_path / "a.csv").write_text("price,id\n1,007\n2,7\n3,\n4,\n5,2020-01-01\n")
    assert items.to_arrow(about=tmp_path / "a.csv", on="id")["price"].to_pylist() == [1, 2, 5]
    (tmp_path / "a.jsonl").write_text('{"id": "007", "x": 1}\n{"id": "2020-01-01", "y": "2021-01-01"}\n')
    table = items.to_arrow(about=tmp_path / "a.jsonl")
    assert table["x"].to_pylist() == [1, None, None]
    assert table["y"].to_pylist() == [None, None, "2021-01-01"]


@pytest.mark.parametrize("content", ["", "[1]\n", '{"id": 1\n', "[" * 100_000])
def test_to_arrow__a_damaged_catalogue_is_an_error(items, tmp_path, content):
    (tmp_path / "a.jsonl").write_text(content)
    with pytest.raises(FormatError, match="cannot read"):
        items.to_arrow(about=tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("table", "on", "message"),
    [
        ({"id": ["bread", "bread"], "x": [1, 2]}, None, "'bread' twice in its column 'id'"),
        ({"id": ["nothing"], "x": [1]}, None, "none of the 3 words, such as '4711'; it has 'nothing'"),
        ({"id": ["bread"], "count": [1]}, None, "second column 'count'"),
        ({"id": ["bread"], "x": [1]}, "sku", "no column 'sku'; it has id, x"),
    ],
)
def test_to_arrow__a_catalogue_that_does_not_fit_is_an_error(items, table, on, message):
    with pytest.raises(FirthError, match=message):
        items.to_arrow(about=pyarrow.table(table), on=on)


def test_to_arrow__refuses_a_data_frame_whose_objects_arrow_cannot_hold(items):
    polars, pandas = pytest.importorskip("polars"), pytest.importorskip("pandas")
    frame = polars.DataFrame({"id": ["bread"], "x": polars.Series([1], dtype=polars.Object)})
    with pytest.raises(SourceError, match="'x' has polars' dtype Object"):
        items.to_arrow(about=frame)
    frame = frame.with_columns(polars.Series("x", frame["x"].to_list()))  # as the error says
    assert items.to_arrow(about=frame)["x"].to_pylist().count(1) == 1
    with pytest.raises(FirthError, match="cannot become Arrow's"):
        items.to_arrow(about=pandas.DataFrame({"id": ["bread", "milk"], "x": [1, "a"]}))


def test_to_arrow__refuses_what_is_no_table(items, tmp_path):
    with pytest.raises(ValueError, match="not 3"):
        items.to_arrow(about=3)
    with pytest.raises(ValueError, match="give that table"):
        items.to_arrow(on="id")
    with pytest.raises(FormatError, match="no table about words that firth knows"):
        items.to_arrow(about=tmp_path / "x.xlsx")
    with pytest.raises(FormatError, match="cannot read"):
        items.to_arrow(about=tmp_path / "nothing.parquet")


def test_to_arrow__without_pyarrow_says_what_to_install(vectors, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FirthError, match=r"pip install 'firth\[tables\]'"):
        vectors.to_arrow()


def test_duckdb__finds_the_same_neighbors(model, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    (path,) = model.export(tmp_path / "m.parquet")
    in_memory = model.to_arrow()
    asked = (
        "SELECT b.word FROM {0} a, {0} b WHERE a.word = 'king' AND b.word <> 'king'"
        " ORDER BY array_cosine_distance(a.vector::FLOAT[10], b.vector::FLOAT[10]) LIMIT 3"
    )
    wanted = [word for word, _ in model.most_similar("king", topn=3)]
    assert in_memory.num_rows == len(model)
    for source in ("in_memory", f"'{path}'"):
        assert [word for (word,) in duckdb.sql(asked.format(source)).fetchall()] == wanted


def test_polars_and_pandas__read_the_parquet_file(model, tmp_path):
    polars, pandas = pytest.importorskip("polars"), pytest.importorskip("pandas")
    (path,) = model.export(tmp_path / "m.parquet")
    frame = polars.read_parquet(path)
    assert frame.schema["vector"] == polars.Array(polars.Float32, 10)
    assert (frame["vector"].to_numpy() == model.vectors).all()
    assert (np.stack(pandas.read_parquet(path)["vector"]) == model.vectors).all()
