"""Small models of made-up text."""

import numpy as np

SETTINGS = {"vector_size": 12, "epochs": 2, "sample": 0, "min_count": 2, "progress": False}


def text(seed=0, words=60, lines=600, prefix="w"):
    numbers = np.random.default_rng(seed).zipf(1.4, (lines, 12)) % words
    return [[f"{prefix}{n}" for n in line] for line in numbers]


def assert_same(model, other):
    assert model.words == other.words
    assert model.vectors.tobytes() == other.vectors.tobytes()
    assert model.output_vectors.tobytes() == other.output_vectors.tobytes()
