import numpy as np
import pytest

from firth.config import TrainingConfig
from firth.kernels.word2vec import prefetcher as kernels
from firth.kernels.word2vec.negatives import draw_noise_word
from firth.kernels.word2vec.prefetcher import PLACES, Ahead, ask, draw_ahead, expect, expect_nothing, take_noise_words
from firth.training import rounds, schedule
from firth.training.schedule import Tokens

CONFIG = TrainingConfig(sample=0, window=3)


@pytest.fixture
def epoch():
    """A stretch of an epoch, its plan, and its noise words."""
    ids = np.random.default_rng(0).integers(0, 30, 500).astype(np.int32)
    tokens = Tokens(ids, np.array([0, 500]), np.bincount(ids, minlength=30))
    plan = rounds.plan_epoch(tokens, CONFIG, 0, 1)
    stretch, _ = next(iter(rounds.Walk(tokens, CONFIG, 0, plan)))
    return stretch, plan, rounds.Targets.of(tokens, CONFIG).noise


@pytest.fixture
def ahead(epoch):
    stretch, plan, _ = epoch
    found = Ahead(
        stretch.tokens,
        schedule.initial_parameters(30, 8, 1),
        None,
        np.zeros(plan.noise_words, np.int32),
        np.zeros(plan.noise_words, np.uint64),
        np.zeros(PLACES, np.int64),
    )
    expect_nothing(found.places)
    return found


def test_take_noise_words__are_the_same_drawn_ahead_or_when_they_are_needed(epoch, ahead):
    stretch, plan, noise = epoch
    B = plan.block_centres
    found, wanted = (np.zeros(plan.noise_words, np.int32) for _ in range(2))
    for expected, comes in ((B, B), (2 * B, 2 * B), (3 * B, 5 * B), (480, 480), (500, 0), (B, 0)):
        expect(expected, 0, stretch, plan, noise, ahead)
        draw_ahead(plan, noise, ahead)
        take_noise_words(comes, stretch, plan, noise, ahead, found)
        counter = int(stretch.positions[comes]) * plan.noise_words if comes < 500 else 0
        wanted[:] = [draw_noise_word(noise, plan.noise_key, counter + n) for n in range(plan.noise_words)]
        assert found.tolist() == wanted.tolist()


@pytest.mark.parametrize("first", [16, 32, 160, 480, 496])
def test_ask__asks_for_all_that_a_block_needs_and_its_neighbor_has_not_asked_for(epoch, ahead, monkeypatch, first):
    stretch, plan, noise = epoch
    inputs, outputs = [], []
    monkeypatch.setattr(kernels, "ask_for", lambda _, word, parts: inputs.append(int(word)))
    monkeypatch.setattr(kernels, "prefetch_row", lambda _, word: outputs.append(int(word)))
    B, tokens = plan.block_centres, stretch.tokens
    expect(first, first - B, stretch, plan, noise, ahead)
    draw_ahead(plan, noise, ahead)
    for _ in range(100):
        ask.function(3, ahead)
    last = min(first + B, stretch.last)
    assert inputs == tokens[first + plan.window : last + plan.window].tolist()
    assert outputs == [*tokens[first:last].tolist(), *ahead.noise_words.tolist()]


def test_expect__of_a_block_that_is_no_neighbor_all_context_words_are_asked_for(epoch, ahead, monkeypatch):
    stretch, plan, noise = epoch
    inputs = []
    monkeypatch.setattr(kernels, "ask_for", lambda _, word, parts: inputs.append(int(word)))
    expect(64, 32, stretch, plan, noise, ahead)
    for _ in range(100):
        ask.function(1, ahead)
    assert inputs == stretch.tokens[64 - plan.window : 64 + plan.block_centres + plan.window].tolist()


def test_expect__where_no_centre_is_left_nothing_is_asked_for(epoch, ahead):
    stretch, plan, noise = epoch
    expect(stretch.last, stretch.last - 16, stretch, plan, noise, ahead)
    draw_ahead(plan, noise, ahead)
    before = ahead.places.copy()
    ask.function(100, ahead)
    assert ahead.places.tolist() == before.tolist()
