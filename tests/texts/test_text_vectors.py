"""Vectors of texts, beside the papers' way of computing them; and what is refused."""

import dataclasses
import os
import pickle
import threading
import warnings

import numpy as np
import pytest

import firth
from firth.errors import ConfigError, CorpusError, FirthError, FirthWarning, SourceError
from firth.phrases import Phrases
from firth.texts import averaging, documents
from tests.helpers.models import SETTINGS
from tests.texts.conftest import TEXTS

pytestmark = pytest.mark.filterwarnings("ignore:.*have no word that the model knows.*:firth.errors.FirthWarning")


def the_long_way(model, texts, weights, remove, a=1e-3):
    """SIF and uSIF text by text, as Arora et al. and Ethayarajh have them: weigh, take the mean, then remove."""
    counts = dict(zip(model.words, model.vocabulary.counts.tolist(), strict=True))
    total = sum(counts.values())
    split = [["".join(c for c in word if c.isalnum()).lower() for word in text.split()] for text in texts]
    known = [[word for word in text if word in counts] for text in split]
    if weights == "usif":
        n = np.mean([len(text) for text in known if text])
        threshold = 1 - (1 - 1 / len(counts)) ** n
        alpha = sum(count / total > threshold for count in counts.values()) / len(counts)
        a = (1 - alpha) / (alpha * 0.5 * len(counts))
    weight = {
        "mean": lambda _: 1.0,
        "sif": lambda word: a / (a + counts[word] / total),
        "usif": lambda word: a / (0.5 * a + counts[word] / total),
    }[weights]
    rows = np.zeros((len(texts), model.vector_size))
    for row, text in enumerate(known):
        for word in text:
            rows[row] += weight(word) * model[word].astype(np.float64) / len(text)
    _, sigma, right = np.linalg.svd(rows, full_matrices=False)
    for i in range(remove):
        share = sigma[i] ** 2 / (sigma[:remove] ** 2).sum() if weights == "usif" else 1.0
        rows = rows - share * np.outer(rows @ right[i], right[i])
    return rows


@pytest.mark.parametrize(
    ("weights", "remove"), [("mean", 0), ("mean", 2), ("sif", 0), ("sif", 1), ("sif", 3), ("usif", 3)]
)
def test_transform__is_what_the_papers_compute(words, weights, remove):
    found = firth.TextVectors(words, weights=weights, remove=remove).fit_transform(TEXTS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, the_long_way(words, TEXTS, weights, remove), atol=1e-6)


def test_transform__removes_as_many_components_as_the_papers_if_nobody_says(words):
    for weights, count in {"mean": 0, "sif": 1, "usif": 5}.items():
        fitted = firth.TextVectors(words, weights=weights).fit(TEXTS)
        assert fitted.components_.shape == (count, 6)
        assert fitted.shares_.shape == (count,)
        np.testing.assert_allclose(fitted.transform(TEXTS), the_long_way(words, TEXTS, weights, count), atol=1e-6)


def test_transform__of_other_texts_removes_what_was_learned(words):
    fitted = firth.TextVectors(words).fit(TEXTS)
    alone = fitted.transform(["a sharp man"])
    plain = firth.TextVectors(words, remove=0).fit().transform(["a sharp man"])
    (c,) = fitted.components_
    np.testing.assert_allclose(alone, plain - (plain @ c)[:, None] * c, atol=1e-6)


def test_transform__lists_of_tokens_are_taken_as_they_are(words):
    fitted = firth.TextVectors(words, remove=0).fit()
    assert np.array_equal(fitted.transform([["the", "king"], []]), fitted.transform(["The king!", ""]))
    assert not fitted.transform([["The", "KING"]]).any()


def test_transform__tokens_that_are_numbers_are_known_by_their_digits():
    items = firth.WordVectors([42, 7], [[1.0, 0.0], [0.0, 1.0]], counts=[2, 1])
    fitted = firth.TextVectors(items, weights="mean").fit()
    assert fitted.transform([[42, 42.0], np.array([7])]).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_transform__texts_without_a_known_word_are_zeros_and_told_of(words):
    fitted = firth.TextVectors(words).fit(TEXTS)
    with pytest.warns(FirthWarning, match="2 of 3 texts have no word that the model knows: their vectors are zeros"):
        found = fitted.transform(["the king", "unheard of here"[:7], ""])
    assert not found[1:].any()
    assert found[0].any()


