import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.analysis.comparison import compare, stability
from firth.errors import FirthError, WordNotFoundError
from firth.vectors.word_vectors import WordVectors
from tests.helpers.html import rows_of
from tests.helpers.vectors import WORDS, some


def turned(vectors, seed=1):
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(vectors.vector_size,) * 2))
    return WordVectors(vectors.vocabulary, (3 * vectors.vectors @ rotation).astype(np.float32))


def exchanged(vectors):
    """With the vectors of w4 and w30 exchanged."""
    order = np.arange(len(vectors))
    order[[4, 30]] = [30, 4]
    return WordVectors(vectors.vocabulary, vectors.vectors[order])


def test_stability__of_a_model_with_itself_turned_is_complete():
    found = stability([some(), turned(some())], topn=5)
    assert found.mean == 1
    assert found.words == WORDS


def test_stability__is_the_mean_overlap_over_all_pairs():
    models = [some(seed) for seed in range(3)]
    found = stability(models, topn=7, words=["w3", "w9"])
    near = [{w for w, _ in model.most_similar("w3", topn=7)} for model in models]
    by_hand = [len(a & b) / len(a | b) for a, b in ((near[0], near[1]), (near[0], near[2]), (near[1], near[2]))]
    assert_allclose(found.overlap[0], np.mean(by_hand))
    assert found.least_stable(1)[0][1] == found.overlap.min()


def test_stability__looks_for_neighbors_among_common_words_only():
    one = some()
    more = WordVectors([*WORDS, "other"], np.concatenate([one.vectors, one.vectors[:1]]))
    assert stability([one, more]).mean == 1


@pytest.mark.parametrize(
    ("models", "message"),
    [([some()], "two models"), ([some(), some(0, ["a", "b"])], "0 words in common")],
)
def test_stability__needs_two_models_with_words_in_common(models, message):
    with pytest.raises((ValueError, FirthError), match=message):
        stability(models)


def test_stability__an_unknown_word_is_an_error():
    with pytest.raises(FirthError, match="'nobody'"):
        stability([some(), some(1)], words=["nobody"])


def test_compare__a_turned_model_has_not_moved():
    assert_allclose(compare(some(), turned(some())).distance, 0, atol=1e-5)


def test_compare__finds_the_words_that_were_exchanged():
    before, after = some(), exchanged(turned(some()))
    found = compare(before, after)
    assert {word for word, _ in found.most_moved(2)} == {"w4", "w30"}
    old, new = found.neighbors("w4", topn=3)
    assert old != new


def test_compare__before_and_after_are_in_one_space():
    before = some()
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))
    found = compare(before, WordVectors(before.vocabulary, before.vectors @ rotation))
    assert_allclose(found.before.vectors, found.after.vectors, atol=1e-5)
    assert_allclose(found.rotation, rotation, atol=1e-6)
    assert_allclose(found.before.vectors, before.vectors @ found.rotation, atol=1e-5)
    longer = compare(before, turned(before))
    assert_allclose(3 * longer.before.vectors, longer.after.vectors, atol=1e-5)


def test_compare__rare_words_are_not_listed():
    found = compare(some(), some(), min_count=11)
    assert found.words == WORDS[:50]
    assert len(found) == 50
    assert found.before.words == WORDS
    with pytest.raises(FirthError, match="none of the 60 words in common occurs 61 times"):
        compare(some(), some(), min_count=61)


def without_counts(vectors):
    return WordVectors(vectors.words, vectors.vectors)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (some(), without_counts(some()), "the vectors after came without counts"),
        (without_counts(some()), some(), "the vectors before came without counts"),
        (without_counts(some()), without_counts(some()), "the vectors before and after came without counts"),
    ],
)
def test_compare__a_min_count_needs_counts(before, after, message):
    with pytest.raises(FirthError, match=f"{message}.*compare without min_count"):
        compare(before, after, min_count=50)
    found = compare(before, after)
    assert len(found) == 60
    with pytest.raises(FirthError, match=message):
        found.most_moved(min_count=1)


