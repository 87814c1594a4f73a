"""Trainings far from the usual settings, and on corpora of any shape: none blows up, and what can be learned is."""

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import firth
from firth.config import TrainingConfig
from firth.errors import ConfigError
from firth.kernels.word2vec.blocks import SubwordRows
from firth.kernels.word2vec.step_bounds import limited, new_limits
from firth.training import rounds, schedule
from firth.training.train import ngrams_of
from firth.training.trainer import longest_row
from firth.vectors.subwords import Composition
from tests.helpers.rounds import needs_threads

CORPORA = {
    "random words": lambda rng: (rng.integers(0, 60, 2000), 20),
    "one sentence": lambda rng: (np.minimum(rng.geometric(0.1, 1500) - 1, 30), 800),
    "two words": lambda rng: (rng.integers(0, 2, 2000), 10),
    "one word nearly always": lambda rng: (np.where(rng.random(2000) < 0.99, 0, rng.integers(1, 30, 2000)), 25),
    "every sentence the same": lambda rng: (np.tile(rng.integers(0, 40, 40), 50), 40),
    "bursts": lambda rng: (np.repeat(rng.integers(0, 30, 60), 50), 100),
    "groups": lambda rng: (rng.integers(0, 10, 2000) * 5 + np.repeat(rng.integers(0, 5, 20), 100), 100),
}
"""Of each, token ids and the length of its sentences."""


def tokens_of(shape, seed):
    ids, length = CORPORA[shape](np.random.default_rng(seed))
    ids = np.unique(ids, return_inverse=True)[1].astype(np.int32)
    counts = np.bincount(ids)
    ids = np.argsort(np.argsort(-counts, kind="stable"))[ids].astype(np.int32)  # frequent words first
    return schedule.Tokens(ids, np.append(np.arange(0, len(ids), length), len(ids)), np.sort(counts)[::-1].copy())


ANY_SETTINGS = st.fixed_dictionaries(
    {
        "architecture": st.sampled_from(["skip-gram", "cbow"]),
        "objective": st.sampled_from(["negative-sampling", "negative-sampling", "hierarchical-softmax"]),
        "context": st.sampled_from(["mean", "sum"]),
        "context_gradient": st.sampled_from(["exact", "word2vec.c"]),
        "window": st.one_of(st.integers(1, 60), st.just("sentence")),
        "shrink_windows": st.booleans(),
        "window_side": st.sampled_from(["both", "before", "after"]),
        "distance_weights": st.sampled_from(["even", "linear", "harmonic"]),
        "negative": st.sampled_from([1, 2, 5, 15, 30, 100]),
        "noise_exponent": st.sampled_from([-1, -0.5, 0, 0.75, 1, 3]),
        "learning_rate": st.sampled_from([0.001, 0.025, 0.1, 0.3, 1.0]),
        "sample": st.sampled_from([0, 1e-2, 1e-1]),
        "vector_size": st.integers(1, 40),
        "shared_vectors": st.booleans(),
        "max_n": st.sampled_from([0, 0, 4]),
        "batch_size": st.sampled_from([None, None, 5, 600]),
        "shards": st.sampled_from([1, 1, 3]),
        "seed": st.integers(0, 1000),
    }
)

AS_FOUND = {"deadline": None, "phases": [Phase.explicit, Phase.generate], "suppress_health_check": list(HealthCheck)}
"""Examples are trainings: a smaller one that fails too would take minutes to find."""


def possible(chosen):
    """The same settings, without those that exclude others."""
    tree = chosen["objective"] == "hierarchical-softmax"
    shared = chosen["shared_vectors"] and not tree and not chosen["max_n"]
    if chosen["architecture"] == "cbow" and chosen["context_gradient"] == "word2vec.c":
        shared = False
    centers = None if tree and chosen["architecture"] == "cbow" else chosen["batch_size"]
    in_shards = chosen["architecture"] == "skip-gram" and not (tree or shared or chosen["max_n"])
    shards = chosen["shards"] if in_shards else 1
    return chosen | {"shared_vectors": shared, "batch_size": centers, "shards": shards}


def assert_ends_well(chosen, shape):
    config = TrainingConfig(**possible(chosen))
    tokens, epochs, ngrams = tokens_of(shape, config.seed), 4, 0
    if config.max_n:
        found = Composition([f"word{i % 7}{i}" for i in range(len(tokens.counts))], ngrams_of(config))
        tokens, ngrams = (
            dataclasses.replace(tokens, subword_rows=SubwordRows(found.starts, found.rows)),
            len(found.used),
        )
    parameters = schedule.initial_parameters(
        len(tokens.counts), config.vector_size, config.seed, shared=config.shared_vectors, ngrams=ngrams
    )
    events = [e for e in rounds.train(tokens, config, parameters, epochs=epochs, threads=1) if e.epoch_done]
    assert max(longest_row(of) for of in parameters) < 1000
    nothing = events[
        -1
    ].loss_of_nothing  # what one number a word cannot tell apart may end above that: an error in `train`
    assert events[-1].loss <= max(events[0].loss * 1.1 + 0.05 * nothing, 1.5 * nothing)


@pytest.mark.long
@needs_threads
@settings(max_examples=25, derandomize=True, **AS_FOUND)
@given(ANY_SETTINGS, st.sampled_from(list(CORPORA)))
def test_train__ends_well_at_any_settings_on_any_corpus(chosen, shape):
    assert_ends_well(chosen, shape)


