"""Phrases: words that stand together so often that they are made one, as "new york" is made "new_york".

Mikolov et al. 2013, "Distributed representations", §4. They are found in a text by `firth.find_phrases`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from firth.errors import FormatError, shortened

FORMAT = "firth phrases 1"
FILE = "phrases.json"

Pair = tuple[str, str]


class Phrases:
    """Pairs of words to be joined, pass by pass: a later pass joins what an earlier one has joined.

    Parameters
    ----------
    passes
        For each pass, the pairs of words and their scores.
    separator
        What stands between two words that are joined.

    Examples
    --------
    >>> phrases = firth.Phrases([{("new", "york"): 25.0}, {("new_york", "city"): 14.0}])
    >>> phrases.join("in new york city".split())
    ['in', 'new_york_city']
    """

    def __init__(self, passes: Sequence[Mapping[Pair, float]], separator: str = "_"):
        self.passes = tuple(dict(pairs) for pairs in passes)
        self.separator = separator

    def join(self, tokens: Sequence[str]) -> list[str]:
        """A sentence with its phrases joined: from left to right, each word in one phrase at most.

        Parameters
        ----------
        tokens
            The sentence, as a list of tokens.

        Returns
        -------
        list of str

        Raises
        ------
        TypeError
            For a string: split it first.
        """
        if isinstance(tokens, str):
            raise TypeError(f"wanted a list of tokens, not a string, {shortened(tokens)}: split it first")
        joined = list(tokens)
        for pairs in self.passes:
            sentence, joined = joined, []
            i = 0
            while i < len(sentence):
                pair = tuple(sentence[i : i + 2])
                joined.append(self.separator.join(pair) if pair in pairs else sentence[i])
                i += 2 if pair in pairs else 1
        return joined

    def scores(self) -> dict[str, float]:
        """All phrases, as written when joined, with their scores, the highest first."""
        found = {self.separator.join(pair): score for pairs in self.passes for pair, score in pairs.items()}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def as_json(self) -> str:
        """The phrases as JSON text, which `load` reads from a file."""
        passes = [[[*pair, score] for pair, score in pairs.items()] for pairs in self.passes]
        return json.dumps({"format": FORMAT, "separator": self.separator, "passes": passes}, ensure_ascii=True)

    @classmethod
    def load(cls, path: Path) -> Phrases:
        """Read phrases from a file.

        Parameters
        ----------
        path
            A file of what `as_json` gives.

        Raises
        ------
        FormatError
            If it cannot be read, or is not a file of phrases.
        """
        try:
            found = json.loads(path.read_bytes())
            if found["format"] != FORMAT:
                raise FormatError(f"{path} has the format {shortened(found['format'])}: this firth reads {FORMAT!r}")
            passes = [{_pair(a, b): float(score) for a, b, score in pairs} for pairs in found["passes"]]
            separator = found["separator"]
            if type(separator) is not str or not all(math.isfinite(s) for pairs in passes for s in pairs.values()):
                raise FormatError(f"{path} does not describe phrases")
        except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
            raise FormatError(f"{path} cannot be read: {error}") from error
        return cls(passes, separator)

    def __len__(self) -> int:
        return sum(len(pairs) for pairs in self.passes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Phrases):
            return NotImplemented
        return (self.passes, self.separator) == (other.passes, other.separator)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Phrases({len(self):,} in {len(self.passes)} passes)"


def _pair(a: Any, b: Any) -> Pair:
    if type(a) is not str or type(b) is not str:
        raise TypeError(f"a phrase of {shortened(a)} and {shortened(b)}, which are not words")
    return a, b
