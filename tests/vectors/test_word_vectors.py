import copy
import pickle
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

import firth
from firth.errors import FirthError, VectorNotFiniteError, WordNotFoundError
from firth.vectors.nearest import QUERIES
from firth.vectors.subwords import Ngrams, Subwords
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary
from tests.helpers.html import rows_of


def cosine(a, b):
    a, b = a.astype(float), b.astype(float)
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def plane(**points):
    return WordVectors(Vocabulary(list(points), [1] * len(points)), np.array(list(points.values()), np.float32))


def same(found, expected):
    """Whether the words are the same, and the numbers but for rounding."""
    np.testing.assert_allclose([c for _, c in found], [c for _, c in expected], atol=1e-6)
    return [word for word, _ in found] == [word for word, _ in expected]


ROYAL = plane(man=(1, 0), woman=(1, 1), king=(5, 0.2), queen=(5, 5.2), apple=(-1, 3))


def test_similarity__is_the_cosine(vectors):
    for a in vectors:
        for b in vectors:
            assert_allclose(vectors.similarity(a, b), cosine(vectors[a], vectors[b]), atol=1e-6)


def test_most_similar__is_sorted_by_cosine_without_the_word_itself(vectors):
    found = vectors.most_similar("king", topn=100)
    expected = sorted(
        ((w, cosine(vectors["king"], vectors[w])) for w in vectors if w != "king"), key=lambda item: -item[1]
    )
    assert [w for w, _ in found] == [w for w, _ in expected]
    assert_allclose([c for _, c in found], [c for _, c in expected], atol=1e-6)
    assert vectors.most_similar("king", topn=3) == found[:3]


def test_most_similar__of_many_words_is_that_of_each():
    rng = np.random.default_rng(0)
    n = 3 * QUERIES + 5
    many = WordVectors(Vocabulary([f"w{i}" for i in range(n)], [1] * n), rng.normal(size=(n, 8)).astype(np.float32))
    together = many.most_similar(many.words, topn=4)
    for word, found in zip(many.words, together, strict=True):
        alone = many.most_similar(word, topn=4)
        assert [w for w, _ in found] == [w for w, _ in alone]
    assert many.most_similar([]) == []


def test_most_similar__adds_and_subtracts_unit_vectors():
    unit = {w: ROYAL[w] / np.linalg.norm(ROYAL[w]) for w in ROYAL}
    wanted = unit["king"] - unit["man"] + unit["woman"]
    found = ROYAL.most_similar(positive=["king", "woman"], negative=["man"])
    assert {w for w, _ in found} == {"queen", "apple"}
    assert_allclose(dict(found)["queen"], cosine(wanted, ROYAL["queen"]), atol=1e-6)
    assert ROYAL.analogy("man", "king", "woman") == found
    assert found[0][0] == "queen"
    assert ROYAL.most_similar(positive="king") == ROYAL.most_similar("king")


def test_doesnt_match__is_the_odd_one_out():
    assert ROYAL.doesnt_match(["man", "woman", "king", "apple"]) == "apple"


def test_vectors__of_one_word_and_of_many(vectors):
    assert vectors["king"].shape == (10,)
    assert vectors[["king", "queen"]].tolist() == [vectors["king"].tolist(), vectors["queen"].tolist()]
    assert vectors[42] is not None
    assert "king" in vectors
    assert "emperor" not in vectors
    assert len(vectors) == 8


def test_vectors__an_unknown_word_is_named_wherever_it_stands(vectors):
    for ask in (
        lambda: vectors["kong"],
        lambda: vectors.most_similar("kong"),
        lambda: vectors.most_similar(["king", "kong"]),
        lambda: vectors.most_similar(positive=["king"], negative=["kong"]),
        lambda: vectors.similarity("king", "kong"),
        lambda: vectors.doesnt_match(["king", "queen", "kong"]),
        lambda: vectors.analogy("king", "queen", "kong"),
    ):
        with pytest.raises(WordNotFoundError, match="'kong' is not in the vocabulary; near it: king"):
            ask()


def test_vectors__nonsense_questions_get_answers_that_help(vectors):
    with pytest.raises(ValueError, match="positive="):
        vectors.most_similar(["king", "queen"], negative=["the"])
    with pytest.raises(ValueError, match="needs a word"):
        vectors.most_similar()
    with pytest.raises(ValueError, match="topn"):
        vectors.most_similar("king", topn=0)
    with pytest.raises(ValueError, match="at least three"):
        vectors.doesnt_match("king")


def test_vectors__of_zeros_are_like_nothing():
    flat = plane(a=(0, 0), b=(1, 0), c=(0, 1))
    assert flat.similarity("a", "b") == 0
    assert [c for _, c in flat.most_similar("a")] == [0, 0]
    assert flat.most_similar("b", topn=1)[0][1] == 0


