import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.kernels import compiler
from firth.lines import Lines

pytestmark = pytest.mark.skipif(not compiler.is_enabled(), reason="with the compiler off, nothing asks for lines")

WORDS = st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"])))


def lines(words: list[str]) -> Lines:
    return Lines.of("".join(f"{word}\n" for word in words))


@given(words=WORDS)
def test_lines__are_the_words(words):
    assert list(lines(words)) == words
    assert len(lines(words)) == len(words)


@given(words=WORDS, data=st.data())
def test_at__is_what_indexing_gives(words, data):
    places = data.draw(st.lists(st.integers(0, len(words) - 1)) if words else st.just([]))
    assert list(lines(words).at(np.array(places, np.int64))) == [words[place] for place in places]


@given(words=WORDS)
def test_as_json__is_what_the_standard_library_writes(words):
    wanted = "".join(json.dumps(word, ensure_ascii=False) + "\n" for word in words)
    assert bytes(lines(words).as_json()).decode() == wanted


def test_as_json__escapes_every_control_character():
    words = ["".join(map(chr, range(10))) + "".join(map(chr, range(11, 0x80))), '\\"' * 1000]
    wanted = [json.dumps(word, ensure_ascii=False) for word in words]
    assert bytes(lines(words).as_json()).decode().splitlines() == wanted
