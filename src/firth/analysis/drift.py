"""What becomes of stored vectors when a model is trained again: per word and in all, beside what another seed does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from firth.analysis.alignment import (
    align,
    common_with_neighbors,
    common_words,
    refuse_other_sizes,
    restricted,
    rotation_between,
    texts_asked,
    typed,
    unit_rows,
)
from firth.arrays import Float32, Float64, Int64
from firth.data_frames import Ranking, Tabular
from firth.errors import FirthError, shortened
from firth.html_table import html_table, of_words
from firth.missing_values import text_of
from firth.vectors.nearest import nearest
from firth.vectors.word_vectors import WordVectors, refuse_other_than_vectors

MEASURES = ("cosine", "kept", "answered")


class Moves(NamedTuple):
    """How far each of n words is from where it was: `cosine`, `kept` and `answered`, each (n,) float64."""

    cosine: Float64
    kept: Float64
    answered: Float64

    def means(self) -> dict[str, float]:
        """The mean of each measure over all words."""
        return {name: float(np.mean(values)) for name, values in zip(self._fields, self, strict=True)}


@dataclass(frozen=True, eq=False, repr=False)
class Drift(Tabular):
    """How far today's vectors are from yesterday's, per word and in all.

    Parameters
    ----------
    words : list of n words
        Those that were compared, which both models know; numbers where they are in both.
    cosine : (n,) float64 array
        Of each word's vector today with its vector yesterday, as they are: -1 to 1.
    kept : (n,) float64 array
        The share of yesterday's `topn` neighbors that are among today's.
    answered : (n,) float64 array
        The share of yesterday's `topn` neighbors that yesterday's vector, as a query, finds among today's vectors.
    topn : int
        How many neighbors were compared.
    aligned_cosine : float
        The mean cosine that `firth.align` would give; NaN where too few words are shared for it.
    new, gone : int
        How many words only today's model knows, and how many only yesterday's.
    baseline : Drift or None
        The same between two trainings of one day with different seeds: what moves no more than that has not moved.
    """

    words: list[Any]
    cosine: Float64
    kept: Float64
    answered: Float64
    topn: int
    aligned_cosine: float
    new: int
    gone: int
    baseline: Drift | None = None

    def means(self) -> dict[str, float]:
        """The means of `cosine`, `kept` and `answered` over all words, by name."""
        return Moves(self.cosine, self.kept, self.answered).means()

    def most_drifted(self, n: int = 10, *, by: str = "kept") -> Ranking:
        """The words that drifted farthest, as (word, measure), the farthest first.

        With a baseline, words are ordered by how much less of the measure is left than there.

        Parameters
        ----------
        n : int
            How many.
        by : {"cosine", "kept", "answered"}
            The measure.

        Raises
        ------
        ValueError
            For another measure.
        """
        if by not in MEASURES:
            raise ValueError(f"drift is measured by {', '.join(MEASURES)}, not {shortened(by)}")
        left: Float64 = getattr(self, by)
        beyond = left if self.baseline is None else left - getattr(self.baseline, by)
        order = np.lexsort((self.cosine, beyond))[:n].tolist()
        return Ranking(((self.words[i], float(left[i])) for i in order), by)

    def rows(self, words: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The word, its cosine, kept and answered; with a baseline, the same three of that; for each of some words.

        Parameters
        ----------
        words : list of words

        Raises
        ------
        FirthError
            For a word that was not compared.
        """
        asked = texts_asked(words)
        places = {text_of(word): i for i, word in enumerate(self.words)}
        if missing := [text for text in asked if text not in places]:
            raise FirthError(
                f"{shortened(missing[0])} was not compared: it is not in both models, or was not asked for"
            )
        named, *arrays = self._columns().values()
        rows = [places[text] for text in asked]
        return [(named[row], *(float(array[row]) for array in arrays)) for row in rows]

    @property
    def header(self) -> tuple[str, ...]:
        """The names of what `rows` gives."""
        return tuple(self._columns())

    def _columns(self) -> dict[str, Any]:
        more = {} if self.baseline is None else {f"baseline_{n}": getattr(self.baseline, n) for n in MEASURES}
        return {"word": self.words} | {name: getattr(self, name) for name in MEASURES} | more

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self) -> str:
        means = ", ".join(
            f"{name} {value:.4f}" + ("" if self.baseline is None else f" ({self.baseline.means()[name]:.4f} by seed)")
            for name, value in self.means().items()
        )
        return f"Drift({len(self):,} words, {self.topn:,} neighbors, {means})"

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.header, of_words(self.rows([word for word, _ in self.most_drifted()])))