def test_vectors__must_fit_their_words():
    with pytest.raises(ValueError, match="2 words, but vectors of shape"):
        WordVectors(Vocabulary(["a", "b"], [1, 1]), np.zeros((3, 2), np.float32))


def test_vectors__that_are_not_finite_change_no_answer_about_others():
    numbers = np.random.default_rng(0).normal(size=(20_000, 20)).astype(np.float32)
    numbers[1] = numbers[0] + 0.01
    words = [f"w{i}" for i in range(20_000)]
    whole = WordVectors(words, numbers)
    bad = numbers.copy()
    bad[400], bad[401, 3] = np.nan, -np.inf
    broken = WordVectors(words, bad)
    without = WordVectors(words[:400] + words[402:], np.delete(numbers, [400, 401], axis=0))
    assert broken.most_similar("w0", topn=1)[0][0] == "w1"
    assert same(broken.most_similar("w0"), without.most_similar("w0"))
    assert all(map(same, broken.most_similar(words[:50]), without.most_similar(words[:50])))
    assert same(*(v.analogy("w2", "w3", "w4", method="mul") for v in (broken, without)))
    assert len(broken.most_similar("w0", topn=None)) == 19_997
    assert broken.rank("w0", "w9") == without.rank("w0", "w9")
    assert np.flatnonzero(np.isnan(broken.similarities("w0"))).tolist() == [400, 401]
    assert (broken.finite().vectors == without.vectors).all()
    assert broken.finite().words == without.words
    assert whole.finite() is whole


def test_vectors__a_word_whose_vector_is_not_finite_cannot_be_asked_about():
    bad = plane(a=(1, 0), b=(0, 1), c=(1, 1), nan=(np.nan, 0), inf=(0, np.inf), much=(1e39, 0))
    for word in ("nan", "inf", "much"):
        for ask in (
            lambda word: bad.similarity("a", word),
            bad.most_similar,
            lambda word: bad.most_similar(["a", word]),
            lambda word: bad.most_similar(positive=["a"], negative=[word]),
            lambda word: bad.most_similar("a", among=["b", word]),
            lambda word: bad.doesnt_match(["a", "b", word]),
            lambda word: bad.mean_vector(["a", word]),
            lambda word: bad.analogy("a", "b", word, method="mul"),
            lambda word: bad.unit_vectors(["a", word]),
            lambda word: bad.rank("a", word),
        ):
            with pytest.raises(VectorNotFiniteError, match=f"vector of '{word}' has numbers that are not finite"):
                ask(word)
    assert bad.is_finite.tolist() == [True, True, True, False, False, False]
    assert isinstance(VectorNotFiniteError("x"), WordNotFoundError)


def test_vectors__with_signalling_nans_warn_of_nothing():
    """They raise the processor's flag in any arithmetic, which NumPy makes a warning, and pytest an error."""
    numbers = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    numbers.view(np.uint32)[3] = numbers.view(np.uint32)[7, 1] = 0x7FA00000
    words = [f"w{i}" for i in range(50)]
    bad = WordVectors(words, numbers)
    assert np.flatnonzero(~bad.is_finite).tolist() == [3, 7]
    assert np.isnan(bad.unit_vectors()[[3, 7]]).all()
    assert len(bad.most_similar("w0", topn=None)) == 47
    assert len(bad.most_similar(words[10:], topn=None)[0]) == 47
    assert np.isnan(bad.similarities("w0")[[3, 7]]).all()
    double = np.full((1, 4), np.uint64(0x7FF4000000000000)).view(np.float64)
    assert not WordVectors(["a"], double).is_finite.any()
    with pytest.raises(ValueError, match="not finite"):
        bad.most_similar(double[0])
    with pytest.raises(VectorNotFiniteError):
        bad.most_similar("w3")


def test_vectors__made_up_of_ngrams_that_are_not_finite_cannot_be_asked_about():
    ngrams = Ngrams(2, 2, 50)
    used = np.arange(50, dtype=np.int32)
    rows = np.full((50, 2), np.nan, np.float32)
    parts = WordVectors(["a", "b"], np.eye(2), Subwords(ngrams, np.eye(2, dtype=np.float32), used, rows))
    with pytest.raises(VectorNotFiniteError, match="'ab'"):
        parts.similarity("a", "ab")


