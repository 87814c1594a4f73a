"""Words that a text cannot have as it is split, and what is said of them."""

import warnings

import pytest

import firth
from firth.corpus.lost_words import LostWords, settings_to_turn_off, unreachable
from firth.errors import ConfigError, FirthWarning
from firth.phrases import Phrases


def test_unreachable__words_are_those_that_no_text_is_split_into():
    words = ["king", "King", "don't", "dont", "a b", "", "σοφος", "ΣΟΦΟΣ", "\ud800"]
    assert unreachable(words, firth.TextConfig()) == ["King", "don't", "a b", "", "ΣΟΦΟΣ", "\ud800"]
    assert unreachable(["a b", "a,b", " a"], firth.TextConfig(separator=",")) == ["a,b", " a"]
    assert unreachable(["don't", "a-b"], firth.TextConfig(unicode_punctuation=True, keep_apostrophes=True)) == ["a-b"]


def test_settings_to_turn_off__are_the_fewest():
    config = firth.TextConfig()
    assert settings_to_turn_off(["Apple"], config) == ["lowercase"]
    assert settings_to_turn_off(["a-b"], config) == ["strip_punctuation"]
    assert settings_to_turn_off(["A-b"], config) == ["lowercase", "strip_punctuation"]
    assert settings_to_turn_off(["new york"], config) == []
    assert settings_to_turn_off(["</s>", ":)", "new_york"], config) == []
    assert settings_to_turn_off(["New_York"], config) == ["lowercase"]


def test_lost_words__are_told_with_what_a_text_has_in_their_places():
    words = [f"word{i}" for i in range(96)]
    lost = LostWords.of(["-10", *words, "New York", "Apple", ":)"], firth.TextConfig())
    with pytest.warns(FirthWarning) as caught:
        lost.tell()
    (warning,) = caught
    assert "3 of the 100 words" in str(warning.message)
    assert "'-10' (read as '10'), 'New York' (read as 'new', 'york'), 'Apple' (read as 'apple'): " in str(
        warning.message
    )


def test_lost_words__are_none_that_are_joined_nor_any_where_sentences_end():
    joined = Phrases([{("new", "york"): 9.0}])
    config = firth.TextConfig(sentences="punctuation", strip_punctuation=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LostWords.of(["new", "york", "new_york"], firth.TextConfig(), joined).tell()
        LostWords.of(["u.s.", "a?b"], config).tell()
    assert LostWords.of(["new_york"], firth.TextConfig()).words == ["new_york"]


def test_lost_words__are_neither_marks_nor_punctuation_alone():
    words = ["</s>", "<unk>", "<UNK>", ",", "--", ":)", ""]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LostWords.of([*words, "king"], firth.TextConfig()).tell()
        LostWords.of(words, firth.TextConfig()).tell()
    with pytest.raises(ConfigError, match=r"1 of the 8 words .*'SKU-1'"):
        LostWords.of([*words, "SKU-1"], firth.TextConfig()).tell()


def test_lost_words__of_phrases_are_joined_and_not_read_with_their_marks():
    def told(words):
        with pytest.warns(FirthWarning) as caught:
            LostWords.of(["king", *words], firth.TextConfig()).tell()
        return str(caught[0].message).partition(": ")[2]

    joined = "have phrases joined, phrases=… (--phrase-passes), or give lists of tokens"
    assert told(["one_nine"]) == joined
    assert told(["New_York"]) == f"split the text with lowercase=False (--no-lowercase), or {joined}"
    assert told(["a-b", "_c"]) == (
        "split the text with strip_punctuation=False (--no-strip-punctuation), or give lists of tokens"
    )


def test_lost_words__are_an_error_where_hardly_any_is_left():
    words = [f"SKU-{i}" for i in range(200)]
    with pytest.raises(ConfigError, match="200 of the 201 words"):
        LostWords.of([*words, "king"], firth.TextConfig()).tell()
    with pytest.warns(FirthWarning, match="200 of the 203 words"):
        LostWords.of([*words, "king", "queen", "axe"], firth.TextConfig()).tell()


def test_lost_words__of_very_many_the_first_are_looked_at(monkeypatch):
    monkeypatch.setattr("firth.corpus.lost_words.MOST_LOOKED_AT", 3)
    with pytest.warns(FirthWarning, match="1 of the first 3 words that have vectors .*'A-b'"):
        LostWords.of(["king", "A-b", "axe", "Queen"], firth.TextConfig()).tell()
