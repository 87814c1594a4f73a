"""Weights and components, beside the papers' formulas written out."""

import numpy as np
import pytest

from firth.texts.weighting import Components, principal_components, sif_weights, usif_weights

PROBABILITIES = np.array([0.5, 0.3, 0.1, 0.06, 0.04])


def test_sif_weights__are_a_over_a_plus_p():
    expected = [1e-3 / (1e-3 + p) for p in PROBABILITIES]
    np.testing.assert_allclose(sif_weights(PROBABILITIES, 1e-3), expected, rtol=1e-14)


def test_usif_weights__are_those_of_the_published_code():
    """Step by step as `usif.py` of Ethayarajh 2018 has it, for texts of two words."""
    size, n = 5.0, 2
    threshold = 1 - (1 - 1 / size) ** n  # 0.36
    alpha = len([p for p in PROBABILITIES if p > threshold]) / size
    assert alpha == 1 / 5
    a = (1 - alpha) / (alpha * 0.5 * size)
    expected = [a / (0.5 * a + p) for p in PROBABILITIES]
    np.testing.assert_allclose(usif_weights(PROBABILITIES, 2), expected, rtol=1e-14)


def test_usif_weights__are_two_where_no_word_is_frequent():
    assert usif_weights(np.full(4, 0.25), 3.0).tolist() == [2.0] * 4
    assert usif_weights(np.ones(1), 1.0).tolist() == [2.0]


@pytest.mark.parametrize("by_size", [False, True])
def test_principal_components__are_the_first_right_singular_vectors(by_size):
    texts = np.random.default_rng(1).normal(size=(40, 7)) + 1.0
    found = principal_components(texts.T @ texts, 3, by_size=by_size)
    _, sigma, right = np.linalg.svd(texts, full_matrices=False)
    np.testing.assert_allclose(np.abs((found.directions * right[:3]).sum(axis=1)), 1.0, atol=1e-10)
    expected = sigma[:3] ** 2 / (sigma[:3] ** 2).sum() if by_size else np.ones(3)
    np.testing.assert_allclose(found.shares, expected, rtol=1e-10)


def test_principal_components__are_fewer_where_texts_have_fewer_directions():
    texts = np.array([[1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 3.0, 0.0]])
    assert len(principal_components(texts.T @ texts, 3, by_size=False).shares) == 2
    assert len(principal_components(np.zeros((3, 3)), 2, by_size=True).shares) == 0


def test_components__are_removed_by_their_shares():
    removed = Components(np.eye(3)[:2], np.array([1.0, 0.25]))
    assert removed.removed_from(np.array([[2.0, 4.0, 6.0]])).tolist() == [[0.0, 3.0, 6.0]]
