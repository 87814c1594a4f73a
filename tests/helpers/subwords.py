"""Subwords by hand: the buckets of n-grams, and small vectors made of them."""

import numpy as np

from firth.vectors.subwords import Ngrams, Subwords, ngram_buckets
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary


def buckets_by_hand(word, min_n, max_n, buckets):
    """As fastText's Dictionary::computeSubwords has it, character by character, byte by byte."""
    if word == "</s>":
        return []
    text, found = f"<{word}>", []
    for i in range(len(text)):
        for n in range(1, max_n + 1):
            if i + n > len(text) or n < min_n or (n == 1 and (i == 0 or i + n == len(text))):
                continue
            h = 2166136261
            for byte in text[i : i + n].encode():
                h = ((h ^ (byte - 256 if byte > 127 else byte)) & 0xFFFFFFFF) * 16777619 & 0xFFFFFFFF
            found.append(h % buckets)
    return found


def small(buckets=40):
    """Word vectors with subwords, made by hand."""
    rng = np.random.default_rng(0)
    words = ["the", "über", "日本", "</s>"]
    used = np.unique(ngram_buckets(words, Ngrams(2, 3, buckets))[1])
    own, rows = rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=(len(used), 3)).astype(np.float32)
    subword_rows = Subwords(Ngrams(2, 3, buckets), own, used, rows)
    return WordVectors(Vocabulary(words, [9, 5, 2, 1]), subword_rows.compose_all(words), subword_rows)
