"""Products, sums and copies of rows, where training by minibatches spends most of its time.

Each is written twice, as the products are (`firth.kernels.linalg.products`): the function here is NumPy, and is
what runs when the compiler is off; kernels call in its place one written in vectors of 16 numbers. Every machine adds
in the same order. Arrays are C-contiguous, float32 or float64, of any width.
"""

from __future__ import annotations

from typing import Any

from firth.arrays import Array, Int32
from firth.jit.kernel import lowered_by

lowered_by(f"{__name__}_llvm")


def dot(rows: Array, i: Any, others: Array, j: Any) -> Any:
    """rows[i] · others[j]."""
    return rows[i] @ others[j]


def axpy(out: Array, o: Any, weight: Any, rows: Array, i: Any) -> None:
    """out[o] += weight · rows[i]."""
    out[o] += weight * rows[i]


def copy_row(out: Array, o: Any, rows: Array, i: Any) -> None:
    """out[o] = rows[i]."""
    out[o] = rows[i]


def sum_rows(z: Array, numbers: Int32, out: Array, o: Any) -> None:
    """out[o] = z[numbers[0]] + z[numbers[1]] + …"""
    out[o] = z[numbers].sum(axis=0)


def weigh_rows(weights: Array, i: Any, rows: Array, first: Any, numbers: Array, out: Array, o: Any) -> None:
    """out[o] = Σⱼ weights[i, j] · rows[first + numbers[j]]."""
    out[o] = weights[i, : len(numbers)] @ rows[first + numbers]


def sum_places(
    weights: Array, which: Array, rows: Array, numbers: Array, begin: Any, end: Any, out: Array, o: Any
) -> None:
    """out[o] = Σₚ weights[which[p]] · rows[numbers[p]], for the places p from `begin` to `end`."""
    out[o] = weights[which[begin:end]] @ rows[numbers[begin:end]]
