"""Learning from more text."""

import warnings

import numpy as np
import pytest
from click.testing import CliRunner

import firth
from firth.cli import cli
from firth.errors import ConfigError, CorpusError, FirthWarning
from firth.jit import target
from firth.training.train import epochs_for
from firth.training.train_more import passes_for
from tests.helpers.models import SETTINGS, assert_same, text

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")


@pytest.fixture(scope="module")
def model():
    return firth.train(text(), **SETTINGS)


def test_train_more__keeps_the_vocabulary(model):
    more = [[*line, "new"] for line in text(seed=2, words=30)]
    made = model.train_more(more, vocabulary="keep", progress=False)
    assert sorted(made.words) == sorted(model.words)
    assert "new" not in made
    assert made["w3"].tolist() != model["w3"].tolist()
    untouched = [word for word in model.words if int(word[1:]) >= 30]
    assert all((made[word] == model[word]).all() for word in untouched)
    counted = sum(word == "w3" for line in more for word in line)
    count = {w: int(c) for w, c in zip(made.words, made.vocabulary.counts, strict=True)}
    assert count["w3"] == model.vocabulary.counts[model.vocabulary.id("w3")] + counted
    assert [result.epoch for result in made.history] == list(range(1, len(made.history) + 1))
    assert made.history[:2] == model.history


def test_train_more__grows_the_vocabulary(model):
    made = model.train_more(text(seed=2, prefix="x") + text(seed=3), progress=False, epochs=3)
    assert set(model.words) < set(made.words)
    assert any(word.startswith("x") for word in made.words)
    assert (np.diff(made.vocabulary.counts) <= 0).all()
    assert len(made.history) == 5
    assert made.config.epochs == 3
    # words of the new text alone are near each other, not near the old ones
    assert sum(word.startswith("x") for word, _ in made.most_similar("x3", topn=10)) >= 8


def test_train_more__replaces_the_vocabulary(model):
    made = model.train_more(text(seed=2, words=90), vocabulary="replace", progress=False)
    alone = firth.train(text(seed=2, words=90), **SETTINGS)
    assert made.words == alone.words
    assert (made.vectors != alone.vectors).any()


def test_train_more__leaves_the_old_model_as_it_is(model):
    before = model.vectors.copy(), list(model.words), list(model.history)
    model.train_more(text(seed=2), progress=False)
    assert (model.vectors == before[0]).all()
    assert (model.words, model.history) == before[1:]


@pytest.mark.parametrize("vocabulary", ["keep", "grow", "replace"])
def test_train_more__gives_the_same_bits_at_any_number_of_threads_and_after_saving(model, tmp_path, vocabulary):
    more = text(seed=2, words=90)
    one = model.train_more(more, vocabulary=vocabulary, threads=1, progress=False)
    loaded = firth.load(model.save(tmp_path / "m.firth"))
    assert_same(loaded.train_more(more, vocabulary=vocabulary, threads=3, progress=False), one)
    assert_same(firth.load(one.save(tmp_path / "n.firth")), one)


@pytest.mark.parametrize("times", [3])
def test_train_more__again_and_again_never_fails(model, times):
    """Where gensim's update crashed (its issues #1019 and #2519): new words each time, and none."""
    made = model
    for number in range(times):
        new = text(seed=number, prefix="abc"[number])
        made = made.train_more(new + text(lines=20), progress=False, epochs=1)
        made = made.train_more(text(), progress=False, epochs=1)
    assert len(made) > len(model)
    assert np.isfinite(made.vectors).all()
    assert made.most_similar("w1")


def test_train_more__frozen_old_words_let_new_ones_find_their_place(model):
    made = model.train_more(text(seed=2, words=90), frozen=True, progress=False)
    assert all((made[word] == model[word]).all() for word in model.words)


