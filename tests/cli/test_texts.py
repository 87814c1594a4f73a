"""Vectors of texts by the command: embed, and export of folders."""

import csv
import dataclasses
import json

import numpy as np
import pytest

import firth
from tests.texts.conftest import COUNTS, TEXTS, WORDS


@pytest.fixture
def words():
    numbers = np.random.default_rng(0).normal(size=(len(WORDS), 6)) + 0.5
    return firth.WordVectors(WORDS, numbers.astype(np.float32), counts=COUNTS)


@pytest.fixture
def saved(words, tmp_path):
    return words.save(tmp_path / "words.firth")


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", "utf-8")
    return path


def vectors(words, of=TEXTS, **parameters):
    return firth.TextVectors(words, **parameters).fit(TEXTS).transform(of)


pytestmark = pytest.mark.filterwarnings("ignore:.*have no word that the model knows.*:firth.errors.FirthWarning")


def test_embed__writes_a_vector_for_each_line(run, saved, words, texts, tmp_path):
    code, out, err = run("embed", saved, texts, "-o", tmp_path / "v.npy")
    assert code == 0
    assert out == f"wrote {tmp_path / 'v.npy'}: 8 texts, 6 dimensions\n"
    assert err == "firth: 2 of 8 texts have no word that the model knows: their vectors are zeros\n"
    np.testing.assert_allclose(np.load(tmp_path / "v.npy"), vectors(words), atol=1e-6)


def test_embed__takes_the_parameters(run, saved, words, texts, tmp_path):
    run("embed", saved, texts, "-o", tmp_path / "v.npy", "--weights", "usif", "--remove", 2)
    np.testing.assert_allclose(np.load(tmp_path / "v.npy"), vectors(words, weights="usif", remove=2), atol=1e-6)
    run("embed", saved, texts, "-o", tmp_path / "v.npy", "--a", 0.1, "--remove", 0, "--overwrite")
    np.testing.assert_allclose(np.load(tmp_path / "v.npy"), vectors(words, a=0.1, remove=0), atol=1e-6)


def test_embed__reads_a_column_and_leaves_texts_out(run, saved, words, tmp_path):
    table, output = tmp_path / "table.csv", tmp_path / "v.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "text"], *([i, text or "?"] for i, text in enumerate(TEXTS))])
    run("embed", saved, table, "--column", "text", "-o", output, "--no-text", "--json")
    with output.open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    assert names == ["words", *(f"v{i}" for i in range(1, 7))]
    np.testing.assert_allclose(np.array([row[1:] for row in rows], float), vectors(words), atol=1e-6)


def test_embed__json_says_what_was_written(run, saved, texts, tmp_path):
    _, out, _ = run("embed", saved, texts, "-o", tmp_path / "v.jsonl", "--json")
    assert json.loads(out) == {"output": str(tmp_path / "v.jsonl"), "texts": 8, "unknown": 2, "vector_size": 6}


def test_embed__learns_from_other_texts_on_request(run, saved, words, texts, tmp_path):
    few, table, output = tmp_path / "few.txt", tmp_path / "table.jsonl", tmp_path / "v.npy"
    few.write_text("a sharp axe\n")
    table.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    run("embed", saved, few, "-o", output, "--fit", texts)
    np.testing.assert_allclose(np.load(output), vectors(words, ["a sharp axe"]), atol=1e-6)
    run("embed", saved, few, "-o", output, "--fit", table, "--fit-column", "text", "--overwrite")
    np.testing.assert_allclose(np.load(output), vectors(words, ["a sharp axe"]), atol=1e-6)
    code, _, err = run("embed", saved, few, "-o", output, "--fit-column", "text", "--overwrite")
    assert (code, "--fit-column names a column of --fit, which is not given" in err) == (2, True)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_embed__reads_sessions_of_a_file_twice(run, saved, words, tmp_path, suffix):
    pyarrow = pytest.importorskip("pyarrow")
    rows = [{"s": n, "item": word} for n, text in enumerate(TEXTS) for word in text.split() or ["-"]]
    path = tmp_path / f"events{suffix}"
    module, write = {".parquet": ("parquet", "write_table"), ".csv": ("csv", "write_csv")}[suffix]
    getattr(pytest.importorskip(f"pyarrow.{module}"), write)(pyarrow.Table.from_pylist(rows), path)
    code, _, err = run("embed", saved, path, "--column", "item", "--group-by", "s", "-o", tmp_path / "v.npy")
    assert code == 0, err
    lists = [text.split() or ["-"] for text in TEXTS]
    wanted = firth.TextVectors(words).fit(lists).transform(lists)
    np.testing.assert_allclose(np.load(tmp_path / "v.npy"), wanted, atol=1e-6)
    sessions = [firth.column(again, "item", group_by="s") for again in (path, rows, iter(rows))]
    assert [source.can_be_read_again for source in sessions] == [True, True, False]
    for source in sessions[:2]:
        np.testing.assert_allclose(firth.TextVectors(words).fit_transform(source), wanted, atol=1e-6)


