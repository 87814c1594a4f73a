import numpy as np
import pytest

from firth.gensim import KeyedVectors, arguments

WORDS = ["the", "king", "queen", "man", "woman", "axe", "élan"]


@pytest.fixture
def wv():
    vectors = KeyedVectors(4)
    vectors.add_vectors(WORDS, np.random.default_rng(0).normal(size=(len(WORDS), 4)))
    return vectors


@pytest.fixture
def sentences():
    """Six hundred sentences in which a fruit follows 'eat' and a tool follows 'use'."""
    rng = np.random.default_rng(3)
    fruits, tools = ["apple", "pear", "plum", "fig"], ["saw", "axe", "file", "drill"]
    made = []
    for _ in range(300):
        made += [["they", "eat", "sweet", str(rng.choice(fruits))], ["they", "use", "sharp", str(rng.choice(tools))]]
    return made


@pytest.fixture(autouse=True)
def nobody_was_warned(monkeypatch):
    monkeypatch.setattr(arguments, "_warned", set())
