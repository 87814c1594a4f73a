"""What test sets come to: scores with every answer, and how they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firth.data_frames import Tabular
from firth.errors import shortened
from firth.html_table import html_table


@dataclass(frozen=True)
class PairAnswer:
    """Two words, people's score, and the cosine of their vectors; None where a word is unknown."""

    first: str
    second: str
    score: float
    cosine: float | None


@dataclass(frozen=True, repr=False)
class PairScore(Tabular):
    """Correlation of the cosines of word pairs with people's scores.

    Parameters
    ----------
    name : str
        The test set's.
    spearman, pearson : float
        The correlations.
    low, high : float
        The bounds of Spearman's correlation, with 95% certainty.
    pairs, missing : int
        How many pairs were scored, and how many have unknown words.
    spearman_p, pearson_p : float
        The p-values, two-sided.
    answers : tuple of PairAnswer
        Every pair, in the file's order.
    """

    name: str
    spearman: float
    low: float
    high: float
    pairs: int
    missing: int
    spearman_p: float
    pearson: float
    pearson_p: float
    answers: tuple[PairAnswer, ...]

    def _columns(self) -> dict[str, Any]:
        return {name: [getattr(a, name) for a in self.answers] for name in ("first", "second", "score", "cosine")}

    def __repr__(self) -> str:
        spearman = f"Spearman {self.spearman:.4f} ({self.low:.4f} to {self.high:.4f})"
        counts = _counts(self.pairs, "pairs", self.missing)
        return f"PairScore({_name(self)}: {spearman}, Pearson {self.pearson:.4f}, {counts})"

    def _repr_html_(self) -> str:
        rows = [
            ("Spearman", self.spearman, self.low, self.high, self.spearman_p),
            ("Pearson", self.pearson, None, None, self.pearson_p),
        ]
        return html_table(repr(self), ("measure", "correlation", "low", "high", "p"), rows)


@dataclass(frozen=True)
class AnalogyAnswer:
    """A question "a is to b as c is to …?" and its answers, by adding and by multiplying; None: a word is unknown."""

    question: tuple[str, str, str]
    wanted: str
    add: str | None
    mul: str | None
    right_add: bool
    right_mul: bool


@dataclass(frozen=True, repr=False)
class Section:
    """A section of analogies: how many could be asked, and were answered right by adding or by multiplying cosines.

    `answers` has every question, in the file's order.
    """

    name: str
    questions: int
    missing: int
    right_add: int
    right_mul: int
    answers: tuple[AnalogyAnswer, ...]

    @property
    def add(self) -> float | None:
        """The share answered right by 3CosAdd; None if nothing could be asked."""
        return self.right_add / self.questions if self.questions else None

    @property
    def mul(self) -> float | None:
        """The share answered right by 3CosMul; None if nothing could be asked."""
        return self.right_mul / self.questions if self.questions else None

    def __repr__(self) -> str:
        counts = _counts(self.questions, "questions", self.missing)
        return f"Section({_name(self)}: {_shares(self.add, self.mul)}{counts})"


@dataclass(frozen=True, repr=False)
class AnalogyScore(Tabular):
    """Shares of analogies answered right.

    Parameters
    ----------
    name : str
        The test set's.
    add, mul : float
        The shares answered right by 3CosAdd and by 3CosMul, 0 to 1.
    questions, missing : int
        How many analogies were asked, and how many have unknown words.
    first_words : int
        How many words were looked at.
    sections : tuple of Section
    """

    name: str
    add: float
    mul: float
    questions: int
    missing: int
    first_words: int
    sections: tuple[Section, ...]

    def _columns(self) -> dict[str, Any]:
        asked = [(section.name, answer) for section in self.sections for answer in section.answers]
        columns: dict[str, Any] = {"section": [name for name, _ in asked]}
        columns |= {name: [answer.question[i] for _, answer in asked] for i, name in enumerate("abc")}
        given = ("wanted", "add", "mul", "right_add", "right_mul")
        return columns | {name: [getattr(answer, name) for _, answer in asked] for name in given}

    def __repr__(self) -> str:
        counts = _counts(self.questions, "questions", self.missing)
        sections = f"{len(self.sections):,} section{'' if len(self.sections) == 1 else 's'}"
        return f"AnalogyScore({_name(self)}: {_shares(self.add, self.mul)}{counts}, {sections})"

    def _repr_html_(self) -> str:
        rows = [(s.name, s.add, s.mul, s.questions, s.missing) for s in self.sections]
        return html_table(repr(self), ("section", "3CosAdd", "3CosMul", "questions", "unknown words"), rows)


@dataclass(frozen=True)
class OutlierAnswer:
    """A group, the word that does not belong, and the one that seems not to; None where that cannot be told."""

    group: tuple[str, ...]
    wanted: str
    found: str | None


@dataclass(frozen=True, repr=False)
class OutlierScore(Tabular):
    """How often the word that does not belong is found.

    Parameters
    ----------
    name : str
        The test set's.
    accuracy : float
        The share of outliers that were found, 0 to 1.
    position : float
        How near to the end of its group the outlier is on average, 0 to 1.
    groups, missing : int
        How many outliers were looked for, and how many could not be, for unknown words.
    answers : tuple of OutlierAnswer
        Every group with each of its outliers.
    """

    name: str
    accuracy: float
    position: float
    groups: int
    missing: int
    answers: tuple[OutlierAnswer, ...]

    def _columns(self) -> dict[str, Any]:
        groups = {"group": [list(answer.group) for answer in self.answers]}
        return groups | {name: [getattr(answer, name) for answer in self.answers] for name in ("wanted", "found")}

    def __repr__(self) -> str:
        shares = f"accuracy {self.accuracy:.4f}, mean position {self.position:.4f}"
        return f"OutlierScore({_name(self)}: {shares}, {_counts(self.groups, 'outliers', self.missing)})"

    def _repr_html_(self) -> str:
        rows = [(self.accuracy, self.position, self.groups, self.missing)]
        return html_table(repr(self), ("accuracy", "mean position", "outliers", "unknown words"), rows)


Score = PairScore | AnalogyScore | OutlierScore


def _name(score: Score | Section) -> str:
    return shortened(score.name)


def _shares(add: float | None, mul: float | None) -> str:
    """The shares of analogies answered right, where some could be asked."""
    return "" if add is None or mul is None else f"3CosAdd {add:.4f}, 3CosMul {mul:.4f}, "


def _counts(asked: int, what: str, missing: int) -> str:
    """How many were asked, and how many have unknown words."""
    return f"{asked:,} {what}, {missing:,} with unknown words"
