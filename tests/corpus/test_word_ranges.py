"""Words in ranges, each with an owner: the ids that one table of all words gives."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.corpus.word_list import PackedStrings
from firth.corpus.word_ranges import Owner, boundaries_of, deal, first_ids

WORD = st.text(st.sampled_from("abΣé漢😀"), min_size=1, max_size=10)
TABLES = st.lists(st.dictionaries(WORD, st.integers(1, 4), max_size=30), min_size=1, max_size=4)


def packed(words: list[str]) -> PackedStrings:
    return PackedStrings.of("".join(f"{word}\n" for word in words).encode())


@settings(max_examples=200, deadline=None)
@given(tables=TABLES, boundaries=st.lists(WORD, max_size=4).map(sorted))
def test_owners__give_ids_by_falling_count_then_by_code_points(tables, boundaries):
    owners = [Owner() for _ in range(len(boundaries) + 1)]
    for number, table in enumerate(tables):
        words = sorted(table)
        dealt = deal(packed(words), np.array([table[word] for word in words], np.int64), boundaries)
        for owner, (some, counts) in zip(owners, dealt, strict=True):
            owner.add(number, some, counts)
            owner.add(number, some, counts)  # as who tries again does
    total = sum(map(Counter, tables), Counter())
    ids = {word: id for id, word in enumerate(sorted(total, key=lambda word: (-total[word], word)))}
    firsts = first_ids([owner.histogram() for owner in owners])
    for owner, first in zip(owners, firsts, strict=True):
        assert owner.ranks(first).tolist() == [ids[word] for word in owner.words]
        assert owner.counts.tolist() == [total[word] for word in owner.words]
    for number, table in enumerate(tables):
        given_ids = np.concatenate([owner.ids_for(number) for owner in owners])
        assert given_ids.tolist() == [ids[word] for word in sorted(table)]


def test_boundaries__give_each_owner_as_many_words_of_the_sample():
    samples = [["a", "c", "e"], ["b", "d", "f"]]
    assert boundaries_of(samples, 3) == ["c", "e"]
    assert boundaries_of(samples, 1) == []
    assert boundaries_of([[], []], 3) == ["", ""]
    assert boundaries_of([["b"], ["a"]], 4) == ["a", "b", "b"]
