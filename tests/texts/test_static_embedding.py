"""Folders of static embeddings: their files, and what they refuse. `tests/integrations` opens them."""

import json

import numpy as np
import pytest

import firth
from firth.errors import (
    ConfigError,
    CorpusError,
    FirthError,
    FirthWarning,
    FormatError,
    OutputExistsError,
    UnwritableWordError,
)
from firth.phrases import Phrases
from firth.storage.tensors import map_tensors
from firth.texts import static_embedding
from firth.texts.tokenizer import tokenizer, unknown_token
from tests.helpers.models import SETTINGS
from tests.texts.conftest import TEXTS

pytestmark = pytest.mark.filterwarnings("ignore:.*have no word that the model knows.*:firth.errors.FirthWarning")
FILES = [
    *("README.md", "config.json", "model.safetensors", "modules.json", "text_vectors.safetensors", "tokenizer.json")
]


def mean_of_rows(folder, words):
    """What a reader makes of some words: the mean of their rows, scaled to length 1."""
    ids = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    rows = map_tensors(folder / "model.safetensors")["embeddings"][[ids.get(word, 0) for word in words]]
    mean = rows.astype(np.float64).mean(axis=0)
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize(("weights", "remove"), [("mean", 0), ("sif", 0), ("sif", 1), ("sif", 3), ("usif", 5)])
def test_export__the_mean_of_rows_is_sif(words, tmp_path, weights, remove):
    texts = firth.TextVectors(words, weights=weights, remove=remove).fit(TEXTS)
    written = texts.export(tmp_path / "f")
    assert written == [tmp_path / "f" / name for name in FILES]
    expected = texts.transform([["the", "king", "unknown"], ["мир", "мир", "axe"]]).astype(np.float64)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(mean_of_rows(tmp_path / "f", ["the", "king", "unknown"]), expected[0], atol=1e-6)
    np.testing.assert_allclose(mean_of_rows(tmp_path / "f", ["мир", "мир", "axe"]), expected[1], atol=1e-6)


def test_export__unknown_words_have_a_row_of_zeros(words, tmp_path):
    firth.TextVectors(words).fit(TEXTS).export(tmp_path / "f")
    rows = map_tensors(tmp_path / "f" / "model.safetensors")["embeddings"]
    assert (rows.dtype, rows.shape) == (np.float32, (11, 6))
    assert not rows[0].any()
    assert rows[1:].any(axis=1).all()


def test_export__files_say_what_readers_look_for(words, tmp_path):
    firth.TextVectors(words).fit(TEXTS).export(tmp_path / "f")
    config = json.loads((tmp_path / "f" / "config.json").read_text())
    assert config["model_type"] == "model2vec"
    assert (config["hidden_dim"], config["normalize"], config["max_length"]) == (6, True, None)
    modules = json.loads((tmp_path / "f" / "modules.json").read_text())
    assert [module["type"].rpartition(".")[2] for module in modules] == ["StaticEmbedding", "Normalize"]
    model = json.loads((tmp_path / "f" / "tokenizer.json").read_text("utf-8"))["model"]
    assert (model["type"], model["unk_token"]) == ("WordLevel", "[UNK]")
    assert model["vocab"] == {word: i for i, word in enumerate(["[UNK]", *words.words])}


def test_export__what_was_folded_in_is_kept_beside(words, tmp_path):
    texts = firth.TextVectors(words, weights="usif", remove=2).fit(TEXTS)
    texts.export(tmp_path / "f")
    kept = map_tensors(tmp_path / "f" / "text_vectors.safetensors")
    assert np.array_equal(kept["components"], texts.components_)
    assert np.array_equal(kept["shares"], texts.shares_)
    assert np.array_equal(kept["word_weights"], texts.word_weights_)


def test_export__firth_loads_the_folder(words, tmp_path):
    texts = firth.TextVectors(words, weights="mean").fit()
    texts.export(tmp_path / "f")
    again = firth.load(tmp_path / "f")
    assert again.words == ["[UNK]", *words.words]
    assert again["king"].tolist() == words["king"].tolist()


def test_export__the_card_says_license_language_and_how_it_was_made(model, tmp_path):
    config = firth.TextConfig(lowercase=False, strip_punctuation=False)
    texts = firth.TextVectors(model, weights="usif", remove=1, config=config).fit(["the king", "the queen", "мир"])
    texts.export(tmp_path / "my-words", license="cc-by-sa-4.0", language=["en", "de"])
    top, text = (tmp_path / "my-words" / "README.md").read_text("utf-8").removeprefix("---\n").split("\n---\n")
    assert top.splitlines()[:6] == [
        "library_name: sentence-transformers",
        "pipeline_tag: sentence-similarity",
        "license: cc-by-sa-4.0",
        "language:",
        "- en",
        "- de",
    ]
    assert "# my-words" in text
    assert "8 words in 10 dimensions" in text
    assert "weighted by uSIF, for texts of 1.7 words, and 1 common component removed" in text
    assert 'StaticModel.from_pretrained("my-words")' in text
    assert "skip-gram with negative-sampling" in text
    assert "@software{firth," in text


