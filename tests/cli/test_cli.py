import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import time

import numpy as np
import pytest

from firth import cli, export, load
from firth.cli.train import checkpoints_beside
from firth.config import TrainingConfig
from firth.errors import OutputExistsError
from firth.training.checkpoints import Checkpoints
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

QUICK = ["--vector-size", "8", "--epochs", "2", "--sample", "0", "--quiet"]


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command in this process: its exit code, output and error output."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["firth", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit:
            cli.main()
        return exit.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def saved(model, tmp_path):
    return model.save(tmp_path / "m.firth")


def test_train__learns_and_saves_and_says_what_to_try(run, small_text, tmp_path):
    output = tmp_path / "m.firth"
    code, out, err = run("train", small_text, "-o", output, *QUICK)
    assert (code, err) == (0, "")
    assert f"16 words, 8 dimensions, saved to {output}" in out
    assert f"firth similar {output}" in out
    assert load(output).config == TrainingConfig(vector_size=8, epochs=2, sample=0.0)


def test_train__prints_json_on_request(run, small_text, tmp_path):
    code, out, _ = run("train", small_text, "-o", tmp_path / "m", *QUICK, "--json")
    facts = json.loads(out)
    assert code == 0
    assert facts["words"] == 16
    assert facts["settings"]["vector_size"] == 8
    assert len(facts["history"]) == 2


def test_train__every_setting_has_its_flag(run):
    _, out, _ = run("train", "--help")
    for name in TrainingConfig.__dataclass_fields__:
        assert "--" + name.replace("_", "-") in out


