"""The paths of classes in gensim: its `gensim.models.word2vec.LineSentence` is here with `firth.` before it."""

from firth.gensim.models import callbacks, fasttext, keyedvectors, phrases, word2vec
from firth.gensim.models.fasttext import FastText
from firth.gensim.models.keyedvectors import KeyedVectors
from firth.gensim.models.phrases import FrozenPhrases, Phraser, Phrases
from firth.gensim.models.word2vec import Word2Vec

__all__ = [
    "FastText",
    "FrozenPhrases",
    "KeyedVectors",
    "Phraser",
    "Phrases",
    "Word2Vec",
    "callbacks",
    "fasttext",
    "keyedvectors",
    "phrases",
    "word2vec",
]
