import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.config import TrainingConfig
from firth.kernels.linalg.products import BAND_ROWS, TILE_ROWS
from firth.kernels.word2vec.blocks import (
    ALONE,
    UNUSED,
    Block,
    Context,
    Kept,
    RateScales,
    Run,
    keep_tokens,
    logistic,
    softplus,
)
from firth.kernels.word2vec.windows import find_windows, weigh_windows
from firth.threads import ThreadPool
from firth.training import chunks, reference, schedule, workers
from firth.training.sampling import as_thresholds, keep_probabilities
from tests.helpers.rounds import random_corpus


def test_logistic__is_exact_to_the_stated_error():
    x = np.linspace(-40, 40, 4001).astype(np.float32)
    ours = np.array([logistic(value) for value in x])
    assert np.abs(ours - 1 / (1 + np.exp(-x.astype(float)))).max() < 3e-7
    assert ours.min() >= 0
    assert ours.max() <= 1


def test_softplus__neither_overflows_nor_vanishes():
    assert softplus(1000.0) == 1000.0
    assert softplus(-1000.0) == 0.0
    assert_allclose([softplus(x) for x in (-30.0, -1.0, 0.0, 1.0)], np.logaddexp(0, [-30, -1, 0, 1]))


def test_keep_tokens__keeps_what_its_twin_keeps():
    tokens = random_corpus()
    keep = as_thresholds(keep_probabilities(tokens.counts, 0.01))
    n = len(tokens.ids)
    out = Kept(np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(n, np.int64))
    _, _, filled = keep_tokens(tokens.ids, tokens.sentence_starts, 0, 0, keep, np.uint64(3), out, 0)
    twin = reference.keep_tokens(tokens.ids.tolist(), keep.tolist(), 3)
    assert 0 < filled < n
    assert out[2][:filled].tolist() == twin
    assert out[0][:filled].tolist() == tokens.ids[twin].tolist()
    sentence = np.searchsorted(tokens.sentence_starts, twin, side="right") - 1
    assert out[1][:filled].tolist() == sentence.tolist()


def test_keep_tokens__goes_on_where_a_full_buffer_stopped_it():
    tokens = random_corpus()
    keep = as_thresholds(np.ones(30))
    found, position, sentence = [], 0, 0
    while position < len(tokens.ids):
        out = Kept(np.zeros(7, np.int32), np.zeros(7, np.int32), np.zeros(7, np.int64))
        position, sentence, filled = keep_tokens(
            tokens.ids, tokens.sentence_starts, position, sentence, keep, np.uint64(3), out, 0
        )
        found += out[2][:filled].tolist()
    assert found == np.flatnonzero(tokens.ids < 30).tolist()


def assert_bands_hold(windows, used, centers):
    """No pair is outside the bands."""
    weights = windows.weights[:used, :centers]
    for band, (first, last) in enumerate(windows.centers_of[: -(-used // BAND_ROWS)]):
        rows = weights[band * BAND_ROWS : (band + 1) * BAND_ROWS]
        assert not rows[:, :first].any()
        assert not rows[:, last:].any()
    for band, (first, last) in enumerate(windows.tokens_of):
        columns = weights[:, band * BAND_ROWS : (band + 1) * BAND_ROWS]
        assert not columns[:first].any()
        assert not columns[last:].any()


@pytest.mark.parametrize("window", [1, 2, 5, 30])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"distance_weights": "linear"},
        {"shrink_windows": False},
        {"window_side": "before"},
        {"window_side": "after"},
        {"learning_rate": 0.6},
        {"architecture": "cbow"},
    ],
)
def test_pairs__are_those_of_the_twin(window, more):
    tokens = random_corpus()
    config = TrainingConfig(window=window, sample=0, **more)
    plan = schedule.plan_epoch(tokens, config, 0, 1)
    parameters = schedule.initial_parameters(30, 8, 1)
    group = workers.WorkerGroup(ThreadPool(1), config, plan, parameters, workers.Targets.of(tokens, config))
    chunk, _ = next(iter(chunks.ChunkReader(tokens, config, 0, plan)))
    kept, sentences = chunk.positions.tolist(), chunk.sentences.tolist()
    run = Run(chunk, plan, parameters, None, RateScales(None, None), group.updates)
    B = plan.block_centers
    for first in range(0, chunk.last, B):
        last = min(first + B, chunk.last)
        windows, words = group.workspaces[0].scratch.windows, group.updates.inputs.words[0]
        block = Block(0, first, first, 0.0, False, False, first == 0, 1, ALONE)
        context = Context(*find_windows(block, run, windows, True))
        used = context.tokens
        assert (context.centers, group.updates.inputs.used[0]) == (last - first, used)
        assert (words[used : used + TILE_ROWS] == UNUSED).all()  # products may read so far
        weigh_windows(context, windows)
        ours = sorted(
            (int(words[row]), int(chunk.tokens[first + i]))
            for row in range(used)
            for i in np.flatnonzero(windows.weights[row, :B])
        )
        twin = sorted(
            (int(chunk.tokens[j]), int(chunk.tokens[center]))
            for center in range(first, last)
            for j in reference.pairs_of(center, kept, sentences, plan)
        )
        assert ours == twin
        assert_allclose(windows.token_weights[:used], windows.weights[:used, :B].sum(axis=1), rtol=1e-6)
        assert_bands_hold(windows, used, B)
