"""Commands that learn."""

import io
import json
import os
import shlex
import shutil
import signal
import sys
import tarfile
import time

import pytest

from firth import load
from firth.cli.train import checkpoints_beside
from firth.config import TrainingConfig
from firth.errors import OutputExistsError
from firth.training.checkpoints import Checkpoints
from tests.helpers.commands import QUICK, firth_process


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


def test_train__splits_a_text_as_that_of_the_model_to_start_from(run, tmp_path):
    (tmp_path / "a.txt").write_text("Apple a-b\n" * 9)
    quick = ["--min-count", 1, "--sample", 0, "--epochs", 1, "--quiet"]
    alone = ["--no-lowercase", "--no-strip-punctuation", "--vector-size", 8]
    assert run("train", tmp_path / "a.txt", "-o", tmp_path / "m", *quick, *alone)[0] == 0
    again = ["train", tmp_path / "a.txt", *quick, "--start", tmp_path / "m"]
    assert run(*again, "-o", tmp_path / "m2")[::2] == (0, "")
    model = load(tmp_path / "m2")
    assert (set(model.words), model.vector_size) == ({"Apple", "a-b"}, 8)
    code, _, err = run(*again, "-o", tmp_path / "m3", "--lowercase", "--strip-punctuation")
    assert (code, "'a-b' (read as 'ab')" in err, "--no-lowercase --no-strip-punctuation" in err) == (1, True, True)


def test_train__settings_need_only_fit_those_of_the_model_to_start_from(run, tmp_path):
    (tmp_path / "a.txt").write_text("don't go, go\n" * 9)
    quick = [tmp_path / "a.txt", "--min-count", 1, "--sample", 0, "--epochs", 1, "--quiet"]
    assert run("train", *quick, "-o", tmp_path / "m", "--vector-size", 8, "--unicode-punctuation")[0] == 0
    assert run("train", *quick, "-o", tmp_path / "m2", "--keep-apostrophes")[0] == 1
    again = run("train", *quick, "-o", tmp_path / "m2", "--start", tmp_path / "m", "--keep-apostrophes")
    assert again[0] == 0, again[2]
    assert set(load(tmp_path / "m2").words) == {"don't", "go"}


def test_train__joins_no_phrases_of_the_model_to_start_from_where_it_is_told_so(run, tmp_path):
    (tmp_path / "a.txt").write_text("we see new york\nin new york\nand you see me\n" * 9)
    quick = ["train", tmp_path / "a.txt", "--min-count", 1, "--sample", 0, "--epochs", 1, "--quiet"]
    assert run(*quick, "-o", tmp_path / "m", "--phrase-passes", 1, "--phrase-threshold", 0.5)[0] == 0
    again = [*quick, "--start", tmp_path / "m"]
    assert run(*again, "-o", tmp_path / "m2")[0] == 0
    assert run(*again, "-o", tmp_path / "m3", "--phrase-passes", 0)[0] == 0
    assert ["new_york" in load(tmp_path / name) for name in ("m", "m2", "m3")] == [True, True, False]


def test_train__vectors_to_start_from_are_read_as_its_options_say(run, small_text, tmp_path):
    path = tmp_path / "odd"
    path.write_bytes(b"apple 1 0\neat 4 2 1\ncaf\xe9 1 2\npear 5 5\n")
    command = ["train", small_text, *QUICK, "--vector-size", 2, "--freeze", "--start", path]
    assert run(*command, "-o", tmp_path / "m")[0] == 1
    options = ["--start-format", "glove", "--start-errors", "replace", "--start-numbers-in-words"]
    code, _, err = run(*command, "-o", tmp_path / "m", *options)
    assert code == 0
    assert "'eat 4' (read as 'eat', '4')" in err  # which no line of text has
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
