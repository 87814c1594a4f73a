"""Phrases: words that stand together so often that they are made one, as "new york" is made "new_york".

Mikolov et al. 2013, "Distributed representations", §4. They are found in a text by `firth.find_phrases`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from firth.data_frames import Tabular
from firth.errors import FormatError, shortened
from firth.missing_values import text_of_word

FORMAT, FORMAT_WITH_CONNECTORS = "firth phrases 1", "firth phrases 2"
FILE = "phrases.json"
ENGLISH_CONNECTOR_WORDS = (
    "a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "without",
)  # fmt: skip
"""Words that English phrases may hold, but hardly begin or end with: gensim's."""

THRESHOLDS = {"mikolov": 10.0, "npmi": 0.5}
"""Ways to score a pair of words, and the score above which they are a phrase, by default: gensim's."""

Phrase = tuple[str, ...]
"""The words that are joined: two, or more where there are connector words between these."""


def texts_of_tokens(tokens: Iterable[Any]) -> list[str]:
    """The texts of tokens, ids and other numbers among them. Raises `ValueError` for a missing value."""
    return [token if type(token) is str else text_of_word(token) for token in tokens]


class Phrases(Tabular):
    """Pairs of words to be joined, pass by pass: a later pass joins what an earlier one has joined.

    Parameters
    ----------
    passes
        For each pass, the pairs of words and their scores; a pair may have connector words between its two words.
    separator
        What stands between two words that are joined.

    Examples
    --------
    >>> phrases = firth.Phrases([{("new", "york"): 25.0}, {("new_york", "city"): 14.0}])
    >>> phrases.join("in new york city".split())
    ['in', 'new_york_city']
    """

    def __init__(self, passes: Sequence[Mapping[Phrase, float]], separator: str = "_"):
        self.passes = tuple({tuple(texts_of_tokens(pair)): score for pair, score in pairs.items()} for pairs in passes)
        self.separator = separator
        self._lengths = [sorted({len(pair) for pair in pairs}) for pairs in self.passes]

    def join(self, tokens: Sequence[Any]) -> list[str]:
        """A sentence with its phrases joined: from left to right, each word in one phrase at most.

        Parameters
        ----------
        tokens
            The sentence, as a list of tokens; ids, as other numbers, become text.

        Returns
        -------
        list of str

        Raises
        ------
        TypeError
            For a string: split it first.
        ValueError
            For a missing value among the tokens.
        """
        if isinstance(tokens, str):
            raise TypeError(f"wanted a list of tokens, not a string, {shortened(tokens)}: split it first")
        joined = texts_of_tokens(tokens)
        for pairs, lengths in zip(self.passes, self._lengths, strict=True):
            sentence, joined = joined, []
            i = 0
            while i < len(sentence):
                length = next((n for n in lengths if tuple(sentence[i : i + n]) in pairs), 1)
                joined.append(self.separator.join(sentence[i : i + length]))
                i += length
        return joined

    def scores(self) -> dict[str, float]:
        """All phrases, as written when joined, with their scores, the highest first."""
        found = {self.separator.join(pair): score for pairs in self.passes for pair, score in pairs.items()}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def words(self) -> list[str]:
        """All words that phrases are made of, by code points, without those that are joined themselves."""
        joined = self.scores()
        return sorted({word for pairs in self.passes for pair in pairs for word in pair if word not in joined})

    def as_json(self) -> str:
        """The phrases as JSON text, which `load` reads from a file."""
        passes = [[[*pair, score] for pair, score in pairs.items()] for pairs in self.passes]
        has_connectors = any(len(pair) > 2 for pairs in self.passes for pair in pairs)
        format = FORMAT_WITH_CONNECTORS if has_connectors else FORMAT
        return json.dumps({"format": format, "separator": self.separator, "passes": passes}, ensure_ascii=True)

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
            if found["format"] not in {FORMAT, FORMAT_WITH_CONNECTORS}:
                known = f"{FORMAT!r} and {FORMAT_WITH_CONNECTORS!r}"
                raise FormatError(f"{path} has the format {shortened(found['format'])}: this firth reads {known}")
            passes = [{_phrase(words): float(score) for *words, score in pairs} for pairs in found["passes"]]
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

    def _columns(self) -> dict[str, Any]:
        scores = self.scores()
        return {"phrase": list(scores), "score": list(scores.values())}

    def __repr__(self) -> str:
        return f"Phrases({len(self):,} in {len(self.passes)} pass{'' if len(self.passes) == 1 else 'es'})"


def _phrase(words: list[Any]) -> Phrase:
    if len(words) < 2 or not all(type(word) is str for word in words):
        raise TypeError(f"a phrase of {shortened(words)}, which are not two words or more")
    return tuple(words)
