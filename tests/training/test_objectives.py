"""Other objectives, shared vectors, windows of whole sentences; and the choice of vectors."""

import numpy as np
import pytest
from click.testing import CliRunner

import firth
from firth.cli import cli
from firth.errors import ConfigError
from firth.jit import target
from firth.vectors.word_vectors import WordVectors
from tests.helpers.models import SETTINGS, assert_same, text

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")


@pytest.fixture(scope="module")
def model():
    return firth.train(text(), **SETTINGS)


def test_choose__gives_the_other_vectors(model):
    for kind, wanted in {
        "input": model.vectors,
        "output": model.output_vectors,
        "mean": (model.vectors + model.output_vectors) / 2,
        "concatenated": np.hstack([model.vectors, model.output_vectors]),
    }.items():
        chosen = model.choose(kind)
        assert (chosen.vectors == wanted).all()
        assert chosen.most_similar("w1", topn=1)
    with pytest.raises(ValueError, match="not 'sum'"):
        model.choose("sum")


TREE = {"objective": "hierarchical-softmax"}


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_hierarchical_softmax__learns_and_lasts(tmp_path, architecture):
    made = firth.train(text(), **SETTINGS | TREE | {"epochs": 5, "architecture": architecture})
    assert made.history[-1].loss < made.history[0].loss
    assert_same(made, firth.load(made.save(tmp_path / "tree.firth")))
    assert not made.output_vectors[-1].any()
    assert made.output_vectors[:-1].any(axis=1).all()


def test_hierarchical_softmax__gives_no_word_an_output_vector():
    made = firth.train(text(), **SETTINGS | TREE)
    assert made.choose("input").vectors.tobytes() == made.vectors.tobytes()
    for kind in ("output", "mean", "concatenated"):
        with pytest.raises(ValueError, match="not of words"):
            made.choose(kind)


def test_hierarchical_softmax__starts_from_input_vectors_alone(model):
    tree = firth.train(text(), **SETTINGS | TREE)
    for start, settings in ((model, TREE), (tree, {})):
        alone = WordVectors(start.vocabulary, start.vectors)
        made = (firth.train(text(seed=3), start=given, **SETTINGS | settings) for given in (start, alone))
        assert_same(*made)


def test_hierarchical_softmax__learns_more_with_another_vocabulary_only(model):
    tree = firth.train(text(), **SETTINGS | TREE)
    for given, settings in ((tree, {}), (model, TREE), (tree, {"objective": "negative-sampling"})):
        with pytest.raises(ConfigError, match="replace"):
            given.train_more(text(seed=2), progress=False, **settings)
        more = given.train_more(text(seed=2), vocabulary="replace", progress=False, epochs=1, **settings)
        assert np.isfinite(more.vectors).all()


def test_shared_vectors__are_one_for_each_word(model):
    made = firth.train(text(), **SETTINGS, shared_vectors=True)
    assert made.vectors.tobytes() == made.output_vectors.tobytes()
    begun = firth.train(text(), start=model, **SETTINGS, shared_vectors=True)
    alone = firth.train(text(), start=WordVectors(model.vocabulary, model.vectors), **SETTINGS, shared_vectors=True)
    assert_same(begun, alone)
    with pytest.raises(ConfigError, match="cannot share"):
        firth.train(text(), **SETTINGS | TREE, shared_vectors=True)


def test_window__of_whole_sentences_has_the_pairs_of_a_fixed_one_as_long_as_the_longest():
    whole = firth.train(text(), **SETTINGS, window="sentence")
    fixed = firth.train(text(), **SETTINGS, window=11, shrink_windows=False)
    assert whole.history[0].pairs == fixed.history[0].pairs == 600 * 12 * 11


def test_window__of_whole_sentences_pairs_all_words_of_baskets():
    """Two kinds of baskets whose items never mix, and stand far apart."""
    rng = np.random.default_rng(0)
    baskets = [[f"{kind}{i}" for i in rng.permutation(40)[:30]] for kind in "ab" for _ in range(300)]
    made = firth.train(baskets, **SETTINGS | {"window": "sentence", "epochs": 3})
    for word in ("a1", "b1"):
        assert {near[0] for near, _ in made.most_similar(word, topn=10)} == {word[0]}
    assert made.history[0].pairs > 600 * 30 * 29 * 2 / 3  # all pairs of nearly all blocks


def test_command__takes_a_window_of_a_sentence_or_a_number(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in text()))
    common = ["train", str(path), "--epochs", "1", "--vector-size", "4", "--cache", str(tmp_path / "cache")]
    for window, kept in (("sentence", "sentence"), ("3", 3)):
        result = CliRunner().invoke(cli, [*common, "-o", str(tmp_path / f"{window}.firth"), "--window", window])
        assert result.exit_code == 0, result.output
        assert firth.load(tmp_path / f"{window}.firth").config.window == kept
    for window in ("word", "-1", "2.5"):
        result = CliRunner().invoke(cli, [*common, "-o", str(tmp_path / "no.firth"), "--window", window])
        assert result.exit_code != 0
