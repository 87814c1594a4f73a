"""Fixtures that many tests share."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from firth.config import TrainingConfig
from firth.corpus import encoding
from firth.history import EpochResult
from firth.model import Word2Vec
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

settings.register_profile("firth", deadline=None)  # a busy machine makes no test wrong
settings.load_profile("firth")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """A test never reads or fills the user's cache of encoded corpora."""
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr(encoding, "default_cache", lambda: cache)
    return cache


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real corpora and test sets, where there is one."""
    folder = Path(os.environ.get("FIRTH_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "shakespeare.txt").is_file():
        pytest.skip(f"real corpora are not in {folder}: set FIRTH_TEST_DATA to their folder")
    return folder


WORDS = ["the", "king", "queen", "élan", "мир", "a-b", "42", "Zoë"]


@pytest.fixture
def vectors() -> WordVectors:
    numbers = np.random.default_rng(0).normal(size=(len(WORDS), 10)).astype(np.float32)
    return WordVectors(Vocabulary(WORDS, range(len(WORDS), 0, -1)), numbers)


@pytest.fixture
def model(vectors) -> Word2Vec:
    return Word2Vec(
        vectors.vocabulary,
        vectors.vectors,
        vectors.vectors[::-1].copy(),
        TrainingConfig(vector_size=10, epochs=2),
        [EpochResult(1, 4.0, 100), EpochResult(2, 3.5, 101)],
    )


@pytest.fixture
def small_text(tmp_path) -> Path:
    """Six hundred lines in which a fruit follows 'eat' and a tool follows 'use'."""
    rng = np.random.default_rng(3)
    fruits, tools = ["apple", "pear", "plum", "fig"], ["saw", "axe", "file", "drill"]
    lines = [
        f"they eat a sweet {rng.choice(fruits)} now\nthey use a sharp {rng.choice(tools)} here" for _ in range(300)
    ]
    path = tmp_path / "small.txt"
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def in_a_folder_with_a_corpus(tmp_path, monkeypatch):
    """The working directory is a new folder with a corpus.txt, as the examples of the documents expect."""
    monkeypatch.chdir(tmp_path)
    lines = ["the king and the queen", "a man with an axe", "the woman is a queen", "a man and a woman"]
    Path("corpus.txt").write_text("\n".join(lines * 50))
