"""How gradients change parameters: each optimizer keeps its state for one parameter (V, d).

`update` takes the rows that have a gradient; it changes the parameter in place and sets the gradient back to zero.
SGD and Adagrad leave rows without a gradient as they are by definition. Adam does not: its means decay, and move every
row at every step. `adam` does that, as Keras does; `lazy_adam` updates only the rows with a gradient.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from firth.kernels.minibatch import update_adagrad, update_adam, update_sgd

Array = np.ndarray[Any, Any]
Int64 = np.ndarray[Any, np.dtype[np.int64]]


class Optimizer(Protocol):
    """What all optimizers can do."""

    default_rate: float

    def update(self, rows: Int64, parameter: Array, gradient: Array, rate: float) -> None:
        """Change the parameter by its gradient, which is in these rows alone."""


class SGD:
    """Stochastic gradient descent."""

    default_rate = 0.01

    def __init__(self, parameter: Array):
        pass

    def update(self, rows: Int64, parameter: Array, gradient: Array, rate: float) -> None:
        """See `Optimizer`."""
        update_sgd(rows, parameter, gradient, rate)


class Adagrad:
    """Adagrad (Duchi, Hazan and Singer 2011), squares starting at 0.1, ε 1e-7 as Keras's."""

    default_rate = 0.001

    def __init__(self, parameter: Array):
        self.squares = np.full_like(parameter, 0.1)

    def update(self, rows: Int64, parameter: Array, gradient: Array, rate: float) -> None:
        """See `Optimizer`."""
        update_adagrad(rows, parameter, gradient, self.squares, rate, 1e-7)


class LazyAdam:
    """Adam (Kingma and Ba 2015) that leaves rows without a gradient alone."""

    default_rate = 0.001
    beta_1, beta_2, epsilon = 0.9, 0.999, 1e-7

    def __init__(self, parameter: Array):
        self.mean, self.square = np.zeros_like(parameter), np.zeros_like(parameter)
        self.time = 0

    def update(self, rows: Int64, parameter: Array, gradient: Array, rate: float) -> None:
        """See `Optimizer`."""
        self.time += 1
        update_adam(
            rows, parameter, gradient, self.mean, self.square, self.time, rate, self.beta_1, self.beta_2, self.epsilon
        )


class Adam(LazyAdam):
    """Adam as Keras has it: every row moves at every step."""

    def __init__(self, parameter: Array):
        super().__init__(parameter)
        self.all_rows = np.arange(len(parameter), dtype=np.int64)

    def update(self, rows: Int64, parameter: Array, gradient: Array, rate: float) -> None:
        """See `Optimizer`."""
        super().update(self.all_rows, parameter, gradient, rate)


OPTIMIZERS: dict[str, type[Any]] = {"sgd": SGD, "adagrad": Adagrad, "adam": Adam, "lazy_adam": LazyAdam}
