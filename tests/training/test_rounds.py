import dataclasses
import hashlib
import itertools
import os
import platform
import random
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.config import TrainingConfig
from firth.errors import CorpusError
from firth.jit import target
from firth.kernels.machine import rng
from firth.kernels.word2vec.blocks import Chunk, Parts
from firth.kernels.word2vec.rounds import NONE_LEFT, claim_block, first_block, first_center, new_counters
from firth.threads import ThreadPool
from firth.training import reference, rounds, schedule
from firth.training.huffman import huffman_tree
from firth.training.sampling import as_thresholds, keep_probabilities
from firth.training.train import ngrams_of
from firth.training.workers import Targets, rounds_of
from firth.vectors.subwords import Composition
from tests.kernels.word2vec.test_skipgram import random_corpus

needs_threads = pytest.mark.skipif(not target.is_enabled(), reason="with the compiler off there is one thread")


def with_parts(tokens, config):
    """The tokens, and n-grams of their words; how many different ones."""
    if not config.max_n:
        return tokens, 0
    found = Composition([f"word{i % 7}{i}" for i in range(len(tokens.counts))], ngrams_of(config))
    return dataclasses.replace(tokens, parts=Parts(found.starts, found.rows)), len(found.used)


def first_parameters(tokens, config, ngrams):
    return schedule.initial_parameters(
        len(tokens.counts), config.vector_size, config.seed, shared=config.shared_vectors, ngrams=ngrams
    )


def train(tokens, config, *, epochs=2, threads=1):
    tokens, ngrams = with_parts(tokens, config)
    parameters = first_parameters(tokens, config, ngrams)
    events = list(rounds.train(tokens, config, parameters, epochs=epochs, threads=threads))
    return parameters, events


def train_reference(tokens, config, epochs=2):
    tokens, ngrams = with_parts(tokens, config)
    start = first_parameters(tokens, config, ngrams)
    inputs, outputs = (p[:, : config.vector_size].astype(float) for p in start)
    outputs = inputs if config.shared_vectors else outputs
    noise, tree = Targets.of(tokens, config)
    losses = []
    for number in range(epochs):
        epoch = reference.Epoch(
            config=config,
            plan=schedule.plan_epoch(tokens, config, number, epochs),
            noise=noise,
            tree=tree,
            keep=as_thresholds(keep_probabilities(tokens.counts, config.sample)).tolist(),
            parts=tokens.parts,
            steps=schedule.row_steps(tokens, config),
            keep_key=int(rng.stream_key(config.seed, number, rng.SUBSAMPLING)),
        )
        losses.append(
            reference.train_epoch(tokens.ids.tolist(), tokens.sentence_starts.tolist(), inputs, outputs, epoch)
        )
    return inputs, outputs, losses


def sha256(parameters):
    return hashlib.sha256(b"".join(p.tobytes() for p in parameters)).hexdigest()


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
        {"max_n": 4, "architecture": "cbow"},
        {"max_n": 4, "architecture": "cbow", "context_gradient": "word2vec.c"},
        {"max_n": 4, "objective": "hierarchical-softmax"},
        {"objective": "hierarchical-softmax"},
        {"objective": "hierarchical-softmax", "window": 12, "vector_size": 17, "distance_weights": "harmonic"},
        {"objective": "hierarchical-softmax", "window_side": "after", "sample": 0, "vector_size": 1},
        {"objective": "hierarchical-softmax", "architecture": "cbow"},
        {"objective": "hierarchical-softmax", "architecture": "cbow", "context": "sum", "window": "sentence"},
        {"objective": "hierarchical-softmax", "architecture": "cbow", "context_gradient": "word2vec.c"},
        {"objective": "hierarchical-softmax", "architecture": "cbow", "distance_weights": "linear", "max_n": 4},
        {"batch_size": 5},
        {"batch_size": 272, "sample": 0},
        {"batch_size": 288, "sample": 0, "shared_vectors": True},
        {"batch_size": 288, "sample": 0, "architecture": "cbow"},
        {"batch_size": 272, "max_n": 4},
        {"batch_size": 80, "objective": "hierarchical-softmax"},
        {"batch_size": 1000, "window": "sentence", "learning_rate": 0.001},
        {"window": "sentence", "learning_rate": 0.3, "distance_weights": "harmonic"},  # fewer pairs than in the windows
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
        {"architecture": "cbow", "context_gradient": "word2vec.c", "max_n": 4},
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


@pytest.mark.parametrize("settings", [{}, {"batch_size": 272}], ids=str)
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


@pytest.fixture
def mean_in_every_other_round(monkeypatch):
    monkeypatch.setattr(schedule, "MEAN_ROUNDS", 2)
    monkeypatch.setattr(schedule, "MEAN_CENTERS", 0)


