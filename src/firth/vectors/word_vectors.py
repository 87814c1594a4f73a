"""Vectors with a word for each: similarities, neighbors, analogies."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np

from firth.arrays import Array, Float32
from firth.errors import WordNotFoundError, shortened
from firth.missing_values import text_of
from firth.storage.folders import new_model_folder
from firth.storage.tensors import write_tensor
from firth.vectors.changing import Changeable
from firth.vectors.lookup import is_vector, weighted
from firth.vectors.nearest import cosines, nearest
from firth.vocabulary import Vocabulary

FORMAT_OF_VECTORS = "firth vectors"
VOCABULARY, VECTORS, SUBWORDS = "vocabulary.json", "vectors.safetensors", "subwords.safetensors"
"""Files of a folder that `save` writes."""
EPSILON = 0.001
"""Keeps 3CosMul from dividing by zero: Levy and Goldberg's number."""


class Neighbors(list[tuple[str, float]]):
    """Words and their cosines, the nearest first. A notebook shows them as a table."""

    measure = "cosine"

    def _repr_html_(self) -> str:
        import html  # only a notebook needs it

        rows = "".join(f"<tr><td>{html.escape(word)}</td><td>{number:.4f}</td></tr>" for word, number in self)
        return f"<table><tr><th>word</th><th>{self.measure}</th></tr>{rows}</table>"


class _Candidates(NamedTuple):
    """Words that can be answers, and their vectors; `places` where their ids are here, None where they are the ids."""

    words: list[str]
    vectors: Float32
    inverse_norms: Float32
    places: dict[int | None, int] | None = None

    def places_of(self, ids: list[int | None]) -> list[int]:
        """Where words are here, of those that are."""
        if self.places is None:
            return [i for i in ids if i is not None and i < len(self.words)]
        return [self.places[i] for i in ids if i in self.places]


def one_by_one(words: Any) -> tuple[Sequence[Any], bool]:
    """What is looked up, a list of words or vectors; and whether it is one that was not in a list."""
    if isinstance(words, np.ndarray) and words.ndim and not is_vector(words):
        words = list(words) if words.dtype.kind == "f" else words.tolist()
    if isinstance(words, Sequence) and not isinstance(words, str):
        return words, False
    return [words], True


