import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.corpus.word_list import PackedStrings
from firth.jit import target

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="with the compiler off, nothing asks for lines")

WORDS = st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"])))


def lines(words: list[str]) -> PackedStrings:
    return PackedStrings.of("".join(f"{word}\n" for word in words).encode())


@given(words=WORDS)
def test_lines__are_the_words(words):
    assert list(lines(words)) == words
    assert len(lines(words)) == len(words)


def test_pieces__are_all_the_words(monkeypatch):
    monkeypatch.setattr("firth.corpus.word_list.WORDS_AT_A_TIME", 3)
    words = ["Zoë", "", "мир", "a b", '"', "", "c"]
    assert [list(some) for some in lines(words).pieces()] == [words[:3], words[3:6], words[6:]]
    assert list(lines(words)) == words


@settings(deadline=None)  # the first time, it is compiled
@given(words=WORDS, data=st.data())
def test_at__is_what_indexing_gives(words, data):
    places = data.draw(st.lists(st.integers(0, len(words) - 1)) if words else st.just([]))
    assert list(lines(words).at(np.array(places, np.int64))) == [words[place] for place in places]


@settings(deadline=None)
@given(words=WORDS)
def test_as_json__is_what_the_standard_library_writes(words):
    wanted = "".join(json.dumps(word, ensure_ascii=False) + "\n" for word in words)
    assert bytes(lines(words).as_json()).decode() == wanted


def test_as_json__escapes_every_control_character():
    words = ["".join(map(chr, range(10))) + "".join(map(chr, range(11, 0x80))), '\\"' * 1000]
    wanted = [json.dumps(word, ensure_ascii=False) for word in words]
    assert bytes(lines(words).as_json()).decode().splitlines() == wanted