@needs_threads
@pytest.mark.long
@settings(max_examples=120, derandomize=True, **AS_FOUND)
@given(ANY_SETTINGS, st.sampled_from(list(CORPORA)))
def test_train__ends_well_at_many_settings_on_any_corpus(chosen, shape):
    assert_ends_well(chosen, shape)


def items_in_groups(items=120, groups=6, length=60, sentences=100):
    rng = np.random.default_rng(0)
    return [
        [f"i{n * groups + group}" for n in rng.integers(0, items // groups, length)]
        for group in rng.integers(0, groups, sentences).tolist()
    ]


@needs_threads
@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"window": 25},
        {"window": 50, "negative": 15},
        {"window": 40, "shrink_windows": False},
        {"window": "sentence"},
        {"window": "sentence", "negative": 30, "learning_rate": 0.1},
        {"learning_rate": 0.5},
        {"learning_rate": 1.0, "architecture": "cbow"},
        {"window": 40, "architecture": "cbow"},
        {"window": 10, "architecture": "cbow", "context": "sum"},
        {"window": 40, "architecture": "cbow", "context_gradient": "word2vec.c"},
        {"window": 40, "objective": "hierarchical-softmax"},
        {"window": 40, "objective": "hierarchical-softmax", "architecture": "cbow"},
    ],
    ids=str,
)
def test_train__finds_the_groups_of_items_whatever_the_settings(chosen):
    model = firth.train(items_in_groups(), sample=0, epochs=30, vector_size=50, progress=False, **chosen)
    assert all(result.loss < (1 + model.config.negative) * np.log(2) for result in model.history[-3:]) or (
        model.config.objective == "hierarchical-softmax"
    )
    group = {word: int(word[1:]) % 6 for word in model.words}
    near = dict(zip(model.words, model.most_similar(model.words, topn=10), strict=True))
    assert np.mean([group[word] == group[other] for word, others in near.items() for other, _ in others]) > 0.98


@needs_threads
@pytest.mark.parametrize("chosen", [{}, {"max_n": 3}, {"distance_weights": "linear"}, {"negative": 5}], ids=str)
def test_train__cbow_ends_well_at_the_greatest_learning_rate(chosen):
    text = ["she said well no and left he is gone well known man mr smith came it rained all day and night long"] * 60
    settings = {"window": 2, "negative": 20, "vector_size": 3, "sample": 0, "min_count": 1, **chosen}
    model = firth.train(text, architecture="cbow", learning_rate=1.0, epochs=4, progress=False, seed=6, **settings)
    losses = [result.loss for result in model.history]
    assert losses[0] < (1 + model.config.negative) * np.log(2)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("chosen", [{"learning_rate": 10}, {"learning_rate": 2, "architecture": "cbow"}])
def test_config__a_learning_rate_beyond_all_use_is_an_error_that_says_what_is_usual(chosen):
    with pytest.raises(ConfigError, match=r"learning_rate.*0\.025 is usual, above 0\.2 is rarely"):
        TrainingConfig(**chosen)


@given(st.lists(st.tuples(st.floats(1e-3, 50), st.floats(1e-6, 2)), min_size=1, max_size=30))
def test_limited__moves_no_row_by_more_than_the_bound_and_does_nothing_below_it(changes):
    """Changes of some lengths with some errors, all in one direction."""
    limits, moved, ratios = new_limits(), 0.0, 0.0
    for length, errors in changes:
        scale = float(limited(limits, 7, np.float32(1), np.float32(length**2 / errors)))
        assert 0 < scale <= 1
        moved += scale * length
        ratios += length**2 / errors
        if ratios < 0.999:
            assert scale == 1
    assert moved <= 1.001 * np.sqrt(2 * sum(errors for _, errors in changes))


def test_limited__of_one_change_by_hand():
    assert limited(new_limits(), 3, np.float32(1), np.float32(4)) == pytest.approx((2 - 1 / 4) / 4)
    limits = new_limits()
    assert limited(limits, 3, np.float32(1), np.float32(0.75)) == 1
    assert limited(limits, 3, np.float32(1), np.float32(1.25)) == pytest.approx((1.5 - 0.75) / 1.25)
    assert limited(limits, 3, np.float32(1), np.float32(2)) == pytest.approx((1.75 - 1.5) / 2)
    assert limited(limits, 4, np.float32(1), np.float32(0.5)) == 1  # another row


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        ({}, 8),
        ({"negative": 10, "window": 10}, 32),
        ({"negative": 20}, 32),
        ({"learning_rate": 0.05}, 16),
        ({"noise_exponent": 0.5}, 8),
        ({"noise_exponent": 1.0}, 12),
        ({"noise_exponent": -0.5}, 12),
        ({"shared_vectors": True}, 12),
        ({"window": 40, "negative": 30}, 112),
        ({"architecture": "cbow"}, 8),
        ({"architecture": "cbow", "negative": 20}, 32),
        ({"architecture": "cbow", "context_gradient": "word2vec.c"}, 12),
    ],
)
def test_plan__noise_words_follow_the_learning_rate_the_window_and_how_many_are_wanted(chosen, wanted):
    counts = np.full(10_000, 10)
    tokens = schedule.Tokens(np.zeros(0, np.int32), np.zeros(1, np.int64), counts)
    plan = schedule.plan_epoch(tokens, TrainingConfig(sample=0, **chosen), 0, 5)
    assert plan.negatives == wanted
    assert plan.negative_weight * wanted == pytest.approx(TrainingConfig(**chosen).negative)
