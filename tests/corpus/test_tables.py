import decimal
import itertools
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import firth
from firth.cli import cli
from firth.config import TextConfig
from firth.corpus.encoding import encode
from firth.corpus.sources import as_source
from firth.errors import FirthError, SourceError
from tests.helpers.tables import write

TEXTS = ["The cat sat.", "on the Mat\nthe dog", "", "Élan"]
LISTS = [["a", "b"], ["b", "c d"], []]


def sentences(source):
    corpus = encode(source)
    words = corpus.vocabulary().words
    starts = corpus.sentence_starts
    return [[words[i] for i in corpus.ids[a:b]] for a, b in itertools.pairwise(starts)]


WANTED_TEXTS = [["the", "cat", "sat"], ["on", "the", "mat"], ["the", "dog"], ["élan"]]
WANTED_LISTS = [["a", "b"], ["b", "c d"]]


@pytest.fixture
def pyarrow():
    return pytest.importorskip("pyarrow")


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_column__of_files(pyarrow, tmp_path, suffix):
    path = write(pyarrow, tmp_path / f"a{suffix}", text=TEXTS, n=range(len(TEXTS)))
    assert sentences(firth.column(path, "text")) == WANTED_TEXTS
    write(pyarrow, tmp_path / f"b{suffix}", text=["more"], n=[1])
    assert sentences(firth.column(str(tmp_path / f"*{suffix}"), "text")) == [*WANTED_TEXTS, ["more"]]
    items = write(pyarrow, tmp_path / f"items{suffix}", items=LISTS)
    assert sentences(firth.column([items], "items")) == WANTED_LISTS


@pytest.mark.parametrize("kind", ["large_string", "string_view", "dictionary"])
def test_column__of_any_string_type(pyarrow, tmp_path, kind):
    strings = pyarrow.array(TEXTS)
    array = strings.dictionary_encode() if kind == "dictionary" else pyarrow.array(TEXTS, getattr(pyarrow, kind)())
    path = write(pyarrow, tmp_path / "a.arrow", text=array)
    assert sentences(firth.column(path, "text")) == WANTED_TEXTS


LIST_TYPES = {
    "list": lambda pyarrow: pyarrow.list_(pyarrow.string()),
    "large list": lambda pyarrow: pyarrow.large_list(pyarrow.large_string()),
    "lists of two": lambda pyarrow: pyarrow.list_(pyarrow.string(), 2),
    "views": lambda pyarrow: pyarrow.list_(pyarrow.string_view()),
    "numbers": lambda pyarrow: pyarrow.list_(pyarrow.int16()),
}


@pytest.mark.parametrize("kind", LIST_TYPES)
@pytest.mark.parametrize(("block_bytes", "most_bytes"), [(1, 1 << 30), (1 << 19, 1 << 30), (1 << 19, 0)])
def test_column__of_any_list_type(pyarrow, tmp_path, monkeypatch, kind, block_bytes, most_bytes):
    monkeypatch.setattr("firth.corpus.columnar.BLOCK_BYTES", block_bytes)
    monkeypatch.setattr("firth.corpus.columnar.MOST_BYTES", most_bytes)
    lists = [["7", "-12"], ["12", "7"], ["7", "7"]]
    values = [list(map(int, tokens)) for tokens in lists] if kind == "numbers" else lists
    path = write(pyarrow, tmp_path / "a.arrow", items=pyarrow.array(values, LIST_TYPES[kind](pyarrow)))
    assert sentences(firth.column(path, "items")) == lists


def test_column__of_lists_whose_tokens_are_not_lines(pyarrow, tmp_path):
    lists = [["a", "b"], [], ["a\tb", "a"], ["a", "b\nc", "\n", "\t"], ["b", "é"]]
    path = write(pyarrow, tmp_path / "a.parquet", items=lists)
    assert sentences(firth.column(path, "items")) == [tokens for tokens in lists if tokens]
    for wrong, what in ((None, "a missing value"), ("", "an empty string")):
        path = write(pyarrow, tmp_path / "wrong.parquet", items=[*lists, ["a", wrong]])
        with pytest.raises(SourceError, match=f"sentence 6 holds {what}"):
            sentences(firth.column(path, "items"))


