"""A NumPy array, row by row the vectors of the words in a text file beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firth.errors import FormatError, shortened
from firth.formats.reading import Reading
from firth.formats.tensor_file import words_path
from firth.formats.words import read_words, word_vectors
from firth.storage import system
from firth.vectors.word_vectors import WordVectors

WITHOUT_WORDS = (
    "is a NumPy array, without words (gensim writes such beside its .kv and .model: read these with gensim)."
    " In Python: firth.WordVectors(firth.Vocabulary(words, counts), numpy.load(path))"
)


def write(vectors: WordVectors, path: Path) -> None:
    """Write the vectors, (V, d) float32."""
    with path.open("wb") as file:
        np.save(file, np.asarray(vectors.vectors, np.float32))


def read(path: Path, reading: Reading) -> WordVectors:
    """Map the array, and read the words beside it. Raises `FormatError` if they do not fit, or one is not there."""
    if not words_path(path).is_file():
        raise FormatError(f"{path} {WITHOUT_WORDS}. Or put the words beside it, one a line, in {words_path(path).name}")
    from tokenize import TokenError  # only who reads arrays needs it

    harmed = (TokenError, SyntaxError, RecursionError, TypeError, KeyError, OverflowError)  # NumPy parses Python there
    try:
        vectors = np.load(path, mmap_mode=None if system.IS_WINDOWS else "r", allow_pickle=False)
    except (ValueError, OSError, EOFError, MemoryError, *harmed) as error:
        raise FormatError(f"{path} cannot be read: {shortened(str(error))[1:-1]}") from error
    if not isinstance(vectors, np.ndarray) or vectors.ndim != 2 or vectors.dtype.kind not in "fiu":
        raise FormatError(f"{path} is no array of numbers (words, dimensions)")
    words = read_words(words_path(path), reading)
    if reading.limit is None and len(words) != len(vectors):
        raise FormatError(f"{path} has {len(vectors):,} vectors, but there are {len(words):,} words beside it")
    return word_vectors(words, np.asarray(vectors[: len(words)], np.float32), path)
