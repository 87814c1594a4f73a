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


OF_ONE_EPOCH = {"vector_size": 4, "min_count": 1, "sample": 0, "epochs": 1, "progress": False}


def test_train__splits_a_text_as_that_of_the_vectors_to_start_from():
    ids = firth.train([[-10, 10, 20], [10, -10, 20]] * 10, **OF_ONE_EPOCH)
    assert firth.train(["-10 20"] * 10, start=ids, **OF_ONE_EPOCH).words == ["-10", "20"]
    cased = firth.train(["Apple pie, an apple"] * 10, lowercase=False, separator=" ", **OF_ONE_EPOCH)
    more = firth.train(["Apple pie"] * 10, start=cased, **OF_ONE_EPOCH)
    assert (more.words, more.config.lowercase, more.config.separator) == (["Apple", "pie"], False, " ")


def test_train__splits_a_text_as_it_is_told_whatever_it_starts_from():
    cased = firth.train(["Apple pie, an apple"] * 10, lowercase=False, **OF_ONE_EPOCH)
    with pytest.warns(FirthWarning, match=r"1 of the 4 words .* such as 'Apple' \(read as 'apple'\)"):
        assert firth.train(["Apple pie"] * 10, start=cased, lowercase=True, **OF_ONE_EPOCH).words == ["apple", "pie"]
    config = firth.TrainingConfig(vector_size=4, min_count=1, sample=0, epochs=1)
    with pytest.warns(FirthWarning, match="read as 'apple'"):
        assert firth.train(["Apple pie"] * 10, start=cased, config=config, progress=False).words == ["apple", "pie"]


def test_train__joins_the_phrases_of_the_model_to_start_from_unless_others_are_given():
    phrases = firth.Phrases([{("new", "york"): 9.0}])
    model = firth.train(["we see new york"] * 10, phrases=phrases, **OF_ONE_EPOCH)
    again = firth.train(["new york is new"] * 10, start=model, **OF_ONE_EPOCH)
    assert "new_york" in again.words
    with pytest.warns(FirthWarning, match="'new_york' .read as 'newyork'"):
        others = firth.train(["we see new york"] * 10, start=model, phrases=firth.Phrases([]), **OF_ONE_EPOCH)
    assert "new_york" not in others.words
    with pytest.warns(FirthWarning, match="'new_york' .read as 'newyork'"):
        none = firth.train(["we see new york"] * 10, start=model, phrase_passes=0, **OF_ONE_EPOCH)
    assert ("new_york" in none.words, none.phrases) == (False, None)


LISTS = [["New York", "a-b", "Apple", "king", "-10"]] * 10


@pytest.mark.parametrize(
    ("word", "settings"),
    [("New York", {"lowercase": False}), ("a-b", {}), ("Apple", {}), ("-10", {}), ("\N{EM DASH}king", {})],
)
def test_train__warns_of_words_to_start_from_that_the_text_cannot_have(word, settings):
    model = firth.train([[word, "king", "queen"]] * 10, **OF_ONE_EPOCH)
    settings = OF_ONE_EPOCH | settings | ({"unicode_punctuation": True} if word.startswith("\N{EM DASH}") else {})
    with pytest.warns(FirthWarning, match=f"1 of the 3 words that have vectors .*{word}' .read as"):
        firth.train([f"{word} king queen"] * 10, start=model, **settings)


def test_train__says_nothing_of_words_where_texts_are_lists_or_split_at_white_space():
    ids = firth.train([[-10, 10, 20], [10, -10, 20]] * 10, **OF_ONE_EPOCH)
    words = firth.train([["a-b", "Apple", "king"]] * 10, **OF_ONE_EPOCH)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        firth.train([["-10", "10"]] * 10, start=ids, **OF_ONE_EPOCH)
        firth.train([[10, 20]] * 10, start=ids, **OF_ONE_EPOCH)
        firth.train([["a-b", "Apple"]] * 10, start=words, **OF_ONE_EPOCH)
        alone = {"lowercase": False, "strip_punctuation": False}
        more = firth.train(["a-b Apple"] * 10, start=words, **alone, **OF_ONE_EPOCH)
    assert more.words == ["Apple", "a-b"]