def test_transform__splits_texts_as_the_model_did(small_text):
    model = firth.train(small_text, lowercase=False, strip_punctuation=False, **SETTINGS)
    fitted = firth.TextVectors(model, weights="mean").fit()
    found = fitted.transform(["eat apple", "EAT apple", "eat, apple"])
    apple = model["apple"]
    np.testing.assert_allclose(found, [(model["eat"] + apple) / 2, apple, apple], rtol=1e-5, atol=1e-7)
    other = firth.TextVectors(model, weights="mean", config=firth.TextConfig()).fit()
    np.testing.assert_array_equal(other.transform(["EAT, apple!"]), found[:1])


def test_transform__a_text_of_several_lines_is_one_text(words):
    fitted = firth.TextVectors(words, remove=0).fit()
    assert np.array_equal(fitted.transform(["the king\nof\r\nthe queen"]), fitted.transform(["the king of the queen"]))
    baskets = firth.WordVectors(["new york", "a"], np.eye(2), counts=[2, 1])
    split = firth.TextVectors(baskets, weights="mean", config=firth.TextConfig(separator=",")).fit()
    assert split.transform(["new york , a\nnew york,a"]).tolist() == [[0.5, 0.5]]


def test_transform__a_mark_of_byte_order_is_no_part_of_a_word(words):
    assert firth.TextVectors(words, remove=0).fit().transform(["\ufeffking"]).any()


def test_transform__joins_phrases_as_the_model_does(model):
    names = firth.Vocabulary([*model.words[:-1], "king_queen"], model.vocabulary.counts)
    joining = firth.Word2Vec(
        names, model.vectors, model.output_vectors, model.config, [], phrases=Phrases([{("king", "queen"): 9.0}])
    )
    fitted = firth.TextVectors(joining, weights="mean", config=firth.TextConfig()).fit()
    for texts in (["king queen"], [["king", "queen"]]):
        np.testing.assert_array_equal(fitted.transform(texts)[0], joining["king_queen"])


def test_transform__unseen_words_have_the_vectors_of_their_n_grams(small_text):
    model = firth.train(small_text, max_n=4, buckets=5000, **SETTINGS)
    fitted = firth.TextVectors(model, remove=0).fit()
    assert "apples" not in model.vocabulary
    np.testing.assert_allclose(fitted.transform(["apples"])[0], model["apples"], rtol=1e-6)  # p(w) is 0, the weight 1
    both = fitted.transform(["apples apple"])[0]
    weight = fitted.word_weights_[model.vocabulary.id("apple")]
    np.testing.assert_allclose(both, (model["apples"] + weight * model["apple"]) / 2, rtol=1e-5)


def test_transform__words_that_are_not_finite_count_as_unknown(words):
    numbers = words.vectors.copy()
    numbers[2] = np.nan
    broken = firth.WordVectors(words.vocabulary, numbers)
    fitted = firth.TextVectors(broken, remove=0).fit()
    assert np.array_equal(fitted.transform(["king man"]), fitted.transform(["man"]))


def test_transform__batches_do_not_change_vectors(words, monkeypatch):
    texts = [*TEXTS, "the king of " * 50, *TEXTS]
    whole = firth.TextVectors(words, weights="usif", remove=2).fit_transform(texts)
    monkeypatch.setattr(documents, "BATCH_TEXTS", 2)
    monkeypatch.setattr(documents, "BATCH_SIZE", 30)
    monkeypatch.setattr(averaging, "WORDS_AT_A_TIME", 7)
    np.testing.assert_allclose(
        firth.TextVectors(words, weights="usif", remove=2).fit_transform(texts), whole, atol=1e-6
    )


@pytest.mark.parametrize("weights", ["sif", "usif"])
def test_fit__reads_generators_files_and_columns_alike(words, tmp_path, weights):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", "utf-8")
    rows = [{"text": text} for text in TEXTS]
    expected = firth.TextVectors(words, weights=weights, remove=2).fit_transform(TEXTS)
    with path.open("rb") as file:
        for texts in (iter(TEXTS), path, firth.column(rows, "text"), file):
            found = firth.TextVectors(words, weights=weights, remove=2).fit_transform(texts)
            np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without named pipes")
