import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.analysis.alignment import align
from firth.config import TrainingConfig
from firth.errors import FirthError
from firth.model import Word2Vec
from firth.vectors.subwords import Ngrams, Subwords
from firth.vectors.word_vectors import WordVectors
from tests.helpers.vectors import WORDS, a_rotation, some


def trained(seed=0, words=WORDS, subwords=None):
    vectors, outputs = some(seed, words), some(seed + 100, words).vectors
    config = TrainingConfig(vector_size=8)
    return Word2Vec(vectors.vocabulary, vectors.vectors, outputs, config, [], subwords=subwords)


def test_align__finds_the_rotation_that_was_made():
    yesterday = some()
    today = yesterday.rotated(a_rotation())
    assert_allclose(align(today, yesterday).vectors, yesterday.vectors, atol=1e-5)


def test_align__is_scipys_procrustes_over_shared_words():
    linalg = pytest.importorskip("scipy.linalg")
    today, yesterday = some(1, [*WORDS[5:], "new"]), some(2)
    shared = WORDS[5:]
    a, b = (model.unit_vectors(shared).astype(np.float64) for model in (today, yesterday))
    rotation, _ = linalg.orthogonal_procrustes(a, b)
    assert_allclose(align(today, yesterday).vectors, today.vectors @ rotation, atol=1e-5)


def test_align__by_counts_is_procrustes_of_rows_times_the_lesser_count():
    linalg = pytest.importorskip("scipy.linalg")
    today, yesterday = some(1), some(2, counts=[40] * 60)
    weights = np.minimum(today.vocabulary.counts, 40)[:, None]
    a, b = (model.unit_vectors().astype(np.float64) for model in (today, yesterday))
    rotation, _ = linalg.orthogonal_procrustes(a * weights, b)
    by_counts = align(today, yesterday, weights="counts")
    assert_allclose(by_counts.vectors, today.vectors @ rotation, atol=1e-5)
    assert np.abs(by_counts.vectors - align(today, yesterday).vectors).max() > 0.1


def test_align__turns_outputs_with_inputs_so_that_scores_stay():
    today = trained()
    aligned = align(today, some(2))
    assert isinstance(aligned, Word2Vec)
    assert aligned.config == today.config
    assert np.abs(aligned.vectors - today.vectors).max() > 0.1
    scores = [model.vectors.astype(np.float64) @ model.output_vectors.T for model in (today, aligned)]
    assert_allclose(scores[1], scores[0], atol=1e-5)
    assert [w for w, _ in aligned.most_similar("w3")] == [w for w, _ in today.most_similar("w3")]


def test_align__turns_ngrams_with_words(tmp_path):
    rows = np.random.default_rng(5).normal(size=(40, 8)).astype(np.float32)
    own = some(3).vectors
    subwords = Subwords(Ngrams(1, 3, 40), own, np.arange(40, dtype=np.int32), rows)
    vocabulary = some().vocabulary
    today = WordVectors(vocabulary, subwords.compose_all(WORDS), subwords)
    rotation = a_rotation()
    turned = today.rotated(rotation)
    assert_allclose(turned["unseen"], today["unseen"] @ rotation, atol=1e-5)
    assert_allclose(turned.subwords.compose_all(WORDS), turned.vectors, atol=1e-5)


def test_align__chosen_words_decide_and_all_are_turned():
    yesterday = some()
    numbers = yesterday.rotated(a_rotation()).vectors.copy()
    numbers[30:] = some(9).vectors[30:]  # which have moved, and would pull
    today = WordVectors(yesterday.vocabulary, numbers)
    aligned = align(today, yesterday, words=WORDS[:30])
    assert_allclose(aligned.vectors[:30], yesterday.vectors[:30], atol=1e-5)
    assert_allclose(aligned.vectors, align(today, yesterday, min_count=31).vectors)
    assert np.abs(align(today, yesterday).vectors[:30] - yesterday.vectors[:30]).max() > 0.01


def test_align__gives_the_same_bits_each_time_and_leaves_both_as_they_are():
    today, yesterday = trained(1), trained(2)
    before = today.vectors.copy(), yesterday.vectors.copy()
    one, other = align(today, yesterday), align(today, yesterday)
    assert one.vectors.tobytes() == other.vectors.tobytes()
    assert (today.vectors == before[0]).all()
    assert (yesterday.vectors == before[1]).all()
    assert one.vectors.dtype == np.float32


def test_align__words_that_are_not_finite_decide_nothing():
    yesterday = some()
    numbers = yesterday.rotated(a_rotation()).vectors.copy()
    numbers[4] = np.nan
    aligned = align(WordVectors(yesterday.vocabulary, numbers), yesterday)
    assert np.flatnonzero(~aligned.is_finite).tolist() == [4]
    assert_allclose(np.delete(aligned.vectors, 4, 0), np.delete(yesterday.vectors, 4, 0), atol=1e-5)


@pytest.mark.parametrize(
    ("today", "how", "message"),
    [
        (some(width=9), {}, "9 and 8 numbers"),
        (some(0, WORDS[:5]), {}, "5 words in common"),
        (some(), {"words": ["w1", "nobody"]}, "'nobody' is not in both models"),
        (some(), {"words": ["w1", "w1", "w2"]}, "2 words in common"),
        (some(), {"min_count": 58}, "3 words in common"),
        (WordVectors(WORDS, some().vectors), {"weights": "counts"}, "vectors today came without counts"),
        (WordVectors(WORDS, some().vectors), {"min_count": 2}, "vectors today came without counts"),
    ],
)
def test_align__says_why_it_cannot(today, how, message):
    with pytest.raises(FirthError, match=message):
        align(today, some(), **how)


@pytest.mark.parametrize(("how", "message"), [({"weights": "log"}, "'log'"), ({"words": "w1"}, "not the word 'w1'")])
def test_align__refuses_what_is_no_list_and_no_weight(how, message):
    with pytest.raises(ValueError, match=message):
        align(some(), some(2), **how)


@pytest.mark.parametrize(
    ("rotation", "message"),
    [
        (np.eye(7), r"\(8, 8\), not \(7, 7\)"),
        (2 * np.eye(8), "orthogonal"),
        (np.nan * np.eye(8), "orthogonal"),
        ("x", "array of numbers"),
    ],
)
def test_rotated__refuses_what_is_no_rotation(rotation, message):
    for model in (some(), trained()):
        with pytest.raises(ValueError, match=message):
            model.rotated(rotation)
