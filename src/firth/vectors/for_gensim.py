"""Vectors as gensim's own objects, for programs that want these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firth.errors import FirthError

if TYPE_CHECKING:
    from firth.vectors.word_vectors import WordVectors


def as_keyed_vectors(vectors: WordVectors) -> Any:
    """gensim's `KeyedVectors` with these words and vectors, and their counts if they are known.

    Raises `FirthError` where gensim is not installed.
    """
    try:
        from gensim.models import KeyedVectors
    except ImportError as error:
        raise FirthError(
            "to_gensim() needs gensim: pip install gensim. firth.gensim.KeyedVectors.of(vectors)"
            " has its methods without it"
        ) from error
    made = KeyedVectors(vectors.vector_size)
    made.add_vectors(list(vectors.words), vectors.vectors)
    if vectors.vocabulary.has_counts:
        for word, count in zip(vectors.words, vectors.vocabulary.counts.tolist(), strict=True):
            made.set_vecattr(word, "count", count)
    return made
