"""Commands that judge and draw."""

import json

import numpy as np
import pytest

from firth import export, load
from firth.vectors.word_vectors import WordVectors


def test_evaluate__a_table_json_and_csv(run, saved, tmp_path):
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("the\tking\t3\nking\tqueen\t9\nthe\tqueen\t2\nking\tnobody\t1\n")
    _, table, _ = run("evaluate", saved, pairs)
    assert "pairs  Spearman" in table
    assert "among the 8 most frequent of 8 words" in table
    (score,) = json.loads(run("evaluate", saved, pairs, "--json")[1])
    assert (score["pairs"], score["missing"]) == (3, 1)
    run("export", saved, tmp_path / "v.txt")
    assert "among the 8 first in the file of 8 words" in run("evaluate", tmp_path / "v.txt", pairs)[1]
    header, spearman, pearson = run("evaluate", saved, pairs, "--csv")[1].splitlines()
    assert header == "test,part,score,3CosMul,low,high,p,asked,unknown"
    assert [float(spearman.split(",")[i]) for i in (2, 6)] == [score["spearman"], score["spearman_p"]]
    assert [float(pearson.split(",")[i]) for i in (2, 6)] == [score["pearson"], score["pearson_p"]]


def test_stability_and_compare__of_two_models(run, saved, tmp_path):
    other = tmp_path / "other.txt"
    run("export", saved, other)
    assert "mean overlap of 3 neighbors over 8 words: 1.0000" in run("stability", saved, other, "-n", "3")[1]
    assert run("stability", saved)[0] == 2
    code, _, err = run("compare", saved, other)
    assert code == 1
    assert "fewer than the 10 numbers" in err


def test_compare__the_most_moved_or_words_that_are_named(run, tmp_path):
    random = np.random.default_rng(0)
    words, numbers = [f"w{i}" for i in range(30)], random.normal(size=(30, 5))
    for name, rows in (("a", numbers), ("b", numbers[[1, 0, *range(2, 30)]])):
        export(WordVectors(words, rows), tmp_path / f"{name}.txt")
    both = (tmp_path / "a.txt", tmp_path / "b.txt")
    _, out, _ = run("compare", *both, "--json", "-n", 2)
    assert {row["word"] for row in json.loads(out)} == {"w0", "w1"}
    _, out, _ = run("compare", *both, "--json", "-n", 2, "--without", "w0", "--without", "w1")
    assert not {row["word"] for row in json.loads(out)} & {"w0", "w1"}
    _, out, _ = run("compare", *both, "w7", "w0", "--json")
    far, *_ = (row["distance"] for row in json.loads(out) if row["word"] == "w0")
    assert [row["word"] for row in json.loads(out)] == ["w7", "w0"]
    assert far > 0.3
    assert len(json.loads(out)[0]["after"].split()) == 5
    assert run("compare", *both, "nobody")[0] == 1
    code, out, err = run("compare", *both, "--min-count", 50)
    assert (code, out) == (1, "")
    assert "before and after came without counts" in err
    (tmp_path / "c.txt").write_text("".join(f"w{i} {60 - i}\n" for i in range(30)))
    _, out, _ = run("compare", *both, "--min-count", 50, "--counts", tmp_path / "c.txt", "--csv")
    assert {line.split(",")[0] for line in out.splitlines()[1:]} == {f"w{i}" for i in range(11)}


