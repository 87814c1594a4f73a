"""What words on a map are colored by: how frequent they are, the cluster they are in, and columns of the user's."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Float32, UInt16
from firth.errors import FormatError, shortened
from firth.missing_values import text_of_word
from firth.vocabulary import Interner

MISSING = 65_535
"""The code of a word that a column says nothing about."""
MOST_LABELS = 20
"""Labels with a color of their own; the rest is "other"."""
WORDS_IN_A_CLUSTER = 50
"""At least, on average."""
NAMED_BY = 40
"""The most frequent words of a cluster, of which three name it."""
FEW_NUMBERS = 12
"""Numbers of so few kinds are labels: years, grades, yes and no."""


@dataclass(frozen=True)
class Column:
    """A color for each word: `codes` (n,) are positions in `labels`, or 0 to 65,534 between `low` and `high`."""

    name: str
    codes: UInt16
    labels: tuple[str, ...] = ()
    low: float | str = ""
    high: float | str = ""
    own: bool = False  # the user's


def frequency(counts: Any) -> Column:
    """How often words occur, on a scale of logarithms."""
    logarithms = np.log(np.maximum(np.asarray(counts, np.float64), 1))
    return Column("frequency", _scaled(logarithms), low=f"{min(counts):,} times", high=f"{max(counts):,}")


def clusters(units: Float32, words: Sequence[str], *, seed: int) -> Column | None:
    """Clusters by k-means (Lloyd 1982; scikit-learn's), each named by three of its words. None where that is not
    installed."""
    try:
        from sklearn.cluster import MiniBatchKMeans
    except ImportError:
        return None
    k = min(MOST_LABELS - 2, len(words) // WORDS_IN_A_CLUSTER)
    if k < 2 or len(np.unique(units[:1000], axis=0)) < k:
        return None
    model = MiniBatchKMeans(k, random_state=seed, n_init=3, batch_size=4096).fit(units)
    order = Interner()
    codes = np.array([order[cluster] for cluster in model.labels_.tolist()], np.uint16)
    names = [_name(units, words, np.flatnonzero(codes == order[c]), model.cluster_centers_[c]) for c in list(order)]
    return Column("cluster", codes, tuple(names))


def _name(units: Float32, words: Sequence[str], members: Any, center: Any) -> str:
    """The three of a cluster's most frequent words that are nearest to its center."""
    frequent = members[:NAMED_BY]
    nearest = frequent[np.argsort(-(units[frequent] @ center), kind="stable")[:3]]
    return ", ".join(words[i] for i in nearest)


def own(name: str, values: Mapping[Any, Any], words: Sequence[str]) -> Column:
    """A column of the user's: for some words, a number or a label. Raises `FormatError` if no word is on the map."""
    by_text = {text_of_word(word): str(value).strip() for word, value in values.items()}
    given = [by_text.get(word, "") for word in words]
    if not any(given):
        raise FormatError(f"none of the words of the column {shortened(name)} is on the map")
    numbers = [_number(text) for text in given]
    kinds = set(filter(None, given))
    if len(kinds) > FEW_NUMBERS and None not in map(_number, kinds):
        known = np.array([math.nan if number is None else number for number in numbers])
        low, high = float(np.nanmin(known)), float(np.nanmax(known))
        return Column(name, _scaled(known), low=round(low, 6), high=round(high, 6), own=True)
    often = [label for label, _ in Counter(filter(None, given)).most_common()]
    labels = often if len(often) <= MOST_LABELS else [*often[: MOST_LABELS - 1], "other"]
    position = {label: min(i, len(labels) - 1) for i, label in enumerate(often)}
    codes = np.array([position[text] if text else MISSING for text in given], np.uint16)
    return Column(name, codes, tuple(labels), own=True)


LONGEST_FIELD = 1 << 17
"""Characters of a word, or of what it is colored by: where a quote is not closed, the rest of a file is one field."""


def read_columns(path: str | Path) -> dict[str, dict[str, str]]:
    """Columns from a CSV or TSV file with a header, the word first, or behind an index as pandas has it.

    Raises `FormatError`, with the line.
    """
    path = Path(path)
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not UTF-8 text: {error}") from error
    header_line = lines[0] if lines else ""
    delimiter = next((character for character in "\t,;" if character in header_line), ",")
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise FormatError(f"{path} is no table of words and what they are colored by: {error}") from error
    if any(len(field) > LONGEST_FIELD for row in rows for field in row):
        raise FormatError(f"{path} is no table of words and what they are colored by: a field is without end")
    if _has_index(rows):
        rows = [row[1:] for row in rows]
    if not rows or len(rows[0]) < 2:
        raise FormatError(f"{path}, line 1: wanted a header, the word and one column more at least")
    header = rows[0]
    found: dict[str, dict[str, str]] = {name: {} for name in header[1:]}
    if len(found) != len(header) - 1:
        raise FormatError(f"{path}, line 1: two columns have the same name")
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) != len(header):
            raise FormatError(f"{path}, line {number:,} has {len(row)} fields, the header {len(header)}")
        for name, value in zip(header[1:], row[1:], strict=True):
            found[name][row[0]] = value
    return found


def _has_index(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first column has no name and counts the lines, and words follow it."""
    if len(rows) < 2 or len(rows[0]) < 3 or rows[0][0] != "":
        return False
    filled = [row for row in rows[1:] if len(row) > 1]
    return all(row[0] == str(i) for i, row in enumerate(filled)) and any(_number(row[1]) is None for row in filled)


def _scaled(values: Any) -> UInt16:
    """Numbers on the scale of their range, 0 to 65,534; NaN is missing."""
    low, high = np.nanmin(values), np.nanmax(values)
    fractions = (values - low) / (high - low) if high > low else np.zeros(len(values))
    codes: UInt16 = np.where(np.isnan(values), MISSING, np.round(np.nan_to_num(fractions) * 65_534)).astype(np.uint16)
    return codes


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
