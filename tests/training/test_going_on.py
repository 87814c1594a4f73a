"""Starting from given vectors, learning from more text, holding sentences out, and stopping."""

import math
import os

import numpy as np
import pytest
from click.testing import CliRunner

import firth
from firth.cli import cli
from firth.corpus.corpus import TOKENS_AT_A_TIME
from firth.errors import ConfigError, CorpusError, FormatError
from firth.jit import target
from firth.kernels.machine import rng
from firth.reporting.events import Progress
from firth.training import rounds, schedule
from firth.training.checkpoints import Checkpoints
from firth.training.split import held_out_sentences, select
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")

SETTINGS = {"vector_size": 12, "epochs": 2, "sample": 0, "min_count": 2, "progress": False}


def text(seed=0, words=60, lines=600, prefix="w"):
    numbers = np.random.default_rng(seed).zipf(1.4, (lines, 12)) % words
    return [[f"{prefix}{n}" for n in line] for line in numbers]


@pytest.fixture(scope="module")
def model():
    return firth.train(text(), **SETTINGS)


def assert_same(model, other):
    assert model.words == other.words
    assert model.vectors.tobytes() == other.vectors.tobytes()
    assert model.output_vectors.tobytes() == other.output_vectors.tobytes()


# --- starting from vectors -------------------------------------------------------------------------------------------


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


# --- learning from more text -----------------------------------------------------------------------------------------


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


# --- holding out -----------------------------------------------------------------------------------------------------


def test_draws__are_those_of_the_kernel():
    key = rng.stream_key(3, 0, rng.VALIDATION)
    assert rng.draws(key, 50).tolist() == [int(rng.draw(key, i)) for i in range(50)]


def test_select__holds_out_whole_sentences(tmp_path):
    corpus = firth.encode(text(lines=2000))
    counts = corpus.counts[:20]
    tokens, held_out = select(corpus, counts, validation=0.1, seed=7)
    out = held_out_sentences(corpus.sentences, 0.1, 7)
    assert 150 < out.sum() < 250
    assert held_out.sentence_starts.tolist() == list(range(0, 12 * out.sum() + 1, 12))
    sentences = np.minimum(corpus.ids, 20).reshape(-1, 12)
    assert held_out.ids.tolist() == sentences[out].reshape(-1).tolist()
    assert (tokens.ids.reshape(-1, 12)[out] == 20).all()
    assert (tokens.ids.reshape(-1, 12)[~out] == sentences[~out]).all()


def test_select__pieces_do_not_matter(monkeypatch):
    corpus = firth.encode(text(lines=500))
    whole, whole_out = select(corpus, corpus.counts, validation=0.3)
    monkeypatch.setattr("firth.corpus.corpus.TOKENS_AT_A_TIME", 100)
    cut, cut_out = select(corpus, corpus.counts, validation=0.3)
    assert len(corpus) < TOKENS_AT_A_TIME
    assert (whole.ids == cut.ids).all()
    assert (whole_out.ids == cut_out.ids).all()


def test_validation__is_an_honest_loss():
    """Sentences learnt by heart do not make it better."""
    rng = np.random.default_rng(0)
    noise = [[f"w{n}" for n in line] for line in rng.integers(0, 400, (300, 10))]
    made = firth.train(noise, validation=0.2, **SETTINGS | {"epochs": 40, "learning_rate": 0.1, "min_count": 1})
    first, last = made.history[0], made.history[-1]
    held_out = [result.validation_loss for result in made.history]
    assert abs(first.loss - first.validation_loss) < 0.2
    assert last.loss < last.validation_loss - 1
    assert last.validation_loss > min(held_out) + 0.02


def test_validation__does_not_touch_the_training():
    tokens_alone = firth.train(text(), **SETTINGS)
    assert [r.validation_loss for r in tokens_alone.history] == [None, None]
    corpus = firth.encode(text())
    tokens, held_out = select(corpus, corpus.counts, validation=0.2)
    config = firth.TrainingConfig(vector_size=12, sample=0, validation=0.2)
    made = []
    for out in (held_out, None):
        parameters = schedule.initial_parameters(len(corpus.counts), 12, 1)
        list(rounds.train(tokens, config, parameters, epochs=2, threads=1, held_out=out))
        made.append(parameters)
    assert all((a == b).all() for a, b in zip(*made, strict=True))


