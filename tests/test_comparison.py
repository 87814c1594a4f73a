import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.comparison import compare, stability
from firth.errors import FirthError
from firth.vectors import WordVectors
from firth.vocabulary import Vocabulary

WORDS = [f"w{i}" for i in range(60)]


def some(seed=0, words=WORDS, width=8):
    numbers = np.random.default_rng(seed).normal(size=(len(words), width)).astype(np.float32)
    return WordVectors(Vocabulary(words, range(len(words), 0, -1)), numbers)


def turned(vectors, seed=1):
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(vectors.vector_size,) * 2))
    return WordVectors(vectors.vocabulary, (3 * vectors.vectors @ rotation).astype(np.float32))


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
    more = some(0, [*WORDS, "other"])
    more.vectors[:60], more.vectors[60] = one.vectors, one.vectors[0]
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
    before, after = some(), turned(some())
    after.vectors[[4, 30]] = after.vectors[[30, 4]]
    found = compare(before, after)
    assert {word for word, _ in found.most_moved(2)} == {"w4", "w30"}
    old, new = found.neighbors("w4", topn=3)
    assert old != new


def test_compare__rare_words_are_not_listed():
    assert compare(some(), some(), min_count=11).words == WORDS[:50]


@pytest.mark.parametrize(
    ("after", "message"),
    [(some(width=9), "8 and 9 numbers"), (some(0, WORDS[:5]), "5 words in common")],
)
def test_compare__models_that_cannot_be_laid_on(after, message):
    with pytest.raises(FirthError, match=message):
        compare(some(), after)
