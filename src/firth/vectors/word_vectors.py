"""Vectors with a word for each: similarities, neighbors, analogies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from firth.arrays import Float32, Float64
from firth.config import SPLIT_ALONE, TextConfig
from firth.errors import ConfigError, FirthError, shortened
from firth.html_table import facts_table
from firth.storage.folders import new_model_folder
from firth.storage.tensors import write_tensor
from firth.vectors.changing import Changeable
from firth.vectors.comparing import Comparable
from firth.vectors.neighbors import Searchable
from firth.vectors.subwords import Subwords

if TYPE_CHECKING:
    from firth.vectors.layers import EmbeddingLayer

FORMAT_OF_VECTORS = "firth vectors"
VOCABULARY, VECTORS, SUBWORDS = "vocabulary.json", "vectors.safetensors", "subwords.safetensors"
"""Files of a folder that `save` writes."""
ORTHOGONAL_WITHIN = 1e-4
"""How far the products of a rotation's rows may be from 0 and 1: float32 has seven digits."""
ROWS_AT_A_TIME = 1 << 14
FIRST_SHOWN = 12
"""Words that a notebook shows of them."""


class WordVectors(Changeable, Searchable, Comparable):
    """Words and their vectors: row i of a (V, d) float32 array is the vector of word i. Similarity is the cosine.

    Wherever a word is asked for, a (d,) array of floating-point numbers may be given instead. Words are compared as
    text: 42 and '42' are the same. A vector of zeros has similarity 0 with everything.

    An unknown word raises `WordNotFoundError`, a `KeyError`, with near spellings. A word whose vector is not finite
    counts as unknown: asking about it raises `VectorNotFiniteError`, and it is never an answer.

    Parameters
    ----------
    vocabulary
        A list of V words, or a `Vocabulary`.
    vectors
        A (V, d) array of real numbers. An array of float32 is not copied: do not change it afterwards.
    subwords
        Vectors of character n-grams, by which unseen words have vectors; models with `max_n` have them.
    counts
        How often each word occurs, falling; optional.

    Examples
    --------
    >>> vectors = firth.WordVectors(["north", "east", "south"], [[0, 1], [1, 0], [0, -1]])
    >>> vectors.most_similar("north")
    [('east', 0.0), ('south', -1.0)]
    >>> vectors.similarity("north", np.array([1.0, 1.0]))
    0.70710...
    """

    def first(self, n: int) -> WordVectors:
        """The `n` most frequent words with their vectors.

        Parameters
        ----------
        n : int

        Returns
        -------
        WordVectors
        """
        return WordVectors(self.vocabulary.at(np.arange(len(self))[:n]), self.vectors[:n])

    def finite(self) -> WordVectors:
        """The words whose vectors are finite, as `WordVectors`. If all are, this is the same object."""
        rows = np.flatnonzero(self.is_finite)
        if len(rows) == len(self):
            return self
        return WordVectors(self.vocabulary.at(rows), self.vectors[rows])

    @property
    def text_config(self) -> TextConfig:
        """How a text becomes words of these: as the model's text did. Where words are whole numbers, it is split and no
        more: what is punctuation elsewhere is the sign of -10.
        """
        config: TextConfig = getattr(self, "config", None) or TextConfig()
        settings = {name: getattr(config, name) for name in TextConfig.__dataclass_fields__}
        return TextConfig(**settings | (SPLIT_ALONE if self.vocabulary.integers else {}))

    def rotated(self, rotation: Any) -> Self:
        """All vectors turned by an orthogonal matrix: cosines, neighbors and the scores of pairs stay as they are.

        Parameters
        ----------
        rotation : (d, d) array
            Each vector v becomes v @ rotation. A reflection is one too.

        Returns
        -------
        WordVectors
            A new object; a trained model remains one, its output vectors turned with the others.

        Raises
        ------
        ValueError
            If the array is not a (d, d) orthogonal matrix.
        """
        vectors, subwords = self._rotated(checked_rotation(rotation, self.vector_size))
        return type(self)(self.vocabulary, vectors, subwords)

    def _rotated(self, rotation: Float64) -> tuple[Float32, Subwords | None]:
        """The vectors, and those of n-grams, turned."""
        subwords = None
        if self.subwords is not None:
            own, rows = (turned(array, rotation) for array in (self.subwords.own, self.subwords.rows))
            subwords = Subwords(self.subwords.ngrams, own, self.subwords.used, rows)
        return turned(self.vectors, rotation), subwords

    def export(self, path: str | Path, **options: Any) -> list[Path]:
        """Write the vectors for other programs. The same as `firth.export(vectors, path, …)`.

        Parameters
        ----------
        path
            A file, whose ending decides the format.
        **options
            The other parameters of `firth.export`.

        Returns
        -------
        list of Path
            The files written.
        """
        import firth  # whose formats stand above vectors

        return firth.export(self, path, **options)

    def to_gensim(self) -> Any:
        """The same words, vectors and counts as gensim's own `KeyedVectors`; n-grams have no place there.

        Returns
        -------
        gensim.models.KeyedVectors

        Raises
        ------
        FirthError
            If gensim is not installed.
        """
        from firth.vectors.for_gensim import as_keyed_vectors  # an optional package

        return as_keyed_vectors(self)

    def to_arrow(self, *, output: bool = False, about: Any = None, on: str | None = None) -> Any:
        """Words, counts and vectors as a `pyarrow.Table`, for DuckDB, polars, LanceDB and others; not copied.

        The columns are `word` (string; int64, or uint64 if need be, where the words were whole numbers in their
        source), `count` (int64, null where it is not known) and `vector` (fixed_size_list<float32>[d]). The
        schema's metadata has, as JSON under the key `firth`, what made them: a trained model's settings and history.

        Parameters
        ----------
        output
            Whether to add a column `output`, with the output vectors of a trained model.
        about
            A table about the words: one of Arrow's, a data frame, or the path of a Parquet, Arrow, CSV or JSON-lines
            file. Its columns come behind, null for words that it does not have.
        on
            The column of the words in that table; by default the one called word, or else the first. Numbers are
            words by their digits.

        Returns
        -------
        pyarrow.Table

        Raises
        ------
        FirthError
            If pyarrow is not installed (extra `firth[tables]`), or the table has none of the words, one twice, or a
            column of the same name as one here.
        """
        from firth.vectors.arrow_table import arrow_table  # whose pyarrow no look-up needs

        return arrow_table(self, self._about(), self._outputs() if output else None, about, on)

    def to_torch(self, words: Sequence[Any] | None = None, *, freeze: bool = True) -> EmbeddingLayer:
        """The vectors as an embedding layer of PyTorch's, a copy, with the row of each word: `layer, rows = …`.

        Row 0 is padding (`padding_idx`), row 1 is for unknown words, both zeros; the words follow in their order.
        `rows[word]` is a word's row, 1 for an unknown one.

        Parameters
        ----------
        words
            The words of the layer, in this order; by default all of `words`. With n-grams, words that were never seen
            have vectors too. Words without one get zeros, and a warning.
        freeze
            Whether the vectors stay as they are while a network learns. The row of padding always does.

        Returns
        -------
        EmbeddingLayer
            `layer`, a `torch.nn.Embedding` (2 + n, d) of float32, and `rows`, a dict.

        Raises
        ------
        FirthError
            If PyTorch is not installed, or none of the words has a vector.
        ValueError
            For a word that comes twice.
        """
        from firth.vectors.layers import torch_embedding  # an optional package

        return torch_embedding(self, words, freeze=freeze)

    def to_keras(self, words: Sequence[Any] | None = None, *, trainable: bool = False) -> EmbeddingLayer:
        """The vectors as an embedding layer of Keras's (Keras 3, any backend), with the row of each word.

        Row 0 is padding (`mask_zero`), row 1 is for unknown words, both zeros; the words follow in their order. So rows
        are what `keras.layers.StringLookup(vocabulary=model.words, mask_token="")` and
        `keras.layers.TextVectorization(vocabulary=model.words)` give.

        Parameters
        ----------
        words
            The words of the layer, in this order; by default all of `words`. This may be what `get_vocabulary()` of
            such a layer gives. With n-grams, words that were never seen have vectors too. Words without one get zeros,
            and a warning.
        trainable
            Whether the vectors learn with the network; that of padding too, where it is not masked.

        Returns
        -------
        EmbeddingLayer
            `layer`, a `keras.layers.Embedding` (2 + n, d), and `rows`, a dict: `rows[word]` is 1 for an unknown word.

        Raises
        ------
        FirthError
            If Keras is not installed, or has no backend; or none of the words has a vector.
        ValueError
            For a word that comes twice, and for a vocabulary without Keras's mask token.
        """
        from firth.vectors.layers import keras_embedding  # an optional package

        return keras_embedding(self, words, trainable=trainable)

    def _outputs(self) -> Float32:
        """The output vectors (V, d)."""
        raise FirthError("only a trained model has output vectors, these are vectors alone")

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Save to a folder, all or nothing: if the disk fills up, what was there before stays intact.

        Words, counts, vectors and n-grams are kept, whatever they were loaded from; a model also keeps its settings,
        history, phrases and output vectors. `firth.load` reads the folder.

        Parameters
        ----------
        folder
            Where to. `docs/files.md` describes the files.
        overwrite
            Whether to replace a model that is there. Nothing but a model is ever replaced.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OutputExistsError
            If the folder exists, unless `overwrite` is set.
        FormatError
            If the folder exists and is not a model.
        """
        folder = Path(folder)
        with new_model_folder(folder, self._about(), overwrite=overwrite) as temporary:
            self._write(temporary)
        return folder

    def _about(self) -> dict[str, Any]:
        """What a folder says of these vectors, in JSON's types."""
        about = {"format": FORMAT_OF_VECTORS, "words": len(self), "vector_size": self.vector_size}
        return about | ({"integers": True} if self.vocabulary.integers else {})

    def _write(self, folder: Path) -> None:
        """Fill a folder with what these vectors are."""
        words = {"words": self.words, "counts": self.vocabulary.counts.tolist()}
        (folder / VOCABULARY).write_text(json.dumps(words, ensure_ascii=True), "ascii", newline="\n")
        write_tensor(folder / VECTORS, "vectors", self.vectors)
        if self.subwords is not None:
            self.subwords.save(folder / SUBWORDS)

    def _repr_html_(self) -> str:
        named = "most frequent" if self.vocabulary.has_counts else "first"
        more = " …" if len(self) > FIRST_SHOWN else ""
        first = " ".join(self.words[:FIRST_SHOWN]) + more
        facts = {"words": len(self), "dimensions": self.vector_size, named: first}
        return facts_table(type(self).__name__, facts | self._facts())

    def _facts(self) -> dict[str, object]:
        """More that a notebook shows, by name."""
        return {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} words, {self.vector_size} dimensions)"


