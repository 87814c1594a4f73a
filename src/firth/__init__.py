"""firth learns vectors for words, or any tokens, from sequences of them.

>>> import firth
>>> model = firth.train("corpus.txt")  # doctest: +SKIP
>>> model.most_similar("king")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firth._version import __version__

if TYPE_CHECKING:
    from firth.atlas import word_map
    from firth.comparison import compare, stability
    from firth.config import TextConfig, TrainingConfig
    from firth.corpus import Corpus
    from firth.encoding import encode
    from firth.errors import (
        ConfigError,
        CorpusError,
        DivergenceError,
        FirthError,
        FirthWarning,
        FormatError,
        OutputExistsError,
        SourceError,
        StopTraining,
        UnwritableWordError,
        VectorNotFiniteError,
        WordNotFoundError,
    )
    from firth.evaluation import evaluate
    from firth.examples import log_uniform_sampler, skipgrams, training_examples, unigram_sampler, vectorize
    from firth.formats import export
    from firth.index import NeighborIndex, build_index, load_index
    from firth.joining import find_phrases, join_phrases
    from firth.model import EpochResult, Word2Vec, load
    from firth.phrases import ENGLISH_CONNECTOR_WORDS, Phrases
    from firth.python_docs import python_docs
    from firth.sampling import keep_probabilities, sampling_table
    from firth.tables import column
    from firth.text import standardize
    from firth.training import resume, train, train_more
    from firth.vectors import WordVectors
    from firth.vocabulary import Vocabulary

_HOMES = {
    "ConfigError": "errors",
    "Corpus": "corpus",
    "CorpusError": "errors",
    "DivergenceError": "errors",
    "ENGLISH_CONNECTOR_WORDS": "phrases",
    "EpochResult": "model",
    "FirthError": "errors",
    "FirthWarning": "errors",
    "FormatError": "errors",
    "OutputExistsError": "errors",
    "NeighborIndex": "index",
    "SourceError": "errors",
    "StopTraining": "errors",
    "TextConfig": "config",
    "TrainingConfig": "config",
    "UnwritableWordError": "errors",
    "VectorNotFiniteError": "errors",
    "Vocabulary": "vocabulary",
    "Word2Vec": "model",
    "WordNotFoundError": "errors",
    "WordVectors": "vectors",
    "build_index": "index",
    "column": "tables",
    "compare": "comparison",
    "encode": "encoding",
    "find_phrases": "joining",
    "join_phrases": "joining",
    "Phrases": "phrases",
    "evaluate": "evaluation",
    "export": "formats",
    "keep_probabilities": "sampling",
    "load": "model",
    "load_index": "index",
    "log_uniform_sampler": "examples",
    "python_docs": "python_docs",
    "resume": "training",
    "sampling_table": "sampling",
    "skipgrams": "examples",
    "stability": "comparison",
    "standardize": "text",
    "train": "training",
    "train_more": "training",
    "training_examples": "examples",
    "unigram_sampler": "examples",
    "vectorize": "examples",
    "word_map": "atlas",
}

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "ConfigError",
    "Corpus",
    "CorpusError",
    "DivergenceError",
    "EpochResult",
    "FirthError",
    "FirthWarning",
    "FormatError",
    "NeighborIndex",
    "OutputExistsError",
    "Phrases",
    "SourceError",
    "StopTraining",
    "TextConfig",
    "TrainingConfig",
    "UnwritableWordError",
    "VectorNotFiniteError",
    "Vocabulary",
    "Word2Vec",
    "WordNotFoundError",
    "WordVectors",
    "build_index",
    "column",
    "compare",
    "encode",
    "evaluate",
    "export",
    "find_phrases",
    "join_phrases",
    "keep_probabilities",
    "load",
    "load_index",
    "log_uniform_sampler",
    "python_docs",
    "resume",
    "sampling_table",
    "skipgrams",
    "stability",
    "standardize",
    "train",
    "train_more",
    "training_examples",
    "unigram_sampler",
    "vectorize",
    "word_map",
]


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
