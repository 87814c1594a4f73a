"""What the parameters of `TextVectors` may be, and what is wrong about others."""

from __future__ import annotations

from typing import Any

from firth.config import TextConfig
from firth.errors import ConfigError, shortened
from firth.settings import is_int, is_real, plain
from firth.vectors.word_vectors import WordVectors, refuse_other_than_vectors

REMOVED = {"mean": 0, "sif": 1, "usif": 5}
"""How words may be weighted, and how many components are removed then, if nobody says: as many as in the paper."""


def removed_by(weights: str, remove: int | None) -> int:
    """How many components are to be removed."""
    return REMOVED[weights] if remove is None else int(remove)


def check_parameters(model: Any, weights: Any, a: Any, remove: Any, config: Any) -> None:
    """Raise `ConfigError` with everything that is wrong."""
    refuse_other_than_vectors(model=model)
    wrong = []
    if config is not None and not isinstance(config, TextConfig):
        wrong.append(f"config must be a TextConfig, not {shortened(config)}")
    if not isinstance(weights, str) or weights not in REMOVED:
        wrong.append(f"weights must be {', '.join(REMOVED)}, not {shortened(weights)}")
    if not is_real(0)(plain(a)) or a == 0:
        wrong.append(f"a must be a number above 0, such as 0.001, not {shortened(a)}")
    if remove is not None and not is_int(0)(plain(remove)):
        wrong.append(f"remove must be a whole number of 0 or more, not {shortened(remove)}")
    if wrong := wrong or _contradictions(model, weights, removed_by(weights, remove)):
        raise ConfigError("; ".join(wrong))


def _contradictions(model: WordVectors, weights: str, count: int) -> list[str]:
    wrong, size = [], model.vector_size
    if count >= size:
        wrong.append(f"remove must be below the {size:,} dimensions of the vectors: {count:,} would leave nothing")
    if weights != "mean" and not model.vocabulary.has_counts:
        wrong.append(
            f"{weights} weighs words by their counts, which these vectors came without: load a firth model, or give"
            ' them, firth.load(path, counts=file), --counts; or weigh all words alike, weights="mean"'
        )
    return wrong