@pytest.mark.parametrize("threads", [1, 3])
def test_patience__stops_and_keeps_the_best_epoch(threads):
    rng = np.random.default_rng(0)
    noise = [[f"w{n}" for n in line] for line in rng.integers(0, 400, (300, 10))]
    settings = SETTINGS | {"learning_rate": 0.1, "min_learning_rate": 0.1, "min_count": 1, "validation": 0.2}
    made = firth.train(noise, patience=2, threads=threads, **settings | {"epochs": 50})
    losses = [result.validation_loss for result in made.history]
    best = losses.index(min(losses))
    assert len(losses) == best + 3 < 50
    kept = firth.train(noise, **settings | {"epochs": best + 1})
    assert (made.vectors == kept.vectors).all()


def test_patience__goes_on_after_an_interruption(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    noise = [[f"w{n}" for n in line] for line in rng.integers(0, 400, (300, 10))]
    settings = SETTINGS | {"learning_rate": 0.1, "min_count": 1, "validation": 0.2, "patience": 2, "epochs": 50}
    whole = firth.train(noise, **settings)
    monkeypatch.setattr(Checkpoints, "are_due", lambda *_, **__: True)

    def stop(event):
        if isinstance(event, Progress) and event.epoch == len(whole.history) - 1 and event.epoch_done:
            raise RuntimeError("lights out")

    with pytest.raises(RuntimeError):
        firth.train(noise, checkpoints=tmp_path / "c", **settings | {"progress": stop})
    made = firth.train(noise, checkpoints=tmp_path / "c", resume=True, **settings)
    assert_same(made, whole)
    assert made.history == whole.history


def test_validation__what_will_not_do_is_named():
    with pytest.raises(ConfigError, match="patience needs sentences"):
        firth.train(text(), patience=2, **SETTINGS)
    with pytest.raises(CorpusError, match="holds out none or all"):
        firth.train([["a", "b"]] * 5, validation=0.001, **SETTINGS)
    with pytest.raises(CorpusError, match="no two words near each other"):
        firth.train([["a", "b"], *[["c"]] * 3000], validation=0.1, **SETTINGS | {"min_count": 1})


def test_stop_training__ends_with_the_model_as_it_is():
    seen = []

    def stop(event):
        if isinstance(event, Progress):
            seen.append(event)
            if event.epoch_done and event.epoch == 3:
                raise firth.StopTraining

    made = firth.train(text(), **SETTINGS | {"progress": stop, "epochs": 9})
    assert [result.epoch for result in made.history] == [1, 2, 3]
    assert seen[-1].epoch == 3
    assert math.isfinite(made.history[-1].loss)


def test_selection__leaves_no_file_behind(own_cache):
    firth.train(text(), validation=0.1, **SETTINGS)
    assert not os.listdir(own_cache)


# --- the command, and the choice of vectors --------------------------------------------------------------------------


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


# --- other objectives ------------------------------------------------------------------------------------------------

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


@pytest.mark.parametrize("stage", ["Compiling", "Reading", "Joining"])
def test_stop_training__before_anything_is_learned_is_an_error_that_says_so(small_text, tmp_path, monkeypatch, stage):
    monkeypatch.setattr("firth.training.train.is_compiled", lambda job: False)
    monkeypatch.setattr("firth.training.train.warmup.beside.start", lambda *_: None)
    seen = []

    def stop(event):
        seen.append(type(event).__name__)
        if seen[-1] == stage:
            raise firth.StopTraining

    settings = {"phrase_passes": 1, "epochs": 1, "vector_size": 4}
    with pytest.raises(firth.FirthError, match="before anything was learned: there is no model"):
        firth.train(small_text, progress=stop, checkpoints=tmp_path / "kept", **settings)
    assert seen[-1] == stage
    assert not (tmp_path / "kept").exists()
    assert len(firth.train(small_text, progress=False, **settings)) > 2
