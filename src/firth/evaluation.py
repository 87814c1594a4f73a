"""How good vectors are, by the field's test sets: word similarity, analogies, outliers.

The files are read as they are published. Words are compared without regard to case, and only the most frequent are
looked at, as gensim does: the scores are the same as its to four digits.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import FormatError
from firth.test_sets import content_lines, is_number, read_pairs, text_lines
from firth.vectors import WordVectors

FIRST_WORDS = 300_000
"""Words looked at by default: gensim's cut."""
QUESTIONS = 32
"""Analogies answered by one matrix product."""
LINES_THAT_TELL = 20
"""Lines by which a test set is known."""
TINY = 1e-6
"""Keeps 3CosMul from dividing by zero: gensim's number."""
NORMAL_95 = 1.959964

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Float64 = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class PairScore:
    """Spearman's correlation of the cosines of word pairs with people's scores; `low` and `high` bound it by 95%."""

    name: str
    spearman: float
    low: float
    high: float
    pairs: int
    missing: int


@dataclass(frozen=True)
class Section:
    """A section of analogies: how many could be asked, and were answered right by adding or by multiplying cosines."""

    name: str
    questions: int
    missing: int
    right_add: int
    right_mul: int

    @property
    def add(self) -> float | None:
        """The share answered right by 3CosAdd; None if nothing could be asked."""
        return self.right_add / self.questions if self.questions else None

    @property
    def mul(self) -> float | None:
        """The share answered right by 3CosMul; None if nothing could be asked."""
        return self.right_mul / self.questions if self.questions else None


@dataclass(frozen=True)
class AnalogyScore:
    """Shares of analogies answered right, of those whose words are all known: 3CosAdd and 3CosMul."""

    name: str
    add: float
    mul: float
    questions: int
    missing: int
    first_words: int
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class OutlierScore:
    """How often the word that does not belong is found, and how near to the end it is on average (both 0 to 1)."""

    name: str
    accuracy: float
    position: float
    groups: int
    missing: int


Score = PairScore | AnalogyScore | OutlierScore


def evaluate(
    vectors: WordVectors,
    path: str | Path,
    *,
    first_words: int = FIRST_WORDS,
    columns: Sequence[int] | None = None,
) -> Score:
    """Score vectors by a test set: what it is, its lines tell.

    - Pairs: two words and a number a line (WordSim-353, SimLex-999, MEN), columns by tabs, commas, semicolons or
      spaces; a header is skipped. Which columns are meant, their content tells.
    - Analogies: `: section` lines, and four words a line (Google's questions-words, BATS in that form).
    - Outliers: groups of words that belong together, one a line, an empty line, and the outliers (8-8-8): one file a
      group, or a folder of these.

    Parameters
    ----------
    vectors
        Word vectors, or a model.
    path
        The test set: a file, or a folder of outliers.
    first_words
        How many words are looked at: the most frequent.
    columns
        For pairs: where the two words and the score are, counted from 1, such as (2, 4, 8) for SCWS.

    Raises
    ------
    FormatError
        For a file that is none of these (with the line), or whose columns cannot be told apart (with those seen).
    """
    path = Path(path)
    if first_words < 1:
        raise ValueError(f"first_words must be 1 or more, not {first_words}")
    if columns is not None:
        return word_pairs(vectors, path, first_words=first_words, columns=columns)
    if path.is_dir():
        return outliers(vectors, path, first_words=first_words)
    lines = [line for _, line in itertools.islice(content_lines(path), LINES_THAT_TELL)]
    if not lines:
        raise FormatError(f"{path} is empty: there is nothing to evaluate by")
    fields = [line.split() for line in lines]
    words = [len(some) for some in fields]
    has_numbers = any(is_number(field.strip('"')) for some in fields for field in some)
    if lines[0].startswith(":") or (set(words) == {4} and not has_numbers):
        return analogies(vectors, path, first_words=first_words)
    marked = any("," in line or ";" in line for line in lines)
    if max(words) == 1 and not marked:
        return outliers(vectors, path, first_words=first_words)
    if max(words) == 2 and not marked and not has_numbers:
        raise FormatError(
            f"{path} has two words a line and no score. Pairs need people's score behind them: sun sunlight 50.0. Of"
            " lists of pairs such as BATS's, write two pairs a line, as a question: album albums apple apples"
        )
    return word_pairs(vectors, path, first_words=first_words)


def word_pairs(
    vectors: WordVectors,
    path: str | Path,
    *,
    first_words: int = FIRST_WORDS,
    columns: Sequence[int] | None = None,
) -> PairScore:
    """Spearman's correlation with people's scores, over the pairs whose words are known.

    The interval is Fisher's, with the variance of Fieller, Hartley and Pearson (1957): 1.06 / (n - 3).
    """
    path = Path(path)
    index = _index(vectors, first_words)
    theirs, ours, missing = [], [], 0
    for _, pair in read_pairs(path, lambda word: word.upper() in index, columns):
        i, j = index.get(pair.first.upper()), index.get(pair.second.upper())
        if i is None or j is None:
            missing += 1
            continue
        theirs.append(pair.score)
        ours.append(vectors.similarity(vectors.words[i], vectors.words[j]))
    if len(theirs) < 2:
        raise FormatError(f"of the {missing + len(theirs):,} pairs in {path}, {len(theirs)} have words that are known")
    correlation = spearman(np.array(theirs), np.array(ours))
    low, high = _interval(correlation, len(theirs))
    return PairScore(path.stem, correlation, low, high, len(theirs), missing)


