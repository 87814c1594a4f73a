"""Look-ups, beside the numbers that gensim 4.4.0 gives for the same vectors (which need not be installed)."""

import itertools
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.errors import FirthError, WordNotFoundError
from firth.vectors.neighbors import EPSILON
from firth.vectors.subwords import Ngrams, Subwords
from firth.vectors.word_vectors import WordVectors

POINTS = {
    "man": (1, 0, 0.5),
    "woman": (1, 1, 0.5),
    "king": (5, 0.2, 3),
    "queen": (5, 5.2, 3),
    "apple": (-1, 3, 0),
    "boy": (2, -1, 1),
}
SMALL = WordVectors(list(POINTS), list(POINTS.values()))


def rounded(found):
    return [(word, round(number, 5)) for word, number in found]


def cosine(a, b):
    return SMALL.similarity(a, b)


def test_most_similar__of_an_array_is_as_gensims():
    found = SMALL.most_similar(np.array([1.0, 2, 3]))
    assert [word for word, _ in found] == ["queen", "woman", "king", "man", "apple", "boy"]
    assert_allclose([c for _, c in found], [0.834677, 0.801784, 0.659635, 0.597614, 0.422577, 0.327327], atol=2e-6)
    assert SMALL.most_similar(np.array([[1.0, 2, 3], [0, 0, 0]]), topn=2)[0] == found[:2]
    assert SMALL.most_similar([np.array([1.0, 2, 3]), "king"], topn=3)[0] == found[:3]
    assert [c for _, c in SMALL.most_similar(np.zeros(3), topn=2)] == [0, 0]


def test_most_similar__an_array_of_words_is_many_words():
    assert SMALL.most_similar(np.array(["king", "queen"])) == SMALL.most_similar(["king", "queen"])


@pytest.mark.parametrize("wrong", [np.zeros(4), np.array([np.nan, 0, 0]), np.array([1e39, 0, 0])])
def test_most_similar__of_an_array_that_does_not_fit(wrong):
    with pytest.raises(ValueError, match=r"shape \(3,\), not \(4,\)|not finite"):
        SMALL.most_similar(wrong)
    with pytest.raises(ValueError, match=r"shape \(3,\), not \(4,\)|not finite"):
        SMALL.most_similar(positive=["king", wrong])


def test_most_similar__of_weighted_words_is_as_gensims():
    """There, the weight of a negative word has its sign: ("man", -2.0)."""
    found = SMALL.most_similar(positive=[("king", 1.0), ("woman", 0.5)], negative=[("man", 2.0)])
    assert [word for word, _ in found] == ["apple", "queen", "boy"]
    assert_allclose([c for _, c in found], [0.732839, -0.300178, -0.988838], atol=2e-6)


def test_most_similar__adds_arrays_as_they_are_and_words_scaled_to_length_1_as_gensim_does():
    found = SMALL.most_similar(positive=["king", np.array([0, 3, 0], np.float32)])
    assert [word for word, _ in found] == ["woman", "queen", "apple", "man", "boy"]
    assert_allclose([c for _, c in found], [0.865695, 0.865649, 0.816234, 0.31192, -0.103014], atol=2e-6)


def test_most_similar__among_the_first_words_is_as_gensims():
    found = SMALL.most_similar("queen", first=4)
    assert rounded(found) == [("woman", 0.99836), ("king", 0.76871), ("man", 0.74413)]
    assert SMALL.most_similar(["queen", "boy"], first=4)[0] == found
    assert SMALL.most_similar("boy", first=1) == [("man", pytest.approx(cosine("man", "boy"), abs=1e-6))]
    with pytest.raises(ValueError, match="first must be 1"):
        SMALL.most_similar("boy", first=0)


