import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.errors import FirthError
from firth.vectors.nearest import inverse_lengths, unit_rows
from firth.visual.projection import can_tsne, on_the_map, pca, tsne


def units_of(rows):
    rows = rows.astype(np.float32)
    return unit_rows(rows, inverse_lengths(rows))


def some(n=200, width=12, seed=0):
    random = np.random.default_rng(seed)
    middles = 5 * random.normal(size=(4, width))
    return units_of(middles[np.arange(n) % 4] + random.normal(size=(n, width)))


def test_pca__are_the_scores_of_the_singular_value_decomposition():
    units = some()
    centered = units - units.mean(axis=0, dtype=np.float64)
    u, s, _ = np.linalg.svd(centered, full_matrices=False)
    assert_allclose(np.abs(pca(units).positions), np.abs(u[:, :2] * s[:2]), atol=1e-6)
    assert f"{(s[:2] ** 2).sum() / (s**2).sum():.0%}" in pca(units).made


def test_pca__has_the_same_signs_whatever_the_order_of_words():
    units = some()
    order = np.random.default_rng(1).permutation(len(units))
    assert_allclose(pca(units[order]).positions, pca(units).positions[order], atol=1e-6)


@pytest.mark.parametrize("units", [np.ones((1, 3)), np.ones((5, 3)) / 3**0.5, np.zeros((4, 2)), np.ones((3, 1))])
def test_pca__of_words_that_do_not_differ(units):
    places = pca(units.astype(np.float32)).positions
    assert places.shape == (len(units), 2)
    assert np.isfinite(places).all()
    assert on_the_map(places).shape == places.shape


def test_on_the_map__keeps_shape_and_fills_the_greater_extent():
    moved = on_the_map(np.array([[0.0, 0], [4, 1], [2, 2]]))
    assert moved[:, 0].tolist() == [0, 65_534, 32_767]
    assert moved[2, 1] - moved[0, 1] == pytest.approx(65_534 / 2, abs=1)


def needs_tsne():
    pytest.importorskip("openTSNE", reason="the extra firth[map] is not installed")


def test_tsne__keeps_groups_apart_and_is_the_same_for_the_same_seed():
    needs_tsne()
    units, done = some(), []
    start = pca(units).positions
    found = tsne(units, start, seed=1, threads=1, report=lambda *step: done.append(step))
    again = tsne(units, start, seed=1, threads=1)
    assert (found.positions == again.positions).all()
    group = np.arange(len(units)) % 4
    middles = np.array([found.positions[group == g].mean(axis=0) for g in range(4)])
    nearest = np.linalg.norm(found.positions[:, None] - middles, axis=2).argmin(axis=1)
    assert (nearest == group).mean() > 0.95
    assert done[-1] == (750, 750)
    assert "perplexity 30" in found.made
    assert "seed 1" in found.made


def test_tsne__few_words_and_equal_words():
    needs_tsne()
    few = units_of(np.random.default_rng(0).normal(size=(12, 3)))
    assert np.isfinite(tsne(few, pca(few).positions, seed=1, threads=1).positions).all()
    equal = np.full((40, 4), 0.5, np.float32)
    assert np.isfinite(tsne(equal, pca(equal).positions, seed=1, threads=1).positions).all()
    with pytest.raises(FirthError, match="10 words at least"):
        tsne(few[:5], pca(few[:5]).positions, seed=1, threads=1)
    assert not can_tsne(5)
