import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.errors import WordNotFoundError
from firth.nearest import QUERIES
from firth.vectors import WordVectors
from firth.vocabulary import Vocabulary


def cosine(a, b):
    a, b = a.astype(float), b.astype(float)
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def plane(**points):
    return WordVectors(Vocabulary(list(points), [1] * len(points)), np.array(list(points.values()), np.float32))


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


def test_notebook__shows_tables_with_words_as_text():
    words = ["<b>", "b", "c"]
    vectors = WordVectors(Vocabulary(words, [3, 2, 1]), np.eye(3, dtype=np.float32))
    assert "&lt;b&gt;" in vectors._repr_html_()
    table = vectors.most_similar("b")._repr_html_()
    assert "<td>&lt;b&gt;</td><td>0.0000</td>" in table
    assert "<b>" not in table
