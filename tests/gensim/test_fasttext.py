import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import firth
from firth.errors import ConfigError, FormatError
from firth.gensim import FastText
from firth.gensim.models.fasttext import (
    FastTextKeyedVectors,
    load_facebook_model,
    load_facebook_vectors,
    save_facebook_model,
)
from firth.vectors.subwords import Subwords

SETTINGS = {"vector_size": 12, "epochs": 2, "sample": 0, "min_count": 2, "bucket": 500}


@pytest.fixture
def model(sentences):
    return FastText(sentences, **SETTINGS)


def test_fasttext__has_the_same_bits_as_firths_own_training(sentences, model):
    settings = {"vector_size": 12, "epochs": 2, "sample": 0, "min_count": 2, "max_n": 6, "buckets": 500}
    native = firth.train(sentences, architecture="cbow", progress=False, **settings)
    assert_array_equal(model.wv.vectors, native.vectors)
    assert_array_equal(model.wv["apples"], native["apples"])
    assert_array_equal(model.wv.vectors_ngrams[native.subwords.used], native.subwords.rows)


def test_fasttext__gives_unseen_words_the_mean_of_their_ngrams(model):
    assert "apples" in model.wv
    assert "apples" not in model.wv.key_to_index
    assert not model.wv.has_index_for("apples")
    assert model.wv.most_similar("apples", topn=1)[0][0] == "apple"
    assert model.wv.similarity("apples", "apple") > 0.8
    assert_allclose(np.linalg.norm(model.wv.get_vector("apples", norm=True)), 1, atol=1e-6)


def test_word_without_a_known_ngram__is_unknown(sentences):
    wv = FastText(sentences, **SETTINGS | {"bucket": 2_000_000}).wv
    assert "qqq" not in wv
    with pytest.raises(KeyError, match="Key 'qqq' not present"):
        wv["qqq"]
    assert wv.get_mean_vector(["qqq"]).tolist() == [0] * 12


def test_fasttext__trains_on(sentences, model):
    before = model.wv["apples"].copy()
    model.train(sentences, total_examples=600, epochs=1)
    assert np.abs(model.wv["apples"] - before).max() > 0
    parts = model.wv.subwords
    assert_allclose(parts.compose_all(model.wv.index_to_key), model.wv.vectors)


def test_fasttext__is_saved_with_its_ngrams(model, tmp_path):
    model.save(tmp_path / "m")
    loaded = FastText.load(tmp_path / "m")
    assert_array_equal(loaded.wv["apples"], model.wv["apples"])
    assert (loaded.wv.min_n, loaded.wv.max_n, loaded.wv.bucket) == (3, 6, 500)
    model.wv.save(tmp_path / "kv")
    assert_array_equal(FastTextKeyedVectors.load(tmp_path / "kv")["apples"], model.wv["apples"])
    save_facebook_model(model, tmp_path / "m.bin")
    assert_allclose(load_facebook_vectors(tmp_path / "m.bin")["apples"], model.wv["apples"], atol=1e-6)


def test_load__refuses_a_model_without_ngrams(sentences, tmp_path):
    firth.train(sentences, vector_size=5, epochs=1, progress=False).save(tmp_path / "m")
    with pytest.raises(FormatError, match=r"Word2Vec\.load"):
        FastText.load(tmp_path / "m")


@pytest.mark.parametrize("arguments", [{"word_ngrams": 2}, {"max_n": 2}, {"bucket": 0}])
def test_argument__whose_meaning_cannot_be_kept_is_an_error(arguments):
    with pytest.raises(ConfigError):
        FastText(**arguments)


