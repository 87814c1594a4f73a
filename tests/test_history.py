"""What a model has behind it, and how it is cited."""

import dataclasses
import hashlib
import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import firth
from firth.citation import AUTHORS, TITLE, YEAR
from firth.history import Provenance, name_of
from firth.jit import target
from firth.model import Word2Vec

ROOT = Path(__file__).parents[1]
QUICK = {"vector_size": 4, "epochs": 1, "sample": 0, "progress": False}
needs_compiler = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")
TEXT = Provenance("corpus.txt", "ab" * 32, 2, 3, 40, {"firth": "0.1", "numpy": "2.0"})


def told_by(model):
    """The model with a text that it has learned from."""
    made = (model.vocabulary, model.vectors, model.output_vectors, model.config, model.history)
    return Word2Vec(*made, provenance=[TEXT])


@needs_compiler
def test_provenance__tells_the_text_and_the_versions(small_text):
    (text,) = firth.train(small_text, **QUICK).provenance
    lines = small_text.read_text().splitlines()
    assert text.source == small_text.name
    assert (text.files, text.sentences) == (1, len(lines))
    assert text.tokens == sum(len(line.split()) for line in lines)
    assert text.fingerprint == firth.encode(small_text).fingerprint
    assert text.versions == {
        "firth": firth.__version__,
        "numpy": np.__version__,
        "numba": version("numba"),
        "python": ".".join(map(str, sys.version_info[:3])),
    }


@needs_compiler
def test_provenance__is_of_the_content_and_not_of_where_it_is(small_text, tmp_path):
    other = tmp_path / "deeper" / "text.txt"
    other.parent.mkdir()
    other.write_bytes(small_text.read_bytes())
    one, same = (firth.train(path, **QUICK).provenance[0] for path in (small_text, other))
    assert one.fingerprint == same.fingerprint
    other.write_bytes(small_text.read_bytes() + b"one more\n")
    assert firth.train(other, **QUICK).provenance[0].fingerprint != one.fingerprint


@needs_compiler
def test_provenance__of_lists_is_known_by_their_tokens():
    (text,) = firth.train([["a", "b"]] * 20, **QUICK).provenance
    assert (text.files, text.sentences, text.tokens) == (0, 20, 40)
    assert re.fullmatch(r"[0-9a-f]{64}", text.fingerprint)


@needs_compiler
def test_provenance__of_a_model_that_learned_more_has_all_texts(small_text, tmp_path):
    model = firth.train(small_text, **QUICK)
    more = model.train_more([["they", "eat"]] * 20, progress=False)
    replaced = model.train_more([["they", "eat"]] * 20, vocabulary="replace", epochs=1, progress=False)
    started = firth.train([["they", "eat"]] * 20, start=model, **QUICK)
    for made in (more, replaced, started):
        assert made.provenance[0] == model.provenance[0]
        assert made.provenance[1].tokens == 40
    assert firth.load(more.save(tmp_path / "m")).provenance == more.provenance


def test_provenance__is_saved_and_stays_when_vectors_change(model, tmp_path):
    made = told_by(model)
    assert firth.load(made.save(tmp_path / "m")).provenance == (TEXT,)
    assert made.select(made.words[:3]).provenance == (TEXT,)
    assert made.rotated(np.eye(10)).provenance == (TEXT,)
    assert "corpus.txt" in made._repr_html_()


def test_provenance__of_models_without_one_is_empty_and_they_load(model, tmp_path):
    folder = told_by(model).save(tmp_path / "m")
    about = json.loads((folder / "model.json").read_text())
    del about["provenance"], about["sha256"]
    about["sha256"] = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
    (folder / "model.json").write_text(json.dumps(about))
    again = firth.load(folder)
    assert again.provenance == ()
    assert (again.vectors == model.vectors).all()


@pytest.mark.parametrize(
    "provenance",
    [3, "text", [3], [{}], *([dataclasses.asdict(TEXT) | wrong] for wrong in (
        {"tokens": "40"}, {"files": -1}, {"source": 3}, {"versions": []}, {"versions": {"firth": 1}},
    ))],
)  # fmt: skip
def test_provenance__what_is_none_is_an_error(model, tmp_path, provenance):
    folder = model.save(tmp_path / "m")
    about = json.loads((folder / "model.json").read_text()) | {"provenance": provenance}
    del about["sha256"]
    about["sha256"] = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
    (folder / "model.json").write_text(json.dumps(about))
    with pytest.raises(firth.FormatError, match="cannot be read"):
        firth.load(folder)


def test_provenance__leaves_out_what_a_later_version_adds():
    assert Provenance.of_saved(dataclasses.asdict(TEXT) | {"machine": "x"}) == TEXT


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("/home/me/secret/corpus.txt", "corpus.txt"),
        ("corpus.txt", "corpus.txt"),
        (r"C:\texts\corpus.txt", "corpus.txt"),
        ("s3://bucket/news/a.gz", "a.gz"),
        ("/data/folder/", "folder"),
        ("3 files", "3 files"),
        ("'text' of /home/me/a.parquet", "'text' of a.parquet"),
        ("/a/History of Rome/b.txt", "b.txt"),
        ("/", "/"),
    ],
)
def test_provenance__names_no_folders(source, name):
    assert name_of(source) == name


def test_cite__is_what_the_file_for_programs_and_the_readme_say():
    file = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f'title: "{TITLE}"' in file
    assert f"- name: {AUTHORS}" in file
    readme = (ROOT / "README.md").read_text("utf-8")
    (entry,) = re.findall(r"```bibtex\n(.*?)\n```", readme, re.DOTALL)
    assert firth.cite().replace(firth.__version__, firth.__version__.partition(".dev")[0]) == entry
    assert str(YEAR) in entry


def test_cite__of_a_model_tells_settings_text_and_versions(model):
    told = firth.cite(told_by(model))
    assert told.startswith(firth.cite())
    assert "skip-gram with negative-sampling, 10 dimensions, 8 words" in told
    assert "settings vector_size=10, epochs=2" in told
    assert f"corpus.txt, 3 sentences, 40 tokens, SHA-256 {'ab' * 32}; trained by firth 0.1, NumPy 2.0." in told
