"""Where words are wanted, one string is that word, or is refused: it is never its letters."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import firth
from firth.corpus.tokenizing import tokenize
from firth.phrases import Phrases
from firth.tutorial.examples import capped_vocabulary, vectorize

WORDS = ["king", "queen", "man", "woman", "k", "i", "n", "g"]


@pytest.fixture
def vectors():
    return firth.WordVectors(WORDS, np.random.default_rng(0).normal(size=(len(WORDS), 4)))


def test_words__one_string_is_one_word(vectors):
    one = firth.stability([vectors, vectors], topn=2, words="king")
    assert one.words == ["king"]
    compared = firth.compare(vectors, vectors)
    assert "king" not in dict(compared.most_moved(8, without="king"))
    assert len(compared.most_moved(8, without="king")) == 7
    assert compared.neighbors("king")[0] == vectors.most_similar("king")
    assert vectors.most_similar(positive="king") == vectors.most_similar(positive=["king"])
    assert_array_equal(vectors.unit_vectors("king"), [vectors.unit_vector("king")])
    assert_array_equal(vectors.mean_vector("king"), vectors.unit_vector("king"))
    assert_array_equal(vectors["king"], vectors[["king"]][0])


@pytest.mark.parametrize(
    "call",
    [
        lambda v: v.most_similar("queen", among="king"),
        lambda v: v.doesnt_match("king"),
        lambda v: v.most_similar_to_given("queen", "king"),
        lambda v: firth.TrainingConfig(stop_words="king"),
        lambda v: firth.TrainingConfig(keep_words="king"),
        lambda v: firth.WordVectors("king", np.ones((4, 2))),
        lambda v: firth.Vocabulary("king", [1, 1, 1, 1]),
        lambda v: Phrases([{("k", "i"): 1.0}]).join("king"),
        lambda v: capped_vocabulary("king", 9),
        lambda v: vectorize("king", ["", "[UNK]", "k"], 3),
        lambda v: vectorize(["king"], "king", 3),
        lambda v: tokenize("king"),
        firth.stability,
    ],
)
def test_words__one_string_in_place_of_many_is_an_error_where_many_are_needed(vectors, call):
    with pytest.raises((ValueError, TypeError)):
        call(vectors)


def test_errors__what_was_asked_is_quoted_in_short(vectors, tmp_path):
    long = "x" * 10_000
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("king queen 1\nking man 2\nking woman 3\n")
    analogies = tmp_path / "analogies.txt"
    analogies.write_text(f": family\nking queen man woman\n{long} king queen\n")
    calls = [
        lambda: firth.stability([vectors, vectors], topn=2, words=[long]),
        lambda: firth.evaluate(vectors, pairs, unknown=long),
        lambda: firth.evaluate(vectors, pairs, columns=long),
        lambda: firth.evaluate(vectors, analogies),
        lambda: firth.TrainingConfig(stop_words=[long], keep_words=[long]),
    ]
    for call in calls:
        with pytest.raises((firth.FirthError, ValueError)) as raised:
            call()
        assert len(str(raised.value)) < 500


@pytest.mark.parametrize("columns", ["123", "1,2,3", (1, 2), (1, 2, 2), (0, 1, 2), (1.0, 2.0, 3.0), ("1", "2", "3")])
def test_columns__that_are_not_three_numbers_are_named(vectors, tmp_path, columns):
    path = tmp_path / "pairs.txt"
    path.write_text("king queen 1\nking man 2\nking woman 3\n")
    with pytest.raises(ValueError, match="columns are three different numbers from 1: word, word, score; not"):
        firth.evaluate(vectors, path, columns=columns)
    assert firth.evaluate(vectors, path, columns=np.array([1, 2, 3])).pairs == 3
