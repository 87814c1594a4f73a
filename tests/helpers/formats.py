"""Files of vectors: endings, words that try them."""

from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

SUFFIXES = ["v.safetensors", "vectors.txt", "v.vec", "v.bin", "vectors.tsv", "other.tsv"]
LONG = "x" * 100_000


def words_like(vectors, words):
    return WordVectors(Vocabulary(words, [1] * len(words)), vectors.vectors[: len(words)])
