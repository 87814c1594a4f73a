"""Commands for what is trained again every day."""

import csv
import json

import numpy as np
import pytest

from firth import WordVectors, alacarte, align, drift, export, load, train
from tests.helpers.commands import QUICK
from tests.helpers.vectors import WORDS, a_rotation, some


@pytest.fixture
def days(tmp_path):
    """Yesterday's vectors, and today's: those, turned, and a word that moved."""
    numbers = some().rotated(a_rotation()).vectors.copy()
    numbers[4] *= -1
    days = some(), WordVectors(some().vocabulary, numbers)
    return [vectors.save(tmp_path / f"{name}.firth") for name, vectors in zip(("old", "new"), days, strict=True)]


def test_align__is_the_functions_and_is_saved(run, days, tmp_path):
    old, new = days
    code, out, err = run("align", new, old, "-o", tmp_path / "a.firth", "--weights", "counts", "--min-count", 2)
    assert (code, err) == (0, "")
    assert f"60 words, in the space of {old}" in out
    wanted = align(load(new), load(old), weights="counts", min_count=2)
    assert (load(tmp_path / "a.firth").vectors == wanted.vectors).all()
    assert run("align", new, old, "-o", tmp_path / "a.firth")[0] == 1  # is there


def test_align__words_of_a_file_decide(run, days, tmp_path):
    old, new = days
    (tmp_path / "words.txt").write_text("\n".join(WORDS[10:30]))
    assert run("align", new, old, "-o", tmp_path / "a", "--words", tmp_path / "words.txt")[0] == 0
    assert (load(tmp_path / "a").vectors == align(load(new), load(old), words=WORDS[10:30]).vectors).all()


def test_drift__tells_means_and_what_drifted_and_recommends_to_align(run, days):
    old, new = days
    code, out, err = run("drift", new, old, "-n", 5, "--show", 1)
    assert (code, err) == (0, "")
    assert "60 words compared, 0 new, 0 gone; 5 neighbors" in out
    assert f"firth align {new} {old}" in out
    assert out.splitlines()[-1].startswith("w4 ")


def test_drift__prints_json_csv_and_a_baseline(run, days, tmp_path):
    old, new = days
    some(3).save(tmp_path / "seed.firth")
    wanted = drift(load(new), load(old), baseline=some(3))
    told = json.loads(run("drift", new, old, "--baseline", tmp_path / "seed.firth", "--json")[1])
    assert told["means"] == wanted.means()
    assert told["baseline"] == wanted.baseline.means()
    assert [row["kept"] for row in told["drift"]] == wanted.kept.tolist()
    rows = list(csv.reader(run("drift", new, old, "--csv")[1].splitlines()))
    assert rows[0] == ["word", "cosine", "kept", "answered"]
    assert [float(row[2]) for row in rows[1:]] == wanted.kept.tolist()
    assert "another seed" in run("drift", new, old, "--baseline", tmp_path / "seed.firth")[1]


@pytest.mark.long
def test_train__aligns_what_it_learned(run, small_text, tmp_path):
    one, other, aligned = (tmp_path / name for name in ("one", "other", "aligned"))
    run("train", small_text, "-o", one, *QUICK)
    run("train", small_text, "-o", other, *QUICK, "--seed", 2)
    assert run("train", small_text, "-o", aligned, *QUICK, "--seed", 2, "--align", one)[0] == 0
    assert (load(aligned).vectors == align(load(other), load(one)).vectors).all()
    assert (load(aligned).output_vectors == align(load(other), load(one)).output_vectors).all()
    assert run("train-more", other, small_text, "-o", tmp_path / "more", "--align", one, "--quiet")[0] == 0
    means = [drift(load(path), load(one), topn=3).means()["cosine"] for path in (other, aligned, tmp_path / "more")]
    assert means[0] < min(means[1:])


def test_train__refuses_a_space_of_other_dimensions_before_it_learns(run, small_text, tmp_path):
    export(WordVectors(["a", "b"], np.eye(2)), tmp_path / "v.txt")
    code, _, err = run("train", small_text, "-o", tmp_path / "m", *QUICK, "--align", tmp_path / "v.txt")
    assert code == 1
    assert "have 2 numbers, and the model's 8" in err
    assert not (tmp_path / "m").exists()


def test_train__a_model_that_cannot_be_aligned_is_saved_and_is_an_error(run, small_text, tmp_path):
    export(WordVectors(["x", "y"], np.eye(2, 8)), tmp_path / "v.txt")
    code, _, err = run("train", small_text, "-o", tmp_path / "m", *QUICK, "--align", tmp_path / "v.txt")
    assert code == 1
    assert "is saved, but not aligned: the models have 0 words in common" in err
    assert len(load(tmp_path / "m")) == 16