def test_comparison__tells_how_far_a_word_moved():
    found = compare(some(), exchanged(turned(some())), min_count=55)
    assert found.words == WORDS[:6]
    for i, word in enumerate(found.words):
        assert found[word] == pytest.approx(found.distance[i], abs=1e-6)
    assert found["w30"] > 0.5  # which is too rare to be listed
    with pytest.raises(WordNotFoundError):
        found["nobody"]


def test_comparison__the_most_moved_can_leave_out_words():
    found = compare(some(), exchanged(turned(some())))
    first, second, third = (word for word, _ in found.most_moved(3))
    assert {first, second} == {"w4", "w30"}
    assert [word for word, _ in found.most_moved(2, without=[first])] == [second, third]
    assert found.most_moved(1, without="w4")[0][0] == "w30"
    assert found.most_moved(1, min_count=40)[0][0] == "w4"  # w30 occurs 30 times
    assert len(found.most_moved(100, min_count=51)) == 10


def test_comparison__as_a_frame_a_table_and_a_line():
    pandas = pytest.importorskip("pandas")
    found = compare(some(), exchanged(without_counts(some())))
    frame = found.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == ["word", "distance", "count_before"]
    assert frame["word"][0] == found.most_moved(1)[0][0]
    assert dict(zip(frame["word"], frame["count_before"], strict=True))["w3"] == 57
    assert repr(found).startswith("Comparison(60 words, most moved: w")
    words = ["<b>", *WORDS[1:]]
    table = compare(some(0, words), some(0, words))._repr_html_()
    assert "&lt;b&gt;" in table
    assert "<td><b>" not in table
    assert rows_of(table)[0] == ["word", "moved", "neighbors before", "neighbors after"]


def test_comparison__without_pandas_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(FirthError, match="pip install pandas"):
        compare(some(), some()).to_pandas()


def test_models__words_that_are_not_finite_are_as_if_not_there():
    one, other = some(), exchanged(turned(some()))
    numbers = other.vectors.copy()
    numbers[[2, 9]] = [[np.nan], [np.inf]]
    broken = WordVectors(other.vocabulary, numbers)
    kept = [word for word in WORDS if word not in {"w2", "w9"}]
    without = WordVectors(kept, other[kept])
    found = compare(one, broken)
    assert found.words == kept
    assert_allclose(found.distance, compare(one, without).distance, atol=1e-6)
    assert_allclose(stability([one, broken]).overlap, stability([one, without]).overlap)
    with pytest.raises(FirthError, match="'w2' is not in all of the models, or its vector is not finite"):
        stability([one, broken], words=["w2"])


@pytest.mark.parametrize(
    ("after", "message"),
    [(some(width=9), "8 and 9 numbers"), (some(0, WORDS[:5]), "5 words in common")],
)
def test_compare__models_that_cannot_be_laid_on(after, message):
    with pytest.raises(FirthError, match=message):
        compare(some(), after)


def test_stability__is_shown_in_a_line_and_as_a_table_of_the_least_stable():
    found = stability([some(0), some(1)], topn=5)
    assert repr(found) == f"Stability(60 words, 5 neighbors, mean overlap {found.mean:.4f})"
    word, overlap = found.least_stable()[0]
    assert rows_of(found._repr_html_())[1] == [word, f"{overlap:.4f}"]
    assert rows_of(found.least_stable(1)._repr_html_()) == [["word", "overlap"], [word, f"{overlap:.4f}"]]


def test_comparison__neighbors_before_and_after_are_side_by_side():
    found = compare(some(0), some(1))
    one = found.neighbors("w1", topn=3)
    table = rows_of(one._repr_html_())
    assert table[0] == ["before", "cosine", "after", "cosine"]
    assert [row[0] for row in table[1:]] == [word for word, _ in one.before]
    assert [row[2] for row in table[1:]] == [word for word, _ in one.after]
    many = rows_of(found.neighbors(["w1", "w2"], topn=2)._repr_html_())
    assert [row[0] for row in many] == ["word", "w1", "w2"]
    assert many[1][1].split()[::2] == [word for word, _ in one.before[:2]]
