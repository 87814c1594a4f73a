"""Files of texts and their vectors."""

import csv
import json
import sys

import numpy as np
import pytest

import firth
from firth.errors import FirthError, FirthWarning, FormatError, OutputExistsError, SourceError
from firth.texts import documents
from tests.texts.conftest import TEXTS

pytestmark = pytest.mark.filterwarnings("ignore:.*have no word that the model knows.*:firth.errors.FirthWarning")
ODD = ['a "quoted", king', "the king\r\nof the queen", "", "мир"]
KNOWN = [2, 5, 0, 1]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(documents, "BATCH_TEXTS", 3)


@pytest.fixture
def fitted(words):
    return firth.TextVectors(words).fit(TEXTS)


def test_write__an_array_of_vectors(fitted, tmp_path):
    written = fitted.write(TEXTS, tmp_path / "v.npy")
    assert (written.texts, written.unknown) == (8, 2)
    assert np.load(tmp_path / "v.npy").tobytes() == fitted.transform(TEXTS).tobytes()
    assert np.load(tmp_path / "v.npy", mmap_mode="r").shape == (8, 6)
    fitted.write([], tmp_path / "none.npy")
    assert np.load(tmp_path / "none.npy").shape == (0, 6)


def test_write__csv_reads_back_cell_by_cell(fitted, tmp_path):
    fitted.write(ODD, tmp_path / "v.csv")
    with (tmp_path / "v.csv").open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    assert names == ["text", "words", "v1", "v2", "v3", "v4", "v5", "v6"]
    assert [row[0] for row in rows] == ODD
    assert [int(row[1]) for row in rows] == KNOWN
    assert np.array([row[2:] for row in rows], np.float32).tobytes() == fitted.transform(ODD).tobytes()


def test_write__json_lines_read_back(fitted, tmp_path):
    fitted.write(ODD, tmp_path / "v.jsonl")
    rows = list(map(json.loads, (tmp_path / "v.jsonl").read_text("utf-8").splitlines()))
    assert [row["text"] for row in rows] == ODD
    assert [row["words"] for row in rows] == KNOWN
    assert np.array([row["vector"] for row in rows], np.float32).tobytes() == fitted.transform(ODD).tobytes()


def test_write__parquet_reads_back(fitted, tmp_path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    fitted.write(ODD, tmp_path / "v.parquet")
    table = parquet.read_table(tmp_path / "v.parquet")
    types = [pyarrow.string(), pyarrow.int64(), pyarrow.list_(pyarrow.float32(), 6)]
    assert (table.schema.names, table.schema.types) == (["text", "words", "vector"], types)
    assert table["text"].to_pylist() == ODD
    assert table["words"].to_pylist() == KNOWN
    numbers = table["vector"].combine_chunks().flatten().to_numpy()
    assert numbers.tobytes() == fitted.transform(ODD).tobytes()
    about = json.loads(table.schema.metadata[b"firth"])
    assert (about["weights"], about["a"], about["remove"]) == ("sif", 1e-3, 1)
    fitted.write([], tmp_path / "none.parquet")
    assert parquet.read_table(tmp_path / "none.parquet").schema == table.schema


def test_write__texts_of_tokens_are_lists(fitted, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    texts = [["the", "king, of"], []]
    for name in ("v.parquet", "v.csv", "v.jsonl"):
        fitted.write(texts, tmp_path / name)
    assert parquet.read_table(tmp_path / "v.parquet")["text"].to_pylist() == texts
    assert json.loads((tmp_path / "v.jsonl").read_text().splitlines()[0])["text"] == texts[0]
    with (tmp_path / "v.csv").open(newline="") as file:
        assert json.loads(list(csv.reader(file))[1][0]) == texts[0]


@pytest.mark.parametrize("name", ["v.parquet", "v.csv", "v.jsonl"])
def test_write__texts_are_left_out_on_request(fitted, tmp_path, name):
    pytest.importorskip("pyarrow")
    fitted.write(["the king" * 2, "secret мир"], tmp_path / name, texts=False)
    assert b"secret" not in (tmp_path / name).read_bytes()
    assert b"text" not in (tmp_path / name).read_bytes()[:20]


def test_write__texts_without_known_words_are_told_of(fitted, tmp_path):
    with pytest.warns(FirthWarning, match="2 of 8 texts have no word that the model knows"):
        fitted.write(TEXTS, tmp_path / "v.npy")


@pytest.mark.parametrize("name", ["v.parquet", "v.csv", "v.jsonl", "v.npy"])
def test_write__leaves_nothing_behind_where_texts_are_wrong(fitted, tmp_path, name):
    pytest.importorskip("pyarrow")
    with pytest.raises(SourceError, match="text 5 is a missing value"):
        fitted.write([*["the king"] * 4, None], tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["v.parquet", "v.csv", "v.jsonl"])
def test_write__half_a_character_is_refused(fitted, tmp_path, name):
    pytest.importorskip("pyarrow")
    for texts in (["the \ud800 king"], [["the", "\udfff"]]):
        with pytest.raises(SourceError, match="half a character"):
            fitted.write(texts, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_write__what_is_there_is_replaced_on_request_alone(fitted, tmp_path):
    path = tmp_path / "v.npy"
    path.write_text("precious")
    with pytest.raises(OutputExistsError, match="exists already"):
        fitted.write(TEXTS, path)
    assert path.read_text() == "precious"
    fitted.write(TEXTS, path, overwrite=True)
    assert len(np.load(path)) == 8


def test_write__needs_an_ending_and_a_folder(fitted, words, tmp_path):
    with pytest.raises(FormatError, match=r"by the name v.txt.*\.parquet, \.npy, \.csv, \.jsonl"):
        fitted.write(TEXTS, tmp_path / "v.txt")
    with pytest.raises(FormatError, match="there is no folder"):
        fitted.write(TEXTS, tmp_path / "nowhere" / "v.npy")
    with pytest.raises(FirthError, match="call fit"):
        firth.TextVectors(words).write(TEXTS, tmp_path / "v.npy")


def test_write__parquet_without_pyarrow_is_an_error_that_names_the_extra(fitted, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(FirthError, match=r"pip install"):
        fitted.write(TEXTS, tmp_path / "v.parquet")


def test_write__the_name_of_a_packed_file_is_refused(fitted, tmp_path):
    with pytest.raises(FormatError, match=r"write v\.csv, and pack that \(gzip\)"):
        fitted.write(["king"], tmp_path / "v.csv.gz")
    assert not list(tmp_path.iterdir())
