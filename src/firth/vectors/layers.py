"""Vectors as layers of neural networks: a row for padding, one for unknown words, then a row for each word."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from firth.arrays import Float32
from firth.errors import FirthError, FirthWarning, shortened
from firth.missing_values import is_hole, text_of, text_of_word
from firth.vectors.changing import texts_of

if TYPE_CHECKING:
    from firth.vectors.word_vectors import WordVectors

PADDING, UNKNOWN = 0, 1
"""The rows that are of no word: those that Keras gives to padding and to unknown words, too."""
BACKENDS = ("jax", "torch", "tensorflow")
"""What Keras computes by."""
MASK_TOKEN, UNKNOWN_TOKEN = "", "[UNK]"
"""What a vocabulary of Keras's begins with."""


class WordRows(dict[str, int]):
    """The row of each word; `rows[word]` of a word without one is that of unknown words.

    Words are compared as text: 42 and '42' are the same. A missing value is no word: `rows[None]` raises `ValueError`.
    """

    padding, unknown = PADDING, UNKNOWN

    def __missing__(self, word: object) -> int:
        return UNKNOWN if isinstance(word, str) else self.get(text_of_word(word), UNKNOWN)

    def __contains__(self, word: object) -> bool:
        return not is_hole(word) and super().__contains__(text_of(word))

    def get(self, word: object, default: Any = None) -> Any:
        """The row of a word, or a default for an unknown word and for a missing value.

        Parameters
        ----------
        word : word
        default
            What to return without a row.
        """
        return default if is_hole(word) else super().get(text_of(word), default)

    def __repr__(self) -> str:
        return f"WordRows({len(self):,} words; {PADDING} is padding, {UNKNOWN} unknown words)"


class EmbeddingLayer(NamedTuple):
    """A layer of another library, with the row that each word has in it."""

    layer: Any
    rows: WordRows


def torch_embedding(vectors: WordVectors, words: Sequence[Any] | None, *, freeze: bool) -> EmbeddingLayer:
    """The `torch.nn.Embedding` that `WordVectors.to_torch` gives."""
    torch = _library("torch", "to_torch()", "torch")
    table, rows = embedding_table(vectors, words)
    layer = torch.nn.Embedding.from_pretrained(torch.from_numpy(table), freeze=freeze, padding_idx=PADDING)
    return EmbeddingLayer(layer, rows)


def keras_embedding(vectors: WordVectors, words: Sequence[Any] | None, *, trainable: bool) -> EmbeddingLayer:
    """The `keras.layers.Embedding` that `WordVectors.to_keras` gives."""
    keras = _library("keras", "to_keras()", "keras jax")
    table, rows = embedding_table(vectors, None if words is None else _without_special_tokens(texts_of(words)))
    layer = keras.layers.Embedding(*table.shape, mask_zero=True, trainable=trainable)
    layer.build(None)
    layer.set_weights([table])
    return EmbeddingLayer(layer, rows)


def embedding_table(vectors: WordVectors, words: Sequence[Any] | None = None) -> tuple[Float32, WordRows]:
    """The rows (2 + n, d) of a layer, and which word has which: all words, or those given.

    Those of padding and of unknown words are zeros; so are those of words without a vector, or with one that is not
    finite. Of words that are given, a warning says how many have none; if all have, this raises `FirthError`.
    """
    texts = vectors.words if words is None else texts_of(words)
    table = np.zeros((2 + len(texts), vectors.vector_size), np.float32)
    if words is None:
        table[2:] = vectors.vectors
        table[2:][~vectors.is_finite] = 0
    else:
        table[2:] = _vectors_of(texts, vectors)
    return table, WordRows({word: 2 + i for i, word in enumerate(texts)})


def _vectors_of(words: Sequence[str], vectors: WordVectors) -> Float32:
    """The vectors (n, d) of some words, by their n-grams too; zeros for those that have none."""
    found, missing = np.zeros((len(words), vectors.vector_size), np.float32), []
    for i, word in enumerate(words):
        vector = vectors.get(word)
        if vector is None:
            missing.append(word)
        else:
            found[i] = vector
    if words and len(missing) == len(words):
        raise FirthError(
            f"none of the {len(words):,} words has a vector, such as {shortened(words[0])}: the vectors have words such"
            f" as {shortened(vectors.words[:3])}"
        )
    if missing:
        some = ", ".join(map(shortened, missing[:3])) + (", …" if len(missing) > 3 else "")
        warnings.warn(
            f"{len(missing):,} of {len(words):,} words have no vector, and a row of zeros: {some}",
            FirthWarning,
            stacklevel=5,  # who called `to_torch` or `to_keras`
        )
    return found


def _without_special_tokens(words: list[str]) -> list[str]:
    """Some words, without the mask token and the token of unknown words that Keras's vocabularies begin with."""
    special = [MASK_TOKEN, UNKNOWN_TOKEN]
    words = words[2:] if words[:2] == special else words
    if not {MASK_TOKEN, UNKNOWN_TOKEN}.isdisjoint(words):
        raise ValueError(
            f"a vocabulary of Keras's has the rows of this layer if it begins with {special}, and has these nowhere"
            ' else: StringLookup(mask_token="") makes such a one'
        )
    return words


def _library(name: str, needed_by: str, install: str) -> Any:
    """A library of neural networks. Raises `FirthError` if it cannot be imported."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        why = shortened(str(error))[1:-1]
        wanted = _other_backend(error) if name == "keras" and importlib.util.find_spec(name) else None
        wanted = wanted or f"{needed_by} needs {name}: pip install {install}"
        raise FirthError(f"{wanted} (importing it said: {why})") from error


def _other_backend(error: ImportError) -> str | None:
    """What to do where Keras is here and its backend is not; None where something else is missing."""
    backend = (error.name or "").partition(".")[0]
    if backend not in BACKENDS:
        return None
    there = [other for other in BACKENDS if other != backend and importlib.util.find_spec(other)]
    if there:
        other = f"{there[0]} is: start Python with KERAS_BACKEND={there[0]}"
        return f"keras is to compute by {backend}, which is not here; {other}"
    return "keras has nothing to compute by: pip install jax, and set KERAS_BACKEND=jax"
