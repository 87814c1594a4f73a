"""The recipes of the page on databases, as they stand there, run with models of our own."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "databases.md"
WORDS, SIZE = 400, 16
ODD = ["new york", "it's", 'a "quote"', "мир", "%s", "$asked", "NULL", "a\\b", "007"]
"""Words that a query must not take for something else."""


def models() -> dict[str, WordVectors]:
    """Vectors of words, and of whole numbers."""
    random = np.random.default_rng(5)
    vectors = random.normal(size=(WORDS, SIZE)).astype(np.float32)
    texts = [*ODD, *(f"w{i}" for i in range(WORDS - len(ODD)))]
    ids = [str(2**62 + i if i % 2 else i) for i in range(WORDS)]
    counts = range(WORDS, 0, -1)
    return {
        "text": WordVectors(Vocabulary(texts, counts), vectors),
        "integers": WordVectors(Vocabulary(ids, counts, integers=True), vectors),
    }


def names_after(heading: str, model: WordVectors) -> dict[str, Any]:
    """The names that the code under a heading of the page leaves, run with this model in the place of the page's."""
    text = PAGE.read_text("utf-8")
    sections = dict(re.findall(r"^## (.+?)$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    _, needed = _code(text[: text.index("\n## ")])  # the first trains a model
    names: dict[str, Any] = {"model": model}
    for code in (needed, *_code(sections[heading])):
        exec(compile(code, f"{PAGE.name}: {heading}", "exec"), names)
    return names


def _code(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def assert_same(found: list[tuple[Any, float]], model: WordVectors, asked: Any) -> None:
    """That an engine finds the neighbors of a word that firth finds."""
    wanted = model.most_similar(asked, topn=5)
    assert [word for word, _ in found] == [word for word, _ in wanted]
    np.testing.assert_allclose([c for _, c in found], [c for _, c in wanted], rtol=0, atol=1e-5)
