import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.errors import SourceError
from firth.gensim import Word2Vec
from firth.gensim.scoring import SentenceScores

SETTINGS = {"vector_size": 12, "epochs": 4, "sample": 0, "min_count": 2, "hs": 1, "negative": 0, "window": 2}


def scores_of(**settings):
    rng = np.random.default_rng(0)
    inputs, outputs = rng.normal(size=(2, 7, 4)).astype(np.float32)
    counts = np.array([90, 50, 20, 20, 5, 2, 1])
    return SentenceScores(inputs, outputs, counts, **{"window": 2, "is_skip_gram": True, "is_mean": True} | settings)


def probability(scores, word, context):
    """The probability of a word given a vector, turn by turn."""
    path = scores.tree.codes[scores.tree.starts[word] : scores.tree.starts[word + 1]]
    dots = [context @ scores.outputs[code] if code >= 0 else -context @ scores.outputs[~code] for code in path.tolist()]
    return float(np.prod([1 / (1 + np.exp(-float(dot))) for dot in dots]))


def test_scores__are_the_logarithms_of_probabilities_that_sum_to_one():
    scores = scores_of(is_skip_gram=False)
    context = scores.inputs[[1, 4]].astype(np.float64).mean(0)
    logarithms = [scores._of_word(word, context[None]) for word in range(7)]
    assert np.exp(logarithms).sum() == pytest.approx(1, rel=1e-9)
    assert_allclose(np.exp(logarithms), [probability(scores, word, context) for word in range(7)], rtol=1e-6)


@pytest.mark.parametrize(("is_skip_gram", "is_mean"), [(True, True), (False, True), (False, False)])
def test_scores__sum_over_words_and_their_windows(is_skip_gram, is_mean):
    scores = scores_of(is_skip_gram=is_skip_gram, is_mean=is_mean)
    words, expected = [3, 0, 6, 0, 2], 0.0
    for i, word in enumerate(words):
        around = [scores.inputs[words[j]] for j in range(5) if j != i and abs(i - j) <= 2]
        together = np.mean(around, axis=0) if is_mean else np.sum(around, axis=0)
        expected += sum(np.log(probability(scores, word, x)) for x in (around if is_skip_gram else [together]))
    assert_allclose(scores([words]), [expected], rtol=1e-5)


def test_scores__of_a_word_without_context():
    assert scores_of()([[], [3]]).tolist() == [0, 0]
    alone = scores_of(is_skip_gram=False)
    steps = int(alone.tree.starts[4] - alone.tree.starts[3])
    assert_allclose(alone([[], [3]]), [0, steps * np.log(0.5)], rtol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("sg", [0, 1])
def test_score__is_higher_for_sentences_like_those_learned(sentences, sg):
    model = Word2Vec(sentences, **SETTINGS, sg=sg)
    seen, odd = model.score([["they", "eat", "sweet", "apple"], ["apple", "axe", "eat", "use"]], total_sentences=2)
    assert seen > odd
    assert model.score(iter([])).shape == (0,)
    assert model.score([["they", "unheard", "eat"], ["unheard"]]).tolist() == [*model.score([["they", "eat"]]), 0]


def test_score__knows_whole_numbers_by_their_text():
    model = Word2Vec([list(pair) for pair in itertools.permutations(range(1, 5), 2)] * 9, **SETTINGS)
    assert model.score([[1, 2, 7]]).tolist() == model.score([["1", "2"]]).tolist()


def test_score__needs_probabilities_and_lists_of_words(sentences):
    with pytest.raises(RuntimeError, match="hs=1, negative=0"):
        Word2Vec(sentences, **SETTINGS | {"hs": 0, "negative": 5}).score([["they"]])
    model = Word2Vec(sentences, **SETTINGS)
    for wrong in ("they eat", ["they eat"]):
        with pytest.raises(SourceError, match="string"):
            model.score(wrong)
