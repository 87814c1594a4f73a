"""Windows: the weights of pairs and their bands, in vectors of 16 beside the NumPy twin."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.config import TrainingConfig
from firth.jit.kernel import compiled
from firth.kernels.linalg.products import BAND_ROWS, TILE_ROWS
from firth.kernels.word2vec import windows as kernels
from firth.kernels.word2vec.blocks import Context
from firth.training import schedule
from firth.training.workers import new_windows
from tests.helpers.rounds import random_corpus


def weigh_windows_by_tile(centers, tokens, before, windows):
    """As the kernel does, with the NumPy twin of its tile."""
    windows.reach[:, centers:] = kernels.NO_WINDOW
    for tile in range(-(-tokens // TILE_ROWS)):
        windows.centers_of[tile * TILE_ROWS // BAND_ROWS : (tile + 1) * TILE_ROWS // BAND_ROWS] = 0
        windows.token_weights[tile * TILE_ROWS : (tile + 1) * TILE_ROWS] = 0
        for first in range(0, windows.reach.shape[1], 16):
            kernels.weigh_tile(windows, tile, first, before + first - tile * TILE_ROWS)


@compiled
def compiled_weigh_windows(centers, tokens, before, windows):
    kernels.weigh_windows(Context(centers, tokens, before), windows)


@pytest.mark.parametrize("function", [weigh_windows_by_tile, compiled_weigh_windows])
@pytest.mark.parametrize(
    ("centers", "room", "window"), [(1, 16, 3), (11, 16, 5), (16, 16, 5), (29, 32, 20), (48, 48, 2)]
)
def test_weigh_windows__of_every_pair(function, centers, room, window):
    rng = np.random.default_rng(centers)
    by_distance = rng.uniform(0.1, 1, window).astype(np.float32)
    windows = new_windows(by_distance, -(-(room + 2 * window) // TILE_ROWS) * TILE_ROWS + TILE_ROWS, room, room)
    windows.reach[:] = rng.integers(0, window + 1, windows.reach.shape)
    windows.reach[:, 0] = 0  # a center alone in its sentence
    before = max(0, *(windows.reach[0, i] - i for i in range(centers)))
    tokens = before + max(i + windows.reach[1, i] + 1 for i in range(centers))
    for array in (windows.weights, windows.token_weights, windows.centers_of):
        array[:] = 7  # of another block

    windows.center_weights[:] = rng.uniform(0.1, 1, room)
    wanted, paired = np.zeros((tokens, room)), np.zeros((tokens, room), np.bool_)
    for i in range(centers):
        for token in range(before + i - windows.reach[0, i], before + i + windows.reach[1, i] + 1):
            paired[token, i] = True
            wanted[token, i] = by_distance[abs(token - before - i) - 1] if token != before + i else 0
    wanted *= windows.center_weights[:room]
    function(centers, tokens, before, windows)
    assert_allclose(windows.weights[:tokens], wanted, rtol=1e-6)
    assert_allclose(windows.token_weights[:tokens], wanted.sum(axis=1), rtol=1e-5)
    for band in range(-(-tokens // BAND_ROWS)):
        of_band = np.flatnonzero(paired[band * BAND_ROWS : (band + 1) * BAND_ROWS].any(axis=0))
        assert list(windows.centers_of[band]) == ([of_band[0], of_band[-1] + 1] if len(of_band) else [0, 0])


@compiled
def compiled_weigh_centers(centers, plan, windows):
    kernels.weigh_centers(centers, plan, windows)


@pytest.mark.parametrize("most", [0.5, 4.0, np.inf])
def test_weigh_centers__pairs_weigh_no_more_together_than_they_may(most):
    plan = schedule.plan_epoch(random_corpus(), TrainingConfig(window=5), 0, 1)._replace(most_pairs=most)
    windows = new_windows(plan.distance_weights, 28, 16, 16)
    windows.reach[:, :3] = [[5, 0, 1], [5, 0, 2]]
    compiled_weigh_centers(3, plan, windows)
    assert_allclose(windows.center_weights[:3], [min(1, most / 10), 1, min(1, most / 3)], rtol=1e-6)