def test_fit__a_pipe_is_read_once(words, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("\n".join(TEXTS), "utf-8"))
    writer.start()
    found = firth.TextVectors(words, weights="usif", remove=2).fit_transform(tmp_path / "pipe")
    writer.join()
    expected = firth.TextVectors(words, weights="usif", remove=2).fit_transform(TEXTS)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_fit__needs_no_texts_where_nothing_is_learned(words):
    fitted = firth.TextVectors(words, remove=0).fit()
    assert fitted.transform(["the king"]).any()
    with pytest.raises(CorpusError, match=r"sif with remove=1 learns from texts: fit\(texts\).*or remove nothing"):
        firth.TextVectors(words).fit()
    with pytest.raises(CorpusError, match="usif with remove=0 learns from texts"):
        firth.TextVectors(words, weights="usif", remove=0).fit()


def test_fit__that_fails_leaves_what_was_learned_before(words):
    fitted = firth.TextVectors(words, weights="usif", remove=2).fit(TEXTS)
    before = fitted.transform(TEXTS)
    with pytest.raises(CorpusError):
        fitted.fit(["the king"])
    np.testing.assert_array_equal(fitted.transform(TEXTS), before)


@pytest.mark.parametrize("texts", [[], ["nothing known", ""]])
@pytest.mark.parametrize("weights", ["sif", "usif"])
def test_fit__texts_without_known_words_are_refused(words, texts, weights):
    with pytest.raises(CorpusError, match=rf"(0 of|none of the) {len(texts)}"):
        firth.TextVectors(words, weights=weights).fit(texts)


def test_fit__more_components_than_texts_have_are_refused(words):
    with pytest.raises(CorpusError, match=r"to remove 3 components.*2 of 3 texts have a word.*they have 2"):
        firth.TextVectors(words, remove=3).fit(["the king", "a queen", "nobody"])


BAD_PARAMETERS = {
    "weights must be mean, sif, usif, not 'tfidf'": {"weights": "tfidf"},
    "weights must be mean, sif, usif, not None": {"weights": None},
    "a must be a number above 0, such as 0.001, not 0": {"a": 0},
    "a must be a number above 0, such as 0.001, not -1.0": {"a": -1.0},
    "a must be a number above 0, such as 0.001, not nan": {"a": float("nan")},
    "a must be a number above 0, such as 0.001, not '1e-3'": {"a": "1e-3"},
    "remove must be a whole number of 0 or more, not -1": {"remove": -1},
    "remove must be a whole number of 0 or more, not 1.5": {"remove": 1.5},
    "remove must be below the 6 dimensions of the vectors: 6 would leave nothing": {"remove": 6},
    "config must be a TextConfig, not {'lowercase': False}": {"config": {"lowercase": False}},
    "model must be a model or WordVectors, not 'words.firth': firth.load": {"model": "words.firth"},
    "model must be a model or WordVectors, not None": {"model": None},
}


@pytest.mark.parametrize("message", BAD_PARAMETERS)
def test_fit__parameters_that_make_no_sense_are_refused(words, message):
    texts = firth.TextVectors(**{"model": words} | BAD_PARAMETERS[message])
    with pytest.raises(ConfigError) as error:
        texts.fit(TEXTS)
    assert message in str(error.value)


def test_fit__everything_wrong_is_named_at_once(words):
    with pytest.raises(ConfigError, match=r"weights must.*; a must.*; remove must"):
        firth.TextVectors(words, weights="x", a=-1, remove=-1).fit(TEXTS)


def test_fit__numbers_of_numpy_are_numbers(words):
    fitted = firth.TextVectors(words, a=np.float32(1e-3), remove=np.int64(2)).fit(TEXTS)
    np.testing.assert_allclose(fitted.transform(TEXTS), the_long_way(words, TEXTS, "sif", 2), atol=1e-6)


def test_fit__words_without_counts_need_the_mean(words):
    bare = firth.WordVectors(words.words, words.vectors)
    with pytest.raises(ConfigError, match=r"sif weighs words by their counts.*counts=file.*weights=\"mean\""):
        firth.TextVectors(bare).fit(TEXTS)
    assert firth.TextVectors(bare, weights="mean").fit(TEXTS).transform(TEXTS).shape == (8, 6)


