import numpy as np
from numpy.testing import assert_allclose

from firth import reference

PAIRS = [(0, 1), (2, 1), (0, 3), (4, 3), (4, 1)]
NOISE = [2, 5, 5, 1, 3, 0]


def test_block_gradient__is_the_numeric_gradient_of_the_loss():
    rng = np.random.default_rng(0)
    inputs, outputs = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    gradients = reference.block_gradient(inputs, outputs, PAIRS, NOISE, 0.7)
    for parameters, gradient in zip((inputs, outputs), gradients, strict=True):
        numeric = np.zeros_like(parameters)
        for at in np.ndindex(parameters.shape):
            before, losses = parameters[at], []
            for step in (1e-6, -1e-6):
                parameters[at] = before + step
                losses.append(reference.block_loss(inputs, outputs, PAIRS, NOISE, 0.7))
            parameters[at] = before
            numeric[at] = (losses[0] - losses[1]) / 2e-6
        assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-8)


def test_block_loss__of_one_pair_by_hand():
    inputs, outputs = np.array([[1.0, 2.0]]), np.array([[0.0, 0.0], [0.5, -0.25], [3.0, -1.0]])
    # scores: pair 1·0.5 - 2·0.25 = 0, noise 1·3 - 2·1 = 1; the noise word 1 is the centre itself and is left out
    loss = reference.block_loss(inputs, outputs, [(0, 1)], [2, 1], 2.0)
    assert_allclose(loss, np.log(2) + 2 * np.log(1 + np.e))
