"""From many dimensions to two: PCA at once, t-SNE, which keeps neighborhoods, in minutes."""

from __future__ import annotations

import importlib.util
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from firth.arrays import Float32, Float64, Int64, UInt16
from firth.errors import FirthError
from firth.vectors.nearest import nearest

Report = Callable[[int, int], None]

PERPLEXITY = 30
EARLY_STEPS, STEPS = 250, 500
STEPS_BETWEEN_REPORTS = 10
FEWEST_FOR_TSNE = 10


@dataclass(frozen=True)
class Projection:
    """Places (n, 2) of words, and how they were found."""

    name: str
    positions: Float64
    made: str


def can_tsne(words: int) -> bool:
    """Whether t-SNE is installed, and these are words enough for it."""
    return importlib.util.find_spec("openTSNE") is not None and words >= FEWEST_FOR_TSNE


def neighbors(units: Float32, k: int) -> tuple[Float32, Int64]:
    """The k nearest others of each row: cosines and rows, both (n, k)."""
    return nearest(units, units, np.ones(len(units), np.float32), [[i] for i in range(len(units))], k)


def pca(units: Float32) -> Projection:
    """The two directions in which the vectors (n, d) differ most (Pearson 1901), from their covariance.

    Each direction's sign is such that its greatest number is positive: the same vectors give the same map.
    """
    centered = units.astype(np.float64) - units.mean(axis=0, dtype=np.float64)
    variances, directions = np.linalg.eigh(centered.T @ centered)
    best = directions[:, ::-1][:, :2]
    best = best * np.sign(best[np.abs(best).argmax(axis=0), np.arange(best.shape[1])])
    positions = np.zeros((len(units), 2))
    positions[:, : best.shape[1]] = centered @ best
    kept = variances[::-1][:2].sum() / variances.sum() if variances.sum() > 0 else 1.0
    return Projection("PCA", positions, f"PCA keeps {kept:.0%} of the variance of the vectors, scaled to length 1.")


def tsne(units: Float32, start: Float64, *, seed: int, threads: int, report: Report | None = None) -> Projection:
    """t-SNE (van der Maaten and Hinton 2008) by openTSNE, from the exact nearest neighbors, begun with PCA's positions.

    The same for the same seed and number of threads. `report` gets steps done and steps to do. Needs the extra
    `firth[map]`, and ten words at least.
    """
    try:
        import openTSNE
        from openTSNE.affinity import PerplexityBasedNN
        from openTSNE.nearest_neighbors import PrecomputedNeighbors
    except ImportError as error:
        raise FirthError("t-SNE needs an extra: pip install 'firth[map]' (or ask for the projection pca)") from error
    n = len(units)
    if n < FEWEST_FOR_TSNE:
        raise FirthError(f"t-SNE needs {FEWEST_FOR_TSNE} words at least, here are {n}: ask for the projection pca")
    perplexity = min(PERPLEXITY, (n - 1) // 3)
    k = min(3 * perplexity, n - 1)
    cosines, ids = neighbors(units, k)
    distances = np.maximum(1 - cosines.astype(np.float64), 0)
    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(ids, distances), perplexity=perplexity, n_jobs=threads, random_state=seed
    )
    steps = EARLY_STEPS + STEPS
    done = itertools.count(STEPS_BETWEEN_REPORTS, STEPS_BETWEEN_REPORTS)

    def callback(*_: Any) -> None:
        if report:
            report(next(done), steps)

    spread = start.std(axis=0).max()
    begin = start / spread * 1e-4 if spread > 0 else np.random.default_rng(seed).normal(0, 1e-4, start.shape)
    maker = openTSNE.TSNE(
        perplexity=perplexity,
        early_exaggeration_iter=EARLY_STEPS,
        n_iter=STEPS,
        n_jobs=threads,
        random_state=seed,
        callbacks=callback,
        callbacks_every_iters=STEPS_BETWEEN_REPORTS,
    )
    positions = np.asarray(maker.fit(affinities=affinities, initialization=begin), np.float64)
    if not np.isfinite(positions).all():
        raise FirthError("t-SNE did not come to an end with these vectors: ask for the projection pca")
    made = (
        f"t-SNE by openTSNE {openTSNE.__version__}: perplexity {perplexity}, cosine, exact neighbors, begun with PCA,"
        f" {steps} steps, seed {seed}, {threads} thread{'s' * (threads > 1)}."
    )
    return Projection("t-SNE", positions, made)


def on_the_map(positions: Float64) -> UInt16:
    """Places as whole numbers 0 to 65,535, (n, 2), in one scale for both directions, in the middle of the map."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    extent = float((high - low).max())
    if not extent > 0 or not math.isfinite(extent):
        return np.full(positions.shape, 32_767, np.uint16)
    moved: UInt16 = np.round((positions - (low + high) / 2) / extent * 65_534 + 32_767).astype(np.uint16)
    return moved
