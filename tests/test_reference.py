import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth import reference

PAIRS = [(0, 1), (2, 1), (0, 3), (4, 3), (4, 1)]
NOISE = [2, 5, 5, 1, 3, 0]


def assert_numeric(loss, gradients, *parameters):
    """Each gradient is that of the loss by its parameters."""
    for array, gradient in zip(parameters, gradients, strict=True):
        numeric = np.zeros_like(array)
        for at in np.ndindex(array.shape):
            before, losses = array[at], []
            for step in (1e-6, -1e-6):
                array[at] = before + step
                losses.append(loss())
            array[at] = before
            numeric[at] = (losses[0] - losses[1]) / 2e-6
        assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-8)


def test_block_gradient__is_the_numeric_gradient_of_the_loss():
    rng = np.random.default_rng(0)
    some = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    gradients = reference.block_gradient(*some, PAIRS, NOISE, 0.7)
    assert_numeric(lambda: reference.block_loss(*some, PAIRS, NOISE, 0.7), gradients, *some)


CONTEXTS = [([0, 2, 2], 1), ([4], 3), ([0, 1, 2, 5], 1)]


@pytest.mark.parametrize("mean", [True, False])
def test_cbow_gradient__is_the_numeric_gradient_of_the_loss(mean):
    rng = np.random.default_rng(0)
    some = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    gradients = reference.cbow_gradient(*some, CONTEXTS, NOISE, 0.7, mean=mean)
    assert_numeric(lambda: reference.cbow_loss(*some, CONTEXTS, NOISE, 0.7, mean=mean), gradients, *some)


def test_cbow_gradient__as_word2vec_c_has_it_is_greater_by_the_number_of_context_words():
    rng = np.random.default_rng(0)
    some = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    contexts = [([0, 2, 3], 1)]
    exact = reference.cbow_gradient(*some, contexts, NOISE, 0.7, mean=True)
    as_in_c = reference.cbow_gradient(*some, contexts, NOISE, 0.7, mean=True, exact=False)
    assert_allclose(as_in_c[0], 3 * exact[0])
    assert_allclose(as_in_c[1], exact[1])


def test_block_loss__of_one_pair_by_hand():
    inputs, outputs = np.array([[1.0, 2.0]]), np.array([[0.0, 0.0], [0.5, -0.25], [3.0, -1.0]])
    # scores: pair 1·0.5 - 2·0.25 = 0, noise 1·3 - 2·1 = 1; the noise word 1 is the centre itself and is left out
    loss = reference.block_loss(inputs, outputs, [(0, 1)], [2, 1], 2.0)
    assert_allclose(loss, np.log(2) + 2 * np.log(1 + np.e))