@pytest.mark.usefixtures("mean_in_every_other_round")
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"context_gradient": "word2vec.c", "distance_weights": "linear"},
        {"shared_vectors": True, "context": "sum", "window": 12},
        {"max_n": 4, "vector_size": 17, "noise_exponent": -0.5},
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


def larger_corpus():
    return random_corpus(seed=5, words=2000, sentences=3000)


def now_and_then_alone(autotuner, units):
    """As many threads for as many units of work as no pace would give."""
    for unit in range(units):
        yield (1 if unit % 3 == 1 else autotuner.threads), 1


@needs_threads
def test_train__gives_the_same_bits_whoever_does_how_much(monkeypatch):
    tokens, config = random_corpus(sentences=200), TrainingConfig(vector_size=20, window=3, sample=0.01)
    one, one_events = train(tokens, config)
    monkeypatch.setattr("firth.threads.ThreadAutotuner.parts", now_and_then_alone)
    some, some_events = train(tokens, config, threads=3)
    assert all((a == b).all() for a, b in zip(one, some, strict=True))
    assert [event.loss for event in one_events] == [event.loss for event in some_events]


@needs_threads
@pytest.mark.parametrize("threads", [2, 3, 12])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"architecture": "cbow"},
        {"objective": "hierarchical-softmax"},
        {"shared_vectors": True},
        {"max_n": 4, "learning_rate": 0.001},
        {"batch_size": 1024},
        {"batch_size": 1024, "architecture": "cbow"},
        {"batch_size": 1024, "max_n": 4, "learning_rate": 0.001},
        {"batch_size": 512, "objective": "hierarchical-softmax"},
    ],
    ids=str,
)
def test_train__gives_the_same_bits_at_any_number_of_threads(threads, settings):
    tokens, config = larger_corpus(), TrainingConfig(sample=0.01, **settings)
    assert schedule.plan_epoch(with_parts(tokens, config)[0], config, 0, 2).round_blocks >= 2
    one, events = train(tokens, config)
    many, many_events = train(tokens, config, threads=threads)
    assert sha256(one) == sha256(many)
    assert events == many_events


@needs_threads
@pytest.mark.usefixtures("mean_in_every_other_round")
@pytest.mark.parametrize("gradient", ["exact", "word2vec.c"])
def test_train__finds_the_same_mean_at_any_number_of_threads_and_wherever_stretches_are_cut(gradient, monkeypatch):
    config = TrainingConfig(sample=0.01, architecture="cbow", context_gradient=gradient)
    one, _ = train(larger_corpus(), config)
    monkeypatch.setattr(rounds, "CHUNK_TOKENS", 3000)
    many, _ = train(larger_corpus(), config, threads=3)
    assert sha256(one) == sha256(many)


@needs_threads
def test_train__has_no_more_threads_than_a_round_has_blocks(monkeypatch):
    asked = []
    monkeypatch.setattr(rounds, "ThreadPool", lambda threads: asked.append(threads) or ThreadPool(threads))
    tokens = larger_corpus()
    for threads in (1, 2, 1000):
        train(tokens, TrainingConfig(sample=0.01), threads=threads)
    blocks = schedule.plan_epoch(tokens, TrainingConfig(sample=0.01), 0, 2).round_blocks
    assert asked == [1, 2, blocks]
    assert 4 <= blocks <= 16


@needs_threads
def test_train__in_larger_rounds_has_more_threads_and_the_same_bits():
    config = TrainingConfig(sample=0.01, batch_size=1024)
    assert schedule.plan_epoch(larger_corpus(), config, 0, 2).round_blocks == 64
    one, events = train(larger_corpus(), config)
    many, many_events = train(larger_corpus(), config, threads=64)
    assert sha256(one) == sha256(many)
    assert events == many_events


@needs_threads
def test_train__has_one_thread_where_nodes_learn_center_by_center(monkeypatch):
    asked = []
    monkeypatch.setattr(rounds, "ThreadPool", lambda threads: asked.append(threads) or ThreadPool(threads))
    train(larger_corpus(), TrainingConfig(objective="hierarchical-softmax", architecture="cbow"), threads=4)
    assert asked == [1]


def test_train__gives_the_same_bits_twice_and_others_for_another_seed():
    tokens = random_corpus()
    first, second = (sha256(train(tokens, TrainingConfig(vector_size=5))[0]) for _ in range(2))
    assert first == second
    assert first != sha256(train(tokens, TrainingConfig(vector_size=5, seed=2))[0])


