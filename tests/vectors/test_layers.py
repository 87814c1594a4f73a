import pickle
import sys
from importlib.machinery import PathFinder

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import firth
from firth.errors import FirthError, FirthWarning
from firth.vectors.layers import BACKENDS, WordRows, embedding_table
from firth.vocabulary import Vocabulary
from tests.helpers.missing import HOLES


def test_embedding_table__has_a_row_for_padding_and_one_for_unknown_words(vectors):
    table, rows = embedding_table(vectors)
    assert table.dtype == np.float32
    assert not table[:2].any()
    assert_array_equal(table[2:], vectors.vectors)
    assert all((table[rows[word]] == vectors[word]).all() for word in vectors.words)
    assert (rows.padding, rows.unknown, rows["the"]) == (0, 1, 2)


def test_word_rows__give_unknown_words_their_row_and_do_not_grow(vectors):
    rows = embedding_table(vectors)[1]
    assert [rows[word] for word in ("king", "unheard", 42, 42.0, 7)] == [3, 1, 8, 8, 1]
    assert len(rows) == len(vectors)
    assert "unheard" not in rows
    assert pickle.loads(pickle.dumps(rows))["unheard"] == 1
    assert repr(rows) == "WordRows(8 words; 0 is padding, 1 unknown words)"


@pytest.mark.parametrize("word", ["42", 42, 42.0, np.int64(42), np.uint8(42)], ids=repr)
def test_word_rows__find_a_word_the_same_way_by_all_their_ways(vectors, word):
    rows = embedding_table(vectors)[1]
    assert (rows[word], rows.get(word, rows.unknown), rows.get(word), word in rows) == (8, 8, 8, True)


@pytest.mark.parametrize("hole", HOLES, ids=repr)
def test_word_rows__have_none_for_a_missing_value(hole):
    rows = embedding_table(firth.WordVectors(["None", "nan", "<NA>", "NaT"], np.eye(4)))[1]
    with pytest.raises(ValueError, match="is no word"):
        rows[hole]
    assert (hole in rows, rows.get(hole), rows.get(hole, 1)) == (False, None, 1)


def test_word_rows__map_a_column(vectors):
    pd = pytest.importorskip("pandas")
    rows = embedding_table(vectors)[1]
    assert pd.Series([42, 7, 42]).map(rows).tolist() == [8, 1, 8]
    with_holes = pd.Series([42, None, 7])
    assert with_holes.map(rows, na_action="ignore").fillna(rows.padding).tolist() == [8, 0, 1]
    with pytest.raises(ValueError, match="missing value"):
        with_holes.map(rows)


def test_embedding_table__can_be_written_to_though_vectors_cannot(model, tmp_path):
    model.save(tmp_path / "m")
    mapped = firth.load(tmp_path / "m")
    table, _ = embedding_table(mapped)
    table[:] = 7
    assert not (mapped.vectors == 7).any()


def test_embedding_table__has_the_words_asked_for_in_their_order(vectors):
    with pytest.warns(FirthWarning, match="1 of 4 words have no vector, and a row of zeros: 'unheard'"):
        table, rows = embedding_table(vectors, ["queen", "unheard", 42, "the"])
    assert dict(rows) == {"queen": 2, "unheard": 3, "42": 4, "the": 5}
    zeros = np.zeros(10)
    assert_array_equal(table, [zeros, zeros, vectors["queen"], zeros, vectors["42"], vectors["the"]])


def test_embedding_table__has_zeros_for_vectors_that_are_not_finite():
    vectors = firth.WordVectors(["a", "b", "c"], [[1, 2], [np.nan, 1], [np.inf, 0]])
    assert embedding_table(vectors)[0].tolist() == [[0, 0], [0, 0], [1, 2], [0, 0], [0, 0]]
    with pytest.warns(FirthWarning, match="1 of 2"):
        assert embedding_table(vectors, ["b", "a"])[0].tolist() == [[0, 0], [0, 0], [0, 0], [1, 2]]


def test_embedding_table__makes_up_unseen_words_of_their_ngrams(small_text):
    model = firth.train(small_text, max_n=4, buckets=500, vector_size=8, epochs=1, progress=False)
    table, rows = embedding_table(model, ["apples", "apple"])
    assert_array_equal(table[rows["apples"]], model["apples"])
    assert table[rows["apples"]].any()
    assert_array_equal(table[rows["apple"]], model["apple"])
    assert embedding_table(model)[1]["apples"] == 1


def test_embedding_table__knows_phrases_by_their_words():
    vocabulary, numbers = Vocabulary(["new_york", "she"], [2, 1]), np.array([[1, 2], [3, 4]], np.float32)
    phrases = firth.Phrases([{("new", "york"): 9.0}])
    model = firth.Word2Vec(vocabulary, numbers, numbers, firth.TrainingConfig(vector_size=2), [], phrases=phrases)
    table, rows = embedding_table(model, ["she", "new york"])
    assert table[rows["new york"]].tolist() == [1, 2]
    assert [rows[word] for word in phrases.join(["she", "new", "york"])] == [2, 1]
    _, rows = embedding_table(model)
    assert [rows[word] for word in phrases.join(["she", "new", "york"])] == [3, 2]


def test_embedding_table__refuses_words_of_which_none_has_a_vector(vectors):
    with pytest.raises(FirthError, match=r"none of the 2 words has a vector, such as 'THE'.*'the'"):
        embedding_table(vectors, ["THE", "KING"])
    with pytest.raises(ValueError, match="twice"):
        embedding_table(vectors, ["the", "the"])
    with pytest.raises(ValueError, match="wanted a list of words"):
        embedding_table(vectors, "the")


@pytest.mark.parametrize(("library", "method"), [("torch", "to_torch"), ("keras", "to_keras")])
def test_layer__says_which_library_is_missing(vectors, monkeypatch, library, method):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(FirthError, match=rf"{method}\(\) needs {library}: pip install {library}"):
        getattr(vectors, method)()


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (["jax"], "is to compute by tensorflow, which is not here; jax is: start Python with KERAS_BACKEND=jax"),
        (["torch"], "torch is: start Python with KERAS_BACKEND=torch"),
        ([], "keras has nothing to compute by: pip install jax, and set KERAS_BACKEND=jax"),
    ],
)
def test_to_keras__without_its_backend_names_one_that_is_here(vectors, tmp_path, monkeypatch, there, said):
    (tmp_path / "keras.py").write_text("import tensorflow")
    for name in there:
        (tmp_path / f"{name}.py").write_text("")
    for name in ("keras", *BACKENDS):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    finds = PathFinder.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: finds(name, [str(tmp_path)]))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(FirthError, match=said):
        vectors.to_keras()


def test_to_keras__without_what_keras_needs_itself_says_how_to_install_it(vectors, tmp_path, monkeypatch):
    (tmp_path / "keras.py").write_text("import what_keras_needs")
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(FirthError, match=r"pip install keras jax .*No module named 'what_keras_needs'"):
        vectors.to_keras()


def test_get__gives_a_default_for_words_without_a_usable_vector(vectors):
    assert_array_equal(vectors.get("king"), vectors["king"])
    assert vectors.get("unheard") is None
    assert vectors.get("unheard", 0) == 0
    assert firth.WordVectors(["a"], [[np.nan]]).get("a") is None


def test_word_rows__are_a_dictionary():
    assert WordRows({"a": 2}) == {"a": 2}