def test_column__rows_larger_than_a_block(pyarrow, tmp_path, monkeypatch):
    monkeypatch.setattr("firth.corpus.columnar.BLOCK_BYTES", 10)
    path = write(pyarrow, tmp_path / "a.parquet", text=["x y " * 50, *TEXTS])
    assert sentences(firth.column(path, "text")) == [["x", "y"] * 50, *WANTED_TEXTS]


@pytest.mark.parametrize("of_lists", [False, True])
def test_column__a_block_is_measured_by_its_text_not_by_a_dictionary(pyarrow, tmp_path, monkeypatch, of_lists):
    monkeypatch.setattr("firth.corpus.columnar.BLOCK_BYTES", 2000)
    strings = pyarrow.array(["x" * 500] * 100).dictionary_encode()
    lists = pyarrow.ListArray.from_arrays(pyarrow.array(range(101), pyarrow.int32()), strings)
    table, path = pyarrow.table({"text": lists if of_lists else strings}), tmp_path / "a.arrow"
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)  # as one batch
    blocks = [block.text for block in firth.column(path, "text").blocks(TextConfig())]
    assert b"".join(blocks).split() == [b"x" * 500] * 100
    assert max(map(len, blocks)) <= 2000


def test_column__of_files_is_encoded_once(pyarrow, tmp_path):
    path = write(pyarrow, tmp_path / "a.parquet", text=TEXTS, other=TEXTS[::-1])
    first = encode(firth.column(path, "text"))
    assert encode(firth.column(path, "text")).folder == first.folder
    assert encode(firth.column(path, "other")).folder != first.folder


def test_column__reports_how_far_it_is(pyarrow, tmp_path):
    path = write(pyarrow, tmp_path / "a.parquet", text=TEXTS)
    seen = []
    encode(firth.column(path, "text"), report=seen.append)
    assert seen[-1].bytes_read == seen[-1].total_bytes == path.stat().st_size


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_column__of_a_data_frame(library):
    module = pytest.importorskip(library)
    frame = module.DataFrame({"text": TEXTS})
    assert sentences(firth.column(frame, "text")) == WANTED_TEXTS
    assert sentences(firth.column(module.DataFrame({"items": LISTS}), "items")) == WANTED_LISTS
    assert sentences(frame["text"]) == WANTED_TEXTS
    with pytest.raises(SourceError, match=r"no column 'txt': there are 'text'"):
        firth.column(frame, "txt")
    with pytest.raises(SourceError, match="is a table: name its column"):
        as_source(frame)
    with pytest.raises(SourceError, match="yields nothing"):
        firth.column(frame[:0], "text")
    holes = module.DataFrame({"text": ["one two", None, "three"]})
    with pytest.raises(SourceError, match="row 2 of 'text' has no value"):
        sentences(firth.column(holes, "text"))
    assert sentences(firth.column(holes, "text", skip_nulls=True)) == [["one", "two"], ["three"]]


def test_column__holes_of_any_kind_are_rows_without_a_value():
    pandas = pytest.importorskip("pandas")
    for hole in (pandas.NA, pandas.NaT, np.float32("nan"), np.datetime64("NaT", "s"), decimal.Decimal("NaN"), None):
        rows = [{"text": text} for text in ("one two", hole, "three")]
        with pytest.raises(SourceError, match="row 2 of 'text' has no value"):
            sentences(firth.column(rows, "text"))
        assert sentences(firth.column(rows, "text", skip_nulls=True)) == [["one", "two"], ["three"]]


def test_column__of_an_arrow_table(pyarrow):
    table = pyarrow.table({"text": TEXTS, "n": range(4)})
    assert sentences(firth.column(table, "text")) == WANTED_TEXTS
    with pytest.raises(SourceError, match="no column 'x': there are 'text', 'n'"):
        firth.column(table, "x")