def test_most_similar__among_some_words():
    among = ["boy", "queen", "apple", "queen", "king"]
    found = SMALL.most_similar("king", among=among)
    everything = dict(SMALL.most_similar("king"))
    assert [word for word, _ in found] == ["boy", "queen", "apple"]
    assert all(number == pytest.approx(everything[word], abs=1e-6) for word, number in found)
    assert [word for word, _ in SMALL.most_similar("king", among=among, first=4)] == ["queen"]
    assert [word for word, _ in SMALL.most_similar(positive=["king"], among=["boy"])] == ["boy"]
    assert SMALL.most_similar("king", among=[]) == []
    with pytest.raises(WordNotFoundError, match="'nobody'"):
        SMALL.most_similar("king", among=["nobody"])
    with pytest.raises(ValueError, match="list of words"):
        SMALL.most_similar("king", among="boy")


def test_most_similar__all_words():
    assert len(SMALL.most_similar("king", topn=None)) == 5
    assert SMALL.most_similar(positive=["king"], topn=None) == SMALL.most_similar("king", topn=5)
    assert len(SMALL.most_similar(np.ones(3), topn=None)) == 6


def test_similarities__are_1_less_gensims_distances():
    expected = [0.99646842, 0.76557678, 1, 0.76870912, -0.2384832, 0.89565253]
    assert_allclose(SMALL.similarities("king"), expected, atol=1e-6)
    assert SMALL.similarities("king").shape == (6,)
    assert_allclose(SMALL.similarities(SMALL["king"] * 2), expected, atol=1e-6)


def test_analogy__by_multiplying_is_equation_4():
    """gensim's numbers, 1.013258, 0.754784 and 0.697785, have another ε: 1e-6."""
    found = SMALL.analogy("man", "king", "woman", method="mul")
    assert [word for word, _ in found] == ["queen", "apple", "boy"]
    for (word, score), gensims in zip(found, [1.013258, 0.754784, 0.697785], strict=True):
        man, king, woman = ((1 + cosine(word, other)) / 2 for other in ("man", "king", "woman"))
        assert score == pytest.approx(king * woman / (man + EPSILON), rel=1e-5)
        assert score * (man + EPSILON) / (man + 1e-6) == pytest.approx(gensims, rel=1e-5)
    assert EPSILON == 0.001
    assert SMALL.analogy("man", "king", "woman", method="mul", topn=1) == found[:1]
    among = SMALL.analogy("man", "king", "woman", method="mul", among=["boy", "king", "apple"])
    assert rounded(among) == rounded(found[1:])
    assert SMALL.analogy("man", "king", "woman", method="mul", first=4) == found[:1]
    assert "<th>3CosMul</th>" in found._repr_html_()
    with pytest.raises(ValueError, match='"add" or "mul"'):
        SMALL.analogy("man", "king", "woman", method="times")
    with pytest.raises(ValueError, match="topn"):
        SMALL.analogy("man", "king", "woman", method="mul", topn=0)


def test_analogy__by_adding_can_be_among_some_words():
    found = SMALL.analogy("man", "king", "woman", among=["boy", "apple"])
    assert found == [pair for pair in SMALL.analogy("man", "king", "woman") if pair[0] in {"boy", "apple"}]


def test_n_similarity__is_as_gensims():
    assert SMALL.n_similarity(["king", "queen"], ["man", "boy", "apple"]) == pytest.approx(0.96731675, abs=1e-6)


def test_rank_and_closer_than__are_as_gensims():
    assert (SMALL.rank("man", "queen"), SMALL.rank("man", "woman"), SMALL.rank("man", "king")) == (4, 3, 1)
    assert SMALL.closer_than("man", "queen") == ["king", "boy", "woman"]  # there in the order of the vocabulary
    assert [SMALL.rank("king", word) for word, _ in SMALL.most_similar("king")] == [1, 2, 3, 4, 5]


def test_most_similar_to_given__is_as_gensims():
    assert SMALL.most_similar_to_given("queen", ["man", "boy", "woman"]) == "woman"
    with pytest.raises(ValueError, match="to choose from"):
        SMALL.most_similar_to_given("queen", [])


