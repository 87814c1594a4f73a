"""Training on a batch, so that the tutorial's kernels are compiled: `python -m firth.tutorial.warm_up`."""

from __future__ import annotations

import numpy as np

from firth.threads import ThreadPool
from firth.tutorial.minibatch import Embeddings, MinibatchConfig, Trainer


def warm_up() -> None:
    """Train a little."""
    config, one_word = MinibatchConfig(vector_size=1), np.zeros((1, 1), np.float32)
    trainer = Trainer(Embeddings(one_word, one_word.copy()), config, np.zeros(1), ThreadPool(1))
    trainer.run(np.zeros(1, np.int32), np.zeros((1, 2), np.int32), 1)


if __name__ == "__main__":
    warm_up()
