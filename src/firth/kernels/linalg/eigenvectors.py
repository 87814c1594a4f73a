"""Eigenvectors of symmetric matrices, to the same bits on every processor: LAPACK's depend on it.

A matrix becomes tridiagonal by Householder's reflections, and that diagonal by the QL method with implicit shifts.
Every sum has a fixed order, in which rows are added to rows, so that loops over them vectorize.
"""

from __future__ import annotations

import numpy as np

from firth.arrays import Float64
from firth.jit.kernel import compiled

NEGLIGIBLE = 1e-16
"""An element off the diagonal that is so small beside all of the matrix is taken for zero."""
MOST_STEPS = 60
"""Of QL for an eigenvalue: two are usual. Only what is not finite takes more."""


@compiled
def diagonalize(matrix: Float64, values: Float64, vectors: Float64, room: Float64) -> None:
    """Find the eigenvalues (d,) of a symmetric (d, d) matrix, and its eigenvectors, the rows of (d, d).

    Only the upper triangle of the matrix is read, and all of it is written over, as are three rows of room, (3, d).
    Its elements are to be finite, and so are their squares: what comes of others means nothing.
    """
    beside, reflector, product = room[0], room[1], room[2]
    tridiagonalize(matrix, values, beside, vectors, reflector, product)
    find_eigenvectors(values, beside, vectors)


@compiled
def tridiagonalize(
    matrix: Float64, diagonal: Float64, beside: Float64, vectors: Float64, reflector: Float64, product: Float64
) -> None:
    """matrix = Q · T · Qᵀ: leave the diagonal of T, (d,), the elements beside it, (d,) with a zero behind, and Qᵀ.

    Golub and Van Loan 2013, 8.3.1, by rows. `reflector` and `product` are room, (d,) each.
    """
    size = matrix.shape[0]
    squares = 0.0
    for i in range(size):
        for j in range(size):
            vectors[i, j] = 1.0 if i == j else 0.0
            if j < i:
                matrix[i, j] = matrix[j, i]
            squares += matrix[min(i, j), max(i, j)] ** 2
    for k in range(size - 2):
        scale = reflect(matrix, k, NEGLIGIBLE**2 * squares / size, beside, reflector, product)
        for i in range(k + 1, size):
            matrix[k, i] = reflector[i]  # kept, to find Q
        matrix[k + 1, k] = scale
    for i in range(size):
        diagonal[i] = matrix[i, i]
    if size > 1:
        beside[size - 2] = matrix[size - 2, size - 1]
    beside[size - 1] = 0.0
    for k in range(size - 3, -1, -1):
        reflect_rows(vectors, k + 1, matrix[k], matrix[k + 1, k], product)
    for i in range(size):
        for j in range(i):
            vectors[i, j], vectors[j, i] = vectors[j, i], vectors[i, j]


@compiled
def reflect(matrix: Float64, k: int, least: float, beside: Float64, reflector: Float64, product: Float64) -> float:
    """Let row and column k have only the diagonal and beside[k], by a reflection (I - scale · u · uᵀ) from both sides.

    Returns the scale; u is the reflector from k + 1 on. Where the squares of what is to vanish are at most `least`
    together, it is left out without one.
    """
    size = matrix.shape[0]
    first, square = matrix[k, k + 1], 0.0
    for i in range(k + 2, size):
        reflector[i] = matrix[k, i]
        square += matrix[k, i] * matrix[k, i]
    beside[k], reflector[k + 1] = first, 0.0
    if square <= least:
        for i in range(k + 2, size):
            reflector[i] = 0.0
        return 0.0
    norm = np.sqrt(first * first + square)
    beside[k] = -norm if first > 0.0 else norm
    reflector[k + 1] = first - beside[k]
    scale = 2.0 / (reflector[k + 1] * reflector[k + 1] + square)
    for j in range(k + 1, size):
        product[j] = 0.0
    for i in range(k + 1, size):
        weight = scale * reflector[i]
        for j in range(k + 1, size):
            product[j] += weight * matrix[i, j]
    along = 0.0
    for i in range(k + 1, size):
        along += product[i] * reflector[i]
    for i in range(k + 1, size):
        product[i] -= 0.5 * scale * along * reflector[i]
    for i in range(k + 1, size):
        left, right = reflector[i], product[i]
        for j in range(k + 1, size):
            matrix[i, j] -= left * product[j] + right * reflector[j]
    return float(scale)


@compiled
def reflect_rows(vectors: Float64, begin: int, reflector: Float64, scale: float, product: Float64) -> None:
    """Multiply the rows from `begin` on by the reflection of a reflector and a scale, from the left."""
    size = vectors.shape[0]
    for j in range(begin, size):
        product[j] = 0.0
    for i in range(begin, size):
        weight = reflector[i]
        for j in range(begin, size):
            product[j] += weight * vectors[i, j]
    for i in range(begin, size):
        weight = scale * reflector[i]
        for j in range(begin, size):
            vectors[i, j] -= weight * product[j]


@compiled
def find_eigenvectors(diagonal: Float64, beside: Float64, vectors: Float64) -> None:
    """Turn the diagonal of a tridiagonal matrix into its eigenvalues, and rows that are Qᵀ into eigenvectors.

    Bowdler, Martin, Reinsch and Wilkinson 1968, "The QR and QL algorithms for symmetric matrices", tql2.
    """
    size = diagonal.shape[0]
    total = 0.0
    for i in range(size):
        total += abs(diagonal[i]) + abs(beside[i])
    for first in range(size):
        for _ in range(MOST_STEPS):
            last = first
            while last < size - 1 and not abs(beside[last]) <= NEGLIGIBLE * total:
                last += 1
            if last == first:
                break
            take_step(diagonal, beside, vectors, first, last)


@compiled
def take_step(diagonal: Float64, beside: Float64, vectors: Float64, first: int, last: int) -> None:
    """A step of QL, shifted by an eigenvalue of the first two by two elements, from the last row up to the first."""
    size = vectors.shape[1]
    slope = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first])
    length = np.sqrt(slope * slope + 1.0)
    g = diagonal[last] - diagonal[first] + beside[first] / (slope + (length if slope >= 0.0 else -length))
    sine, cosine, shift = 1.0, 1.0, 0.0
    for i in range(last - 1, first - 1, -1):
        f, b = sine * beside[i], cosine * beside[i]
        length = np.sqrt(f * f + g * g)
        beside[i + 1] = length
        if length == 0.0:
            diagonal[i + 1] -= shift
            beside[last] = 0.0
            return
        sine, cosine = f / length, g / length
        g = diagonal[i + 1] - shift
        length = (diagonal[i] - g) * sine + 2.0 * cosine * b
        shift = sine * length
        diagonal[i + 1] = g + shift
        g = cosine * length - b
        for j in range(size):
            upper, lower = vectors[i, j], vectors[i + 1, j]
            vectors[i + 1, j] = sine * upper + cosine * lower
            vectors[i, j] = cosine * upper - sine * lower
    diagonal[first] -= shift
    beside[first], beside[last] = g, 0.0