def test_train_more__text_without_a_known_word(model):
    with pytest.raises(CorpusError, match=r'the model knows 0: there is nothing to learn. vocabulary="grow"'):
        model.train_more([["what", "else"]] * 50, vocabulary="keep", progress=False)
    with pytest.raises(CorpusError, match="none of the 2 words of the text"):
        model.train_more([["what", "else"]] * 50, progress=False)


def test_train_more__what_will_not_do_is_named(model):
    with pytest.raises(ConfigError, match="keep, grow or replace, not 'update'"):
        model.train_more(text(), vocabulary="update")
    with pytest.raises(ConfigError, match="vectors have 12 numbers"):
        model.train_more(text(), vector_size=13)
    with pytest.raises(ConfigError, match="no such setting"):
        model.train_more(text(), size=13)


def test_commands__start_and_train_more(tmp_path):
    runner = CliRunner()
    for number in (1, 2):
        lines = [" ".join(line) for line in text(seed=number, words=50 + 30 * number)]
        (tmp_path / f"{number}.txt").write_text("\n".join(lines))
    first, more, second = (str(tmp_path / name) for name in ("1.firth", "more.firth", "2.firth"))
    settings = ["--vector-size", "12", "--epochs", "2", "--min-count", "2", "--quiet"]
    trained = runner.invoke(cli, ["train", str(tmp_path / "1.txt"), "-o", first, "--architecture", "cbow", *settings])
    assert trained.exit_code == 0, trained.output
    grown = runner.invoke(cli, ["train-more", first, str(tmp_path / "2.txt"), "-o", more, "--epochs", "1", "--quiet"])
    assert grown.exit_code == 0, grown.output
    assert " of them new" in grown.output
    assert set(firth.load(first).words) < set(firth.load(more).words)
    assert firth.load(more).config.architecture == "cbow"
    begun = ["train", str(tmp_path / "2.txt"), "-o", second, "--start", first, "--freeze", *settings]
    assert runner.invoke(cli, begun).exit_code == 0
    assert (firth.load(second)["w3"] == firth.load(first)["w3"]).all()
    exported = runner.invoke(cli, ["export", first, str(tmp_path / "v.txt"), "--vectors", "concatenated"])
    assert exported.exit_code == 0
    assert firth.load(tmp_path / "v.txt").vector_size == 24
    refused = runner.invoke(cli, ["train-more", str(tmp_path / "v.txt"), str(tmp_path / "2.txt"), "-o", second + "x"])
    assert "is no firth model" in str(refused.exception)


def passes_of(model, more, **options):
    return model.train_more(more, progress=False, **options).config.epochs


@pytest.mark.parametrize(("tokens", "passes"), [(1, 1), (299_999, 1), (1_000_000, 5), (4_000_000, 10), (0, 1)])
def test_train_more__passes_follow_the_ratio_of_new_text_to_old(tokens, passes):
    assert passes_for(tokens, 1_000_000) == passes


def test_train_more__by_default_passes_once_over_a_small_text(model):
    assert passes_of(model, text(seed=2, lines=60)) == 1
    assert passes_of(model, text(seed=2, lines=600)) == 5
    assert passes_of(model, text(seed=2, lines=60), epochs=3) == 3


@pytest.mark.parametrize("options", [{"frozen": True}, {"vocabulary": "replace"}])
def test_train_more__passes_as_often_as_a_new_model_where_nothing_is_forgotten(model, options):
    more = text(seed=2, lines=60, words=90)
    assert passes_of(model, more, **options) == epochs_for(60 * 12) == 50


def test_train_more__many_passes_over_a_small_text_warn_that_much_is_forgotten(model):
    more = text(seed=2, lines=60)
    with pytest.warns(FirthWarning, match=r"20 passes over 720 new words .* forget .* Try epochs=1 \(the default"):
        model.train_more(more, epochs=20, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.train_more(more, epochs=20, learning_rate=0.005, progress=False)
        model.train_more(more, epochs=20, frozen=True, progress=False)
        model.train_more(text(seed=2), epochs=20, progress=False)