@pytest.mark.long
@pytest.mark.parametrize("sg", [0, 1])
def test_load_facebook_model__goes_on_from_the_vectors_of_the_file(sentences, tmp_path, sg):
    model = FastText(sentences, **SETTINGS, sg=sg, window=3)
    save_facebook_model(model, tmp_path / "m.bin")
    loaded = load_facebook_model(tmp_path / "m.bin")
    assert (loaded.sg, loaded.window, loaded.vector_size, loaded.min_count, loaded.wv.bucket) == (sg, 3, 12, 2, 500)
    assert loaded.wv.index_to_key == model.wv.index_to_key
    assert_allclose(loaded.wv.vectors, model.wv.vectors, atol=1e-6)
    assert_array_equal(loaded.syn1neg, model.syn1neg)
    before, never_seen = loaded.wv["apples"].copy(), loaded.wv.vectors_ngrams.copy()
    used = model.wv.subwords.used
    loaded.train(sentences, total_examples=600, epochs=1)
    assert np.abs(loaded.wv["apples"] - before).max() > 0
    assert_array_equal(np.delete(loaded.wv.vectors_ngrams, used, axis=0), np.delete(never_seen, used, axis=0))
    assert_allclose(loaded.wv.subwords.compose_all(loaded.wv.index_to_key), loaded.wv.vectors)


def test_load_facebook_model__keeps_ngrams_that_no_word_has(sentences, tmp_path):
    wide = SETTINGS | {"bucket": 50_000}
    model = FastText(sentences, **wide)
    parts = model.wv.subwords
    buckets = np.arange(50_000, dtype=np.int32)
    rows = np.random.default_rng(0).normal(size=(50_000, 12)).astype(np.float32)
    model.wv.hold(Subwords(parts.ngrams, parts.own, buckets, rows))  # as fastText, where none are zeros
    save_facebook_model(model, tmp_path / "m.bin")
    loaded = load_facebook_model(tmp_path / "m.bin")
    unseen = loaded.wv["quxqux"].copy()
    assert unseen.any()
    loaded.build_vocab([["robot", "axe"]] * 5, update=True)
    loaded.train([["robot", "axe"]] * 50, total_examples=50, epochs=1)
    assert "robot" in loaded.wv.key_to_index
    assert_array_equal(loaded.wv["quxqux"], unseen)
    loaded.save(tmp_path / "m")
    assert_array_equal(FastText.load(tmp_path / "m").wv["quxqux"], unseen)


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (7 * 4, 3, "was not trained by negative sampling on words"),  # supervised
        (6 * 4, 1, "was not trained by negative sampling on words"),  # hierarchical softmax
        (6 * 4, 3, "was not trained by negative sampling on words"),  # softmax
    ],
)
def test_load_facebook_model__refuses_output_vectors_of_other_things_than_words(model, tmp_path, place, value, says):
    path = tmp_path / "m.bin"
    save_facebook_model(model, path)
    data = bytearray(path.read_bytes())
    data[8 + place] = value
    path.write_bytes(data)
    with pytest.raises(FormatError, match=says):
        load_facebook_model(path)


def test_load_facebook_model__refuses_a_file_that_is_cut_short(model, tmp_path):
    path = tmp_path / "m.bin"
    save_facebook_model(model, path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FormatError, match="cut short"):
        load_facebook_model(path)
    with pytest.raises(ConfigError, match="UTF-8"):
        load_facebook_model(path, encoding="latin1")


def test_vectors_of_words_with_ngrams__are_not_set_or_locked_alone(sentences, model, tmp_path):
    with pytest.raises(NotImplementedError, match="cannot be set alone"):
        model.wv.intersect_word2vec_format(tmp_path / "v.txt")
    model.wv.vectors_lockf = np.zeros(1)
    with pytest.raises(ConfigError, match="share their n-grams"):
        model.train(sentences, total_examples=600, epochs=1)


def test_whole_numbers__that_are_unseen_have_vectors_of_their_digits():
    model = FastText([[4711, 5, -7], [5, -7, 4711]] * 20, vector_size=4, min_count=1, bucket=100)
    assert_array_equal(model.wv[47119], model.wv["47119"])
    assert 47119 in model.wv
    assert 0 not in model.wv