class Dataset:
    """As Hugging Face's: columns by name, rows by turns; a streaming one may not know its columns."""

    def __init__(self, streaming):
        self.column_names = None if streaming else ["text"]
        if not streaming:
            self.columns = TEXTS

    def __iter__(self):
        return ({"text": text} for text in TEXTS)


class ColumnDataset(Dataset):
    def __getitem__(self, name):
        return {"text": TEXTS}[name]


@pytest.mark.parametrize(
    "dataset",
    [Dataset(streaming=True), ColumnDataset(streaming=False), [{"text": t} for t in TEXTS]],
    ids=["dataset", "columns", "rows"],
)
def test_column__of_datasets_and_rows(dataset):
    assert sentences(firth.column(dataset, "text")) == WANTED_TEXTS


def test_column__of_hugging_face_datasets():
    datasets = pytest.importorskip("datasets")
    dataset = datasets.Dataset.from_dict({"text": TEXTS, "items": [["a"], ["b"], ["a", "b"], ["c"]]})
    assert sentences(firth.column(dataset, "text")) == WANTED_TEXTS
    assert sentences(firth.column(dataset, "items")) == [["a"], ["b"], ["a", "b"], ["c"]]
    assert sentences(firth.column(dataset.to_iterable_dataset(), "text")) == WANTED_TEXTS
    with pytest.raises(SourceError, match="no column 'x'"):
        firth.column(dataset, "x")


def test_column__of_rows_that_lack_it():
    rows = [{"text": "a b"}, {"txt": "c"}]
    with pytest.raises(SourceError, match=r"row 2 of 'text' has no value: leave such rows out"):
        sentences(firth.column(rows, "text"))
    assert sentences(firth.column(rows, "text", skip_nulls=True)) == [["a", "b"]]
    with pytest.raises(SourceError, match="row 1 has no column 'texts': there are 'text'"):
        sentences(firth.column(rows, "texts"))
    with pytest.raises(SourceError, match="the rows have no column 'texts': there are 'text'"):
        sentences(firth.column(rows, "texts", skip_nulls=True))
    with pytest.raises(SourceError, match="cannot take a column of an int"):
        sentences(firth.column(7, "text"))


@pytest.mark.parametrize("group_by", [None, "session"])
def test_column__of_what_is_no_table_says_what_to_pass(group_by):
    pytest.importorskip("pyarrow")

    class Lazy:
        columns = ("text", "session")

        def collect(self):
            raise AssertionError

    with pytest.raises(SourceError, match=r"pass table.collect\(\)"):
        firth.column(Lazy(), "text", group_by=group_by)
    with pytest.raises(SourceError, match=r"wanted a list of dicts, one for each row, or .* pandas.DataFrame"):
        firth.column({"text": ["a b"], "session": [1]}, "text", group_by=group_by)
    splits = type("DatasetDict", (dict,), {"column_names": {"train": ["text"]}})(train=[{"text": "a b"}])
    with pytest.raises(SourceError, match=r"a DatasetDict holds several tables, \['train'\]: pass one"):
        firth.column(splits, "text", group_by=group_by)
    with pytest.raises(SourceError, match="row 1 is a tuple: wanted rows that are dicts, with a key 'text'"):
        sentences(firth.column([("a b", 1)], "text", group_by=group_by))


def test_column__of_ids_asks_for_the_column_of_sessions(pyarrow, tmp_path):
    rows = [{"session": 1, "item": 4711}, {"session": 1, "item": 42}]
    table = pyarrow.Table.from_pylist(rows)
    (tmp_path / "a.jsonl").write_text('{"session": 1, "item": 4711}\n')
    in_files = [write(pyarrow, tmp_path / "a.parquet", item=[4711, 42], session=[1, 1]), tmp_path / "a.jsonl"]
    for given in (rows, table, pytest.importorskip("pandas").DataFrame(rows), *in_files):
        with pytest.raises(SourceError, match=r"wanted strings of text, or lists of tokens.* group_by=… or --group-by"):
            firth.train(given, column="item")