def test_train__switches_and_several_sources(run, small_text, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("They,EAT\n" * 10)
    code, *_ = run(
        "train", small_text, other, "-o", tmp_path / "m", *QUICK, "--no-lowercase", "--no-strip-punctuation",
        "--separator", ",", "--min-count", 1,
    )  # fmt: skip
    assert code == 0
    assert "EAT" in load(tmp_path / "m")


def test_train__a_separator_of_backslash_and_t_is_a_tab(run, tmp_path):
    (tmp_path / "a.tsv").write_text("New York\tOslo\nOslo\tNew York\n" * 20)
    arguments = ["--separator", r"\t", "--min-count", 1, "--epochs", 1, "--vector-size", 4, "--sample", 0]
    run("train", tmp_path / "a.tsv", "-o", tmp_path / "m", *arguments)
    assert sorted(load(tmp_path / "m").words) == ["new york", "oslo"]
    assert load(tmp_path / "m").config.separator == "\t"


def test_train__what_to_try_can_be_typed_into_a_shell(run, tmp_path):
    (tmp_path / "a.txt").write_text("it's,that's\n" * 60)
    output = tmp_path / "my model"
    settings = ["--min-count", 1, "--epochs", 1, "--vector-size", 4, "--sample", 0]
    _, said, _ = run("train", tmp_path / "a.txt", "-o", output, "--separator=,", "--no-strip-punctuation", *settings)
    command = said.splitlines()[-1].removeprefix("try: ")
    assert shlex.split(command) == ["firth", "similar", str(output), "that's"]
    assert run(*shlex.split(command)[1:])[0] == 0


def test_train__an_existing_output_is_refused_before_any_work(run, small_text, saved):
    code, _, err = run("train", small_text, "-o", saved, *QUICK)
    assert code == 1
    assert "exists already" in err
    code, *_ = run("train", small_text, "-o", saved, *QUICK, "--overwrite")
    assert code == 0
    assert len(load(saved)) == 16


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "none.txt", "-o", "m"], 1, "there is no file or folder 'none.txt'"),
        (["train", "none.txt"], 2, "Missing option '-o'"),
        (["train", "none.txt", "-o", "m", "--window", "0"], 1, "window must be a whole number from 1"),
        (["train", "none.txt", "-o", "m", "--window", "x"], 2, "'x' is not a valid integer"),
        (["train", "-", "a.txt", "-o", "m"], 2, "cannot be mixed"),
        (["similar", "none", "x"], 1, "there is no model none"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_command__errors_are_one_line_and_have_their_exit_codes(run, arguments, code, message):
    got, out, err = run(*arguments)
    assert (got, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


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


def test_help__teaches(run):
    code, out, _ = run("--help")
    assert code == 0
    for command in ("demo", "train", "similar", "analogy", "export", "info"):
        assert f"\n  {command} " in out
    assert "king" in run("analogy", "--help")[1]


def firth_process(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "firth", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_train__from_standard_input(tmp_path, small_text):
    with small_text.open("rb") as file:
        process = firth_process("train", "-", "-o", tmp_path / "m", *QUICK, "--cache", tmp_path / "c", stdin=file)
        _, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert len(load(tmp_path / "m")) == 16


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGINT to send")
def test_train__ctrl_c_stops_with_130_and_leaves_a_checkpoint_and_nothing_half_done(tmp_path, small_text):
    process = firth_process(
        "train",
        small_text,
        "-o",
        tmp_path / "m",
        "--epochs",
        "1000000",
        "--cache",
        tmp_path / "c",
        "--progress",
    )
    for line in iter(lambda: process.stderr.read(64), ""):
        if "training" in line:
            break
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; everything so far is in" in err
    assert "Traceback" not in err
    assert sorted(os.listdir(tmp_path)) == ["c", "m.checkpoints", "small.txt"]
    assert len(os.listdir(tmp_path / "m.checkpoints")) in {1, 2}


def test_train__is_quiet_where_nobody_watches(tmp_path, small_text):
    process = firth_process("train", small_text, "-o", tmp_path / "m", *QUICK[:-1], "--cache", tmp_path / "c")
    _, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    process = firth_process(
        "train",
        small_text,
        "-o",
        tmp_path / "m",
        *QUICK[:-1],
        "--cache",
        tmp_path / "c",
        "--progress",
        "--overwrite",
    )
    _, err = process.communicate()
    assert "words/s" in err
    assert "epoch 2/2, loss" in err  # the learning rate after it, where there is room


def test_similar__into_a_closed_pipe_does_not_complain(saved):
    line = f"{sys.executable} -m firth similar {saved} king queen the | head -1"
    run = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert run.stderr == ""


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


def in_locale(*arguments, typed=b"", **environment):
    """Run the command into a pipe, as a locale has it; its output as bytes."""
    plain = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTHONIOENCODING"))}
    command = [sys.executable, "-m", "firth", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, env=kept | plain | environment, check=False, input=typed)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_output__to_a_pipe_is_utf8_in_every_locale(saved, options):
    done = in_locale("similar", saved, "king", *options)
    assert (done.returncode, done.stderr) == (0, b"")
    assert {"élan", "мир", "Zoë"} <= set(done.stdout.decode().replace('"', " ").replace(",", " ").split())


def test_output__what_the_encoding_asked_for_cannot_hold_is_escaped(saved):
    done = in_locale("similar", saved, "king", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, b"")
    words = [line.split()[1] for line in done.stdout.splitlines()]
    assert {"élan".encode("latin-1"), rb"\u043c\u0438\u0440"} <= set(words)


def test_output__csv_to_a_pipe_is_utf8(saved):
    done = in_locale("stability", saved, saved, "--csv", "-n", "3")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "мир" in done.stdout.decode()


def test_explore__what_is_piped_into_it_is_utf8_in_every_locale(saved):
    done = in_locale("explore", saved, typed="мир ~ мир\n".encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"1.0000" in done.stdout


def test_similar__a_word_is_utf8_in_every_locale(saved):
    done = in_locale("similar", saved, "мир")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"king" in done.stdout


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


def test_phrases_and_train_more__take_text_as_train_does(run, saved, tmp_path, monkeypatch):
    text = "new york,is,big\nnew york,is,far\n" * 10
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    found = ["--min-count", "2", "--threshold", "0.1", "--json"]
    code, out, _ = run("phrases", "-", "--separator", ",", *found)
    assert code == 0
    assert {entry["phrase"] for entry in json.loads(out)["highest"]} == {"new york_is", "is_far", "is_big"}
    assert run("phrases", "-", tmp_path / "a.txt")[0] == 2

    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"text": ["king queen the new", "new the queen"] * 20}), tmp_path / "t.parquet")
    assert run("phrases", tmp_path / "t.parquet", "--column", "text", *found)[0] == 0
    more = ["--column", "text", "-o", tmp_path / "more.firth", "--sentences", "file", "--epochs", "1", "--quiet"]
    assert run("train-more", saved, tmp_path / "t.parquet", *more)[0] == 0
    model = load(tmp_path / "more.firth")
    assert model.config.sentences == "file"
    assert "new" in model


def test_train__tells_how_many_files_it_learned_from_also_from_the_cache(run, small_text, tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name in ("a.txt", "b.txt", "c.txt"):
            archive.add(small_text, name)
    for i in range(2):
        code, out, _ = run("train", tmp_path / "a.tar", small_text, "-o", tmp_path / f"m{i}", *QUICK)
        assert code == 0
        assert f"16 words, 8 dimensions, from 4 files, saved to {tmp_path / f'm{i}'}" in out
    _, out, _ = run("train", tmp_path / "a.tar", "-o", tmp_path / "m3", *QUICK, "--json")
    assert json.loads(out)["files"] == 3
    more = ["-o", tmp_path / "m4", "--epochs", 1, "--quiet"]
    assert "of them new, from 3 files, saved" in run("train-more", tmp_path / "m3", tmp_path / "a.tar", *more)[1]
    assert "phrases, from 3 files\n" in run("phrases", tmp_path / "a.tar")[1]
    assert json.loads(run("phrases", small_text, "--json")[1])["files"] == 1


def test_train__settings_with_few_values_are_choices(run, small_text, tmp_path):
    _, out, _ = run("train", "--help")
    for choices in ("[line|paragraph|punctuation|file]", "[skip-gram|cbow]", "[strict|replace|ignore]"):
        assert choices in out
    code, _, err = run("train", small_text, "-o", tmp_path / "m", "--sentences", "book")
    assert (code, "'book' is not one of 'line', 'paragraph', 'punctuation', 'file'" in err) == (2, True)


def test_train__vectors_to_start_from_are_read_as_its_options_say(run, small_text, tmp_path):
    path = tmp_path / "odd"
    path.write_bytes(b"apple 1 0\neat 4 2 1\ncaf\xe9 1 2\npear 5 5\n")
    command = ["train", small_text, *QUICK, "--vector-size", 2, "--freeze", "--start", path]
    assert run(*command, "-o", tmp_path / "m")[0] == 1
    options = ["--start-format", "glove", "--start-errors", "replace", "--start-numbers-in-words"]
    code, _, err = run(*command, "-o", tmp_path / "m", *options)
    assert (code, err) == (0, "")
    model = load(tmp_path / "m")
    assert (model["apple"].tolist(), model["pear"].tolist()) == ([1, 0], [5, 5])
    assert run(*command, "-o", tmp_path / "m2", *options, "--start-limit", 2)[0] == 0
    assert load(tmp_path / "m2")["pear"].tolist() != [5, 5]
    code, _, err = run("train", small_text, "-o", tmp_path / "m3", "--start-limit", 2)
    assert (code, "name their file by --start" in err) == (2, True)


def test_train__a_model_that_another_process_wrote_meanwhile_is_seen_before_any_work(run, saved, small_text, tmp_path):
    output = tmp_path / "late.firth"
    begun = checkpoints_beside(output, overwrite=False, resume=False)
    shutil.copytree(saved, output)  # since this process looked
    with pytest.raises(OutputExistsError, match="exists already"), begun:
        pass
    assert not (tmp_path / "late.firth.training.checkpoints").exists()
    with checkpoints_beside(output, overwrite=True, resume=False) as ours:
        with pytest.raises(OutputExistsError, match="another process is training now"):
            Checkpoints(ours.folder).alone().__enter__()
        with ours.alone():
            assert ours.folder.is_dir()
    assert not (tmp_path / "late.firth.training.checkpoints").exists()
