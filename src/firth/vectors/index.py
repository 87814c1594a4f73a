"""Approximate nearest neighbors: an inverted file (IVF), by faiss, for millions of words.

Vectors are put into cells by k-means; a query looks only into the cells whose centroids are nearest (Sivic and
Zisserman 2003; Johnson, Douze and Jégou 2021). How many cells that are (nprobe) is found out when the index is built,
by asking for neighbors that are known. The file holds the centroids and each vector's cell, and no code or foreign
format: what faiss needs is made from them and the vectors.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Float32, Int32
from firth.cpu import usable_threads
from firth.errors import FirthError, FormatError, shortened
from firth.html_table import facts_table
from firth.storage.files import atomic_file
from firth.storage.tensors import about_of, map_tensors, write_tensors
from firth.vectors.nearest import nearest, unit_rows
from firth.vectors.neighbors import Neighbors, NeighborsOfEach, one_by_one
from firth.vectors.word_vectors import WordVectors, refuse_other_than_vectors

FILE = "index.safetensors"
FORMAT = "firth index 1"
WANTED_RECALL = 0.955
"""Recall asked for when it is built: a little above the .95 that users get, who may ask for harder words."""
ASKED = 1000
"""Words whose neighbors are found exactly, to compare."""
FEWEST_WORDS = 1000
TRAINED_ON = 64
"""Vectors for each cell that k-means looks at, at most."""


@dataclass(frozen=True)
class Measured:
    """What the index is worth: the fraction of the true 10 nearest that it finds, and seconds a query, in batches."""

    recall: float
    seconds: float
    exact_seconds: float

    @property
    def speedup(self) -> float:
        """How many times faster than looking at all words."""
        return self.exact_seconds / self.seconds


class NeighborIndex:
    """An approximate index of nearest neighbors, for millions of words. `build_index` and `load_index` return one.

    Vectors are divided into cells by k-means, and a query searches only the cells whose centroids are nearest: an
    inverted file, IVF (Sivic and Zisserman 2003; Johnson, Douze and Jégou 2021).

    Parameters
    ----------
    vectors
        The word vectors.
    centroids
        The centroids of the cells, (cells, d) float32.
    cells
        The cell of each word, (V,) int32.
    nprobe
        How many cells a query searches.
    measured
        The recall of the true 10 nearest, and seconds a query, of the index and of exact search.
    """

    def __init__(self, vectors: WordVectors, centroids: Float32, cells: Int32, nprobe: int, measured: Measured):
        self.vectors = vectors
        self._among = vectors.finite()
        self.centroids = centroids
        self.cells = cells
        self.nprobe = nprobe
        self.measured = measured
        self._searched = _searchable(_faiss(), self._among, centroids, cells)

    def most_similar(self, words: Any = None, *, positive: Any = (), negative: Any = (), topn: int = 10) -> Any:
        """The nearest words, as `WordVectors.most_similar` gives them, almost always the true ones.

        Parameters
        ----------
        words : word, (d,) array, list of n of these, or (n, d) array
        positive, negative : lists of words, of (word, weight), or of (d,) arrays
            What is added and subtracted, instead of `words`.
        topn : int

        Returns
        -------
        Neighbors, or a list of n of them
        """
        queries, asked, is_one = self.vectors._queries(words, positive, negative)
        found = self._nearest(queries, asked, topn)
        return found[0] if is_one else NeighborsOfEach(found, one_by_one(words)[0])

    def analogy(self, a: object, b: object, c: object, *, topn: int = 10) -> Neighbors:
        """What is to `c` as `b` is to `a`: the nearest words to b - a + c, as `WordVectors.analogy` by adding.

        Parameters
        ----------
        a, b, c : word, or (d,) array
        topn : int

        Returns
        -------
        Neighbors
        """
        return self.most_similar(positive=[b, c], negative=[a], topn=topn)  # type: ignore[no-any-return]

    def _nearest(self, queries: Float32, asked: Sequence[list[int | None]], topn: int) -> list[Neighbors]:
        """The nearest words to queries (n, d) of length 1, the words asked about left out."""
        if topn < 1:
            raise ValueError(f"topn must be 1 or more, not {topn}")
        if not len(queries):
            return []
        cosines, found = self._search(queries, topn + max(map(len, asked)))
        words, answers = self._among.vocabulary.typed_words, []
        for ids, row, similar in zip(asked, found.tolist(), cosines.tolist(), strict=True):
            unwanted = {self._among.vocabulary.ids[self.vectors.words[i]] for i in ids if i is not None} | {-1}
            near = [(words[i], c) for i, c in zip(row, similar, strict=True) if i not in unwanted]
            answers.append(Neighbors(near[:topn]))
        return answers

    def _search(self, queries: Float32, k: int) -> tuple[Float32, Any]:
        self._searched.nprobe = self.nprobe
        cosines, found = self._searched.search(np.ascontiguousarray(queries, np.float32), k)
        return cosines, found

    def __repr__(self) -> str:
        found = f"recall {self.measured.recall:.3f}, {self.measured.speedup:.1f} times as fast as looking at all"
        return f"{type(self).__name__}({len(self.cells):,} words in {len(self.centroids):,} cells, {found})"

    def _repr_html_(self) -> str:
        facts = {
            "words": len(self.cells),
            "cells": len(self.centroids),
            "cells searched": self.nprobe,
            "recall of the 10 nearest": f"{self.measured.recall:.3f}",
            "times as fast as looking at all": f"{self.measured.speedup:.1f}",
        }
        return facts_table(type(self).__name__, facts)

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the index, a safetensors file; return its path.

        Parameters
        ----------
        path
            Where to.
        overwrite
            Whether to replace a file that is there.

        Raises
        ------
        OutputExistsError
            If the file exists, unless `overwrite` is set.
        """
        path = Path(path)
        about = {
            "format": FORMAT,
            "vectors": _fingerprint(self.vectors),
            "lists_asked": self.nprobe,
            **asdict(self.measured),
        }
        with atomic_file(path, overwrite=overwrite) as temporary:
            write_tensors(temporary, {"middles": self.centroids, "lists": self.cells}, json.dumps(about))
        return path


