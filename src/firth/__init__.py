"""firth learns vectors for words, or any tokens, from sequences of them.

>>> import firth
>>> model = firth.train("corpus.txt")  # doctest: +SKIP
>>> model.most_similar("king")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import Any

from firth._version import __version__ as __version__

_NAMES = {
    "analysis.alignment": ("align",),
    "analysis.comparison": ("Comparison", "Stability", "compare", "stability"),
    "analysis.drift": ("Drift", "drift"),
    "analysis.evaluation": ("evaluate",),
    "analysis.scores": ("AnalogyScore", "OutlierScore", "PairScore"),
    "citation": ("cite",),
    "config": ("TextConfig", "TrainingConfig"),
    "corpus.corpus": ("Corpus",),
    "corpus.encoding": ("encode",),
    "corpus.phrase_detection": ("find_phrases", "join_phrases"),
    "corpus.python_docs": ("python_docs",),
    "corpus.tables": ("column",),
    "corpus.tokenizing": ("standardize",),
    "errors": (
        "ClusterError",
        "ConfigError",
        "CorpusError",
        "DivergenceError",
        "FirthError",
        "FirthWarning",
        "FormatError",
        "OutputExistsError",
        "SourceError",
        "StopTraining",
        "UnwritableWordError",
        "VectorNotFiniteError",
        "WordNotFoundError",
    ),
    "formats": ("export",),
    "history": ("EpochResult", "Provenance"),
    "induction": ("Alacarte", "Induced", "alacarte"),
    "model": ("Word2Vec", "load"),
    "phrases": ("ENGLISH_CONNECTOR_WORDS", "Phrases"),
    "texts.text_vectors": ("TextVectors",),
    "training.sampling": ("keep_probabilities", "sampling_table"),
    "training.train": ("resume", "train"),
    "training.train_more": ("train_more",),
    "tutorial.candidates": ("log_uniform_sampler", "unigram_sampler"),
    "tutorial.examples": ("skipgrams", "training_examples"),
    "tutorial.sequences": ("vectorize",),
    "vectors.index": ("NeighborIndex", "build_index", "load_index"),
    "vectors.neighbors": ("Neighbors",),
    "vectors.word_vectors": ("WordVectors",),
    "visual.map": ("word_map",),
    "visual.page": ("Page",),
    "vocabulary": ("Vocabulary",),
}
"""The public names, and the module of each; `__init__.pyi` says the same to type checkers."""
_HOMES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted(_HOMES)  # noqa: PLE0605  # names said once


def __getattr__(name: str) -> Any:
    """Import a name's module when it is first asked for: looking up a vector must not load the compiler."""
    if name not in _HOMES:
        raise AttributeError(f"module 'firth' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"firth.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