@pytest.fixture
def shop(tmp_path):
    """A model of sessions, the file of these, and sessions with a new item in them."""
    random = np.random.default_rng(1)
    text = "\n".join(" ".join(random.choice(WORDS[:12], 6)) for _ in range(200))
    (tmp_path / "corpus.txt").write_text(text)
    (tmp_path / "new.txt").write_text("w1 New Thing, w2\n\nw3 new thing\nnew thing\n")
    model = train(tmp_path / "corpus.txt", vector_size=4, epochs=1, min_count=1, progress=False)
    return model.save(tmp_path / "m.firth"), tmp_path / "corpus.txt", tmp_path / "new.txt"


def test_induce__is_the_functions_and_is_saved(run, shop, tmp_path):
    path, corpus, examples = shop
    matrix, more = tmp_path / "a.npy", tmp_path / "more.firth"
    asked = ("induce", path, examples, "--word", "new thing", "--weights", 1)
    code, out, err = run(*asked, "--corpus", corpus, "--transform", matrix, "-o", more, "-n", 3)
    assert (code, err) == (0, "")
    carte = alacarte(load(path), corpus, weights=1)
    vector = carte.vector([["w1", "w2"], ["w3"]])
    wanted = load(path).most_similar(positive=[vector], topn=3)
    assert out.splitlines() == [
        *(f"{cosine:.4f}  {word}" for word, cosine in wanted),
        "of 2 contexts, 3 known words, 1 without a known word left out",
        f"13 words, saved to {more}",
    ]
    assert (load(more)["new thing"] == vector).all()
    assert (np.load(matrix) == carte.transform).all()
    told = json.loads(run(*asked, "--transform", matrix, "-n", 3, "--json")[1])
    assert [row["word"] for row in told["similar"]] == [word for word, _ in wanted]
    assert (told["contexts"], told["left_out"], told["context_words"]) == (2, 1, 3)
    np.testing.assert_allclose(told["vector"], vector, atol=1e-7)


def test_induce__of_a_known_word_replaces_it(run, shop, tmp_path):
    path, corpus, examples = shop
    examples.write_text("w1 w5 w2\n")
    code, out, _ = run("induce", path, examples, "--word", "w5", "--corpus", corpus, "-o", tmp_path / "more.firth")
    assert code == 0
    assert "12 words, saved to" in out
    assert "  w5" not in out


def test_induce__splits_texts_as_it_is_told(run, tmp_path):
    codes = train([["A-1", "A-2", "B-1"], ["A-2", "B-1", "A-1"]] * 30, vector_size=2, min_count=1, progress=False)
    path, corpus, examples = codes.save(tmp_path / "m"), tmp_path / "corpus.txt", tmp_path / "examples.txt"
    corpus.write_text("A-1 A-2 B-1\nA-2 B-1 A-1\n" * 30)
    examples.write_text("A-1 C-1\n")
    asked = ("induce", path, examples, "--word", "C-1", "--corpus", corpus, "--weights", 1)
    code, _, err = run(*asked)
    assert (code, "'A-1' (read as 'a1')" in err, "(--no-lowercase --no-strip-punctuation)" in err) == (1, True, True)
    code, out, err = run(*asked, "--no-lowercase", "--no-strip-punctuation")
    assert (code, err, "of 1 contexts, 1 known words" in out) == (0, "", True)


def test_induce__takes_a_column_of_tables_as_its_corpus(run, shop, tmp_path):
    pytest.importorskip("pyarrow")
    path, corpus, examples = shop
    tokens = [(session, word) for session, line in enumerate(corpus.read_text().splitlines()) for word in line.split()]
    rows = "".join(f"{session},{word}\n" for session, word in tokens)
    (tmp_path / "events.csv").write_text("s,item\n" + rows)
    asked = ("induce", path, examples, "--word", "new thing", "--weights", 1, "--json")
    code, out, err = run(*asked, "--corpus", tmp_path / "events.csv", "--column", "item", "--group-by", "s")
    assert (code, err) == (0, "")
    assert out == run(*asked, "--corpus", corpus)[1]
    code, _, err = run(*asked, "--transform", tmp_path / "a.npy", "--column", "item")
    assert code == 2
    assert "are of the --corpus: name it" in err


def test_induce__needs_a_text_or_a_matrix_and_the_word(run, shop, tmp_path):
    path, corpus, examples = shop
    code, _, err = run("induce", path, examples, "--word", "new thing")
    assert code == 2
    assert "name the text that the model learned from, --corpus, or its matrix, --transform" in err
    code, _, err = run("induce", path, examples, "--word", "newer", "--corpus", corpus, "--weights", 1)
    assert code == 1
    assert "none of the 3 contexts has the word 'newer'" in err
    (tmp_path / "a.npy").write_bytes(b"no matrix")
    code, _, err = run("induce", path, examples, "--word", "new thing", "--transform", tmp_path / "a.npy")
    assert code == 1
    assert "holds no matrix" in err
    examples.write_bytes(b"\xff")
    code, _, err = run("induce", path, examples, "--word", "new thing", "--corpus", corpus)
    assert code == 1
    assert "is not a text in UTF-8" in err
