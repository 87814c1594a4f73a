import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import firth
from firth.errors import ConfigError, FormatError
from firth.gensim import FastText
from firth.gensim.models.fasttext import FastTextKeyedVectors, load_facebook_vectors, save_facebook_model

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
