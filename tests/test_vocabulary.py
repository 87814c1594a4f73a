import copy
import json
import operator
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.errors import WordNotFoundError
from firth.vocabulary import Vocabulary, by_count_then_word

LETTERS = st.text("ab\0\né\ud800\U0001f600z\uffff\ue000", max_size=12)
ALIKE = st.builds(str.__add__, st.sampled_from([7 * "a", 8 * "a", 15 * "a", 16 * "a", 23 * "a", ""]), LETTERS)
"""Words that differ in their first eight bytes, in the next eight, or behind."""


def test_vocabulary__ties_are_ordered_by_word():
    counts = {"b": 2, "a": 2, "é": 2, "Z": 2, "c": 5}
    assert Vocabulary.from_counts(counts).words == ["c", "Z", "a", "b", "é"]


@pytest.mark.parametrize("reverse", [False, True])
@given(words=st.lists(ALIKE, unique=True), data=st.data())
def test_by_count_then_word__is_what_sorting_by_both_gives(words, reverse, data):
    counts = np.array(data.draw(st.lists(st.integers(1, 3), min_size=len(words), max_size=len(words))), np.int64)
    by_word = sorted(range(len(words)), key=words.__getitem__, reverse=reverse)
    wanted = sorted(by_word, key=lambda i: -counts[i])
    assert by_count_then_word(words, counts, reverse_ties=reverse).tolist() == wanted


def test_vocabulary__min_count_and_size_cut_the_rare_words():
    counts = {"a": 5, "b": 4, "c": 3, "d": 1}
    assert Vocabulary.from_counts(counts, min_count=3).words == ["a", "b", "c"]
    assert Vocabulary.from_counts(counts, min_count=3, max_vocabulary=2).words == ["a", "b"]
    assert Vocabulary.from_counts(counts, min_count=3).counts.tolist() == [5, 4, 3]


def test_vocabulary__an_unknown_word_comes_with_near_spellings():
    vocabulary = Vocabulary(["color", "Paris", "king", "cooler"], [4, 3, 2, 1])
    with pytest.raises(WordNotFoundError, match=r"'colour' is not in the vocabulary; near it: color, cooler"):
        vocabulary.id("colour")
    with pytest.raises(WordNotFoundError, match="Paris"):
        vocabulary.id("paris")
    with pytest.raises(KeyError):
        vocabulary.id("xyzzy")


def test_vocabulary__words_are_known_by_their_text():
    vocabulary = Vocabulary(["42", "x"], [2, 1])
    assert 42 in vocabulary
    assert vocabulary.id(42) == vocabulary.id("42") == 0
    assert "y" not in vocabulary
    assert list(vocabulary) == ["42", "x"]
    assert len(vocabulary) == 2


@pytest.mark.parametrize("copied", [lambda it: it, copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_vocabulary__its_words_and_counts_cannot_be_changed(copied):
    vocabulary = copied(Vocabulary(["b", "a"], [2, 1]))
    words = vocabulary.words

    def put(place, word):
        words[place] = word

    def leave_out(place):
        del words[place]

    for change in (
        lambda: put(0, "c"),
        lambda: put(slice(0, 1), ["c"]),
        lambda: leave_out(0),
        lambda: words.append("c"),
        lambda: words.extend(["c"]),
        lambda: words.insert(0, "c"),
        lambda: words.remove("a"),
        words.pop,
        words.clear,
        words.sort,
        words.reverse,
        lambda: operator.iadd(words, ["c"]),
        lambda: operator.imul(words, 2),
    ):
        with pytest.raises(TypeError, match=r"cannot be changed: take a copy, list\(words\)"):
            change()
    with pytest.raises(ValueError, match="read-only"):
        vocabulary.counts[0] = 5
    assert words == ["b", "a"]
    assert json.dumps(words) == '["b", "a"]'
    assert sorted(words) == ["a", "b"]
    assert type(words[:1]) is type(words.copy()) is list


def test_vocabulary__refuses_counts_of_another_length():
    with pytest.raises(ValueError, match="2 words, but 1 counts"):
        Vocabulary(["a", "b"], [1])


@pytest.mark.parametrize("words", [[10, "10"], ["a", "a"], [10, 10.0], ["b", 10, "a", np.int64(10)]])
def test_vocabulary__refuses_a_word_that_comes_twice(words):
    with pytest.raises(ValueError, match=r"the word '(10|a)' comes twice, as words \d and \d \(from 0\)"):
        Vocabulary(words, [1] * len(words))