def drift(
    today: WordVectors,
    yesterday: WordVectors,
    *,
    topn: int = 10,
    words: str | Sequence[Any] | None = None,
    baseline: WordVectors | None = None,
) -> Drift:
    """How far a model is from yesterday's, for those who stored vectors or queries of yesterday's.

    Nothing is turned first: `firth.align` does that, and it is what brings the cosines up. Neighbors are sought among
    the words that both models know with finite vectors.

    Parameters
    ----------
    today, yesterday
        Models, or word vectors, of the same dimension.
    topn
        How many neighbors to compare.
    words
        The words to compare; by default all that both models know.
    baseline
        A second training of yesterday's text, with another seed. It is aligned with `yesterday` and compared with it,
        to say how much of the drift is mere chance.

    Returns
    -------
    Drift
        Arrays (n,) float64 of `words`: `cosine`, `kept` and `answered`; `means()`, `most_drifted(n)`, and `baseline`.

    Raises
    ------
    FirthError
        If the dimensions differ, too few words are shared, or one of `words` is not in all of the models.

    Examples
    --------
    >>> old, new = (firth.train("corpus.txt", vector_size=4, seed=seed, epochs=3, progress=False) for seed in (1, 2))
    >>> found = firth.drift(firth.align(new, old), old, topn=3)
    >>> sorted(found.means())
    ['answered', 'cosine', 'kept']
    """
    refuse_other_than_vectors(today=today, yesterday=yesterday, baseline=yesterday if baseline is None else baseline)
    refuse_other_sizes(today, yesterday)
    today, yesterday = today.finite(), yesterday.finite()
    models = [yesterday, today]
    if baseline is not None:
        models.append(align(baseline.finite(), yesterday))
    common = common_with_neighbors(models, topn)
    asked = common if words is None else _asked(words, set(common))
    before, after, *refit = (restricted(model, common) for model in models)
    rows = np.array([before.vocabulary.ids[word] for word in asked], np.int64)
    earlier = _neighbors(before.unit_vectors()[rows], before, rows, topn)
    moved = _moves(after, before, rows, earlier)
    asked, of_seed = typed(asked, [before, after]), None
    if refit:
        moves = _moves(refit[0], before, rows, earlier)
        of_seed = Drift(asked, *moves, topn, _aligned_cosine(refit[0], before), 0, 0)
    shared = len(common_words([today, yesterday]))
    new, gone = len(today) - shared, len(yesterday) - shared
    return Drift(asked, *moved, topn, _aligned_cosine(after, before), new, gone, of_seed)


def _asked(words: str | Sequence[Any], known: set[str]) -> list[str]:
    """The words to compare, as text."""
    asked = texts_asked(words)
    if not asked:
        raise ValueError("there is no drift of no words: leave words out to compare all")
    for word in asked:
        if word not in known:
            raise FirthError(f"{shortened(word)} is not in all of the models, or its vector is not finite")
    return asked


def _moves(after: WordVectors, before: WordVectors, rows: Int64, earlier: Int64) -> Moves:
    """What became of the words at some rows of two models with the same words, whose neighbors were `earlier` ones."""
    topn = earlier.shape[1]
    cosine: Float64 = np.einsum("ij,ij->i", unit_rows(before)[rows], unit_rows(after)[rows])
    kept = _shared(earlier, _neighbors(after.unit_vectors()[rows], after, rows, topn))
    return Moves(cosine, kept, _shared(earlier, _neighbors(before.unit_vectors()[rows], after, rows, topn)))


def _neighbors(queries: Float32, among: WordVectors, rows: Int64, topn: int) -> Int64:
    """The rows (n, topn) of the words nearest to queries (n, d), each without the word whose row (n,) it is."""
    return nearest(queries, among.vectors, among.inverse_norms, rows[:, None].tolist(), topn)[1]


def _shared(one: Int64, other: Int64) -> Float64:
    """The share of each row's numbers (n, k) that are in the same row of another (n, k), (n,)."""
    offsets = np.arange(len(one))[:, None] * (max(int(one.max()), int(other.max())) + 1)
    found: Float64 = np.isin(one + offsets, other + offsets).mean(axis=1)
    return found


def _aligned_cosine(after: WordVectors, before: WordVectors) -> float:
    """The mean cosine of words, of which both models have the same, when one is turned onto the other."""
    if len(after) < after.vector_size:
        return math.nan
    a, b = unit_rows(after), unit_rows(before)
    return float(np.einsum("ij,ij->i", a @ rotation_between(a, b), b).mean())
