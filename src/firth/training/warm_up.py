"""Training on two words, so that the kernels for a kind of training are compiled.

`python -m firth.training.warm_up '{"architecture": "cbow"}'` is what another process does while the text is read.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from firth.config import TrainingConfig
from firth.kernels.word2vec.blocks import SubwordRows
from firth.training.rounds import train
from firth.training.schedule import Tokens, initial_parameters


def warm_up(**settings: Any) -> None:
    """Train with such settings, a little."""
    config = TrainingConfig(vector_size=1, sample=0, **settings)
    subword_rows = SubwordRows(np.array([0, 2, 3]), np.array([0, 2, 1], np.int32)) if config.max_n else None
    sentences = config.shards  # of two words
    ids, starts = np.tile(np.array([0, 1], np.int32), sentences), 2 * np.arange(sentences + 1)
    tokens = Tokens(ids, starts, np.array([sentences, sentences]), subword_rows)
    list(train(tokens, config, initial_parameters(2, 1, 1, ngrams=1), epochs=1, threads=1))


if __name__ == "__main__":
    warm_up(**json.loads(sys.argv[1]))