ROWS = [{"id": 7 * n, "text": text or None} for n, text in enumerate(TEXTS)]


def written(path):
    """The rows of a file of vectors, by name; numbers as numbers where the file has them."""
    if path.suffix == ".parquet":
        return pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("table", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("output", [".csv", ".jsonl", ".parquet"])
def test_embed__carries_a_column_of_ids_along(run, saved, tmp_path, table, output):
    pyarrow, source = pytest.importorskip("pyarrow"), tmp_path / f"rows{table}"
    if table == ".jsonl":
        source.write_text("".join(json.dumps(row) + "\n" for row in ROWS), "utf-8")
    else:
        module, write = {".parquet": ("parquet", "write_table"), ".csv": ("csv", "write_csv")}[table]
        getattr(pytest.importorskip(f"pyarrow.{module}"), write)(pyarrow.Table.from_pylist(ROWS), source)
    path = tmp_path / f"v{output}"
    code, _, err = run("embed", saved, source, "--column", "text", "--ids", "id", "--skip-nulls", "-o", path)
    assert code == 0, err
    wanted = [row["id"] for row in ROWS if row["text"]]  # the rows without a text are left out, and their ids too
    are_text = ".csv" in {table, output}
    assert [row["id"] for row in written(path)] == [str(id) if are_text else id for id in wanted]
    assert [row["text"] for row in written(path)] == [text for text in TEXTS if text]
    assert next(iter(written(path)[0])) == "id"


@pytest.mark.parametrize("output", [".csv", ".jsonl", ".parquet"])
def test_embed__has_the_sessions_beside_their_vectors(run, saved, words, tmp_path, output):
    pytest.importorskip("pyarrow")
    path, table = tmp_path / f"v{output}", tmp_path / "events.jsonl"
    events = [{"user": 100 - n, "item": word} for n, text in enumerate(TEXTS) for word in text.split()]
    table.write_text("".join(json.dumps(event) + "\n" for event in reversed(events)), "utf-8")
    code, _, err = run(
        *("embed", saved, table, "--column", "item", "--group-by", "user", "--no-text", "-o", path, "--weights", "mean")
    )
    assert code == 0, err
    users = list(dict.fromkeys(event["user"] for event in reversed(events)))
    assert [int(row["user"]) for row in written(path)] == users
    lists = [[event["item"] for event in reversed(events) if event["user"] == user] for user in users]
    wanted = firth.TextVectors(words, "mean").fit().transform(lists)
    if output != ".csv":
        np.testing.assert_allclose([row["vector"] for row in written(path)], wanted, atol=1e-6)


def test_embed__says_which_ids_cannot_be_had(run, saved, tmp_path):
    table, output = tmp_path / "t.jsonl", tmp_path / "v.jsonl"
    table.write_text('{"id": 1, "words": 3, "text": "king"}\n' * 3)
    command = ["embed", saved, table, "-o", output]
    assert "--ids is for tables: name the --column" in run(*command, "--ids", "id")[2]
    assert "the vectors alone" in run(*command[:3], "-o", tmp_path / "v.npy", "--column", "text", "--ids", "id")[2]
    for ids, message in {
        "sku": "no column 'sku'",
        "words": "called 'words', as one that is written is",
        "text": "ids are in another one",
    }.items():
        code, _, err = run(*command, "--column", "text", "--ids", ids)
        assert (code, message in err) == (1, True), err
    assert "leave ids out" in run(*command, "--column", "text", "--group-by", "id", "--ids", "id")[2]
    assert not output.exists()


def test_embed__ids_of_several_kinds_are_text_or_an_error(run, saved, tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    table, output = tmp_path / "t.jsonl", tmp_path / "v.parquet"
    rows = [{"id": id, "text": "the king and an axe"} for id in (1, "b", None, 2**70)]
    command = ["embed", saved, table, "--column", "text", "--ids", "id", "-o", output, "--remove", 0]
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(*command)[0] == 0
    assert [row["id"] for row in written(output)] == ["1", "b", None, str(2**70)]
    monkeypatch.setattr("firth.texts.documents.BATCH_TEXTS", 1)
    code, _, err = run(*command, "--overwrite")
    assert (code, "the id 'b' is no whole number, as those before it are: make all of them text" in err) == (1, True)
    table.write_text("".join(json.dumps(row) + "\n" for row in rows if row["id"] != "b"))
    code, _, err = run(*command, "--overwrite")
    assert (code, f"the id {2**70} is too large for 64 bits: make all of them text" in err) == (1, True)


def test_embed__shows_how_far_it_is(run, saved, texts, tmp_path, monkeypatch):
    monkeypatch.setattr("firth.texts.documents.BATCH_TEXTS", 2)
    shown = []
    monkeypatch.setattr("firth.reporting.progress_bar.ProgressBar.__call__", lambda _, event: shown.append(event))
    assert run("embed", saved, texts, "-o", tmp_path / "v.npy", "--quiet")[0] == 0
    assert shown == []
    assert run("embed", saved, texts, "-o", tmp_path / "v.npy", "--progress", "--overwrite")[0] == 0
    assert [(event.work, event.texts, event.all_texts) for event in shown] == [
        *(("learning from texts", n, None) for n in (2, 4, 6, 8)),
        *(("embedding", n, 8) for n in (2, 4, 6, 8)),
    ]


def test_embed__splits_texts_as_it_is_told(run, tmp_path):
    cased = firth.WordVectors(["The", "the"], np.eye(2), counts=[2, 1]).save(tmp_path / "cased.firth")
    (tmp_path / "t.txt").write_text("The\nthe\n")
    run("embed", cased, tmp_path / "t.txt", "-o", tmp_path / "v.npy", "--weights", "mean", "--no-lowercase")
    assert np.load(tmp_path / "v.npy").tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_embed__tells_once_of_words_that_texts_cannot_have(run, tmp_path):
    cased = firth.WordVectors(["The", "king", "axe"], np.eye(3), counts=[3, 2, 1]).save(tmp_path / "cased.firth")
    (tmp_path / "t.txt").write_text("The king\nking axe\n")
    code, _, err = run("embed", cased, tmp_path / "t.txt", "-o", tmp_path / "v.npy", "--weights", "usif", "--remove", 1)
    assert (code, err.count("1 of the 3 words"), "(--no-lowercase)" in err) == (0, 1, True)


def test_embed__standard_input_is_read_once(run, saved, words, texts, tmp_path, monkeypatch):
    with texts.open("rb") as file:
        monkeypatch.setattr("sys.stdin", type("Input", (), {"buffer": file, "closed": True})())
        code, _, err = run("embed", saved, "-", "-o", tmp_path / "v.npy")
        assert (code, "can be read only once" in err, "--remove 0" in err) == (1, True, True)
        code, _, _ = run("embed", saved, "-", "-o", tmp_path / "v.npy", "--remove", 0)
    assert code == 0
    np.testing.assert_allclose(np.load(tmp_path / "v.npy"), vectors(words, remove=0), atol=1e-6)


def test_embed__what_cannot_be_done_is_said_before_anything_is_written(run, saved, texts, tmp_path):
    there = sorted(tmp_path.iterdir())
    bare = tmp_path / "v.txt"
    bare.write_text("king 1 2\nqueen 2 1\n")
    encoded = firth.encode(["the king"], tmp_path / "corpus.encoded").folder
    for arguments, message in {
        ("o.txt",): "cannot tell by the name o.txt",
        ("none/o.npy",): "there is no folder",
        ("o.npy", "--remove", 6): "remove must be below the 6 dimensions",
        ("o.npy", "--a", 0): "a must be a number above 0",
        ("o.npy", "--a", "nan"): "a must be a number above 0",
        ("o.npy", "--fit", tmp_path / "none.txt"): "there is no file or folder",
        ("o.npy", "--keep-apostrophes"): "keep_apostrophes needs unicode_punctuation",
    }.items():
        code, _, err = run("embed", saved, texts, "-o", tmp_path / arguments[0], *arguments[1:])
        assert (code, message in err) == (1, True), err
    code, _, err = run("embed", bare, texts, "-o", tmp_path / "o.npy")
    assert (code, "--counts" in err) == (1, True)
    code, _, err = run("embed", saved, encoded, "-o", tmp_path / "o.npy")
    assert (code, "is an encoded corpus, which has no texts any more" in err) == (1, True)
    assert sorted(tmp_path.iterdir()) == sorted([*there, bare, encoded])


def test_export__writes_a_folder_of_static_embeddings(run, saved, words, texts, tmp_path):
    folder, wanted = tmp_path / "f", tmp_path / "wanted" / "f"
    options = ("--fit", texts, "--license", "mit", "--language", "en", "--language", "de")
    code, out, _ = run("export", saved, folder, "--format", "static-embedding", "--weights", "usif", *options)
    assert code == 0
    texts_vectors = firth.TextVectors(words, weights="usif").fit(TEXTS)
    texts_vectors.export(wanted, license="mit", language=["en", "de"])
    assert out.splitlines() == [f"wrote {folder / path.name}" for path in sorted(wanted.iterdir())]
    for path in wanted.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes(), path


def test_export__of_a_folder_without_texts_removes_nothing(run, saved, words, tmp_path):
    run("export", saved, tmp_path / "f", "--format", "static-embedding", "--a", 0.01)
    firth.TextVectors(words, a=0.01, remove=0).export(tmp_path / "wanted")
    assert (tmp_path / "f/model.safetensors").read_bytes() == (tmp_path / "wanted/model.safetensors").read_bytes()
    code, _, err = run("export", saved, tmp_path / "g", "--format", "static-embedding", "--remove", 1)
    assert (code, "--fit FILE" in err) == (1, True)


def test_export__words_of_a_folder_are_left_out_or_kept_by_options(run, tmp_path):
    cased = firth.WordVectors(["The", "king"], np.eye(2), counts=[2, 1]).save(tmp_path / "cased.firth")
    folder = ("--format", "static-embedding")
    code, _, err = run("export", cased, tmp_path / "f", *folder)
    assert (code, "cannot use 1 word, such as 'The'" in err, "--no-lowercase" in err) == (1, True, True)
    code, _, err = run("export", cased, tmp_path / "f", *folder, "--spaces", "skip")
    assert (code, "1 of 2 words are left out" in err) == (0, True)
    code, _, _ = run("export", cased, tmp_path / "g", *folder, "--no-lowercase")
    assert code == 0
    assert firth.load(tmp_path / "g").words == ["[UNK]", "The", "king"]


def test_export__other_vectors_of_a_model_are_split_as_its_text_was(run, model, tmp_path):
    config = dataclasses.replace(model.config, lowercase=False, strip_punctuation=False)
    cased = firth.Word2Vec(model.vocabulary, model.vectors, model.output_vectors, config, [])
    folder = ("--format", "static-embedding", "--weights", "mean")
    code, _, _ = run("export", cased.save(tmp_path / "m.firth"), tmp_path / "f", *folder, "--vectors", "output")
    assert code == 0
    assert firth.load(tmp_path / "f")["Zoë"].tolist() == cased.choose("output")["Zoë"].tolist()


@pytest.mark.parametrize(
    "option",
    [("--weights", "sif"), ("--fit", "t.txt"), ("--license", "mit"), ("--language", "en"), ("--no-lowercase",)],
)
def test_export__options_of_folders_are_refused_with_files(run, saved, tmp_path, option):
    code, _, err = run("export", saved, tmp_path / "v.txt", *option)
    assert (code, "is for folders: --format static-embedding" in err) == (2, True)
    assert not (tmp_path / "v.txt").exists()
