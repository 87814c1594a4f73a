"""The same bits, at any number of threads and on any processor, wherever chunks are cut."""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from firth.config import TrainingConfig
from firth.threads import ThreadPool
from firth.training import chunks, rounds, schedule
from tests.helpers.rounds import COMPILES, needs_threads, random_corpus, sha256, train, with_subword_rows


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
    monkeypatch.setattr("firth.threads.ThreadAutotuner.split", now_and_then_alone)
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
        pytest.param({"batch_size": 1024, "architecture": "cbow"}, marks=COMPILES),
        pytest.param({"batch_size": 1024, "max_n": 4, "learning_rate": 0.001}, marks=COMPILES),
        pytest.param({"batch_size": 512, "objective": "hierarchical-softmax"}, marks=COMPILES),
    ],
    ids=str,
)
def test_train__gives_the_same_bits_at_any_number_of_threads(threads, settings):
    tokens, config = larger_corpus(), TrainingConfig(sample=0.01, **settings)
    assert schedule.plan_epoch(with_subword_rows(tokens, config)[0], config, 0, 2).round_blocks >= 2
    one, events = train(tokens, config)
    many, many_events = train(tokens, config, threads=threads)
    assert sha256(one) == sha256(many)
    assert events == many_events


@needs_threads
@pytest.mark.usefixtures("mean_in_every_other_round")
@pytest.mark.parametrize("gradient", ["exact", "word2vec.c"])
def test_train__finds_the_same_mean_at_any_number_of_threads_and_wherever_chunks_are_cut(gradient, monkeypatch):
    config = TrainingConfig(sample=0.01, architecture="cbow", context_gradient=gradient)
    one, _ = train(larger_corpus(), config)
    monkeypatch.setattr(chunks, "CHUNK_TOKENS", 3000)
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


def test_train__does_not_depend_on_where_chunks_are_cut(monkeypatch):
    tokens, config = random_corpus(sentences=300), TrainingConfig(vector_size=5, sample=0)
    whole, whole_events = train(tokens, config)
    monkeypatch.setattr(chunks, "CHUNK_TOKENS", 200)
    cut, cut_events = train(tokens, config)
    assert sha256(whole) == sha256(cut)
    assert len(cut_events) > len(whole_events)
    assert [e.tokens for e in cut_events] == sorted(e.tokens for e in cut_events[: len(cut_events) // 2]) * 2


@needs_threads
@pytest.mark.parametrize(
    ("settings", "bits"),
    [
        ({}, "025c4abb46ee"),
        ({"noise_exponent": 0.75, "vector_size": 100}, "435f62b9fd5c"),
        ({"architecture": "cbow"}, "7605d59a3cb8"),
        ({"architecture": "cbow", "context_gradient": "word2vec.c"}, "5ca815d336ba"),
        ({"architecture": "cbow", "distance_weights": "linear"}, "34f62baf18ec"),
        ({"objective": "hierarchical-softmax"}, "8b3bef8bb668"),
        ({"objective": "hierarchical-softmax", "architecture": "cbow"}, "dc95e6651c29"),
        ({"max_n": 4}, "660354b772a3"),
        ({"batch_size": 320}, "580709bae73c"),
        ({"negative": 20, "window": 12, "learning_rate": 0.3}, "c8d674825edd"),
        ({"window": "sentence", "learning_rate": 0.2}, "8f36b1d118df"),
        ({"shards": 3}, "475b2fe095fc"),
        ({"shards": 3, "overlap": 0.5}, "ae0b81c448f5"),
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
    config = TrainingConfig(**{"vector_size": 20, "sample": 0, "noise_exponent": 0} | settings)
    found = sha256(train(tokens, config)[0])[:12]
    assert (rounds.VERSION, found) == (10, bits)


@needs_threads
@pytest.mark.long
@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="the narrower processor is an x86 one")
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_train__gives_the_same_bits_on_a_processor_with_narrower_registers(architecture, tmp_path):
    """Of vectors whose last 16 numbers are zero in half, in less, and nowhere."""
    program = (
        "import hashlib, firth\n"
        "text = ['the cat sat on the mat', 'a dog sat on a log by the cat'] * 300\n"
        "settings = {'threads': 1, 'epochs': 3, 'progress': False, 'window': 3, 'sample': 0}\n"
        "for size in (100, 41, 27, 7, 64):\n"
        f"    model = firth.train(text, vector_size=size, architecture={architecture!r}, **settings)\n"
        "    print(hashlib.sha256(model.vectors.tobytes()).hexdigest())"
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
