import numpy as np
import pytest

from firth.config import TrainingConfig
from firth.kernels.word2vec import prefetcher as kernels
from firth.kernels.word2vec.negatives import draw_negative
from firth.kernels.word2vec.prefetcher import (
    CURSORS,
    PrefetchQueue,
    draw_next_negatives,
    prefetch_some,
    schedule_block,
    schedule_nothing,
    take_negatives,
)
from firth.training import chunks, schedule, workers
from firth.training.schedule import Tokens

CONFIG = TrainingConfig(sample=0, window=3)


@pytest.fixture
def epoch():
    """A chunk of an epoch, its plan, and its negatives."""
    ids = np.random.default_rng(0).integers(0, 30, 500).astype(np.int32)
    tokens = Tokens(ids, np.array([0, 500]), np.bincount(ids, minlength=30))
    plan = schedule.plan_epoch(tokens, CONFIG, 0, 1)
    chunk, _ = next(iter(chunks.ChunkReader(tokens, CONFIG, 0, plan)))
    return chunk, plan, workers.Targets.of(tokens, CONFIG).noise


@pytest.fixture
def queue(epoch):
    chunk, plan, _ = epoch
    found = PrefetchQueue(
        chunk.tokens,
        schedule.initial_parameters(30, 8, 1),
        None,
        np.zeros(plan.negatives, np.int32),
        np.zeros(plan.negatives, np.uint64),
        np.zeros(CURSORS, np.int64),
    )
    schedule_nothing(found.cursors)
    return found


def test_take_negatives__are_the_same_drawn_ahead_or_when_they_are_needed(epoch, queue):
    chunk, plan, noise = epoch
    B = plan.block_centers
    found, wanted = (np.zeros(plan.negatives, np.int32) for _ in range(2))
    for expected, comes in ((B, B), (2 * B, 2 * B), (3 * B, 5 * B), (480, 480), (500, 0), (B, 0)):
        schedule_block(expected, 0, chunk, plan, noise, queue)
        draw_next_negatives(plan, noise, queue)
        take_negatives(comes, chunk, plan, noise, queue, found)
        counter = int(chunk.positions[comes]) * plan.negatives if comes < 500 else 0
        wanted[:] = [draw_negative(noise, plan.negatives_key, counter + n) for n in range(plan.negatives)]
        assert found.tolist() == wanted.tolist()


@pytest.mark.parametrize("first", [16, 32, 160, 480, 496])
def test_ask__asks_for_all_that_a_block_needs_and_its_neighbor_has_not_asked_for(epoch, queue, monkeypatch, first):
    chunk, plan, noise = epoch
    inputs, outputs = [], []
    monkeypatch.setattr(kernels, "prefetch_vectors", lambda _, word, subword_rows: inputs.append(int(word)))
    monkeypatch.setattr(kernels, "prefetch_row", lambda _, word: outputs.append(int(word)))
    B, tokens = plan.block_centers, chunk.tokens
    schedule_block(first, first - B, chunk, plan, noise, queue)
    draw_next_negatives(plan, noise, queue)
    for _ in range(100):
        prefetch_some.function(3, queue)
    last = min(first + B, chunk.last)
    assert inputs == tokens[first + plan.window : last + plan.window].tolist()
    assert outputs == [*tokens[first:last].tolist(), *queue.negatives.tolist()]


def test_expect__of_a_block_that_is_no_neighbor_all_context_words_are_asked_for(epoch, queue, monkeypatch):
    chunk, plan, noise = epoch
    inputs = []
    monkeypatch.setattr(kernels, "prefetch_vectors", lambda _, word, subword_rows: inputs.append(int(word)))
    schedule_block(64, 32, chunk, plan, noise, queue)
    for _ in range(100):
        prefetch_some.function(1, queue)
    assert inputs == chunk.tokens[64 - plan.window : 64 + plan.block_centers + plan.window].tolist()


def test_expect__where_no_center_is_left_nothing_is_asked_for(epoch, queue):
    chunk, plan, noise = epoch
    schedule_block(chunk.last, chunk.last - 16, chunk, plan, noise, queue)
    draw_next_negatives(plan, noise, queue)
    before = queue.cursors.copy()
    prefetch_some.function(100, queue)
    assert queue.cursors.tolist() == before.tolist()
