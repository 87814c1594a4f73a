import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.training import reference_gradients as reference
from firth.training.huffman import huffman_tree

CONTEXTS = [([0, 2, 2], 1), ([4], 3), ([], 2), ([0, 1, 2, 5], 1)]
NOISE = [2, 5, 5, 1, 3, 0]
TREE = huffman_tree(np.array([9, 7, 5, 3, 2, 1]))
OBJECTIVES = {
    "negatives": lambda center: reference.negative_targets(center, NOISE, 0.7),
    "paths": lambda center: reference.path_targets(center, TREE),
}
KINDS = [{"together": False}, {"together": True, "mean": True}, {"together": True, "mean": False}]


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


def examples_of(contexts, targets_of=OBJECTIVES["negatives"], **kind):
    """With context words that weigh 1, 1/2, 1/3 and so on."""
    weighed = [
        ([(word, 1 / (1 + i)) for i, word in enumerate(words)], targets_of(center)) for words, center in contexts
    ]
    return reference.examples_of(weighed, **kind)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_block_gradient__is_the_numeric_gradient_of_the_loss(kind, objective):
    rng = np.random.default_rng(0)
    some = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    examples = examples_of(CONTEXTS, OBJECTIVES[objective], **kind)
    gradients = reference.block_gradient(*some, examples)
    assert_numeric(lambda: reference.block_loss(*some, examples), gradients, *some)


def test_block_gradient__as_word2vec_c_has_it_is_greater_by_the_number_of_context_words():
    rng = np.random.default_rng(0)
    some = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    contexts = [([(0, 1), (2, 1), (3, 1)], OBJECTIVES["negatives"](1))]
    exact, as_in_c = (
        reference.block_gradient(*some, reference.examples_of(contexts, together=True, exact=exact))
        for exact in (True, False)
    )
    assert_allclose(as_in_c[0], 3 * exact[0])
    assert_allclose(as_in_c[1], exact[1])


def test_block_gradient__of_noise_words_moved_to_the_mean_of_all_does_not_depend_on_which_were_drawn():
    """As far as their scores are equal."""
    rng = np.random.default_rng(0)
    inputs, outputs = np.zeros((6, 4)), rng.normal(size=(6, 4))
    mean, found = outputs.mean(axis=0), []
    for noise in ([2, 3], [5, 5], [0, 4]):
        contexts = [([(0, 1), (2, 1)], reference.negative_targets(1, noise, 2.5))]
        shift = mean - outputs[noise].mean(axis=0)
        examples = reference.examples_of(contexts, together=True, shift=shift)
        found.append(reference.block_gradient(inputs, outputs, examples)[0])
    wanted = np.zeros((6, 4))
    wanted[[0, 2]] = (5 * mean - outputs[1]) / 2 / 2  # two context words have half each, and each error is 1/2
    assert_allclose(found, [wanted] * 3, atol=1e-12)


def test_examples_of__are_a_pair_each_in_skip_gram_and_one_a_center_in_cbow():
    pairs = examples_of(CONTEXTS)
    together = examples_of(CONTEXTS, together=True)
    assert [example.contexts for example in pairs] == [[0], [2], [2], [4], [0], [1], [2], [5]]
    assert [example.contexts for example in together] == [[0, 2, 2], [4], [0, 1, 2, 5]]


def test_block_loss__of_one_pair_by_hand():
    inputs, outputs = np.array([[1.0, 2.0]]), np.array([[0.0, 0.0], [0.5, -0.25], [3.0, -1.0]])
    # scores: pair 1·0.5 - 2·0.25 = 0, noise 1·3 - 2·1 = 1; the negative 1 is the center itself and is left out
    loss = reference.block_loss(
        inputs, outputs, reference.examples_of([([(0, 1)], reference.negative_targets(1, [2, 1], 2.0))])
    )
    assert_allclose(loss, np.log(2) + 2 * np.log(1 + np.e))