def test_map__writes_a_page_and_says_so(run, saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    code, out, err = run("map", saved, "--open")
    assert (code, err) == (0, "")
    assert out == "wrote m.html, a map by PCA of 8 words\n"
    assert opened == [(tmp_path / "m.html").as_uri()]
    assert "queen" in (tmp_path / "m.html").read_text("utf-8")
    assert "m.html" in run("map", saved, "--no-open")[2]  # which exists
    columns = tmp_path / "columns.csv"
    columns.write_text("word,part\nking,noun\n")
    arguments = ("--overwrite", "--columns", columns, "--words", "5", "--projection", "pca", "--quiet")
    assert run("map", saved, *arguments)[0] == 0
    assert '"part"' in (tmp_path / "m.html").read_text("utf-8")


def test_map__what_cannot_be_drawn(run, saved, tmp_path):
    output = tmp_path / "x.html"
    code, _, err = run("map", saved, "--words", "1", "-o", output)
    assert (code, err) == (1, "firth: a map needs two words at least, here is 1\n")
    assert "60,000 words at most" in run("map", saved, "--words", "1000000", "-o", output)[2]
    assert not output.exists()


def test_projector__writes_the_folder(run, saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = run("projector", saved, "--no-serve")
    assert code == 0
    assert out.startswith("wrote m.projector\n")
    assert (tmp_path / "m.projector" / "projector_config.pbtxt").is_file()


def test_picture__words_similarities_and_curves(run, saved, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra firth[pictures] is not installed")
    for arguments in (
        ("words", saved, tmp_path / "w.png", "king", "queen", "the"),
        ("curve", saved, tmp_path / "c.svg"),
    ):
        code, out, err = run("picture", *arguments)
        assert (code, err) == (0, "")
        assert out.startswith("wrote ")
    assert run("picture", "similarities", saved, tmp_path / "h.pdf", "king", "queen")[0] == 0
    assert {p.name for p in tmp_path.iterdir()} == {"m.firth", "w.png", "c.svg", "h.pdf"}


def test_evaluate__columns_are_named_on_request(run, saved, tmp_path):
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("1 9 the king\n2 7 king queen\n3 4 queen the\n")
    code, _, err = run("evaluate", saved, pairs)
    assert code == 1
    assert "1: a running index such as '1'; 2: numbers such as '9'" in err
    (score,) = json.loads(run("evaluate", saved, pairs, "--columns", "3,4,2", "--json")[1])
    (other,) = json.loads(run("evaluate", saved, pairs, "--columns", "3,4,1", "--json")[1])
    assert score["pairs"] == other["pairs"] == 3
    assert score["spearman"] == pytest.approx(-other["spearman"])
    assert abs(score["spearman"]) > 0.4
    assert run("evaluate", saved, pairs, "--columns", "3,4,x")[0] == 2


def test_evaluate__details_list_each_answer(run, saved, tmp_path):
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("the king 3.5\nking queen 1\nthe horse 2\nKING the 4\n")
    _, table, _ = run("evaluate", saved, pairs)
    assert [line.split()[1] for line in table.splitlines()[1:3]] == ["Spearman", "Pearson"]
    rows = run("evaluate", saved, pairs, "--details", "--csv")[1].splitlines()
    cosine = load(saved).similarity("the", "king")
    assert rows[1] == f"pairs,pair,the king,3.5,{cosine},,"
    assert rows[3] == "pairs,pair,the horse,2.0,,,unknown"
    (score,) = json.loads(run("evaluate", saved, pairs, "--details", "--json")[1])
    assert score["answers"][2] == {"first": "the", "second": "horse", "score": 2.0, "cosine": None}
    (score,) = json.loads(run("evaluate", saved, pairs, "--json", "--unknown", "wrong")[1])
    assert (score["pairs"], score["missing"], "answers" in score) == (4, 1, False)
    (score,) = json.loads(run("evaluate", saved, pairs, "--json", "--case-sensitive")[1])
    assert (score["pairs"], score["missing"]) == (2, 2)
    questions = tmp_path / "questions.txt"
    questions.write_text(": all\nthe king queen 42\nthe king queen cow\n")
    rows = run("evaluate", saved, questions, "--details", "--csv")[1].splitlines()
    ((guess, _),) = load(saved).analogy("the", "king", "queen", topn=1)
    assert rows[1].split(",")[2:5] == ["the king queen", "42", guess]
    assert rows[1].split(",")[6] == ("yes" if guess == "42" else "no")
    assert rows[2].endswith(",cow,,,unknown")


def test_map__the_name_of_a_packed_file_is_refused_before_it_is_made(run, saved, tmp_path, monkeypatch):
    monkeypatch.setattr("firth.visual.page.Page.save", None)
    code, _, err = run("map", saved, "-o", tmp_path / "page.html.gz")
    assert code == 1
    assert "write page.html, and pack that (gzip)" in err