def test_export__a_card_without_license_and_language_leaves_them_out(words, tmp_path):
    firth.TextVectors(words, weights="mean").export(tmp_path / "f")
    top = (tmp_path / "f" / "README.md").read_text("utf-8").split("---")[1]
    assert "license" not in top
    assert "language" not in top


@pytest.mark.parametrize(
    "bad", [{"license": "MIT\nevil: true"}, {"license": ""}, {"language": "english"}, {"language": ["en", 1]}]
)
def test_export__what_no_card_can_say_is_refused(words, tmp_path, bad):
    with pytest.raises(ConfigError, match=r"license is a short name|language is a code"):
        firth.TextVectors(words, weights="mean").export(tmp_path / "f", **bad)
    assert not list(tmp_path.iterdir())


def test_export__of_a_model_takes_weights_and_texts(words, tmp_path):
    texts = firth.TextVectors(words, weights="usif", remove=2).fit(TEXTS)
    texts.export(tmp_path / "a")
    options = {"weights": "usif", "remove": 2, "fit": TEXTS}
    written = words.export(tmp_path / "b", format="static-embedding", **options)
    assert written == [tmp_path / "b" / name for name in FILES]
    for name in set(FILES) - {"README.md"}:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_export__without_texts_nothing_is_removed(words, tmp_path):
    words.export(tmp_path / "a", format="static embedding")
    firth.TextVectors(words, remove=0).export(tmp_path / "b")
    assert (tmp_path / "a" / "model.safetensors").read_bytes() == (tmp_path / "b" / "model.safetensors").read_bytes()
    with pytest.raises(CorpusError, match=r"sif with remove=1 learns from texts.*--fit FILE"):
        words.export(tmp_path / "c", format="static-embedding", remove=1)
    with pytest.raises(CorpusError, match="usif with remove=0 learns from texts"):
        words.export(tmp_path / "c", format="static-embedding", weights="usif")


def test_export__options_of_a_folder_are_no_options_of_files(words, tmp_path):
    with pytest.raises(TypeError, match="weights, license: for a folder of texts' vectors alone"):
        words.export(tmp_path / "v.txt", weights="sif", license="mit")
    with pytest.raises(TypeError, match="wieghts"):
        words.export(tmp_path / "f", format="static-embedding", wieghts="sif")
    with pytest.raises(ValueError, match=r"joined in \.parquet files"):
        words.export(tmp_path / "f", format="static-embedding", about="catalogue.csv")
    assert not list(tmp_path.iterdir())


def test_export__a_folder_is_replaced_on_request_alone(words, tmp_path):
    folder = tmp_path / "f"
    firth.TextVectors(words, weights="mean").export(folder)
    before = (folder / "model.safetensors").read_bytes()
    with pytest.raises(OutputExistsError, match="exists already"):
        firth.TextVectors(words).export(folder, fit=TEXTS)
    assert (folder / "model.safetensors").read_bytes() == before
    firth.TextVectors(words).export(folder, fit=TEXTS, overwrite=True)
    assert (folder / "model.safetensors").read_bytes() != before
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_export__never_replaces_what_it_did_not_write(words, tmp_path):
    folder, file, other = tmp_path / "f", tmp_path / "file", tmp_path / "other"
    firth.TextVectors(words, weights="mean").export(folder)
    (folder / "notes.txt").write_text("precious")
    with pytest.raises(FormatError, match=r"also holds 'notes.txt', which firth did not write"):
        firth.TextVectors(words).export(folder, fit=TEXTS, overwrite=True)
    file.write_text("precious")
    other.mkdir()
    for path in (file, other, words.save(tmp_path / "m.firth")):
        with pytest.raises(FormatError, match="is no folder of static embeddings: firth will not overwrite it"):
            firth.TextVectors(words).export(path, fit=TEXTS, overwrite=True)
    assert file.read_text() == (folder / "notes.txt").read_text() == "precious"


def test_export__a_full_disk_leaves_what_was_there(words, tmp_path, monkeypatch):
    folder = tmp_path / "f"
    firth.TextVectors(words, weights="mean").export(folder)
    before = (folder / "model.safetensors").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(static_embedding, "_write_folded", full)
    with pytest.raises(OSError, match="No space left"):
        firth.TextVectors(words).export(folder, fit=TEXTS, overwrite=True)
    assert (folder / "model.safetensors").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_export__everything_is_checked_before_texts_are_read(words, tmp_path):
    def texts():
        raise AssertionError("read")
        yield

    (tmp_path / "file").write_text("")
    cased = firth.WordVectors(["King"], np.ones((1, 6)), counts=[1])
    with pytest.raises(FormatError):
        firth.TextVectors(words).export(tmp_path / "file", fit=texts())
    with pytest.raises(ConfigError):
        firth.TextVectors(words).export(tmp_path / "f", fit=texts(), license="?")
    with pytest.raises(UnwritableWordError):
        firth.TextVectors(cased).export(tmp_path / "f", fit=texts())


