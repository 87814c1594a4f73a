"""Commands that look up."""

import dataclasses
import json

import numpy as np
import pytest

from firth import cite, export, load
from firth.history import Provenance
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary


def test_similar__one_word_and_many(run, saved):
    code, out, _ = run("similar", saved, "king", "-n", 3)
    expected = load(saved).most_similar("king", topn=3)
    assert code == 0
    assert [line.split("  ")[1] for line in out.splitlines()] == [w for w, _ in expected]
    _, out, _ = run("similar", saved, "king", "élan", "-n", 3)
    assert [line for line in out.splitlines() if not line[0].isdigit() and line[0] != "-"] == ["king", "élan"]


def test_similar__json(run, saved):
    _, out, _ = run("similar", saved, "мир", "-n", 1, "--json")
    assert json.loads(out)[0]["query"] == "мир"
    assert set(json.loads(out)[0]["similar"][0]) == {"word", "cosine"}


def test_similar__an_unknown_word_comes_with_near_ones(run, saved):
    code, _, err = run("similar", saved, "kin")
    assert code == 1
    assert "'kin' is not in the vocabulary; near it: king" in err


def test_similar__vectors_that_are_not_finite_are_told_of_in_a_line(run, tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("3 2\na 1 2\nb nan 0\nc 3 4\n")
    code, out, err = run("similar", path, "a")
    assert (code, out) == (0, "0.9839  c\n")
    assert err.startswith(f"firth: {path}: 1 of 3 words have a vector that is not finite")
    assert err.count("\n") == 1
    code, _, err = run("similar", path, "b")
    assert code == 1
    assert "firth: the vector of 'b' has numbers that are not finite" in err


def test_analogy(run, saved):
    code, out, _ = run("analogy", saved, "the", "king", "queen", "-n", 2)
    assert code == 0
    assert [line.split("  ")[1] for line in out.splitlines()] == [
        w for w, _ in load(saved).analogy("the", "king", "queen", topn=2)
    ]
    _, out, _ = run("analogy", saved, "the", "king", "queen", "--json")
    assert json.loads(out)["query"] == "king - the + queen"


def test_analogy__by_the_index(run, tmp_path):
    pytest.importorskip("faiss", reason="the extra firth[ann] is not installed")
    numbers = np.random.default_rng(0).normal(size=(1000, 6))
    path = WordVectors([f"w{i}" for i in range(1000)], numbers).save(tmp_path / "v.firth")
    assert run("analogy", path, "w1", "w2", "w3", "--approximate")[0] == 1
    run("index", path, "--recall", 1)
    exact, found = (run("analogy", path, "w1", "w2", "w3", *more)[1] for more in ([], ["--approximate"]))
    assert found == exact


def test_export__and_look_up_in_what_was_exported(run, saved, tmp_path):
    code, out, _ = run("export", saved, tmp_path / "vectors.tsv")
    written = ("vectors.tsv", "metadata.tsv", "vectors.tsv.counts.txt")
    assert (code, out) == (0, "".join(f"wrote {tmp_path}/{name}\n" for name in written))
    assert run("similar", tmp_path / "vectors.tsv", "king") == run("similar", saved, "king")
    code, _, err = run("export", saved, tmp_path / "vectors.tsv")
    assert code == 1
    assert "exists already" in err


def test_export__counts_of_another_file_go_into_a_folder(run, vectors, tmp_path):
    export(WordVectors(vectors.words, vectors.vectors), tmp_path / "v.txt")
    (tmp_path / "c.txt").write_text("".join(f"{word} {99 - i}\n" for i, word in enumerate(vectors.words)), "utf-8")
    code, out, _ = run("export", tmp_path / "v.txt", tmp_path / "v.firth", "--counts", tmp_path / "c.txt")
    assert (code, out) == (0, f"wrote {tmp_path}/v.firth\n")
    assert load(tmp_path / "v.firth").count("king") == 98
    assert "tokens of these words: 764\n" in run("info", tmp_path / "v.firth")[1]
    code, _, err = run("similar", tmp_path / "v.txt", "king", "--counts", tmp_path / "none.txt")
    assert (code, err) == (1, f"firth: there is no file of counts {tmp_path}/none.txt\n")
    run("export", tmp_path / "v.firth", tmp_path / "bare.txt", "--no-counts")
    assert not (tmp_path / "bare.txt.counts.txt").exists()


def test_export__words_with_spaces_are_refused_replaced_or_left_out(run, tmp_path):
    export(WordVectors(["new york", "king"], np.eye(2)), tmp_path / "v.tsv")
    code, _, err = run("export", tmp_path / "v.tsv", tmp_path / "v.txt")
    assert code == 1
    assert "'new york': it has white space" in err
    assert "--spaces skip" in err
    for way, words in (("replace", ["new_york", "king"]), ("skip", ["king"])):
        code, _, err = run("export", tmp_path / "v.tsv", tmp_path / "v.txt", "--spaces", way, "--overwrite")
        assert code == 0
        assert err.startswith("firth: 1 of 2 words ")
        assert load(tmp_path / "v.txt").words == words


def test_info__of_a_model_and_of_a_file(run, saved, tmp_path):
    code, out, _ = run("info", saved)
    assert code == 0
    assert "words: 8\nvector size: 10\n" in out
    assert "loss of each epoch (nats a pair): 4.0000, 3.5000" in out
    assert json.loads(run("info", saved, "--json")[1])["settings"]["vector_size"] == 10
    run("export", saved, tmp_path / "v.txt")
    told = run("info", tmp_path / "v.txt")[1]
    assert "words: 8" in told
    assert "tokens of these words: not known, the file has no counts" in told
    assert json.loads(run("info", tmp_path / "v.txt", "--json")[1])["tokens_of_these_words"] is None


def test_index__is_built_saved_and_used(run, tmp_path):
    pytest.importorskip("faiss", reason="the extra firth[ann] is not installed")
    random = np.random.default_rng(0)
    vectors = WordVectors(Vocabulary([f"w{i}" for i in range(1500)], [1] * 1500), random.normal(size=(1500, 8)))
    path = tmp_path / "v.txt"
    export(vectors, path)
    assert run("similar", path, "w1", "--approximate")[0] == 1
    measured = json.loads(run("index", path, "--json")[1])
    assert measured["recall"] >= 0.95
    assert measured["index"] == str(tmp_path / "v.index.safetensors")
    assert "1.0000" not in run("similar", path, "w1", "--approximate")[1]
    assert "recall@10" in run("index", path, "--overwrite")[1]


def test_similar__reads_a_file_as_its_options_say(run, tmp_path):
    path = tmp_path / "odd"
    path.write_bytes(b"the 1 0\nking 4 2 1\ncaf\xe9 1 2\nking 5 5\n")
    assert run("similar", path, "the")[0] == 1
    options = ["--model-format", "glove", "--errors", "replace", "--numbers-in-words"]
    code, out, err = run("similar", path, "the", *options)
    assert (code, err) == (0, "")
    assert [line.split("  ")[1] for line in out.splitlines()] == ["king 4", "king", "caf\ufffd"]
    assert run("similar", path, "the", *options, "--limit", "2")[1] == "0.8944  king 4\n"


def test_similar__a_warning_is_one_line(run, tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("3 2\na 1 2\nb 3 4\n")
    code, out, err = run("similar", path, "a")
    assert (code, out.split()[1]) == (0, "b")
    assert err == f"firth: {path} has 2 words, its header promised 3: it may be cut short. All are read\n"


def test_export__joins_a_catalogue_by_word(run, saved, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "about.csv").write_text("price,id\n1.5,king\n9,nobody\n")
    code, out, _ = run("export", saved, tmp_path / "m.parquet", "--about", tmp_path / "about.csv", "--on", "id")
    assert (code, out) == (0, f"wrote {tmp_path / 'm.parquet'}\n")
    table = parquet.read_table(tmp_path / "m.parquet")
    assert dict(zip(table["word"].to_pylist(), table["price"].to_pylist(), strict=True))["king"] == 1.5
    code, _, err = run("export", saved, tmp_path / "m.txt", "--about", tmp_path / "about.csv")
    assert code == 2
    assert "are for .parquet files" in err


def test_info__tells_what_a_model_learned_from(run, model, tmp_path):
    text = Provenance("corpus.txt", "ab" * 32, 2, 3, 40, {"firth": "0.1", "numpy": "2.0"})
    assert "learned from: not known" in run("info", model.save(tmp_path / "old"))[1]
    model.provenance = (text,)
    folder = model.save(tmp_path / "new")
    line = "learned from: corpus.txt (2 files, 3 sentences, 40 tokens, abababababab…), with firth 0.1, numpy 2.0"
    assert line in run("info", folder)[1].splitlines()
    assert json.loads(run("info", folder, "--json")[1])["provenance"] == [dataclasses.asdict(text)]


def test_cite__prints_the_citation_and_how_a_model_was_trained(run, saved):
    assert run("cite") == (0, cite() + "\n", "")
    code, out, _ = run("cite", saved)
    assert (code, out) == (0, cite(load(saved)) + "\n")
    assert run("cite", "nothing.firth")[0] == 1


@pytest.mark.parametrize("command", [("similar", "-10"), ("analogy", "-10", "5", "6")])
def test_words__that_begin_with_a_dash_come_after_two(run, tmp_path, command):
    path = WordVectors([-10, 5, 6, 7], np.eye(4)).save(tmp_path / "v.firth")
    name, *words = command
    code, _, err = run(name, path, *words)
    assert code == 2
    assert "Words that begin with a dash come last, after --." in err
    assert run(name, path, "--", *words)[0] == 0
    assert "dash" not in run("info", path, "--nothing")[2]