def analogies(vectors: WordVectors, path: str | Path, *, first_words: int = FIRST_WORDS) -> AnalogyScore:
    """Answers to "a is to b as c is to …?" among the most frequent words, a, b and c themselves left out.

    3CosAdd takes the greatest cos(d, b - a + c) (Mikolov, Yih and Zweig 2013), 3CosMul the greatest
    cos(d, b) · cos(d, c) / cos(d, a) with cosines moved to 0 … 1 (Levy and Goldberg 2014, eq. 5).
    """
    path = Path(path)
    vectors = vectors.first(first_words)
    index = _index(vectors, first_words)
    folded = [word.upper() for word in vectors.words]
    same: dict[str, list[int]] = {}
    for i, word in enumerate(folded):
        same.setdefault(word, []).append(i)
    units = vectors.vectors * vectors.inverse_norms[:, None]
    sections = []
    for name, questions in _questions(path):
        known = [q for q in questions if all(word in index for word in q)]
        right_add = right_mul = 0
        for start in range(0, len(known), QUESTIONS):
            part = known[start : start + QUESTIONS]
            a, b, c = (units[[index[q[i]] for q in part]] @ units.T for i in range(3))
            by_adding = b - a + c
            by_multiplying = (1 + b) * (1 + c) / 4 / ((1 + a) / 2 + TINY)
            for row, question in enumerate(part):
                asked = [i for word in question[:3] for i in same[word]]
                by_adding[row, asked] = by_multiplying[row, asked] = -np.inf
            wanted = [q[3] for q in part]
            right_add += sum(folded[i] == w for i, w in zip(by_adding.argmax(axis=1), wanted, strict=True))
            right_mul += sum(folded[i] == w for i, w in zip(by_multiplying.argmax(axis=1), wanted, strict=True))
        sections.append(Section(name, len(known), len(questions) - len(known), right_add, right_mul))
    asked_in_all = sum(section.questions for section in sections)
    missing = sum(section.missing for section in sections)
    if not asked_in_all:
        raise FormatError(f"none of the {missing:,} analogies in {path} has words that are all known")
    add, mul = (sum(getattr(s, right) for s in sections) / asked_in_all for right in ("right_add", "right_mul"))
    return AnalogyScore(path.stem, add, mul, asked_in_all, missing, len(vectors), tuple(sections))


def outliers(vectors: WordVectors, path: str | Path, *, first_words: int = FIRST_WORDS) -> OutlierScore:
    """Find the word that does not belong (Camacho-Collados and Navigli 2016).

    A word's compactness is the mean cosine between the others of its group: it is greatest without the outlier.
    """
    path = Path(path)
    index = _index(vectors, first_words)
    found, positions, missing = [], [], 0
    for belonging, strangers in _groups(path):
        ids = [index[word] for word in belonging if word in index]
        for stranger in strangers:
            if stranger not in index or len(ids) < 2:
                missing += 1
                continue
            group = [*ids, index[stranger]]
            units = vectors.vectors[group] * vectors.inverse_norms[group, None]
            cosines = (units @ units.T).astype(np.float64)
            np.fill_diagonal(cosines, 0)
            compactness = cosines.sum() - 2 * cosines.sum(axis=1)
            position = int((compactness[:-1] < compactness[-1]).sum())
            found.append(position == len(ids))
            positions.append(position / len(ids))
    if not found:
        raise FormatError(f"none of the {missing:,} outliers in {path} has words that are known")
    return OutlierScore(path.stem, float(np.mean(found)), float(np.mean(positions)), len(found), missing)


def spearman(a: Float64, b: Float64) -> float:
    """Spearman's rank correlation; equal numbers share their mean rank. NaN where all are equal."""
    ranks = [_ranks(np.asarray(values, np.float64)) for values in (a, b)]
    a, b = (rank - rank.mean() for rank in ranks)
    with np.errstate(invalid="ignore"):
        return float((a @ b) / np.sqrt((a @ a) * (b @ b)))


def _ranks(values: Float64) -> Float64:
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Float64 = (ends - (counts - 1) / 2)[which]
    return ranks


def _interval(correlation: float, n: int) -> tuple[float, float]:
    if math.isnan(correlation) or n <= 3:
        return -1.0, 1.0
    if abs(correlation) >= 1:
        return correlation, correlation
    z, half = math.atanh(correlation), NORMAL_95 * math.sqrt(1.06 / (n - 3))
    return math.tanh(z - half), math.tanh(z + half)


def _index(vectors: WordVectors, first_words: int) -> dict[str, int]:
    """The row of each word, without regard to case: of the most frequent of those that differ in it."""
    return {word.upper(): i for i, word in reversed(list(enumerate(vectors.words[:first_words])))}


def _questions(path: Path) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """The sections, with their questions in upper case."""
    name = ""
    questions: list[tuple[str, ...]] = []
    for number, line in content_lines(path):
        if line.startswith(":"):
            if questions:
                yield name, questions
            name, questions = line[1:].strip(), []
            continue
        question = tuple(line.upper().split())
        if len(question) != 4:
            raise FormatError(f"{path}, line {number:,}: wanted four words, got {len(question)}: {line[:60]!r}")
        questions.append(question)
    if questions:
        yield name, questions


def _groups(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """The words that belong together, and those that do not, of each file; in upper case."""
    paths = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    if not paths:
        raise FormatError(f"there are no files in {path}")
    for one in paths:
        parts: list[list[str]] = [[]]
        for line in text_lines(one):
            if line.strip():
                parts[-1].append(line.strip().upper())
            elif parts[-1]:
                parts.append([])
        parts = [part for part in parts if part]
        if len(parts) != 2:
            raise FormatError(f"{one}: wanted words that belong together, an empty line, and outliers")
        yield parts[0], parts[1]