def test_column__is_named_by_a_string():
    frame = pytest.importorskip("pandas").DataFrame([["a b"], ["c d"]])
    for names in (
        {"name": 0},
        {"name": "0", "group_by": ["user", "day"]},
        {"name": "0", "group_by": "0", "order_by": 1},
    ):
        with pytest.raises(SourceError, match=r"a column is named by one string, not .*rename\(columns=str\)"):
            firth.column(frame, **names)
    for group_by in (None, "0"):
        with pytest.raises(SourceError, match="no column '0': there are 0"):
            sentences(firth.column(frame, "0", group_by=group_by))
    assert sentences(firth.column(frame.rename(columns=str), "0")) == [["a", "b"], ["c", "d"]]


def test_column__of_files_that_will_not_do(pyarrow, tmp_path):
    good = write(pyarrow, tmp_path / "a.parquet", text=TEXTS, n=range(4))
    with pytest.raises(SourceError, match=r"has no column 'txt': there are 'text', 'n'"):
        firth.column(good, "txt")
    with pytest.raises(SourceError, match="holds int64: wanted strings of text, or lists"):
        firth.column(good, "n")
    holes = write(pyarrow, tmp_path / "holes.parquet", text=["a b", "c d", None])
    with pytest.raises(SourceError, match=r"row 3 of 'text' in .*holes.parquet has no value"):
        sentences(firth.column(holes, "text"))
    assert sentences(firth.column(holes, "text", skip_nulls=True)) == [["a", "b"], ["c", "d"]]
    lists = write(pyarrow, tmp_path / "lists.parquet", text=LISTS)
    with pytest.raises(SourceError, match="text in some files, and lists in others"):
        firth.column([good, lists], "text")
    with pytest.raises(SourceError, match="no file"):
        firth.column(tmp_path / "none.parquet", "text")
    plain = tmp_path / "plain.txt"
    plain.write_text("text")
    with pytest.raises(SourceError, match="neither a Parquet nor an Arrow file"):
        firth.column([good, plain], "text")
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(good.read_bytes()[:-20])
    with pytest.raises(SourceError, match=r"cannot read .*cut.parquet"):
        firth.column(cut, "text")
    empty = write(pyarrow, tmp_path / "empty.parquet", text=pyarrow.array([], pyarrow.string()))
    with pytest.raises(firth.CorpusError, match="not one word"):
        sentences(firth.column(empty, "text"))


def test_column__without_pyarrow(monkeypatch, pyarrow, tmp_path):
    path = write(pyarrow, tmp_path / "a.parquet", text=TEXTS)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SourceError, match="needs pyarrow: pip install pyarrow"):
        firth.column(path, "text")


def test_train__a_table_is_not_text(pyarrow, tmp_path):
    path = write(pyarrow, tmp_path / "a.parquet", text=TEXTS)
    with pytest.raises(SourceError, match=r"is a table: name its column, firth.column\('a.parquet', 'text'\)"):
        encode(path)


def test_command__trains_on_a_column(pyarrow, tmp_path):
    path = write(pyarrow, tmp_path / "a.parquet", text=["the cat sat on the mat"] * 100)
    output = str(tmp_path / "m.firth")
    run = CliRunner().invoke(cli, ["train", str(path), "--column", "text", "-o", output, "--epochs", "1"])
    assert run.exit_code == 0, run.output
    assert firth.load(output).words[0] == "the"
    run = CliRunner().invoke(cli, ["train", "-", "--column", "text", "-o", output + "2"], input=path.read_bytes())
    assert "is a Parquet or Arrow table: such are read from files alone" in str(run.exception)


def test_column__of_events_says_what_to_install_where_pyarrow_is_missing(monkeypatch):
    for name in ("pyarrow", "pyarrow.types", "pyarrow.compute"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(FirthError, match=r"needs pyarrow: pip install 'firth\[tables\]'"):
        firth.encode(firth.column([{"s": 1, "item": 2}], "item", group_by="s"))