class WordVectors(Changeable):
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

    def similarity(self, a: object, b: object) -> float:
        """The cosine between the vectors of two words, -1 to 1.

        Parameters
        ----------
        a, b : word, or (d,) array
        """
        return float(self.unit_vector(a) @ self.unit_vector(b))

    def similarities(self, word: object) -> Float32:
        """The cosines between a word and all words.

        Parameters
        ----------
        word : word, or (d,) array

        Returns
        -------
        (V,) float32 array
            In the order of `words`, the word itself with 1 among them; NaN where a vector is not finite.
        """
        similar: Float32 = cosines(self.unit_vector(word)[None], self.vectors, self.inverse_norms)[0]
        return similar

    def n_similarity(self, a: Sequence[Any], b: Sequence[Any]) -> float:
        """The cosine between the means of two lists of words, whose vectors are not normalized first; as gensim's.

        Parameters
        ----------
        a, b : list of words, or of (d,) arrays
        """
        return self.similarity(self.mean_vector(a, unit=False), self.mean_vector(b, unit=False))

    def wmdistance(self, first: Sequence[Any], second: Sequence[Any], *, unit: bool = True) -> float:
        """The word mover's distance of two texts, as gensim's. Needs the extra `firth[wmd]`.

        It is that of Kusner, Sun, Kolkin and Weinberger 2015, "From word embeddings to document distances". Words that
        are unknown, or whose vectors are not finite, are left out.

        Parameters
        ----------
        first, second : list of words
        unit
            Whether to scale vectors to length 1 first.

        Returns
        -------
        float
            Infinite if one of the texts has no known word.

        Raises
        ------
        FirthError
            If the extra is not installed.
        """
        from firth.vectors.transport import word_movers_distance  # whose SciPy no other look-up needs

        return word_movers_distance(*(self._known_terms(text, unit=unit) for text in (first, second)))

    def _known_terms(self, words: Sequence[Any], *, unit: bool) -> list[tuple[str, Float32]]:
        """Words that have vectors, as text, with these."""
        if isinstance(words, str):
            raise ValueError(f"wanted a list of words, got {shortened(words)}: split it, text.split()")
        found = []
        for word in words:
            if is_vector(word):
                raise ValueError("a text is a list of words here, not of vectors")
            with contextlib.suppress(WordNotFoundError):
                found.append((text_of(word), self._term(word, unit=unit)))
        return found

    def most_similar_to_given(self, word: object, words: Sequence[Any]) -> Any:
        """Which of some words is most similar to a word; of equals, the first.

        Parameters
        ----------
        word : word, or (d,) array
        words : list of words
            What to choose from.

        Raises
        ------
        ValueError
            If `words` is empty, or a single string.
        """
        if isinstance(words, str) or not len(words):
            raise ValueError("most_similar_to_given needs a word, and a list of words to choose from")
        return words[int(np.argmax(self.unit_vectors(words) @ self.unit_vector(word)))]

    def closer_than(self, a: object, b: object) -> list[str]:
        """The words that are more similar to `a` than `b` is, the nearest first.

        Parameters
        ----------
        a, b : word, or (d,) array
        """
        similar = self.similarities(a)
        i, j = self._find_unit(a)[0], self._find_unit(b)[0]
        bar = similar[j] if j is not None else self.similarity(a, b)
        closer = np.flatnonzero(similar > bar)
        order = closer[np.argsort(-similar[closer], kind="stable")]
        return [self.words[k] for k in order.tolist() if k != i]

    def rank(self, a: object, b: object) -> int:
        """The rank of `b` among the neighbors of `a`: 1 for the nearest.

        Parameters
        ----------
        a, b : word, or (d,) array
        """
        return len(self.closer_than(a, b)) + 1

    @overload
    def most_similar(
        self, words: str | int, *, topn: int | None = 10, among: Sequence[Any] | None = None, first: int | None = None
    ) -> Neighbors: ...
    @overload
    def most_similar(
        self,
        words: Sequence[Any],
        *,
        topn: int | None = 10,
        among: Sequence[Any] | None = None,
        first: int | None = None,
    ) -> list[Neighbors]: ...
    @overload
    def most_similar(
        self,
        words: Array,
        *,
        topn: int | None = 10,
        among: Sequence[Any] | None = None,
        first: int | None = None,
    ) -> Any: ...
    @overload
    def most_similar(
        self,
        *,
        positive: Sequence[Any] | str | Float32,
        negative: Sequence[Any] | str | Float32 = (),
        topn: int | None = 10,
        among: Sequence[Any] | None = None,
        first: int | None = None,
    ) -> Neighbors: ...
    def most_similar(
        self,
        words: Any = None,
        *,
        positive: Any = (),
        negative: Any = (),
        topn: int | None = 10,
        among: Sequence[Any] | None = None,
        first: int | None = None,
    ) -> Any:
        """The nearest words, as (word, cosine), nearest first, the words asked about left out.

        `most_similar("king")` gives those of one word; `most_similar(["king", "queen"])` gives a list for each of
        many words; `most_similar(positive=["king", "woman"], negative=["man"])` those of a sum of unit vectors.

        Parameters
        ----------
        words : word, (d,) array, list of n words or arrays, or (n, d) array
            What is looked up, one by one. Arrays of floating-point numbers are vectors, others hold words.
        positive, negative : lists of words, of (word, weight), or of (d,) arrays
            What is added and subtracted: words' vectors scaled to length 1, arrays as they are, times their weights.
        topn : int, or None for all words
        among : list of words, optional
            Only these can be answers.
        first : int, optional
            Only the n most frequent words can be answers.

        Returns
        -------
        Neighbors, or a list of n of them
        """
        if topn is not None and topn < 1:
            raise ValueError(f"topn must be 1 or more, or None for all words, not {topn}")
        candidates = self._candidates(among, first)
        if words is not None:
            if len(positive) or len(negative):
                raise ValueError(
                    "words are looked up one by one: to add and subtract, name them positive=[…], negative=[…]"
                )
            asked, is_one = one_by_one(words)
            found = self._nearest_each(asked, topn, candidates)
            return found[0] if is_one else found
        query, asked = self.find_sum(positive, negative)
        return self._nearest(query[None], [asked], topn, candidates)[0]

    def find_sum(self, positive: Any, negative: Any) -> tuple[Float32, list[int | None]]:
        """The sum of words and vectors that `most_similar` looks up, and the ids of these words.

        Parameters
        ----------
        positive, negative : lists of words, of (word, weight), or of (d,) arrays
            What is added and subtracted.

        Returns
        -------
        (d,) float32 array, and a list of int or None
            The sum, scaled to length 1; and the ids, None for what has none.
        """
        terms = [*weighted(positive), *((word, -weight) for word, weight in weighted(negative))]
        if not terms:
            raise ValueError("most_similar needs a word, a list of words, or positive=[…]")
        query = np.sum([weight * self._term(word).astype(np.float64) for word, weight in terms], axis=0)
        length = float(np.linalg.norm(query))
        return (query / (length or 1.0)).astype(np.float32), [self._find_unit(word)[0] for word, _ in terms]

    def analogy(
        self,
        a: object,
        b: object,
        c: object,
        *,
        topn: int | None = 10,
        method: str = "add",
        among: Sequence[Any] | None = None,
        first: int | None = None,
    ) -> Neighbors:
        """What is to `c` as `b` is to `a`: `analogy("man", "king", "woman")` should find "queen".

        Parameters
        ----------
        a, b, c : word, or (d,) array
        topn : int, or None for all words
        method : {"add", "mul"}
            "add" is 3CosAdd: the nearest words to b - a + c, by cosine (Mikolov, Yih and Zweig 2013, "Linguistic
            regularities"). "mul" is 3CosMul: the words with the greatest cos(d, b) · cos(d, c) / (cos(d, a) + ε),
            cosines shifted to 0 … 1, ε = 0.001 (Levy and Goldberg 2014, "Linguistic regularities in sparse and explicit
            word representations", eq. 4).
        among : list of words, optional
            Only these can be answers.
        first : int, optional
            Only the n most frequent words can be answers.

        Returns
        -------
        Neighbors
            (word, cosine) pairs, or with "mul" (word, 3CosMul), the best first; `a`, `b` and `c` are left out.
        """
        if method == "add":
            return self.most_similar(positive=[b, c], negative=[a], topn=topn, among=among, first=first)
        if method != "mul":
            raise ValueError(f'the method is "add" or "mul", not {shortened(method)}')
        if topn is not None and topn < 1:
            raise ValueError(f"topn must be 1 or more, or None for all words, not {topn}")
        candidates = self._candidates(among, first)
        ids, units = zip(*(self._find_unit(word) for word in (a, b, c)), strict=True)
        shifted = (1 + cosines(np.array(units), candidates.vectors, candidates.inverse_norms).astype(np.float64)) / 2
        scores = shifted[1] * shifted[2] / (shifted[0] + EPSILON)
        scores[candidates.places_of(list(ids))] = np.nan
        order = np.argsort(-scores, kind="stable")[: np.count_nonzero(~np.isnan(scores))][:topn]
        found = Neighbors((candidates.words[i], float(scores[i])) for i in order.tolist())
        found.measure = "3CosMul"
        return found

    def doesnt_match(self, words: Sequence[Any]) -> str:
        """The odd one out: the word least similar to the mean of all the words' unit vectors; as gensim's.

        Parameters
        ----------
        words : list of three words or more

        Raises
        ------
        ValueError
            For fewer words, or a single string.
        """
        if isinstance(words, str) or len(words) < 3:
            raise ValueError("doesnt_match needs a list of at least three words")
        units = self.unit_vectors(words)
        return str(words[int(np.argmin(units @ units.mean(axis=0)))])

    def _candidates(self, among: Sequence[Any] | None, first: int | None) -> _Candidates:
        if first is not None and first < 1:
            raise ValueError(f"first must be 1 or more, not {first}")
        if among is None:
            return _Candidates(self.words[:first], self.vectors[:first], self.inverse_norms[:first])
        if isinstance(among, str):
            raise ValueError("among is a list of words")
        found = {self.vocabulary.id(word): None for word in among}
        rows = [i for i in found if first is None or i < first]
        words = [self.words[i] for i in rows]
        self.unit_vectors(words)  # raises for one that is not finite
        places: dict[int | None, int] = {i: place for place, i in enumerate(rows)}
        return _Candidates(words, self.vectors[rows], self.inverse_norms[rows], places)

    def _nearest_each(self, words: Sequence[Any], topn: int | None, candidates: _Candidates) -> list[Neighbors]:
        if not len(words):
            return []
        ids, units = zip(*(self._find_unit(word) for word in words), strict=True)
        return self._nearest(np.array(units), [[i] for i in ids], topn, candidates)

    def _nearest(
        self, queries: Float32, asked: Sequence[list[int | None]], topn: int | None, candidates: _Candidates
    ) -> list[Neighbors]:
        words, vectors, inverse_norms, _ = candidates
        left_out = [candidates.places_of(ids) for ids in asked]
        similarities, rows = nearest(queries, vectors, inverse_norms, left_out, topn or len(words))
        return [
            Neighbors((words[i], s) for i, s in zip(row_ids, row, strict=True) if s > -math.inf)
            for row_ids, row in zip(rows.tolist(), similarities.tolist(), strict=True)
        ]

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
