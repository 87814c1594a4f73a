import hashlib

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.jit import target
from firth.threads import ThreadPool
from firth.tutorial import full_softmax, objectives
from firth.tutorial.minibatch import MinibatchConfig, train
from tests.tutorial.test_minibatch import some_examples

needs_compiler = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")


def batch(words, examples, width, dtype=np.float64):
    """Vectors of targets and contexts (V, d), and a batch of targets and of true classes (n,)."""
    random = np.random.default_rng(words)
    target, context = random.normal(size=(2, words, width)).astype(dtype)
    return target, context, *random.integers(0, words, (2, examples), dtype=np.int32)


def learned(target, context, targets, classes, threads=1):
    """Losses, which are right, and the gradients by the vectors of the batch's targets, and of all words."""
    with ThreadPool(threads) as pool:
        vectors = full_softmax.padded(target, context, targets)
        losses, right, by_logits = full_softmax.losses(vectors, len(context), classes, pool)
        by_targets, by_contexts = full_softmax.gradients(vectors, len(targets), by_logits, pool)
    width = target.shape[1]
    return losses, right, by_targets[: len(targets), :width], by_contexts[: len(context), :width]


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
@pytest.mark.parametrize(("words", "examples", "width"), [(1, 1, 1), (12, 9, 5), (256, 4, 16), (700, 33, 40)])
def test_full_softmax__is_that_of_numpy(words, examples, width, dtype, tolerance):
    target, context, targets, classes = batch(words, examples, width, dtype)
    exact_target, exact_context = target.astype(np.float64), context.astype(np.float64)
    logits = exact_target[targets] @ exact_context.T
    wanted, by_logits = objectives.full_softmax(logits, classes)
    losses, right, by_targets, by_contexts = learned(target, context, targets, classes)
    assert_allclose(losses, wanted, rtol=tolerance, atol=tolerance)
    assert right.tolist() == (logits.argmax(axis=1) == classes).tolist()
    assert_allclose(by_targets, by_logits @ exact_context, rtol=10 * tolerance, atol=10 * tolerance)
    assert_allclose(by_contexts, by_logits.T @ exact_target[targets], rtol=10 * tolerance, atol=10 * tolerance)


@needs_compiler
def test_full_softmax__is_the_same_bits_at_any_number_of_threads():
    one, *others = (learned(*batch(700, 33, 40, np.float32), threads=threads) for threads in (1, 2, 3, 7))
    for many in others:
        assert all(a.tobytes() == b.tobytes() for a, b in zip(one, many, strict=True))


def test_full_softmax__of_what_is_no_number_is_none():
    target, context, targets, classes = batch(300, 5, 8)
    context[280, 3] = np.nan
    assert np.isnan(learned(target, context, targets, classes)[0]).all()


@needs_compiler
def test_full_softmax__trains_to_the_same_bits_on_every_machine():
    config = MinibatchConfig(vector_size=20, epochs=2, batch_size=50, objective="full-softmax", optimizer="sgd")
    *_, (_, embeddings) = train(some_examples(), 12, config)
    found = hashlib.sha256(embeddings.target.tobytes() + embeddings.context.tobytes()).hexdigest()
    assert found[:12] == "ed9daea64ce6"
