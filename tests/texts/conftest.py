"""A model whose words have counts, and texts of them."""

import numpy as np
import pytest

import firth

WORDS = ["the", "of", "king", "queen", "a", "man", "axe", "élan", "sharp", "мир"]
COUNTS = [900, 400, 90, 80, 70, 30, 9, 5, 3, 1]
TEXTS = [
    "The king, of the queen!",
    "A man: a sharp axe",
    "the ÉLAN of the king",
    "nobody knows these",
    "мир мир of the man",
    "",
    "a queen of the sharp axe",
    "of the king of the мир",
]


@pytest.fixture
def words():
    numbers = np.random.default_rng(0).normal(size=(len(WORDS), 6)) + 0.5
    return firth.WordVectors(WORDS, numbers.astype(np.float32), counts=COUNTS)
