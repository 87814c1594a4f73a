import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.tutorial.objectives import OBJECTIVES, full_softmax, nce, negative_sampling, sampled_softmax, softmax


def example(n=6, k=5, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, k)) * 3, np.log(random.uniform(0.01, 0.9, (n, k)))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_objective__gradient_is_the_numeric_one(name):
    logits, second = example()
    if OBJECTIVES[name].kind is None:
        second = np.array([0, 4, 2, 2, 1, 3])
    _, gradient = OBJECTIVES[name].loss(logits, second)
    for at in np.ndindex(logits.shape):
        up, down = logits.copy(), logits.copy()
        up[at] += 1e-6
        down[at] -= 1e-6
        numeric = (OBJECTIVES[name].loss(up, second)[0] - OBJECTIVES[name].loss(down, second)[0])[at[0]] / 2e-6
        assert_allclose(gradient[at], numeric, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_objective__neither_overflows_nor_is_negative(name):
    logits = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 0.0]])
    second = np.array([0, 0]) if OBJECTIVES[name].kind is None else np.zeros((2, 3))
    losses, gradient = OBJECTIVES[name].loss(logits, second)
    assert np.isfinite(losses).all()
    assert np.isfinite(gradient).all()
    assert (losses >= 0).all()
    assert losses[0] < 1 < losses[1]


def test_objectives__by_hand():
    logits = np.zeros((1, 5))
    assert_allclose(softmax(logits, logits)[0], np.log(5))  # the tutorial's loss begins here
    assert_allclose(negative_sampling(logits, logits)[0], 5 * np.log(2))
    expected = np.log([[0.5, 0.1, 0.1, 0.2, 0.1]])
    assert_allclose(nce(expected, expected)[0], 5 * np.log(2))  # a score of log Q is no evidence either way
    assert_allclose(sampled_softmax(expected, expected)[0], np.log(5))


V = 4
DATA = np.array([0.5, 0.25, 0.15, 0.1])
NOISE = np.array([0.1, 0.2, 0.3, 0.4])


def expected_gradient(objective, scores, k):
    """The gradient by the scores of V words, over true words drawn from DATA and k noise words exactly as NOISE."""
    noise = np.repeat(np.arange(V), np.round(NOISE * k).astype(int))
    total = np.zeros(V)
    for true in range(V):
        candidates = np.concatenate([[true], noise])
        _, gradient = objective(scores[candidates][None], np.log(k * NOISE)[candidates][None])
        np.add.at(total, candidates, DATA[true] * gradient[0])
    return total


def full_gradient(scores):
    _, gradient = full_softmax(np.tile(scores, (V, 1)), np.arange(V))
    return DATA @ gradient


def test_sampled_softmax__of_the_whole_vocabulary_is_the_full_softmax():
    scores = np.random.default_rng(1).normal(size=V)
    for true in range(V):
        others = [c for c in range(V) if c != true]
        candidates = [true, *others]
        losses, gradient = sampled_softmax(scores[candidates][None], np.zeros((1, V)))
        full_losses, full = full_softmax(scores[None], np.array([true]))
        assert_allclose(losses, full_losses)
        assert_allclose(gradient[0], full[0][candidates])


def test_sampled_softmax__with_many_noise_words_goes_to_the_full_softmax():
    scores = np.random.default_rng(2).normal(size=V)
    errors = [
        np.abs(expected_gradient(sampled_softmax, scores, k) - full_gradient(scores)).max() for k in (10, 100, 10_000)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-3


def test_nce__with_many_noise_words_goes_to_the_full_softmax_of_normalised_scores():
    scores = np.random.default_rng(3).normal(size=V)
    scores -= np.log(np.exp(scores).sum())
    errors = [np.abs(expected_gradient(nce, scores, k) - full_gradient(scores)).max() for k in (10, 100, 10_000)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-3


def test_nce__has_its_optimum_at_the_log_probabilities_with_any_number_of_noise_words():
    for k in (10, 100):
        assert_allclose(expected_gradient(nce, np.log(DATA), k), 0, atol=1e-12)
    assert_allclose(full_gradient(np.log(DATA)), 0, atol=1e-12)


def test_negative_sampling__has_its_optimum_at_shifted_mutual_information():
    """log(p / (k·q)): Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization", equation 8."""
    for k in (10, 100):
        optimum = np.log(DATA / (k * NOISE))
        assert_allclose(expected_gradient(negative_sampling, optimum, k), 0, atol=1e-12)
