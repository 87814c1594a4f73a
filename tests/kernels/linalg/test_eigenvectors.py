"""Eigenvectors of symmetric matrices, beside LAPACK's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.kernels.linalg.eigenvectors import diagonalize


def eigenvectors(matrix):
    size = len(matrix)
    values, vectors = np.full(size, np.nan), np.full((size, size), np.nan)
    diagonalize(np.triu(matrix) + np.tril(np.full((size, size), np.nan), -1), values, vectors, np.zeros((3, size)))
    return values, vectors


def matrices(size):
    """Of all kinds that second moments are, and some that they are not."""
    rng = np.random.default_rng(size)
    rows = rng.normal(size=(3 * size, size))
    steep = rows * np.exp(-np.arange(size) * 20 / size) @ np.linalg.qr(rng.normal(size=(size, size)))[0]
    yield from (rows.T @ rows, steep.T @ steep, np.outer(rows[0], rows[0]), rows[:size] + rows[:size].T)
    yield from (np.eye(size), np.zeros((size, size)), np.diag(np.arange(size) - 1.0), np.ones((size, size)))
    yield rows[: size // 2 + 1].T @ rows[: size // 2 + 1] * 1e-30
    yield rows.T @ rows * 1e30


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 20, 40])
def test_diagonalize__finds_what_lapack_finds(size):
    for matrix in matrices(size):
        values, vectors = eigenvectors(matrix)
        largest = np.abs(np.linalg.eigvalsh(matrix)).max()
        assert_allclose(np.sort(values), np.linalg.eigvalsh(matrix), rtol=0, atol=1e-13 * largest)
        assert_allclose(vectors @ vectors.T, np.eye(size), atol=1e-13)
        assert_allclose(vectors @ matrix, values[:, None] * vectors, rtol=0, atol=2e-13 * largest)


def test_diagonalize__of_what_is_no_number_are_none():
    values, vectors = eigenvectors(np.full((5, 5), np.nan))
    assert not np.isfinite(values).all()
    assert not np.isfinite(vectors).all()
