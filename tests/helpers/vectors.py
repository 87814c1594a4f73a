"""Random vectors, and rotations of them."""

import numpy as np

from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

WORDS = [f"w{i}" for i in range(60)]


def some(seed=0, words=WORDS, width=8, counts=None):
    numbers = np.random.default_rng(seed).normal(size=(len(words), width)).astype(np.float32)
    return WordVectors(Vocabulary(words, counts or range(len(words), 0, -1)), numbers)


def a_rotation(width=8, seed=1):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(width, width)))[0]
