"""What a minibatch minimizes: the loss of each example, and its gradient by the logits.

An objective gets the logits (n, 1 + k) of the candidates, the true one first, and the logarithm of how often each is
expected in a sample, of the same shape. It returns the losses (n,) in nats and the gradient (n, 1 + k) of each by its
logits. The full softmax has no sample: its logits are (n, V), and it gets the true classes. The kernels have the same
in compiled loops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firth.arrays import Array
from firth.kernels.tutorial.minibatch import LOGISTIC, SOFTMAX


def softmax(logits: Array, log_expected: Array) -> tuple[Array, Array]:
    """Cross-entropy of the softmax over the candidates: the tutorial's loss. No correction for the sampling."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    total = exponentials.sum(axis=1)
    gradient = exponentials / total[:, None]
    gradient[:, 0] -= 1
    return np.log(total) - shifted[:, 0], gradient


def sampled_softmax(logits: Array, log_expected: Array) -> tuple[Array, Array]:
    """The same with the logits less log Q: in expectation nearer the full softmax (Jean et al. 2015, section 3.2)."""
    return softmax(logits - log_expected, log_expected)


def negative_sampling(logits: Array, log_expected: Array) -> tuple[Array, Array]:
    """-log σ(true) - Σ log σ(-noise) (Mikolov et al. 2013, "Distributed representations", equation 4)."""
    signs = np.ones_like(logits)
    signs[:, 0] = -1
    losses = np.logaddexp(0, signs * logits).sum(axis=1)
    gradient = _logistic(logits)
    gradient[:, 0] -= 1
    return losses, gradient


def nce(logits: Array, log_expected: Array) -> tuple[Array, Array]:
    """Noise contrastive estimation: true against noise, the logits less log Q (Gutmann and Hyvärinen 2010, eq. 3)."""
    return negative_sampling(logits - log_expected, log_expected)


def full_softmax(logits: Array, classes: Array) -> tuple[Array, Array]:
    """Cross-entropy of the softmax over the whole vocabulary, for the true classes (n,) of logits (n, V)."""
    rows = np.arange(len(logits))
    with np.errstate(invalid="ignore"):  # where a training diverged, the loss says so
        shifted = logits - logits.max(axis=1, keepdims=True)
    gradient = np.exp(shifted)
    total = gradient.sum(axis=1)
    gradient /= total[:, None]
    gradient[rows, classes] -= 1
    return np.log(total) - shifted[rows, classes], gradient


def _logistic(x: Array) -> Array:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


@dataclass(frozen=True)
class Objective:
    """An entry of the table: the function, and for the kernels its kind, and whether it subtracts log Q.

    The full softmax has no kind: its logits are those of the whole vocabulary.
    """

    loss: Callable[[Array, Array], tuple[Array, Array]]
    kind: int | None
    corrected: bool = False


OBJECTIVES = {
    "softmax": Objective(softmax, SOFTMAX),
    "negative-sampling": Objective(negative_sampling, LOGISTIC),
    "nce": Objective(nce, LOGISTIC, corrected=True),
    "sampled-softmax": Objective(sampled_softmax, SOFTMAX, corrected=True),
    "full-softmax": Objective(full_softmax, None),
}