BAD_TEXTS = {
    r"a list of texts, not one string, 'the king': pass \[text\]": "the king",
    "text 2 is a missing value \\(None\\): wanted strings, or lists of tokens": ["the", None],
    "text 1 is a missing value \\(nan\\)": [float("nan"), "the"],
    "text 3 is an int: wanted strings": ["the", "king", 7],
    "text 1 is a bytes": [b"the king"],
    "text 1 is a set": [{"the", "king"}],
    "text 2 is a list: pass only strings, or only lists": ["the", ["king"]],
    "text 2 is a str: pass only strings, or only lists": [["king"], "the"],
    "sentence 2 holds a missing value where a token was meant": [["the"], ["king", None]],
    "sentence 1 holds an empty string where": [["the", ""]],
    "in an order, not a set": {"the", "king"},
    "in an order, not a dict": {"text": ["the"]},
    "in an order, not a bytes": b"the king",
    "in an order, not an int": 3,
    "not an array of 2 dimensions": np.ones((2, 3)),
    "not an array of 0 dimensions": np.array("the king"),
}


@pytest.mark.parametrize("message", BAD_TEXTS)
@pytest.mark.parametrize("call", ["fit", "transform", "fit_transform"])
def test_texts__that_are_none_are_refused(words, message, call):
    texts = firth.TextVectors(words).fit(TEXTS)
    with pytest.raises(SourceError, match=message):
        getattr(texts, call)(BAD_TEXTS[message])


def test_texts__the_number_of_a_bad_one_counts_all_before_it(words, monkeypatch):
    monkeypatch.setattr(documents, "BATCH_TEXTS", 2)
    with pytest.raises(SourceError, match="sentence 5 holds a missing value"):
        firth.TextVectors(words).fit([["the"]] * 4 + [["king", None]])


def test_texts__a_data_frame_is_a_table(words):
    pandas = pytest.importorskip("pandas")
    fitted = firth.TextVectors(words).fit(TEXTS)
    with pytest.raises(SourceError, match="a DataFrame is a table: pass its column of texts"):
        fitted.transform(pandas.DataFrame({"text": TEXTS}))
    np.testing.assert_array_equal(fitted.transform(pandas.Series(TEXTS)), fitted.transform(TEXTS))


@pytest.mark.parametrize("kind", ["numpy", "pandas", "polars", "pyarrow", "chunked"])
def test_texts__columns_of_other_libraries_are_lists_of_texts(words, kind):
    fitted = firth.TextVectors(words).fit(TEXTS)
    column = {
        "numpy": lambda: np.array(TEXTS),
        "pandas": lambda: pytest.importorskip("pandas").Series(TEXTS),
        "polars": lambda: pytest.importorskip("polars").Series(TEXTS),
        "pyarrow": lambda: pytest.importorskip("pyarrow").array(TEXTS),
        "chunked": lambda: pytest.importorskip("pyarrow").table({"text": TEXTS})["text"],
    }[kind]()
    np.testing.assert_array_equal(fitted.transform(column), fitted.transform(TEXTS))
    np.testing.assert_allclose(fitted.fit_transform(column), fitted.transform(TEXTS), atol=1e-6)


def test_texts__no_texts_have_no_vectors(words):
    assert firth.TextVectors(words).fit(TEXTS).transform([]).shape == (0, 6)


def test_transform__before_fit_is_an_error(words):
    with pytest.raises(FirthError, match=r"call fit\(texts\) first"):
        firth.TextVectors(words).transform(TEXTS)


def test_transform__with_other_parameters_needs_another_fit(words, tmp_path):
    fitted = firth.TextVectors(words).fit(TEXTS).set_params(weights="mean", a=1e-3, remove=None)
    for use in (
        fitted.transform,
        lambda _: fitted.export(tmp_path / "f"),
        lambda _: fitted.write([], tmp_path / "v.npy"),
    ):
        with pytest.raises(FirthError, match="weights changed after these TextVectors were fitted"):
            use(TEXTS)
    assert not list(tmp_path.iterdir())
    assert fitted.fit(TEXTS).transform(TEXTS).any()


def test_stream__gives_texts_vectors_and_how_many_words_are_known(words):
    fitted = firth.TextVectors(words).fit(TEXTS)
    (piece,) = fitted.stream(iter(TEXTS))
    assert piece.texts == TEXTS
    assert piece.words.tolist() == [5, 5, 5, 0, 5, 0, 6, 6]
    np.testing.assert_array_equal(piece.vectors, fitted.transform(TEXTS))


def test_text_vectors__pickle_keeps_what_was_learned(words):
    fitted = firth.TextVectors(words).fit(TEXTS)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(TEXTS), fitted.transform(TEXTS))