@pytest.mark.parametrize(
    ("first", "second", "gensims", "not_scaled"),
    [
        ("king man boy", "queen woman apple", 1.0692958331742746, 3.643780866134361),
        ("king king man", "queen woman", 0.6920687670275663, 3.630724817319776),
        ("king", "queen", 0.6801335525322265, 4.9999998062849045),
        ("king man", "man king", 0, 0),
        ("man", "man man", 0, 0),
        ("king king man", "king man man boy", 0.1282147797421952, 1.7368714425305145),
        ("king nobody queen", "apple who boy", 0.7627185670624959, 5.4298724896961525),
        ("king queen man woman boy apple", "apple boy", 0.5030652435113302, 2.5386710504435523),
    ],
)
def test_wmdistance__is_as_gensims(first, second, gensims, not_scaled):
    pytest.importorskip("scipy", reason="the extra firth[wmd] is not installed")
    for one, other in ((first.split(), second.split()), (second.split(), first.split())):
        assert SMALL.wmdistance(one, other) == pytest.approx(gensims, abs=1e-6)
        assert SMALL.wmdistance(one, other, unit=False) == pytest.approx(not_scaled, abs=1e-6)


def test_wmdistance__of_longer_texts_is_as_gensims():
    pytest.importorskip("scipy", reason="the extra firth[wmd] is not installed")
    random = np.random.default_rng(5)
    assert random.normal(size=3)[0] == pytest.approx(-0.80193143)  # the numbers that gensim was given
    words = [f"w{i}" for i in range(60)]
    many = WordVectors(words, random.normal(size=(60, 5)))
    for gensims, not_scaled in (
        (0.590061838939042, 1.3565933527287495),
        (0.5438461819341763, 1.1690586790359077),
        (0.5235373251560258, 1.2570922408522767),
    ):
        one, other = ([words[i] for i in random.integers(0, 60, size)] for size in (40, 25))
        assert many.wmdistance(one, other) == pytest.approx(gensims, abs=1e-6)
        assert many.wmdistance(one, other, unit=False) == pytest.approx(not_scaled, abs=1e-6)


def test_wmdistance__of_texts_of_one_length_is_the_best_of_all_pairings():
    pytest.importorskip("scipy", reason="the extra firth[wmd] is not installed")
    random = np.random.default_rng(0)
    words = [f"w{i}" for i in range(10)]
    many = WordVectors(words, random.normal(size=(10, 3)))
    one, other = words[:5], words[5:]
    costs = np.linalg.norm(many.vectors[:5, None].astype(float) - many.vectors[None, 5:], axis=2)
    best = min(costs[range(5), order].mean() for order in itertools.permutations(range(5)))
    assert many.wmdistance(one, other, unit=False) == pytest.approx(best, abs=1e-9)


def test_wmdistance__of_texts_without_known_words_is_infinite_as_gensims():
    assert SMALL.wmdistance(["nobody"], ["king"]) == np.inf
    assert SMALL.wmdistance([], []) == np.inf
    with_nan = WordVectors(["a", "b"], [[2, 0], [np.nan, 0]])
    assert with_nan.wmdistance(["a", "b"], ["a"]) == 0
    assert with_nan.wmdistance(["b"], ["a"]) == np.inf


def test_wmdistance__of_what_is_no_list_of_words():
    with pytest.raises(ValueError, match=r"got 'king man': split it"):
        SMALL.wmdistance("king man", ["man"])
    with pytest.raises(ValueError, match="not of vectors"):
        SMALL.wmdistance([np.ones(3)], ["man"])