def test_export__words_that_no_text_has_are_refused_or_left_out(tmp_path):
    names = ["the", "King", "new_york", "o'clock", "two words", "axe"]
    cased = firth.WordVectors(names, np.arange(12).reshape(6, 2) + 1.0, counts=range(6, 0, -1))
    texts = firth.TextVectors(cased, remove=0)
    with pytest.raises(UnwritableWordError, match=r"cannot use 4 words, such as 'King', 'new_york', \"o'clock\", ….*"):
        texts.export(tmp_path / "f")
    assert not list(tmp_path.iterdir())
    with pytest.warns(FirthWarning, match="4 of 6 words are left out, as no text in the folder has them: 'King'"):
        texts.export(tmp_path / "f", spaces="skip")
    assert list(json.loads((tmp_path / "f" / "tokenizer.json").read_text())["model"]["vocab"]) == [
        "[UNK]",
        "the",
        "axe",
    ]
    rows = map_tensors(tmp_path / "f" / "model.safetensors")["embeddings"]
    np.testing.assert_allclose(rows[2], texts.word_weights_[5] * cased["axe"], rtol=1e-6)
    kept = firth.TextConfig(lowercase=False, strip_punctuation=False)
    with pytest.raises(UnwritableWordError, match="cannot use 1 word, such as 'two words'"):
        firth.TextVectors(cased, remove=0, config=kept).export(tmp_path / "g")
    with pytest.raises(
        ValueError, match="spaces is 'error' or 'skip' for a folder of static embeddings, not 'replace'"
    ):
        texts.export(tmp_path / "g", spaces="replace")
    with pytest.raises(UnwritableWordError, match="can hold none of the 1 words"):
        firth.TextVectors(firth.WordVectors(["A"], np.ones((1, 2))), weights="mean").export(
            tmp_path / "g", spaces="skip"
        )


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("a-b", r"TextConfig\(strip_punctuation=False\), --no-strip-punctuation, or leave"),
        ("Paris", r"TextConfig\(lowercase=False\), --no-lowercase, or leave"),
        ("A-b", r"TextConfig\(lowercase=False, strip_punctuation=False\), --no-lowercase --no-strip-p.*, or leave"),
        ("new york", r"split now\. Leave such words out"),
    ],
)
def test_export__the_advice_is_what_keeps_the_words(tmp_path, word, advice):
    vectors = firth.WordVectors([word, "x"], np.ones((2, 2)), counts=[2, 1])
    with pytest.raises(UnwritableWordError, match=advice):
        firth.TextVectors(vectors, remove=0).export(tmp_path / "f")


def test_export__phrases_are_refused_or_left_out(model, tmp_path):
    names = firth.Vocabulary([*model.words[:5], "42", "king_queen", "zoë"], model.vocabulary.counts)
    config = firth.TrainingConfig(strip_punctuation=False)
    phrases = Phrases([{("king", "queen"): 9.0}])
    joining = firth.Word2Vec(names, model.vectors, model.output_vectors, config, [], phrases=phrases)
    texts = firth.TextVectors(joining, weights="mean")
    with pytest.raises(
        UnwritableWordError, match=r"1 word, such as 'king_queen': the folder's tokenizer joins no phrases"
    ):
        texts.export(tmp_path / "f")
    with pytest.warns(FirthWarning, match="1 of 8 words are left out"):
        texts.export(tmp_path / "f", spaces="skip")


def test_export__n_grams_are_left_out_and_told_of(small_text, tmp_path):
    model = firth.train(small_text, max_n=4, buckets=5000, **SETTINGS)
    with pytest.warns(FirthWarning, match="the folder has no n-grams: there, unseen words are unknown"):
        model.export(tmp_path / "f", format="static-embedding")


def test_export__words_that_are_not_finite_are_left_out(words, tmp_path):
    numbers = words.vectors.copy()
    numbers[2] = np.inf
    with pytest.warns(FirthWarning, match="1 of 10 words are left out, as their vectors are not finite"):
        firth.TextVectors(firth.WordVectors(words.vocabulary, numbers), remove=0).export(tmp_path / "f")
    assert np.isfinite(map_tensors(tmp_path / "f" / "model.safetensors")["embeddings"]).all()


def test_export__a_separator_with_letters_is_refused(words, tmp_path):
    for separator, lowercase, is_refused in (
        ("x", True, True),
        ("X", True, True),
        ("x", False, False),
        (",", True, False),
    ):
        config = firth.TextConfig(separator=separator, lowercase=lowercase)
        texts = firth.TextVectors(firth.WordVectors(["a"], np.ones((1, 2))), weights="mean", config=config)
        if is_refused:
            with pytest.raises(FirthError, match=r"the separator .* has letters"):
                texts.export(tmp_path / "f")
        else:
            texts.export(tmp_path / separator / str(lowercase))


def test_unknown_token__is_no_word():
    assert unknown_token(["a"]) == "[UNK]"
    assert unknown_token(["[UNK]", "[[UNK]]"]) == "[[[UNK]]]"
    vocabulary = tokenizer(["[UNK]"], firth.TextConfig())["model"]
    assert (vocabulary["unk_token"], vocabulary["vocab"]) == ("[[UNK]]", {"[[UNK]]": 0, "[UNK]": 1})