def index_path(model: str | Path) -> Path:
    """Where a model's index is: in its folder, or beside the file of vectors."""
    model = Path(model)
    return model / FILE if model.is_dir() else model.with_name(f"{model.stem}.{FILE}")


def build_index(
    vectors: WordVectors, *, recall: float = WANTED_RECALL, seed: int = 1, threads: int | None = None
) -> NeighborIndex:
    """Build an approximate index of nearest neighbors. Needs the extra `firth[ann]`.

    Words whose vectors are not finite are left out.

    Parameters
    ----------
    vectors
        Word vectors, or a model, of a thousand words or more.
    recall
        The fraction of the true ten nearest to find, above 0 and at most 1, measured on a thousand of the words.
    seed
        Of k-means, and of the words measured.
    threads
        Threads to use, by default one for each processor.

    Returns
    -------
    NeighborIndex

    Raises
    ------
    FirthError
        For fewer than a thousand words, where exact search is as fast; and if the extra is not installed.
    """
    refuse_other_than_vectors(vectors=vectors)
    if not 0 < recall <= 1:
        raise ValueError(f"recall is a fraction above 0, at most 1, not {recall}")
    faiss = _faiss()
    among = vectors.finite()
    n, width = among.vectors.shape
    if n < FEWEST_WORDS:
        raise FirthError(f"{n:,} words need no index: looking at all of them is as fast")
    faiss.omp_set_num_threads(threads or usable_threads())
    units = among.unit_vectors()
    count = max(1, min(round(4 * math.sqrt(n)), n // 39))
    random = np.random.default_rng(seed)
    some = units[np.sort(random.choice(n, min(n, TRAINED_ON * count), replace=False))]
    means = faiss.Kmeans(width, count, niter=12, seed=seed, spherical=True, max_points_per_centroid=TRAINED_ON)
    means.train(np.ascontiguousarray(some))
    centroids = np.asarray(means.centroids, np.float32).reshape(count, width)
    _, found = means.index.search(units, 1)
    cells = found[:, 0].astype(np.int32)
    index = NeighborIndex(vectors, centroids, cells, 1, Measured(0.0, 1.0, 1.0))
    ids = np.sort(random.choice(n, min(ASKED, n), replace=False)).tolist()
    begun = time.perf_counter()
    _, true = nearest(units[ids], among.vectors, among.inverse_norms, [[i] for i in ids], 10)
    exact_seconds = (time.perf_counter() - begun) / len(ids)
    while True:
        begun = time.perf_counter()
        _, rows = index._search(units[ids], 11)
        seconds = (time.perf_counter() - begun) / len(ids)
        found_true = [len(set(a) & set(b)) for a, b in zip(rows.tolist(), true.tolist(), strict=True)]
        index.measured = Measured(float(np.mean(found_true)) / 10, seconds, exact_seconds)
        if index.measured.recall >= recall or index.nprobe >= count:
            return index
        index.nprobe = min(count, math.ceil(index.nprobe * 1.25))


def load_index(vectors: WordVectors, path: str | Path) -> NeighborIndex:
    """Load an index of these vectors. Needs the extra `firth[ann]`.

    Parameters
    ----------
    vectors
        The word vectors that it was built from.
    path
        A file that `NeighborIndex.save` wrote.

    Returns
    -------
    NeighborIndex

    Raises
    ------
    FormatError
        If it is not an index, is cut short, or belongs to other vectors.
    """
    refuse_other_than_vectors(vectors=vectors)
    path = Path(path)
    if not path.is_file():
        raise FormatError(f"there is no index {path}: build one with firth index")
    try:
        about, found = json.loads(about_of(path)), map_tensors(path)
        centroids, cells = np.array(found["middles"]), np.array(found["lists"])  # files keep these older names
        measured = Measured(*(float(about[name]) for name in ("recall", "seconds", "exact_seconds")))
        nprobe, format, of = int(about["lists_asked"]), about["format"], about["vectors"]  # lists_asked: nprobe
    except (FormatError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError(f"{path} is not an index, or cut short: {shortened(error)}") from error
    if format != FORMAT:
        raise FormatError(f"{path} has the format {shortened(format)}: this firth reads {FORMAT!r}")
    if of != _fingerprint(vectors):
        raise FormatError(f"{path} is an index of other vectors: build it again with firth index")
    fits = centroids.ndim == 2 and centroids.shape[1] == vectors.vector_size and cells.shape == (len(vectors.finite()),)
    if not fits or centroids.dtype != np.float32 or cells.dtype != np.int32 or not 0 < nprobe <= len(centroids):
        raise FormatError(f"{path} does not fit the vectors")
    if cells.min() < 0 or cells.max() >= len(centroids):
        raise FormatError(f"{path} names cells that are not there")
    return NeighborIndex(vectors, centroids, cells, nprobe, measured)


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise FirthError("an index needs an extra: pip install 'firth[ann]'") from error
    return faiss


def _searchable(faiss: Any, vectors: WordVectors, centroids: Float32, cells: Int32) -> Any:
    width = vectors.vector_size
    quantizer = faiss.IndexFlatIP(width)
    quantizer.add(np.ascontiguousarray(centroids, np.float32))
    index = faiss.IndexIVFFlat(quantizer, width, len(centroids), faiss.METRIC_INNER_PRODUCT)
    index.is_trained = True
    step = 1 << 16
    for start in range(0, len(vectors), step):
        part = slice(start, start + step)
        units = np.ascontiguousarray(unit_rows(vectors.vectors[part], vectors.inverse_norms[part]))
        ids = np.arange(start, start + len(units), dtype=np.int64)
        places = cells[part].astype(np.int64)
        index.add_core(len(units), *(faiss.swig_ptr(array) for array in (units, ids, places)))
    return index


def _fingerprint(vectors: WordVectors) -> str:
    """What tells vectors from others: their shape, and some of their numbers, spread over all."""
    n, width = vectors.vectors.shape
    rows = np.unique(np.linspace(0, n - 1, min(n, 4096)).astype(np.int64))
    digest = hashlib.sha256(f"{n} {width}".encode())
    digest.update(np.ascontiguousarray(vectors.vectors[rows], "<f4").tobytes())
    return digest.hexdigest()
