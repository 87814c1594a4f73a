"""A missing value is no word: nowhere where words are taken, nor an unknown one."""

import numpy as np
import pytest

import firth
import firth.gensim
from tests.helpers.missing import HOLES


@pytest.fixture
def holes_spelled():
    """Vectors of words that are spelled as missing values are."""
    return firth.WordVectors(["None", "nan", "NaT", "<NA>"], np.eye(4), counts=[4, 3, 2, 1])


@pytest.mark.parametrize("hole", HOLES, ids=repr)
def test_look_ups__do_not_take_a_missing_value_for_a_word_that_is_spelled_so(holes_spelled, hole):
    assert hole not in holes_spelled
    assert hole not in holes_spelled.vocabulary
    assert holes_spelled.get(hole) is None
    asking = [
        lambda: holes_spelled[hole],
        lambda: holes_spelled[["None", hole]],
        lambda: holes_spelled.vocabulary.id(hole),
        lambda: holes_spelled.count(hole),
        lambda: holes_spelled.most_similar(positive=hole),
        lambda: holes_spelled.most_similar("None", among=["nan", hole]),
        lambda: holes_spelled.mean_vector(["None", hole], unknown="ignore"),
        lambda: holes_spelled.rank("None", hole),
    ]
    for ask in asking:
        with pytest.raises(ValueError, match="a missing value"):
            ask()


@pytest.mark.parametrize("hole", HOLES, ids=repr)
def test_words__that_are_given_may_not_be_missing_values(holes_spelled, hole):
    giving = [
        lambda: holes_spelled.add(hole, np.ones(4)),
        lambda: holes_spelled.add(["a", hole], np.ones((2, 4))),
        lambda: holes_spelled.replace(hole, np.ones(4)),
        lambda: holes_spelled.select([hole]),
        lambda: holes_spelled.remove([hole]),
        lambda: holes_spelled.remove(hole),
        lambda: holes_spelled.with_counts({"None": 2, hole: 1}),
        lambda: firth.WordVectors(["a", hole], np.eye(2)),
        lambda: firth.Vocabulary(["a", hole], [1, 1]),
        lambda: firth.Vocabulary.from_counts({"a": 1, hole: 1}),
        lambda: firth.gensim.KeyedVectors(4).add_vectors(["a", hole], np.ones((2, 4))),
        lambda: firth.Phrases([{("new", hole): 1.0}]),
        lambda: firth.Phrases([]).join(["a", hole]),
        lambda: firth.align(holes_spelled, holes_spelled, words=["None", hole]),
        lambda: firth.drift(holes_spelled, holes_spelled, topn=1, words=["None", hole]),
        lambda: firth.stability([holes_spelled, holes_spelled], topn=1, words=["None", hole]),
        lambda: firth.train([["None", "nan"]] * 20, start=holes_spelled, frozen=[hole], vector_size=4, min_count=1),
        lambda: firth.train([["None", "nan"]] * 20, stop_words=["nan", hole], vector_size=4, min_count=1),
    ]
    for give in giving:
        with pytest.raises(ValueError, match=r"a missing value|a list of words"):
            give()


def test_added_ids__leave_the_words_whole_numbers():
    items = firth.WordVectors([10, 11], np.eye(2))
    assert items.add(12, np.ones(2)).vocabulary.typed_words == [10, 11, 12]


@pytest.mark.parametrize("hole", HOLES, ids=repr)
def test_contexts__with_a_missing_value_are_refused(hole):
    items = firth.WordVectors([10, 11], np.eye(2))
    carte = firth.alacarte(items, transform=np.eye(2))
    assert carte.vector([[10, 99, 11]], word=99).tolist() == [0.5, 0.5]
    with pytest.raises(ValueError, match="a missing value"):
        carte.induce([[10, hole, 99, 11]], word=99)
    with pytest.raises(ValueError, match="a missing value"):
        carte.induce([[10, hole]])
