"""How gradients change parameters, and with which numbers: Keras's defaults.

SGD and Adagrad leave rows without a gradient as they are by definition. Adam does not: its means decay, and move every
row at every step. `adam` does that, as Keras does; `lazy-adam` updates only the rows with a gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth.arrays import Array, Float64, aligned_zeros
from firth.kernels.linalg.exponentials import exponentials, logarithm
from firth.kernels.tutorial import minibatch as kernels
from firth.kernels.tutorial.minibatch import Parameter, Update


@dataclass(frozen=True)
class Optimizer:
    """An entry of the table: the kernels' code for it, its usual learning rate, and where its state begins."""

    code: int
    rate: float
    keeps_mean: bool = False
    keeps_square: bool = False
    first_square: float = 0.0
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    @property
    def update(self) -> Update:
        """What the kernels need to know."""
        return Update(self.code, self.beta_1, self.beta_2, self.epsilon)

    def rates(self, rate: float, steps_before: int, steps: int) -> Float64:
        """The learning rates of some steps (steps,), with Adam's correction for means that began at zero."""
        if not self.keeps_mean:
            return np.full(steps, rate)
        step = steps_before + np.arange(1, steps + 1)
        first, second = (exponentials(step * logarithm(beta)) for beta in (self.beta_1, self.beta_2))
        rates: Float64 = rate * np.sqrt(1 - second) / (1 - first)
        return rates

    def parameter(self, values: Array) -> Parameter:
        """A parameter (rows, d) with this optimizer's state."""
        rows, width = values.shape
        mean = aligned_zeros(rows if self.keeps_mean else 0, width, values.dtype)
        square = aligned_zeros(rows if self.keeps_square else 0, width, values.dtype)
        square += self.first_square
        return Parameter(values, mean, square)

    @property
    def moves_every_row(self) -> bool:
        """Whether a step moves rows that have no gradient, too."""
        return self.code == kernels.ADAM


OPTIMIZERS = {
    "sgd": Optimizer(kernels.SGD, 0.01),
    "adagrad": Optimizer(kernels.ADAGRAD, 0.001, keeps_square=True, first_square=0.1),
    "adam": Optimizer(kernels.ADAM, 0.001, keeps_mean=True, keeps_square=True),
    "lazy-adam": Optimizer(kernels.LAZY_ADAM, 0.001, keeps_mean=True, keeps_square=True),
}