def test_wmdistance__without_scipy_names_the_extra(monkeypatch):
    for name in ("scipy", "scipy.optimize", "scipy.sparse"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(FirthError, match=r"pip install 'firth\[wmd\]'"):
        SMALL.wmdistance(["king"], ["man"])
    assert SMALL.wmdistance(["king", "man"], ["man", "king"]) == 0  # which needs none


def test_mean_vector__is_as_gensims():
    mean = SMALL.mean_vector(["king", "woman", "nobody"], unknown="ignore")
    assert_allclose(mean, [0.76182783, 0.35047314, 0.42376333], atol=1e-6)
    assert mean.dtype == np.float32
    assert_allclose(SMALL.mean_vector([("king", 1), ("woman", -0.5)]), [0.34910369, -0.19936919, 0.23168445], atol=1e-6)
    assert_allclose(SMALL.mean_vector(["king", "woman"], unit=False), [3, 0.6, 1.75], atol=1e-6)
    assert_allclose(SMALL.mean_vector([np.array([1.0, 2, 3]), np.array([3.0, 2, 1])]), [2, 2, 2])


def test_mean_vector__of_words_that_are_not_known():
    with pytest.raises(WordNotFoundError, match="'nobody'"):
        SMALL.mean_vector(["king", "nobody"])
    with pytest.raises(WordNotFoundError, match="'nobody'"):
        SMALL.mean_vector(["nobody"], unknown="ignore")
    with pytest.raises(ValueError, match="no words"):
        SMALL.mean_vector([])
    with pytest.raises(ValueError, match='"raise" or "ignore"'):
        SMALL.mean_vector(["king"], unknown="skip")
    with_nan = WordVectors(["a", "b"], [[2, 0], [np.nan, 0]])
    assert with_nan.mean_vector(["a", "b"], unknown="ignore").tolist() == [1, 0]


def test_unit_vectors__of_all_words_and_of_some():
    units = SMALL.unit_vectors()
    assert_allclose(units[1], [2 / 3, 2 / 3, 1 / 3], rtol=1e-6)
    assert_allclose(np.linalg.norm(units, axis=1), 1, rtol=1e-6)
    assert (SMALL.unit_vectors(["woman", "man"]) == units[[1, 0]]).all()
    assert SMALL.unit_vectors([]).shape == (0, 3)
    units[:] = 0  # a copy
    assert SMALL["woman"].tolist() == [1, 1, 0.5]


def test_lookups__of_words_made_up_of_ngrams():
    ngrams = Ngrams(2, 2, 7)
    rows = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    parts = WordVectors(
        SMALL.vocabulary, SMALL.vectors, Subwords(ngrams, SMALL.vectors, np.arange(7, dtype=np.int32), rows)
    )
    made_up = parts["kong"]
    assert_allclose(parts.similarities("kong"), SMALL.similarities(made_up), atol=1e-6)
    assert parts.most_similar("kong", topn=None) == SMALL.most_similar(made_up, topn=None)
    assert parts.rank("kong", "king") == 1 + [w for w, _ in parts.most_similar("kong")].index("king")
    nearest = parts.most_similar("man")[0]
    assert parts.rank("man", "kong") == 1 + sum(
        c > parts.similarity("man", "kong") for _, c in parts.most_similar("man")
    )
    assert nearest == SMALL.most_similar("man")[0]


def test_unit_vector__of_one_as_short_and_as_long_as_float32_can_be():
    extreme = WordVectors(["long", "short", "none"], np.array([[3e38, 3e38], [1e-42, 0], [0, 0]], np.float32))
    assert_allclose(extreme.unit_vector("long"), [0.5**0.5] * 2, rtol=1e-6)
    assert extreme.unit_vector("short").tolist() == [1, 0]
    assert extreme.similarity("long", "short") == pytest.approx(0.5**0.5)
    assert extreme.similarity("none", "none") == 0
    assert_allclose(extreme.similarities("long"), [1, 0.5**0.5, 0], rtol=1e-6)


def test_mean_vector__of_a_text_with_unknown_words_does_not_look_for_near_spellings(vectors, monkeypatch):
    monkeypatch.delattr(type(vectors.vocabulary), "near_spellings")
    mean = vectors.mean_vector(["king", "kink", "unheard"], unknown="ignore", unit=False)
    np.testing.assert_array_equal(mean, vectors["king"])
    assert vectors.get("kink") is None