def test_vectors__cannot_be_written_to_and_changed_ones_are_made_anew(vectors, tmp_path):
    for format in (".txt", ".bin", ".tsv", ".safetensors"):
        firth.export(vectors, tmp_path / f"v{format}")
        loaded = firth.load(tmp_path / f"v{format}")
        loaded.similarity("the", "king")
        with pytest.raises(ValueError, match="read-only"):
            loaded.vectors[:] -= loaded.vectors.mean(axis=0)
        with pytest.raises(ValueError, match="read-only"):
            loaded["king"][0] = 1
        centerd = WordVectors(loaded.words, loaded.vectors - loaded.vectors.mean(axis=0))
        assert_allclose(centerd.similarity("the", "the"), 1, atol=1e-6)
        assert_allclose(centerd.vectors.mean(axis=0), 0, atol=1e-6)
        centerd.export(tmp_path / f"c{format}")
        again = firth.load(tmp_path / f"c{format}")
        assert again.words == loaded.words
        assert (again.vectors == centerd.vectors).all()
    with pytest.raises(AttributeError):
        loaded.vectors = centerd.vectors


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_vectors__copies_cannot_be_written_to_either(vectors, copied):
    again = copied(vectors)
    assert not again.vectors.flags.writeable
    assert again.most_similar("king") == vectors.most_similar("king")


def test_vectors__are_not_copied_where_they_are_float32():
    numbers = np.eye(3, dtype=np.float32)
    made = WordVectors(["a", "b", "c"], numbers)
    assert np.shares_memory(made.vectors, numbers)
    assert numbers.flags.writeable


def test_vectors__of_a_list_of_words_and_an_array_of_any_real_numbers():
    for numbers in (np.eye(2), np.eye(2, dtype=np.int8), np.eye(2, dtype=">f8"), [[1, 0], [0, 1]]):
        made = WordVectors(["a", 7], numbers)
        assert made.vectors.dtype == np.float32
        assert made.vectors.tolist() == [[1, 0], [0, 1]]
        assert made.words == ["a", "7"]
        assert made.similarity("a", 7) == 0
        assert not made.vocabulary.has_counts
    assert WordVectors(["a", "b"], np.eye(2), counts=[5, 3]).count("b") == 3


@pytest.mark.parametrize(
    ("words", "numbers", "counts", "message"),
    [
        (["a", "b"], np.zeros((3, 2)), None, "2 words, but vectors of shape"),
        (["a", "b"], np.zeros(2), None, "2 words, but vectors of shape"),
        (["a", "b", "a"], np.zeros((3, 2)), None, "'a' comes twice, as words 0 and 2"),
        (["1", 1], np.zeros((2, 2)), None, "'1' comes twice"),
        ("ab", np.zeros((2, 2)), None, "wanted a list of words"),
        (np.zeros((2, 2)), ["a", "b"], None, "wanted a list of words"),
        (["a"], np.array([["x", "y"]]), None, "real numbers.*<U1"),
        (["a"], np.array([[1j]]), None, "real numbers.*complex"),
        (["a"], np.array([[None]]), None, "real numbers.*object"),
        (["a", "b"], np.eye(2), [1], "2 words, but 1 counts"),
        (["a", "b"], np.eye(2), [1, 2], "falling count"),
        (["a", "b"], np.eye(2), [1, -2], "falling count"),
        (Vocabulary(["a"], [1]), np.eye(1), [1], "has its counts"),
    ],
)
def test_vectors__of_what_does_not_fit_is_an_error_that_says_so(words, numbers, counts, message):
    with pytest.raises((ValueError, TypeError), match=message):
        WordVectors(words, numbers, counts=counts)


def test_count__is_that_of_the_vocabulary_and_an_error_where_there_is_none(vectors):
    assert vectors.count("king") == 7
    assert vectors.vocabulary.count("the") == 8
    with pytest.raises(WordNotFoundError):
        vectors.count("kong")
    with pytest.raises(FirthError, match="without counts"):
        WordVectors(["a"], np.eye(1)).count("a")
    assert "no counts" in repr(Vocabulary(["a"], [0]))


def test_notebook__shows_tables_with_words_as_text():
    words = ["<b>", "b", "c"]
    vectors = WordVectors(Vocabulary(words, [3, 2, 1]), np.eye(3, dtype=np.float32))
    assert "&lt;b&gt;" in vectors._repr_html_()
    table = vectors.most_similar("b")._repr_html_()
    assert rows_of(table) == [["word", "cosine"], ["<b>", "0.0000"], ["c", "0.0000"]]
    assert "<b>" not in table


def test_neighbors__are_data_frames(vectors):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    pyarrow = pytest.importorskip("pyarrow")
    found = vectors.most_similar("king", topn=3)
    columns = {"word": [word for word, _ in found], "cosine": [cosine for _, cosine in found]}
    assert found.to_pandas().equals(pandas.DataFrame(columns))
    assert found.to_polars().equals(polars.DataFrame(columns))
    assert found.to_arrow().equals(pyarrow.table(columns))
    assert vectors.analogy("the", "king", "queen", method="mul").to_pandas().columns[1] == "3CosMul"
    assert len(vectors.most_similar("king", among=["king"]).to_pandas()) == 0


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_neighbors__as_a_data_frame_need_a_library_and_say_which(vectors, monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    found = vectors.most_similar("king")
    with pytest.raises(FirthError, match=f"needs {library}: pip install"):
        getattr(found, f"to_{library.replace('py', '')}")()
