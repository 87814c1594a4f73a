import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.analysis.alignment import align
from firth.analysis.drift import drift
from firth.errors import FirthError
from firth.vectors.word_vectors import WordVectors
from tests.helpers.html import rows_of
from tests.helpers.vectors import WORDS, a_rotation, some


def moved(vectors, rows=(4, 30)):
    """With the vectors of two words exchanged."""
    order = np.arange(len(vectors))
    order[list(rows)] = list(rows)[::-1]
    return WordVectors(vectors.vocabulary, vectors.vectors[order])


def by_hand(today, yesterday, word, k):
    """Cosine, kept and answered, in loops over all words."""
    a, b = (
        {w: model[w].astype(np.float64) / np.linalg.norm(model[w].astype(np.float64)) for w in WORDS}
        for model in (today, yesterday)
    )

    def near(query, units):
        return set(sorted((w for w in WORDS if w != word), key=lambda w: -float(query @ units[w]))[:k])

    was = near(b[word], b)
    return float(a[word] @ b[word]), len(was & near(a[word], a)) / k, len(was & near(b[word], a)) / k


def test_drift__of_a_model_from_itself_is_none():
    found = drift(some(), some())
    assert found.means() == pytest.approx({"cosine": 1, "kept": 1, "answered": 1})
    assert found.aligned_cosine == pytest.approx(1)
    assert (found.new, found.gone, len(found)) == (0, 0, 60)


def test_drift__is_what_loops_over_all_words_give():
    numbers = some().vectors + 0.5 * some(7).vectors
    today, yesterday = WordVectors(some().vocabulary, numbers), some()
    found = drift(today, yesterday, topn=5)
    for i in (0, 17, 59):
        assert_allclose(
            (found.cosine[i], found.kept[i], found.answered[i]), by_hand(today, yesterday, WORDS[i], 5), atol=1e-6
        )


def test_drift__of_a_rotated_model_is_of_its_space_alone():
    yesterday = some()
    found = drift(yesterday.rotated(a_rotation()), yesterday)
    assert found.means()["kept"] == 1
    assert found.means()["answered"] < 0.5
    assert abs(found.means()["cosine"]) < 0.5
    assert found.aligned_cosine == pytest.approx(1, abs=1e-6)


def test_drift__the_words_that_moved_come_first():
    found = drift(moved(some()), some(), topn=5)
    assert {word for word, _ in found.most_drifted(2, by="cosine")} == {"w4", "w30"}
    assert found.most_drifted(1)[0][1] == found.kept.min()
    with pytest.raises(ValueError, match="'distance'"):
        found.most_drifted(by="distance")


def test_drift__a_baseline_is_aligned_and_says_what_chance_does():
    yesterday = some()
    noise = 0.3 * some(5).vectors
    refit = WordVectors(yesterday.vocabulary, yesterday.vectors + noise).rotated(a_rotation(seed=4))
    found = drift(moved(yesterday), yesterday, baseline=refit)
    by_seed = drift(align(refit, yesterday), yesterday)
    assert found.baseline.means() == by_seed.means()
    assert 0.9 < by_seed.means()["cosine"] < 0.99
    assert {word for word, _ in found.most_drifted(2, by="cosine")} == {"w4", "w30"}
    assert found.header[4:] == ("baseline_cosine", "baseline_kept", "baseline_answered")
    (row,) = found.rows(["w9"])
    assert row == ("w9", *(float(column[9]) for column in list(found._columns().values())[1:]))
    assert "by seed" in repr(found)


def test_drift__looks_among_words_that_both_know():
    today = WordVectors([*WORDS[3:], "new"], np.concatenate([some().vectors[3:], some().vectors[:1]]))
    found = drift(today, some())
    assert found.words == WORDS[3:]
    assert (found.new, found.gone) == (1, 3)
    assert found.means()["kept"] == 1


def test_drift__of_chosen_words_is_theirs_among_all():
    all_words, two = drift(moved(some()), some()), drift(moved(some()), some(), words=["w9", "w4"])
    assert two.words == ["w9", "w4"]
    assert_allclose(two.kept, all_words.kept[[9, 4]])
    assert drift(some(), some(), words="w9").words == ["w9"]


def test_drift__as_data_frames_a_table_and_a_line():
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    found = drift(moved(some()), some())
    frame = found.to_pandas()
    assert list(frame.columns) == ["word", "cosine", "kept", "answered"]
    assert frame["kept"].tolist() == found.kept.tolist()
    assert found.to_polars()["word"].to_list() == WORDS
    assert rows_of(found._repr_html_())[1][0] == found.most_drifted(1)[0][0]
    assert rows_of(found.most_drifted(by="cosine")._repr_html_())[0] == ["word", "cosine"]
    assert repr(found).startswith("Drift(60 words, 10 neighbors, cosine 0.9")


def test_drift__few_words_can_be_compared_but_not_aligned():
    few = some(0, WORDS[:6])
    assert math.isnan(drift(few, few, topn=3).aligned_cosine)


@pytest.mark.parametrize(
    ("today", "how", "message"),
    [
        (some(width=9), {}, "9 and 8 numbers"),
        (some(0, WORDS[:5]), {}, "5 words in common: too few for 10 neighbors of each: ask for fewer, topn=4, -n 4"),
        (some(), {"words": ["nobody"]}, "'nobody' is not in all of the models"),
        (some(), {"baseline": some(0, WORDS[:5])}, "5 words in common"),
    ],
)
def test_drift__says_why_it_cannot(today, how, message):
    with pytest.raises(FirthError, match=message):
        drift(today, some(), **how)


def test_drift__of_no_words_is_refused():
    with pytest.raises(ValueError, match="no words"):
        drift(some(), some(), words=[])
    with pytest.raises(FirthError, match="'w9' was not compared"):
        drift(some(), some(), words=["w1"]).rows(["w9"])