def test_train__refuses_a_text_that_can_have_none_of_the_words_to_start_from():
    codes = firth.train([["SKU-1", "SKU-2"]] * 10, **OF_ONE_EPOCH)
    message = r"2 of the 2 words .*'SKU-1' \(read as 'sku1'\).*lowercase=False, strip_punctuation=False \(--no-lower"
    with pytest.raises(ConfigError, match=message):
        firth.train(["SKU-1 sku1"] * 10, start=codes, **OF_ONE_EPOCH)
    with pytest.raises(ConfigError, match=message):
        codes.train_more(["SKU-1 sku1"] * 10, progress=False)
    more = codes.train_more(["SKU-1 sku1"] * 10, lowercase=False, strip_punctuation=False, min_count=1, progress=False)
    assert more.count("SKU-1") == 20


def test_train__an_encoded_text_is_known_for_how_it_was_split():
    model = firth.train(LISTS, **OF_ONE_EPOCH)
    lowered = firth.encode(["New York a-b Apple king"] * 10)
    with pytest.warns(FirthWarning, match="4 of the 5 words"):
        firth.train(lowered, start=model, **OF_ONE_EPOCH)
    with pytest.warns(FirthWarning, match="4 of the 5 words"):
        model.train_more(lowered, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        firth.train(firth.encode(LISTS), start=model, **OF_ONE_EPOCH)


def test_train__an_error_names_the_settings_of_the_start_that_nobody_said():
    baskets = firth.train(["new york,apple", "apple,new york"] * 10, separator=",", **OF_ONE_EPOCH)
    plain = ["we see new york", "and an apple"] * 3
    taken = r"\(separator=',': as the vectors to start from have it"
    for settings in ({"min_count": 9}, {}):  # no word is left, or none that has a vector
        with pytest.raises(CorpusError, match=taken):
            firth.train(plain, start=baskets, **OF_ONE_EPOCH | settings)
    encoded = firth.encode(plain, config=firth.TextConfig(separator=","))
    for source, settings in (([line.split() for line in plain], {}), (plain, {"separator": ","}), (encoded, {})):
        with pytest.raises(CorpusError, match=r"^((?!to start from have).)*$"):
            firth.train(source, start=baskets, **OF_ONE_EPOCH | {"min_count": 9} | settings)


def test_train__a_contradiction_names_the_settings_of_the_start_that_nobody_said():
    of_prose = {"unicode_punctuation": True, "keep_apostrophes": True}
    model = firth.train(["don't go", "go"] * 10, **of_prose, **OF_ONE_EPOCH)
    taken = r"needs unicode_punctuation.* \(keep_apostrophes=True: as the vectors to start from have it"
    with pytest.raises(ConfigError, match=taken):
        firth.train(["go"], start=model, unicode_punctuation=False, **OF_ONE_EPOCH)
    with pytest.raises(ConfigError, match=taken):
        model.train_more(["go"], unicode_punctuation=False, progress=False)
    with pytest.raises(ConfigError, match=r"^((?!to start from have).)*$"):
        firth.train(["go"], start=model, separator=",", sentences="file", **OF_ONE_EPOCH)


def test_train__what_is_said_of_an_encoded_text_comes_too_late_whatever_it_starts_from():
    model = firth.train(["Apple pie"] * 10, lowercase=False, **OF_ONE_EPOCH)
    as_written = firth.encode(["Apple pie"] * 10, config=firth.TextConfig(lowercase=False))
    too_late = "encoded already, with lowercase=False: what the training says"
    for settings in ({"start": model}, {}):
        with pytest.warns(FirthWarning, match=too_late):
            assert firth.train(as_written, lowercase=True, **settings, **OF_ONE_EPOCH).words == ["Apple", "pie"]
    with pytest.warns(FirthWarning, match=too_late):
        model.train_more(as_written, lowercase=True, min_count=1, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        firth.train(as_written, **OF_ONE_EPOCH)
        firth.train(as_written, lowercase=False, start=model, **OF_ONE_EPOCH)
        model.train_more(as_written, min_count=1, progress=False)


def test_train_more__warns_of_a_text_that_was_encoded_otherwise_than_the_models():
    model = firth.train(["an apple"] * 10, lowercase=False, **OF_ONE_EPOCH)
    with pytest.warns(FirthWarning, match="encoded already, with lowercase=True: that is not how the model splits"):
        model.train_more(firth.encode(["An apple"] * 10), min_count=1, progress=False)


def test_train__where_sentences_end_is_of_no_matter_in_an_encoded_text():
    baskets = firth.encode(["new york,apple"] * 10, config=firth.TextConfig(separator=","))
    model = firth.train(baskets, sentences="punctuation", **OF_ONE_EPOCH)
    assert (set(model.words), model.config.separator) == ({"new york", "apple"}, ",")
