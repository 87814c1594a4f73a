"""Folders of static embeddings, opened by model2vec and sentence-transformers; and tokenizers' own splitting."""

import json
import random

import numpy as np
import pytest

import firth
from firth.texts.documents import words_of
from firth.texts.tokenizer import tokenizer
from tests.texts.conftest import COUNTS, TEXTS, WORDS

NEEDS = ["model2vec>=0.10", "sentence-transformers>=6.0", "torch==2.13.0"]
tokenizers = pytest.importorskip("tokenizers", reason="python -m tools.integrations static_embedding")

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.filterwarnings("ignore:.*have no word that the model knows.*:firth.errors.FirthWarning"),
]
WAYS = [("mean", 0), ("mean", 2), ("sif", 0), ("sif", 1), ("sif", 3), ("usif", 5)]
OTHERS = ["the unheard-of king", "", "nobody", "of of of the ΜΙΡ, мир", "Élan! The (sharp) axe's king."]


def model2vec(folder, texts):
    library = pytest.importorskip("model2vec")
    return library.StaticModel.from_pretrained(str(folder)).encode(texts)


def sentence_transformers(folder, texts):
    library = pytest.importorskip("sentence_transformers")
    return library.SentenceTransformer(str(folder), device="cpu").encode(texts)


@pytest.fixture
def words():
    numbers = np.random.default_rng(0).normal(size=(len(WORDS), 6)) + 0.5
    return firth.WordVectors(WORDS, numbers.astype(np.float32), counts=COUNTS)


@pytest.mark.parametrize("read", [model2vec, sentence_transformers])
@pytest.mark.parametrize(("weights", "remove"), WAYS)
def test_folder__gives_the_vectors_of_transform(words, tmp_path, read, weights, remove):
    texts = firth.TextVectors(words, weights=weights, remove=remove)
    texts.export(tmp_path / "f", fit=TEXTS, license="mit", language="en")
    expected = texts.transform([*TEXTS, *OTHERS]).astype(np.float64)
    lengths = np.linalg.norm(expected, axis=1, keepdims=True)
    found = read(tmp_path / "f", [*TEXTS, *OTHERS])
    np.testing.assert_allclose(found, expected / np.where(lengths, lengths, 1), atol=1e-6)
    assert not found[[TEXTS.index(""), TEXTS.index("nobody knows these")]].any()


@pytest.mark.parametrize("read", [model2vec, sentence_transformers])
def test_folder__does_not_cut_long_texts(words, tmp_path, read):
    """By itself, model2vec reads 512 words. Both add a text's rows in single precision."""
    texts = firth.TextVectors(words, weights="mean")
    texts.export(tmp_path / "f")
    (expected,) = texts.transform(["the king " * 600 + "axe " * 600])
    (found,) = read(tmp_path / "f", ["the king " * 600 + "axe " * 600])
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-4)


@pytest.mark.parametrize("read", [model2vec, sentence_transformers])
def test_folder__of_a_trained_model_agrees_on_real_text(data, tmp_path, read):
    lines = (data / "shakespeare.txt").read_text("utf-8").splitlines()
    model = firth.train(data / "shakespeare.txt", vector_size=50, epochs=1, progress=False)
    texts = firth.TextVectors(model, weights="usif")
    texts.export(tmp_path / "f", fit=lines)
    expected = texts.transform(lines).astype(np.float64)
    expected /= np.maximum(np.linalg.norm(expected, axis=1, keepdims=True), 1e-30)
    np.testing.assert_allclose(read(tmp_path / "f", lines), expected, atol=1e-6)


def test_folder__is_one_that_model2vec_saves_again(words, tmp_path):
    library = pytest.importorskip("model2vec")
    firth.TextVectors(words).export(tmp_path / "f", fit=TEXTS, language=["en", "de"])
    model = library.StaticModel.from_pretrained(str(tmp_path / "f"))
    assert list(model.language) == ["en", "de"]
    model.save_pretrained(tmp_path / "again")
    np.testing.assert_array_equal(model2vec(tmp_path / "again", TEXTS), model2vec(tmp_path / "f", TEXTS))
    assert firth.load(tmp_path / "again").words == firth.load(tmp_path / "f").words


def test_folder__with_a_word_that_is_called_unk(tmp_path):
    odd = firth.WordVectors(["[UNK]", "a"], [[1.0, 0.0], [0.0, 1.0]])
    config = firth.TextConfig(lowercase=False, strip_punctuation=False)
    firth.TextVectors(odd, weights="mean", config=config).export(tmp_path / "f")
    for read in (model2vec, sentence_transformers):
        assert read(tmp_path / "f", ["[UNK] b", "a b", "b"]).tolist() == [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]


CONFIGS = [
    firth.TextConfig(),
    firth.TextConfig(lowercase=False),
    firth.TextConfig(strip_punctuation=False),
    firth.TextConfig(unicode_punctuation=True),
    firth.TextConfig(unicode_punctuation=True, keep_apostrophes=True, sentences="punctuation"),
    firth.TextConfig(separator=","),
    firth.TextConfig(separator="\t", strip_punctuation=False),
    firth.TextConfig(separator=" - "),
    firth.TextConfig(separator="||"),
    firth.TextConfig(separator="aa", lowercase=False),
]
CHARACTERS = (
    "abAB ΣΣσςΑα'’ʼ＇.,;:-_—…“”  \t\n\r\x1c\x1f\x85\xa0\u2028\u200b\xad\ufeff\ue000İIıßẞ\u0301\u0345ʰ123½²٣中文ﬁǅ😀"
    '|~`^$+=<>[]{}\\/"#%&()*!?@'
)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_tokenizer__splits_any_text_as_firth_does(config):
    there = tokenizers.Tokenizer.from_str(json.dumps(tokenizer([], config)))
    rng = random.Random(1)
    for _ in range(3000):
        some = rng.choices(CHARACTERS, k=rng.randint(0, 14)) + [chr(rng.randrange(0x20, 0x1000))] * rng.randint(0, 2)
        text = "".join(config.separator or c if c == "b" else c for c in some)
        (expected,) = words_of([text], config, None, 0)
        normal = there.normalizer.normalize_str(text)
        assert [word for word, _ in there.pre_tokenizer.pre_tokenize_str(normal)] == expected, ascii(text)
