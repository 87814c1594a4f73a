"""From vectors to a page: which words, where they lie, what is near to each, what colors mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from firth._version import __version__
from firth.cpu import usable_threads
from firth.errors import FirthError, shortened
from firth.vectors.word_vectors import WordVectors, refuse_other_than_vectors
from firth.visual import columns as coloring
from firth.visual import projection as projecting
from firth.visual.page import Page, as_text, assemble

WORDS = 30_000
MAX_WORDS = 60_000
NEIGHBORS = 12
PROJECTIONS = ("pca", "tsne")


def word_map(
    vectors: WordVectors,
    *,
    words: int = WORDS,
    projection: str = "tsne",
    columns: Mapping[str, Mapping[Any, Any]] | None = None,
    seed: int = 1,
    threads: int | None = None,
    title: str = "Map of words",
    report: projecting.Report | None = None,
) -> Page:
    """A map of the most frequent words: one HTML file that works offline.

    The lines to a word's neighbors, and their cosines, are those of the full space, among the words on the map. Words
    whose vectors are not finite are left out, and the map says so.

    Parameters
    ----------
    vectors
        Word vectors, or a model.
    words
        How many words to show: 2 to 60,000.
    projection : {"tsne", "pca"}
        "pca" takes a moment. "tsne" preserves neighborhoods, takes minutes for tens of thousands of words, and needs
        the extra `firth[map]`; the page then has both.
    columns
        Colors to choose from: {name: {word: value}}, with a number or a label for some of the words.
    seed
        Of t-SNE: the same seed, the same map.
    threads
        Threads to use, by default one for each processor.
    title
        The title of the page.
    report
        A function that is called with steps done and steps to do.

    Returns
    -------
    Page
        `save(path)` writes the file; a notebook shows the map in place.

    Raises
    ------
    FirthError
        For fewer than two words or more than 60,000, and if t-SNE's extra is not installed.
    """
    *_, page = pages(
        vectors, words=words, projection=projection, columns=columns, seed=seed, threads=threads, title=title,
        report=report,
    )  # fmt: skip
    return page


def pages(
    vectors: WordVectors,
    *,
    words: int = WORDS,
    projection: str = "tsne",
    columns: Mapping[str, Mapping[Any, Any]] | None = None,
    seed: int = 1,
    threads: int | None = None,
    title: str = "Map of words",
    report: projecting.Report | None = None,
) -> Iterator[Page]:
    """As `word_map`, but each page as soon as it is ready: that with PCA alone, then, if asked for, that with both."""
    refuse_other_than_vectors(vectors=vectors)
    if projection not in PROJECTIONS:
        raise FirthError(f"the projection is one of {', '.join(PROJECTIONS)}, not {shortened(projection)}")
    if words > MAX_WORDS:
        raise FirthError(
            f"a map holds {MAX_WORDS:,} words at most, not {words:,}: ask for the most frequent, words=50_000"
        )
    most_frequent = vectors.first(words)
    shown = most_frequent.finite()
    left_out = len(most_frequent) - len(shown)
    if len(shown) < 2:
        raise FirthError(f"a map needs two words at least, here {'is' if len(shown) else 'are'} {len(shown)}")
    units = shown.unit_vectors()
    n, k = len(shown), min(NEIGHBORS, len(shown) - 1)
    cosines, ids = projecting.neighbors(units, k)
    counts, counted = shown.vocabulary.counts.tolist(), shown.vocabulary.has_counts
    found = [coloring.clusters(units, shown.words, seed=seed), coloring.frequency(counts) if counted else None]
    colors = [column for column in found if column is not None]
    colors += [coloring.own(name, values, shown.words) for name, values in (columns or {}).items()]
    which = "the most frequent" if vectors.vocabulary.has_counts else "the first in the file"
    of_all = "" if len(most_frequent) == len(vectors) else f" of {len(vectors):,}, {which}"
    missing = f" {left_out:,} left out: their vectors are not finite (NaN or infinite)." if left_out else ""
    about_words = f"{n:,} words{of_all}; {vectors.vector_size} dimensions.{missing}"
    about_colors = [
        f"Lines and cosines: nearest of these words in all {vectors.vector_size} dimensions.",
        *(["Clusters: k-means in all dimensions, named by three of their words."] if found[0] else []),
        f"Made by firth {__version__}.",
    ]
    data = {
        "words": shown.words,
        "counts": counts if counted else None,
        "neighbors": {
            "count": k,
            "ids": as_text(ids),
            "cosines": as_text(np.round((np.clip(np.nan_to_num(cosines), -1, 1) + 1) * 32_767.5)),
        },
        "columns": [
            vars(column) | {"kind": "category" if column.labels else "number", "codes": as_text(column.codes)}
            for column in colors
        ],
        "color": len(colors) - 1 if columns else 0,
    }

    def page(*projections: projecting.Projection) -> Page:
        made = [about_words, *(p.made for p in reversed(projections)), *about_colors]
        drawn = {p.name: projecting.on_the_map(p.positions * [1, -1]) for p in projections}
        maps = [{"name": name, "places": as_text(positions)} for name, positions in drawn.items()]
        return assemble(title, data | {"projections": maps, "made": "\n".join(made)})

    by_pca = projecting.pca(units)
    yield page(by_pca)
    if projection == "tsne":
        threads = threads or usable_threads()
        yield page(by_pca, projecting.tsne(units, by_pca.positions, seed=seed, threads=threads, report=report))