def test_text_vectors__show_the_parameters_that_are_not_the_defaults(words):
    shown = repr(firth.TextVectors(words, weights="usif", remove=3))
    assert shown == "TextVectors(model=WordVectors(10 words, 6 dimensions), weights='usif', remove=3)"


def test_usif__takes_the_settings_of_a_trained_model(model):
    assert dataclasses.is_dataclass(model.config)
    texts = firth.TextVectors(model, weights="usif", remove=1, config=firth.TextConfig())
    fitted = texts.fit(["the king", "the queen", "а мир"])
    assert fitted.mean_length_ == pytest.approx(5 / 3)


PLACES = firth.WordVectors(["New York", "a-b", "Apple", "king", "-10"], np.eye(5), counts=[5, 4, 3, 2, 1])


@pytest.mark.parametrize("learned_from", [None, ["a-b king", "king"], [["a-b", "king"]]])
def test_texts__that_cannot_have_some_words_are_told_of_where_they_are_strings(learned_from):
    texts = firth.TextVectors(PLACES, "mean")
    if isinstance(learned_from, list) and isinstance(learned_from[0], str):
        texts = firth.TextVectors(PLACES, "sif", remove=1)
        with pytest.warns(FirthWarning, match="4 of the 5 words that have vectors .*'New York' .read as 'new', 'york'"):
            texts.fit(learned_from)
    texts = firth.TextVectors(PLACES, "mean").fit(learned_from)
    with pytest.warns(FirthWarning, match=r"4 of the 5 words .*=firth.TextConfig\(lowercase=False, strip_"):
        texts.transform(["a-b king"])


@pytest.mark.parametrize("weights", ["sif", "usif"])
def test_texts__are_told_of_once_however_often_they_are_read(weights):
    with pytest.warns(FirthWarning, match="4 of the 5 words") as caught:
        firth.TextVectors(PLACES, weights, remove=1).fit_transform(["king", "king king"])
    assert len(caught) == 1


def test_texts__the_advice_keeps_the_other_settings_of_the_model():
    settings = {"vector_size": 4, "min_count": 1, "sample": 0, "epochs": 1, "progress": False}
    model = firth.train([["a-b", "king", "queen"]] * 9, separator=" ", **settings)
    with pytest.warns(FirthWarning, match=r"config=firth.TextConfig\(strip_punctuation=False, separator=' '\) \(--no-"):
        firth.TextVectors(model, "mean").fit().transform(["a-b king"])


def test_texts__that_are_lists_or_split_as_the_caller_says_are_taken_as_they_are():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lists = firth.TextVectors(PLACES, "mean").fit_transform([["New York", "-10"], ["a-b"]])
        as_told = firth.TextVectors(PLACES, "mean", config=firth.TextConfig()).fit(["king"]).transform(["A-b king"])
        alone = firth.TextConfig(lowercase=False, strip_punctuation=False)
        exact = firth.TextVectors(PLACES, "mean", config=alone).fit().transform(["-10 Apple"])
    np.testing.assert_array_equal(lists, np.array([[0.5, 0, 0, 0, 0.5], [0, 1, 0, 0, 0]], np.float32))
    np.testing.assert_array_equal(as_told, np.eye(5, dtype=np.float32)[[3]])
    np.testing.assert_array_equal(exact, np.array([[0, 0, 0.5, 0, 0.5]], np.float32))


def test_texts__that_can_have_no_word_of_the_model_are_an_error():
    codes = firth.WordVectors(["SKU-1", "SKU-2"], np.eye(2))
    with pytest.raises(ConfigError, match=r"2 of the 2 words that have vectors .*'SKU-1' .read as 'sku1'"):
        firth.TextVectors(codes, "mean").fit().transform(["SKU-1"])
    assert firth.TextVectors(codes, "mean").fit().transform([["SKU-1"]]).tolist() == [[1, 0]]


def test_texts__unpickled_from_an_older_version_are_transformed_as_ever(words):
    fitted = firth.TextVectors(words).fit(TEXTS)
    state = {name: value for name, value in fitted.__dict__.items() if name != "_reader"}  # which was not there
    older = firth.TextVectors.__new__(firth.TextVectors)
    older.__dict__.update(state)
    np.testing.assert_array_equal(older.transform(["the king"]), fitted.transform(["the king"]))
