"""Commands for what is trained again every day."""

import csv
import json

import numpy as np
import pytest

from firth import WordVectors, align, drift, export, load
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
