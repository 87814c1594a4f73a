"""Vectors with a word for each: similarities, neighbors, analogies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from firth.storage.folders import new_model_folder
from firth.storage.tensors import write_tensor
from firth.vectors.changing import Changeable
from firth.vectors.comparing import Comparable
from firth.vectors.neighbors import Searchable
from firth.vocabulary import Vocabulary

FORMAT_OF_VECTORS = "firth vectors"
VOCABULARY, VECTORS, SUBWORDS = "vocabulary.json", "vectors.safetensors", "subwords.safetensors"
"""Files of a folder that `save` writes."""


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
        return WordVectors(Vocabulary(self.words[:n], self.vocabulary.counts[:n]), self.vectors[:n])

    def finite(self) -> WordVectors:
        """The words whose vectors are finite, as `WordVectors`. If all are, this is the same object."""
        rows = np.flatnonzero(self.is_finite)
        if len(rows) == len(self):
            return self
        words = [self.words[i] for i in rows.tolist()]
        return WordVectors(Vocabulary(words, self.vocabulary.counts[rows]), self.vectors[rows])

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
        return {"format": FORMAT_OF_VECTORS, "words": len(self), "vector_size": self.vector_size}

    def _write(self, folder: Path) -> None:
        """Fill a folder with what these vectors are."""
        words = {"words": self.words, "counts": self.vocabulary.counts.tolist()}
        (folder / VOCABULARY).write_text(json.dumps(words, ensure_ascii=True), "ascii")
        write_tensor(folder / VECTORS, "vectors", self.vectors)
        if self.subwords is not None:
            self.subwords.save(folder / SUBWORDS)

    def _repr_html_(self) -> str:
        import html  # only a notebook needs it

        first = " ".join(html.escape(word) for word in self.words[:12])
        named = "most frequent" if self.vocabulary.has_counts else "first"
        facts = {"words": f"{len(self):,}", "dimensions": f"{self.vector_size:,}", named: f"{first} …"}
        rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in (facts | self._facts()).items())
        return f"<b>{type(self).__name__}</b><table>{rows}</table>"

    def _facts(self) -> dict[str, str]:
        """More that a notebook shows, as HTML."""
        return {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} words, {self.vector_size} dimensions)"
