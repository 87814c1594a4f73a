"""Training in rounds: it is what the reference does, and does not diverge."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.config import TrainingConfig
from firth.errors import CorpusError
from firth.training import reference, schedule
from tests.helpers.rounds import COMPILES, needs_threads, random_corpus, train, train_reference


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"window": 1, "sample": 0},
        {"window": 12, "negative": 15, "vector_size": 17},
        {"vector_size": 1, "seed": 7, "noise_exponent": -0.5},
        {"learning_rate": 0.05, "min_learning_rate": 0.05, "sample": 0.05},
        {"shrink_windows": False, "window": 3},
        {"window_side": "before"},
        {"window_side": "after", "shrink_windows": False},
        {"architecture": "cbow"},
        {"architecture": "cbow", "context_gradient": "word2vec.c", "vector_size": 17},
        {"architecture": "cbow", "context": "sum", "window": 12, "negative": 15},
        {"architecture": "cbow", "window_side": "before", "sample": 0, "vector_size": 1},
        {"distance_weights": "linear"},
        {"architecture": "cbow", "distance_weights": "harmonic", "shrink_windows": False},
        {"architecture": "cbow", "distance_weights": "harmonic", "context_gradient": "word2vec.c"},
        {"window": "sentence", "learning_rate": 0.03},
        {"window": "sentence", "architecture": "cbow", "window_side": "before"},
        {"shared_vectors": True},
        {"shared_vectors": True, "architecture": "cbow"},
        {"max_n": 4},
        pytest.param({"max_n": 4, "architecture": "cbow"}, marks=COMPILES),
        pytest.param({"max_n": 4, "architecture": "cbow", "context_gradient": "word2vec.c"}, marks=COMPILES),
        pytest.param({"max_n": 4, "objective": "hierarchical-softmax"}, marks=COMPILES),
        {"objective": "hierarchical-softmax"},
        {"objective": "hierarchical-softmax", "window": 12, "vector_size": 17, "distance_weights": "harmonic"},
        {"objective": "hierarchical-softmax", "window_side": "after", "sample": 0, "vector_size": 1},
        {"objective": "hierarchical-softmax", "architecture": "cbow"},
        {"objective": "hierarchical-softmax", "architecture": "cbow", "context": "sum", "window": "sentence"},
        {"objective": "hierarchical-softmax", "architecture": "cbow", "context_gradient": "word2vec.c"},
        pytest.param(
            {"objective": "hierarchical-softmax", "architecture": "cbow", "distance_weights": "linear", "max_n": 4},
            marks=COMPILES,
        ),
        {"batch_size": 5},
        {"batch_size": 272, "sample": 0},
        {"batch_size": 288, "sample": 0, "shared_vectors": True},
        pytest.param({"batch_size": 288, "sample": 0, "architecture": "cbow"}, marks=COMPILES),
        pytest.param({"batch_size": 272, "max_n": 4}, marks=COMPILES),
        pytest.param({"batch_size": 80, "objective": "hierarchical-softmax"}, marks=pytest.mark.long),
        {"batch_size": 1000, "window": "sentence", "learning_rate": 0.001},
        pytest.param(  # fewer pairs than in the windows
            {"window": "sentence", "learning_rate": 0.3, "distance_weights": "harmonic"}, marks=pytest.mark.long
        ),
        {"window": 25, "learning_rate": 0.2, "objective": "hierarchical-softmax"},
    ],
    ids=str,
)
def test_train__is_the_reference_but_for_rounding(settings):
    tokens = random_corpus()
    config = TrainingConfig(**{"vector_size": 20, "learning_rate": 0.1, "sample": 0.02, **settings})
    parameters, events = train(tokens, config)
    inputs, outputs, losses = train_reference(tokens, config)
    d = config.vector_size
    assert np.abs(outputs).max() > 1e-3  # it has learnt something
    assert_allclose(parameters.inputs[:, :d], inputs, rtol=1e-3, atol=2e-6)
    assert_allclose(parameters.outputs[:, :d], outputs, rtol=1e-3, atol=2e-6)
    assert [e.pairs for e in events if e.epoch_done] == [round(pairs) for _, pairs in losses]
    assert_allclose([e.loss for e in events if e.epoch_done], [loss / pairs for loss, pairs in losses], rtol=1e-5)
    assert not parameters.inputs[:, d:].any()


@pytest.mark.parametrize(
    "settings",
    [
        {"window": 12, "negative": 15},
        {"window": "sentence", "negative": 30},
        {"shrink_windows": False, "window": 20, "shared_vectors": True},
        {"max_n": 4},
        {"batch_size": 272, "sample": 0},
        {"architecture": "cbow", "window": 12, "negative": 15},
        {"architecture": "cbow", "context": "sum", "distance_weights": "linear"},
        pytest.param({"architecture": "cbow", "context_gradient": "word2vec.c", "max_n": 4}, marks=COMPILES),
        {"objective": "hierarchical-softmax", "window": 12},
        {"objective": "hierarchical-softmax", "architecture": "cbow", "context": "sum"},
    ],
    ids=str,
)
def test_train__is_the_reference_where_changes_are_limited(settings, monkeypatch):
    """From long vectors; and not for many rounds, as what rounding makes of them grows where steps are large."""
    initial, most = schedule.initial_parameters, []

    def long_vectors(*args, **kwargs):
        parameters = initial(*args, **kwargs)
        for number, array in enumerate(parameters):
            array[:, :20] = np.random.default_rng(number).normal(0, 1, (len(array), 20))
        return parameters

    def noted(ratio):
        most.append(ratio)
        return of_reference(ratio)

    of_reference = reference.moved
    monkeypatch.setattr(schedule, "initial_parameters", long_vectors)
    monkeypatch.setattr(reference, "moved", noted)
    tokens = random_corpus(sentences=6)
    config = TrainingConfig(**{"vector_size": 20, "learning_rate": 0.2, "sample": 0.02, **settings})
    parameters, _ = train(tokens, config, epochs=1)
    inputs, outputs, _ = train_reference(tokens, config, epochs=1)
    assert max(most) > 1
    d = config.vector_size
    assert_allclose(parameters.inputs[:, :d], inputs, rtol=1e-3, atol=1e-4)
    assert_allclose(parameters.outputs[:, :d], outputs, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("settings", [{}, pytest.param({"batch_size": 272}, marks=pytest.mark.long)], ids=str)
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_train__measures_the_loss_on_some_blocks_where_there_are_many(architecture, settings, monkeypatch):
    monkeypatch.setattr(schedule, "LOSS_BLOCKS_WANTED", 10)
    tokens = random_corpus(sentences=100)
    config = TrainingConfig(vector_size=5, sample=0, architecture=architecture, **settings)
    _, events = train(tokens, config)
    _, _, losses = train_reference(tokens, config)
    assert [e.pairs for e in events if e.epoch_done] == [round(pairs) for _, pairs in losses]
    assert_allclose([e.loss for e in events if e.epoch_done], [loss / pairs for loss, pairs in losses], rtol=1e-5)
    monkeypatch.setattr(schedule, "LOSS_BLOCKS_WANTED", 4096)
    _, all_blocks = train(tokens, config)
    assert events[-1].pairs < all_blocks[-1].pairs


@pytest.mark.usefixtures("mean_in_every_other_round")
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"context_gradient": "word2vec.c", "distance_weights": "linear"},
        {"shared_vectors": True, "context": "sum", "window": 12},
        pytest.param({"max_n": 4, "vector_size": 17, "noise_exponent": -0.5}, marks=pytest.mark.long),
    ],
    ids=str,
)
def test_train__moves_noise_words_to_the_mean_of_all(settings):
    tokens = random_corpus()
    config = TrainingConfig(
        **{"architecture": "cbow", "vector_size": 20, "learning_rate": 0.1, "sample": 0, **settings}
    )
    parameters, events = train(tokens, config, epochs=3)
    inputs, outputs, losses = train_reference(tokens, config, epochs=3)
    d = config.vector_size
    assert_allclose(parameters.inputs[:, :d], inputs, rtol=1e-3, atol=2e-6)
    assert_allclose(parameters.outputs[:, :d], outputs, rtol=1e-3, atol=2e-6)
    assert events[-1].loss == pytest.approx(losses[-1][0] / losses[-1][1], rel=1e-5)


def test_train__learning_rate_falls_linearly_to_its_least():
    tokens = random_corpus()
    config = TrainingConfig(learning_rate=0.1, min_learning_rate=0.02)
    _, events = train(tokens, config, epochs=4)
    assert_allclose([e.learning_rate for e in events if e.epoch_done], [0.08, 0.06, 0.04, 0.02])


def test_train__loss_falls_and_begins_at_that_of_knowing_nothing():
    tokens = random_corpus(sentences=400)
    _, events = train(tokens, TrainingConfig(vector_size=10, sample=0, negative=5, learning_rate=0.05), epochs=4)
    losses = [e.loss for e in events if e.epoch_done]
    assert losses[0] <= 6 * np.log(2)
    assert losses == sorted(losses, reverse=True)


def test_train__without_a_pair_says_so():
    tokens = schedule.Tokens(np.array([0, 1, 0], np.int32), np.array([0, 1, 2, 3]), np.array([2, 1]))
    with pytest.raises(CorpusError, match="no two words"):
        train(tokens, TrainingConfig(sample=0))


@needs_threads
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
@pytest.mark.parametrize("words", [2, 3, 10, 50])
def test_train__a_tiny_vocabulary_does_not_diverge(words, architecture):
    ids = np.random.default_rng(0).integers(0, words, 50_000).astype(np.int32)
    tokens = schedule.Tokens(ids, np.arange(0, 50_001, 10), np.bincount(ids))
    parameters, events = train(tokens, TrainingConfig(vector_size=20, architecture=architecture), epochs=5)
    assert np.abs(parameters.inputs).max() < 10
    assert events[-1].loss < 6 * np.log(2)


@needs_threads
@pytest.mark.parametrize("settings", [{}, {"architecture": "cbow"}, {"learning_rate": 0.1}], ids=str)
@pytest.mark.parametrize("words", [2, 3, 50])
def test_train__a_tiny_vocabulary_does_not_diverge_in_large_rounds(words, settings):
    ids = np.random.default_rng(0).integers(0, words, 50_000).astype(np.int32)
    tokens = schedule.Tokens(ids, np.arange(0, 50_001, 10), np.bincount(ids))
    parameters, events = train(tokens, TrainingConfig(vector_size=20, batch_size=1024, **settings), epochs=5)
    assert np.abs(parameters.inputs).max() < 10
    assert events[-1].loss < 6 * np.log(2)


@needs_threads
def test_train__a_word_repeated_without_end_does_not_diverge():
    rng = np.random.default_rng(0)
    text = rng.integers(0, 1000, 200_000).astype(np.int32)
    text[50_000:80_000] = 7
    tokens = schedule.Tokens(text, np.arange(0, 200_001, 20), np.bincount(text))
    parameters, _ = train(tokens, TrainingConfig(vector_size=20, sample=0), epochs=3)
    assert np.isfinite(parameters.inputs).all()
    assert np.abs(parameters.inputs).max() < 20


@needs_threads
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
@pytest.mark.parametrize("words", [2, 3, 10, 50, 5000])
def test_train__a_tree_does_not_diverge(words, architecture):
    ids = np.random.default_rng(0).integers(0, words, 50_000).astype(np.int32)
    tokens = schedule.Tokens(ids, np.arange(0, 50_001, 10), np.bincount(ids))
    config = TrainingConfig(vector_size=20, objective="hierarchical-softmax", architecture=architecture)
    parameters, events = train(tokens, config, epochs=5)
    assert max(np.abs(of).max() for of in parameters) < 10
    assert events[-1].loss < np.log(2) * np.log2(words) * 1.2
