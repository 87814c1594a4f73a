"""Starting from given vectors."""

import warnings

import numpy as np
import pytest

import firth
from firth.errors import ConfigError, CorpusError, FirthWarning, FormatError
from firth.jit import target
from firth.reporting.events import Progress
from firth.training import rounds, schedule
from firth.training.checkpoints import Checkpoints
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary
from tests.helpers.models import SETTINGS, assert_same, text

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")


@pytest.fixture(scope="module")
def model():
    return firth.train(text(), **SETTINGS)


def test_start__words_begin_where_the_given_vectors_are(model, monkeypatch):
    begun = []

    def nothing(tokens, config, parameters, **more):
        begun.append([array.copy() for array in parameters])
        yield Progress(1, 1, 1, 1, 1, 1.0, 0.1)

    monkeypatch.setattr(rounds, "train", nothing)
    made = firth.train(text(seed=1, words=80), start=model, **SETTINGS)
    inputs, outputs = begun[0]
    fresh = schedule.initial_parameters(len(made), 12, 1).inputs
    for i, word in enumerate(made.words):
        if word in model:
            assert (inputs[i, :12] == model[word]).all()
            assert (outputs[i, :12] == model.output_vectors[model.vocabulary.id(word)]).all()
        else:
            assert (inputs[i] == fresh[i]).all()
            assert not outputs[i].any()
    assert any(word not in model for word in made.words)


@pytest.mark.parametrize("kind", ["model", "folder", "file", "arrays", "vectors"])
def test_start__of_any_kind(model, tmp_path, kind):
    vectors = WordVectors(Vocabulary(model.words, model.vocabulary.counts), model.vectors)
    given = {
        "model": lambda: model,
        "folder": lambda: model.save(tmp_path / "m.firth"),
        "file": lambda: str(vectors and firth.export(vectors, tmp_path / "v.bin")[0]),
        "arrays": lambda: (model.words, model.vectors.astype(float)),
        "vectors": lambda: vectors,
    }[kind]()
    made = firth.train(text(seed=1), start=given, **{k: v for k, v in SETTINGS.items() if k != "vector_size"})
    assert made.vector_size == 12
    assert (made.vectors != firth.train(text(seed=1), **SETTINGS).vectors).any()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_start__frozen_words_stay_and_the_others_learn(model, threads, architecture):
    settings = SETTINGS | {"architecture": architecture, "threads": threads}
    made = firth.train(text(seed=1, words=80), start=model, frozen=True, **settings)
    for word in made.words:
        if word in model:
            assert (made[word] == model[word]).all()
            assert (
                made.output_vectors[made.vocabulary.id(word)] == model.output_vectors[model.vocabulary.id(word)]
            ).all()
    new = [word for word in made.words if word not in model]
    fresh = schedule.initial_parameters(len(made), 12, 1).inputs[:, :12]
    assert all((made[word] != fresh[made.vocabulary.id(word)]).any() for word in new)
    some = firth.train(text(seed=1), start=model, frozen=["w3"], **settings)
    assert (some["w3"] == model["w3"]).all()
    assert (some["w4"] != model["w4"]).any()


def test_start__frozen_without_output_vectors_learns_those(model):
    made = firth.train(text(seed=1), start=(model.words, model.vectors), frozen=True, **SETTINGS)
    assert (made["w3"] == model["w3"]).all()
    assert made.output_vectors[made.vocabulary.id("w3")].any()


@pytest.mark.parametrize(
    ("given", "more", "message"),
    [
        ((["a", "a"], np.zeros((2, 12))), {}, "'a' comes twice"),
        ((["a", "b"], np.full((2, 12), np.nan)), {}, "not finite"),
        ((["a", "b"], np.zeros((3, 12))), {}, "2 words, but vectors of shape"),
        ((["a", "b"], np.zeros((2, 7))), {"vector_size": 12}, "have 7 numbers, vector_size is 12"),
        ((["a", "b"], np.zeros((2, 12))), {"frozen": ["c"]}, "'c' has none"),
        (7, {}, "cannot start from int"),
        (None, {"frozen": True}, "start=VECTORS"),
    ],
)
def test_start__what_will_not_do_is_named(given, more, message):
    with pytest.raises(ConfigError, match=message):
        firth.train(text(), start=given, **SETTINGS | more)


def test_start__words_that_are_not_finite_are_as_if_not_there(model):
    bad = model.vectors.copy()
    bad[model.vocabulary.id("w3")] = np.nan
    rest = [word for word in model.words if word != "w3"]
    made = firth.train(text(seed=1), start=(model.words, bad), **SETTINGS)
    without = firth.train(text(seed=1), start=(rest, model[rest]), **SETTINGS)
    assert (made.vectors == without.vectors).all()
    frozen = firth.train(text(seed=1), start=(model.words, bad), frozen=True, **SETTINGS)
    assert (frozen["w4"] == model["w4"]).all()
    assert np.isfinite(frozen["w3"]).all()
    with pytest.raises(ConfigError, match="'w3' has none"):
        firth.train(text(), start=(model.words, bad), frozen=["w3"], **SETTINGS)


def test_start__words_whose_output_vectors_are_not_finite_are_as_if_not_there(model):
    outputs = model.output_vectors.copy()
    outputs[model.vocabulary.id("w3")] = np.inf
    broken = firth.Word2Vec(model.vocabulary, model.vectors, outputs, model.config, model.history)
    made = firth.train(text(seed=1), start=broken, frozen=True, **SETTINGS)
    assert np.isfinite(made.output_vectors).all()
    assert (made["w4"] == model["w4"]).all()
    assert (made["w3"] != model["w3"]).any()


def test_start__of_other_words_or_no_file(tmp_path):
    with pytest.raises(CorpusError, match=r"none of the .* words of the text is among the 2"):
        firth.train(text(), start=(["a", "b"], np.zeros((2, 12))), **SETTINGS)
    with pytest.raises(FormatError, match="there is no model"):
        firth.train(text(), start=tmp_path / "nothing.bin", **SETTINGS)


def test_start__is_part_of_what_a_checkpoint_is_of(model, tmp_path, monkeypatch):
    monkeypatch.setattr(Checkpoints, "are_due", lambda *_, **__: True)
    lines = text(seed=1)
    whole = firth.train(lines, start=model, **SETTINGS)

    def stop(event):
        if isinstance(event, Progress) and event.epoch == 2:
            raise RuntimeError("lights out")

    with pytest.raises(RuntimeError):
        firth.train(lines, start=model, checkpoints=tmp_path / "c", **SETTINGS | {"progress": stop})
    again = {"checkpoints": tmp_path / "c", "resume": True}
    with pytest.raises(ConfigError, match="vectors to start from are others"):
        firth.train(lines, **again, **SETTINGS)
    with pytest.raises(ConfigError, match="the call that began it"):
        firth.resume(tmp_path / "c", lines)
    assert_same(firth.train(lines, start=model, **again, **SETTINGS), whole)


def test_train__warns_where_a_text_seems_to_have_lost_the_signs_of_the_ids_to_start_from():
    settings = {"vector_size": 4, "min_count": 1, "sample": 0, "epochs": 1, "progress": False}
    ids = firth.train([[-10, 10, 20], [10, -10, 20]] * 10, **settings)
    with pytest.warns(FirthWarning, match="such as -10, the text has 10 only.*strip_punctuation=False"):
        firth.train(["-10 20"] * 10, start=ids, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        firth.train(["-10 20"] * 10, start=ids, strip_punctuation=False, **settings)
        firth.train([["-10", "10"]] * 10, start=ids, **settings)
        firth.train([[10, 20]] * 10, start=ids, **settings)
