"""gensim's names on firth: a script that imports from `gensim.models` runs by importing from `firth.gensim.models`.

The names, defaults and results are those of gensim 4's documentation; `docs/how-to/gensim.md` says what differs.
Nothing is called `gensim` here: both can be imported side by side.
"""

from firth.gensim import models as models
from firth.gensim.models import FastText, FrozenPhrases, KeyedVectors, Phraser, Phrases, Word2Vec
from firth.gensim.sentences import LineSentence, PathLineSentences

__all__ = [
    "FastText",
    "FrozenPhrases",
    "KeyedVectors",
    "LineSentence",
    "PathLineSentences",
    "Phraser",
    "Phrases",
    "Word2Vec",
]

__version__ = "4.4.0"
"""The version of gensim whose names these are, for scripts that look."""