def checked_rotation(rotation: Any, vector_size: int) -> Float64:
    """A rotation as numbers in double precision. Raises `ValueError` if it is not an orthogonal (d, d) matrix."""
    try:
        numbers: Float64 = np.asarray(rotation, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a rotation is an array of numbers, not {shortened(rotation)}") from error
    if numbers.shape != (vector_size, vector_size):
        raise ValueError(f"a rotation here has the shape ({vector_size}, {vector_size}), not {numbers.shape}")
    if not np.allclose(numbers @ numbers.T, np.eye(vector_size), rtol=0, atol=ORTHOGONAL_WITHIN):
        raise ValueError("a rotation is an orthogonal matrix, rotation @ rotation.T the identity, and this one is not")
    return numbers


def turned(vectors: Float32, rotation: Float64) -> Float32:
    """Vectors (n, d) @ rotation, each product in double precision; rows that are not finite stay not finite."""
    result = np.empty(vectors.shape, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(vectors), ROWS_AT_A_TIME):
            some = slice(start, start + ROWS_AT_A_TIME)
            result[some] = vectors[some].astype(np.float64) @ rotation
    return result


def refuse_other_than_vectors(**given: Any) -> None:
    """Raise `ConfigError` where what is given, here by its name, is neither a model nor word vectors, as a path is."""
    for name, vectors in given.items():
        if not isinstance(vectors, WordVectors):
            hint = f": firth.load({shortened(str(vectors))})" if isinstance(vectors, str | Path) else ""
            raise ConfigError(f"{name} must be a model or WordVectors, not {shortened(vectors)}{hint}")
