"""How good vectors are, by the field's test sets: word similarity, analogies, outliers.

The files are read as they are published. Words are compared without regard to case, and only the most frequent are
looked at, as gensim does: the scores are the same as its to four digits. Words whose vectors are not finite are
unknown.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from firth.analysis import scores
from firth.analysis.correlation import interval, p_value, pearson, spearman
from firth.analysis.test_sets import content_lines, is_number, read_pairs, text_lines
from firth.errors import FormatError, shortened
from firth.vectors.nearest import unit_rows
from firth.vectors.word_vectors import WordVectors, refuse_other_than_vectors

FIRST_WORDS = 300_000
"""Words looked at by default: gensim's cut."""
QUESTIONS = 32
"""Analogies answered by one matrix product."""
LINES_THAT_TELL = 20
"""Lines by which a test set is known."""
TINY = 1e-6
"""Keeps 3CosMul from dividing by zero: gensim's number."""


Unknown = Literal["skip", "wrong"]
"""What becomes of questions with unknown words: they are left out, or count as answered wrong."""


def evaluate(
    vectors: WordVectors,
    path: str | Path,
    *,
    first_words: int = FIRST_WORDS,
    columns: Sequence[int] | None = None,
    unknown: Unknown = "skip",
    case_sensitive: bool = False,
) -> scores.Score:
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
        For pairs: where the two words and the score are, counted from 1, such as (2, 4, 8) for SCWS. A file
        that is read with columns is of pairs, unless it begins with a section of analogies.
    unknown
        What becomes of questions with words that are unknown: "skip" leaves them out, "wrong" counts analogies and
        outliers as answered wrong, and gives pairs the cosine 0. The score then is of the whole test set, and models
        with other words can be compared.
    case_sensitive
        Whether King and king are two words.

    Returns
    -------
    PairScore, AnalogyScore or OutlierScore
        Their `answers` list each pair, question or group, with what the vectors say of it.

    Raises
    ------
    FormatError
        For a file that is none of these (with the line), or whose columns cannot be told apart (with those seen).
    """
    refuse_other_than_vectors(vectors=vectors)
    path = Path(path)
    if first_words < 1:
        raise ValueError(f"first_words must be 1 or more, not {first_words}")
    if unknown not in {"skip", "wrong"}:
        raise ValueError(f"unknown must be 'skip' or 'wrong', not {shortened(unknown)}")
    words = _Words(vectors.first(first_words).finite(), case_sensitive)
    if path.is_dir():
        return _outliers(words, path, unknown)
    lines = [line for _, line in itertools.islice(content_lines(path), LINES_THAT_TELL)]
    if not lines:
        raise FormatError(f"{path} is empty: there is nothing to evaluate by")
    if columns is not None and not lines[0].startswith(":"):
        return _word_pairs(words, path, unknown, columns)
    fields = [line.split() for line in lines]
    widths = {len(some) for some in fields}
    has_numbers = any(is_number(field.strip('"')) for some in fields for field in some)
    if lines[0].startswith(":") or (widths == {4} and not has_numbers):
        return _analogies(words, path, unknown)
    marked = any("," in line or ";" in line for line in lines)
    if max(widths) == 1 and not marked:
        return _outliers(words, path, unknown)
    if max(widths) == 2 and not marked and not has_numbers:
        raise FormatError(
            f"{path} has two words a line and no score. Pairs need people's score behind them: sun sunlight 50.0. Of"
            " lists of pairs such as BATS's, write two pairs a line, as a question: album albums apple apples"
        )
    return _word_pairs(words, path, unknown)


def _word_pairs(words: _Words, path: Path, unknown: Unknown, columns: Sequence[int] | None = None) -> scores.PairScore:
    """The correlation with people's scores, over the pairs whose words are known.

    The interval is Fisher's, with the variance of Fieller, Hartley and Pearson (1957): 1.06 / (n - 3).
    """
    vectors, answers = words.vectors, []
    for _, pair in read_pairs(path, words.has, columns):
        i, j = words.find(pair.first), words.find(pair.second)
        cosine = None
        if i is not None and j is not None:
            cosine = vectors.similarity(vectors.words[i], vectors.words[j])
        answers.append(scores.PairAnswer(pair.first, pair.second, pair.score, cosine))
    known_pairs = sum(answer.cosine is not None for answer in answers)
    if known_pairs < 2:
        raise FormatError(f"of the {len(answers):,} pairs in {path}, {known_pairs} have words that are known")
    asked = [answer for answer in answers if answer.cosine is not None or unknown == "wrong"]
    theirs, ours = np.array([answer.score for answer in asked]), np.array([answer.cosine or 0.0 for answer in asked])
    ranks, linear = spearman(theirs, ours), pearson(theirs, ours)
    return scores.PairScore(
        path.stem,
        ranks,
        *interval(ranks, len(asked), "spearman"),
        len(asked),
        len(answers) - known_pairs,
        p_value(ranks, len(asked)),
        linear,
        p_value(linear, len(asked)),
        tuple(answers),
    )


def _analogies(words: _Words, path: Path, unknown: Unknown) -> scores.AnalogyScore:
    """Answers to "a is to b as c is to …?" among the most frequent words, a, b and c themselves left out.

    3CosAdd takes the greatest cos(d, b - a + c) (Mikolov, Yih and Zweig 2013), 3CosMul the greatest
    cos(d, b) · cos(d, c) / cos(d, a) with cosines moved to 0 … 1 (Levy and Goldberg 2014, eq. 5).
    """
    vectors, sections = words.vectors, []
    units = vectors.unit_vectors()
    for name, questions in _questions(path):
        known = [place for place, question in enumerate(questions) if all(map(words.has, question))]
        answers = [scores.AnalogyAnswer(q[:3], q[3], None, None, False, False) for q in questions]
        for start in range(0, len(known), QUESTIONS):
            part = known[start : start + QUESTIONS]
            a, b, c = (units[[words.same(questions[place][i])[0] for place in part]] @ units.T for i in range(3))
            by_adding = b - a + c
            by_multiplying = (1 + b) * (1 + c) / 4 / ((1 + a) / 2 + TINY)
            for row, place in enumerate(part):
                asked = [i for word in questions[place][:3] for i in words.same(word)]
                by_adding[row, asked] = by_multiplying[row, asked] = -np.inf
                wanted = answers[place].wanted
                add, mul = (vectors.words[int(some[row].argmax())] for some in (by_adding, by_multiplying))
                are_right = (words.are_same(add, wanted), words.are_same(mul, wanted))
                answers[place] = scores.AnalogyAnswer(answers[place].question, wanted, add, mul, *are_right)
        right = (sum(answer.right_add for answer in answers), sum(answer.right_mul for answer in answers))
        asked_here = len(known) if unknown == "skip" else len(questions)
        sections.append(scores.Section(name, asked_here, len(questions) - len(known), *right, tuple(answers)))
    asked_in_all = sum(section.questions for section in sections)
    missing = sum(section.missing for section in sections)
    if missing == sum(len(section.answers) for section in sections):
        raise FormatError(f"none of the {missing:,} analogies in {path} has words that are all known")
    add, mul = (sum(getattr(s, right) for s in sections) / asked_in_all for right in ("right_add", "right_mul"))
    return scores.AnalogyScore(path.stem, add, mul, asked_in_all, missing, len(vectors), tuple(sections))


def _outliers(words: _Words, path: Path, unknown: Unknown) -> scores.OutlierScore:
    """Find the word that does not belong (Camacho-Collados and Navigli 2016).

    A word's compactness is the mean cosine between the others of its group: it is greatest without the outlier.
    """
    vectors = words.vectors
    positions, answers = [], []
    for belonging, strangers in _groups(path):
        known = [(word, i) for word in belonging if (i := words.find(word)) is not None]
        for stranger in strangers:
            i = words.find(stranger)
            if i is None or len(known) < 2:
                answers.append(scores.OutlierAnswer(tuple(belonging), stranger, None))
                continue
            group = [*(row for _, row in known), i]
            units = unit_rows(vectors.vectors[group], vectors.inverse_norms[group])
            cosines = (units @ units.T).astype(np.float64)
            np.fill_diagonal(cosines, 0)
            compactness = cosines.sum() - 2 * cosines.sum(axis=1)
            position = int((compactness[:-1] < compactness[-1]).sum())
            positions.append(position / len(known))
            guess = stranger if position == len(known) else known[int(compactness[:-1].argmax())][0]
            answers.append(scores.OutlierAnswer(tuple(belonging), stranger, guess))
    missing = len(answers) - len(positions)
    if not positions:
        raise FormatError(f"none of the {missing:,} outliers in {path} has words that are known")
    asked = len(positions) if unknown == "skip" else len(answers)
    right = sum(position == 1 for position in positions)
    return scores.OutlierScore(path.stem, right / asked, sum(positions) / asked, asked, missing, tuple(answers))


class _Words:
    """The most frequent words: of those that differ in case alone, the most frequent, unless case counts."""

    def __init__(self, vectors: WordVectors, case_sensitive: bool):
        self.vectors = vectors
        self.fold: Callable[[str], str] = str if case_sensitive else str.upper
        self.rows: dict[str, list[int]] = {}
        for row, word in enumerate(vectors.words):
            self.rows.setdefault(self.fold(word), []).append(row)

    def has(self, word: str) -> bool:
        """Whether it is known."""
        return self.fold(word) in self.rows

    def find(self, word: str) -> int | None:
        """The row of a word; None if it is unknown."""
        return next(iter(self.same(word)), None)

    def same(self, word: str) -> list[int]:
        """The rows of all that differ in case alone."""
        return self.rows.get(self.fold(word), [])

    def are_same(self, one: str, other: str) -> bool:
        """Whether two words are one."""
        return self.fold(one) == self.fold(other)


def _questions(path: Path) -> Iterator[tuple[str, list[tuple[str, str, str, str]]]]:
    """The sections, with their questions."""
    name = ""
    questions: list[tuple[str, str, str, str]] = []
    for number, line in content_lines(path):
        if line.startswith(":"):
            if questions:
                yield name, questions
            name, questions = line[1:].strip(), []
            continue
        words = line.split()
        if len(words) != 4:
            raise FormatError(f"{path}, line {number:,}: wanted four words, got {len(words)}: {shortened(line)}")
        questions.append((words[0], words[1], words[2], words[3]))
    if questions:
        yield name, questions


def _groups(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """The words that belong together, and those that do not, of each file."""
    paths = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    if not paths:
        raise FormatError(f"there are no files in {path}")
    for one in paths:
        parts: list[list[str]] = [[]]
        for line in text_lines(one):
            if line.strip():
                parts[-1].append(line.strip())
            elif parts[-1]:
                parts.append([])
        parts = [part for part in parts if part]
        if len(parts) != 2:
            raise FormatError(f"{one}: wanted words that belong together, an empty line, and outliers")
        yield parts[0], parts[1]