def test_train__does_not_depend_on_where_stretches_are_cut(monkeypatch):
    tokens, config = random_corpus(sentences=300), TrainingConfig(vector_size=5, sample=0)
    whole, whole_events = train(tokens, config)
    monkeypatch.setattr(rounds, "CHUNK_TOKENS", 200)
    cut, cut_events = train(tokens, config)
    assert sha256(whole) == sha256(cut)
    assert len(cut_events) > len(whole_events)
    assert [e.tokens for e in cut_events] == sorted(e.tokens for e in cut_events[: len(cut_events) // 2]) * 2


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


def shape(counts, config):
    return schedule.round_shape(schedule.Tokens(np.zeros(0, np.int32), np.zeros(1, np.int64), counts), config)


def test_round_shape__is_small_where_one_word_is_frequent_or_the_rate_large():
    config = TrainingConfig(sample=0)
    flat, steep = np.full(10_000, 10), np.array([1000, *[1] * 9000])
    assert shape(flat, config) == (16, 16)
    assert shape(steep, config) == (16, 2)
    assert shape(steep, TrainingConfig(sample=0, learning_rate=0.1)) == (11, 1)
    assert shape(np.array([10, 10]), TrainingConfig(sample=0, learning_rate=1)) == (1, 1)


def test_round_shape__is_one_block_where_nodes_learn_center_by_center():
    config = TrainingConfig(sample=0, objective="hierarchical-softmax", architecture="cbow")
    assert shape(np.full(10_000, 10), config) == (32, 1)
    assert shape(np.array([1000, *[1] * 9000]), dataclasses.replace(config, learning_rate=0.125)) == (6, 1)


def test_round_shape__is_what_is_asked_for_where_that_is_more_than_usual():
    steep = np.array([1000, *[1] * 9000])
    assert shape(steep, TrainingConfig(sample=0, batch_size=1024)) == (16, 64)
    assert shape(steep, TrainingConfig(sample=0, batch_size=64)) == (16, 2)  # no more than what is good
    assert shape(np.full(10_000, 10), TrainingConfig(sample=0, batch_size=64)) == (16, 4)
    cbow = TrainingConfig(sample=0, batch_size=1024, architecture="cbow")
    assert shape(steep, cbow) == (32, 32)


def test_row_steps__are_less_for_words_that_too_many_pairs_of_a_large_round_have():
    counts = np.array([1000, *[1] * 9000])
    tokens = schedule.Tokens(np.zeros(0, np.int32), np.zeros(1, np.int64), counts)
    config = TrainingConfig(sample=0, batch_size=1024)
    steps = schedule.row_steps(tokens, config)
    of_input = 0.025 * 1024 * 6 * 0.1 * 6  # learning rate, centers, pairs of each, share, with its noise pairs
    assert steps.inputs[0] == pytest.approx(4 / of_input)
    assert 4 / of_input < steps.outputs[0] < 1
    assert (steps.inputs[1:] == 1).all()
    assert (steps.outputs[1:] == 1).all()
    assert schedule.row_steps(tokens, TrainingConfig(sample=0, batch_size=256)) == (None, None)


@pytest.mark.parametrize("centers", [0, 15, 16 * 12, 16 * 12 * 5, 16 * 12 * 5 + 100])
@pytest.mark.parametrize("streams", [1, 2, 12])
def test_first_center__is_where_the_reference_has_it_and_every_block_is_in_one_round(centers, streams):
    plan = schedule.plan_epoch(random_corpus(), TrainingConfig(), 0, 1)._replace(round_blocks=12, streams=streams)
    chunk = Chunk(*(np.zeros(7 + centers, dtype) for dtype in (np.int32, np.int32, np.int64)), 7, 7 + centers, 0)
    wanted = [[7 + first for first, _ in blocks] for blocks in reference.rounds_of(centers, plan)]
    assert rounds_of(chunk, plan) == len(wanted)
    for number, blocks in enumerate(wanted):
        assert [first_center(chunk, number, block, plan) for block in range(len(blocks))] == blocks
    assert sorted(itertools.chain(*wanted)) == list(range(7, 7 + centers, 16))


def test_reference_rounds_of__takes_as_many_blocks_from_each_strand():
    plan = schedule.plan_epoch(random_corpus(), TrainingConfig(), 0, 1)._replace(round_blocks=4, streams=2)
    assert reference.rounds_of(16 * 8 + 5, plan) == [
        [[0, 16], [16, 32], [64, 80], [80, 96]],
        [[32, 48], [48, 64], [96, 112], [112, 128]],
        [[128, 133]],
    ]


def test_node_steps__are_less_for_nodes_that_too_many_pairs_of_a_round_have():
    counts = np.full(4096, 10)
    tokens = schedule.Tokens(np.zeros(0, np.int32), np.zeros(1, np.int64), counts)
    config = TrainingConfig(sample=0, objective="hierarchical-softmax")
    assert schedule.round_shape(tokens, config) == (16, 4)
    steps = schedule.node_steps(huffman_tree(counts), tokens, config)
    of_root = 1.5 * 0.025 * 64 * 6  # steps, centers, pairs of each
    wanted = np.minimum(np.repeat([1, 2, 4, 8, 16], [1, 2, 4, 8, 16]) / of_root, 1)  # those below are in half as many
    assert_allclose(steps[:31], wanted, rtol=1e-6)
    assert (steps[15:] == 1).all()
    steps = schedule.node_steps(huffman_tree(counts), tokens, dataclasses.replace(config, learning_rate=0.1))
    assert_allclose(steps[:7], np.array([1, 2, 2, 4, 4, 4, 4]) / (4 * of_root), rtol=1e-6)


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


@needs_threads
@pytest.mark.parametrize(
    ("settings", "bits"),
    [
        ({}, "1711e87d5a57"),
        ({"architecture": "cbow"}, "7605d59a3cb8"),
        ({"architecture": "cbow", "context_gradient": "word2vec.c"}, "5ca815d336ba"),
        ({"architecture": "cbow", "distance_weights": "linear"}, "34f62baf18ec"),
        ({"objective": "hierarchical-softmax"}, "8b3bef8bb668"),
        ({"objective": "hierarchical-softmax", "architecture": "cbow"}, "dc95e6651c29"),
        ({"max_n": 4}, "a66d97441c81"),
        ({"batch_size": 320}, "abe2270410d2"),
        ({"negative": 20, "window": 12, "learning_rate": 0.3}, "d3826c9a2bdf"),
        ({"window": "sentence", "learning_rate": 0.2}, "4288f2e29e2e"),
    ],
    ids=str,
)
def test_version__goes_up_when_the_same_settings_come_to_other_bits(settings, bits):
    """Where this fails, checkpoints of before would be gone on with to neither version's result: raise
    `rounds.VERSION`, and put its number and the new hashes here.
    """
    rng = np.random.default_rng(1)
    ids = np.minimum(*rng.integers(0, 40, (2, 3000))).astype(np.int32)
    tokens = schedule.Tokens(ids, np.arange(0, 3001, 30), np.maximum(np.bincount(ids, minlength=40), 1))
    # nothing here depends on how a machine's library rounds powers and logarithms
    config = TrainingConfig(vector_size=20, sample=0, noise_exponent=0, **settings)
    found = sha256(train(tokens, config)[0])[:12]
    assert (rounds.VERSION, found) == (5, bits)


@needs_threads
@pytest.mark.long
@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="the narrower processor is an x86 one")
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_train__gives_the_same_bits_on_a_processor_with_narrower_registers(architecture, tmp_path):
    program = (
        "import hashlib, firth\n"
        "text = ['the cat sat on the mat', 'a dog sat on a log by the cat'] * 300\n"
        f"model = firth.train(text, threads=1, epochs=3, progress=False, architecture={architecture!r})\n"
        "print(hashlib.sha256(model.vectors.tobytes()).hexdigest())"
    )
    narrow = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,+bmi,+bmi2,+popcnt,+sse4.2"}
    digests = set()
    for processor in ({}, narrow):
        environment = os.environ | processor | {"NUMBA_CACHE_DIR": str(tmp_path / str(len(processor)))}
        run = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(run.stdout)
    assert len(digests) == 1


@pytest.mark.parametrize("threads", [1, 2, 3, 5, 16, 20])
def test_claim_block__every_block_of_every_round_is_claimed_once(threads):
    """In whatever order threads come for whose blocks; who comes late, for a round that is over, gets none."""
    plan = schedule.plan_epoch(random_corpus(), TrainingConfig(), 0, 1)._replace(round_blocks=16)
    counters = new_counters(threads)
    come = random.Random(threads)
    rounds_of = list(enumerate([16, 16, 16, 5]))
    for number, blocks in rounds_of:
        order = [of for of in range(threads) for _ in range(17)]
        come.shuffle(order)
        claimed = [claim_block(counters, of, number, blocks, threads, plan) for of in order]
        assert sorted(block for block in claimed if block != NONE_LEFT) == list(range(blocks))
        for late, its_blocks in rounds_of[: number + 1]:
            for of in range(threads):
                assert claim_block(counters, of, late, its_blocks, threads, plan) == NONE_LEFT


def test_first_block__a_threads_own_blocks_are_neighbors_and_all_are_somebodys():
    plan = schedule.plan_epoch(random_corpus(), TrainingConfig(), 0, 1)._replace(round_blocks=16)
    assert [first_block(thread, 2, plan) for thread in range(3)] == [0, 8, 16]
    assert [first_block(thread, 3, plan) for thread in range(4)] == [0, 5, 10, 16]
    assert [first_block(thread, 16, plan) for thread in range(17)] == list(range(17))
