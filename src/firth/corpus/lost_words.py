"""Words that have vectors, or make phrases, and that a text cannot have as it is split: it has others instead."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from firth.config import SPLIT_ALONE, TextConfig
from firth.corpus.tokenizing import standardize, tokenize
from firth.errors import ConfigError, FirthWarning, shortened
from firth.phrases import Phrases

FEWEST_FOUND = 0.01
"""Of the words, that a text must be able to have: with fewer, it is surely not split as theirs was."""
MOST_LOOKED_AT = 100_000
"""Words, the first ones, which are the most frequent where their counts are known: of these alone it takes no time."""
SHOWN = 3


def unreachable(words: Sequence[str], config: TextConfig) -> list[str]:
    """The words that no text has when it is split so: with capitals where text is lower-cased, and the like."""
    found = tokenize(words, config)
    return [word for word, made in zip(words, found, strict=True) if made != [word] or not _is_text(word)]


def _is_text(word: str) -> bool:
    """Whether a word has no half characters, which UTF-8 does not."""
    return word.isascii() or not any("\ud800" <= character <= "\udfff" for character in word)


def settings_to_turn_off(words: Sequence[str], config: TextConfig) -> list[str]:
    """The fewest settings without which texts have most of these words, or the parts of phrases; none where that is no
    matter of settings.
    """
    of_punctuation = {name: False for name in SPLIT_ALONE if name != "lowercase"}
    choices: list[dict[str, Any]] = [{}, {"lowercase": False}, of_punctuation, SPLIT_ALONE]
    parts = [part for word in filter(is_of_a_text, words) for part in _parts(word)]
    best = min(choices, key=lambda choice: len(unreachable(parts, dataclasses.replace(config, **choice))))
    return [name for name in best if getattr(config, name)]


def is_of_a_text(word: str) -> bool:
    """Whether a word is one that somebody would look for in a text: no punctuation alone, nor a mark such as </s>."""
    return any(map(str.isalnum, word)) and not (word.startswith("<") and word.endswith(">"))


def _parts(word: str) -> list[str]:
    """The words that a phrase is joined of; the word alone, where it is none."""
    parts = word.split("_")
    return parts if len(parts) > 1 and all(any(map(str.isalnum, part)) for part in parts) else [word]


class Advice(Enum):
    """How those who call can say what would keep the words."""

    SETTINGS = "as settings, beside phrases"
    SETTINGS_ALONE = "as settings"
    CONFIG = "as a configuration"


@dataclass(eq=False)
class LostWords:
    """Those of some words that no text has which is split by a configuration; how many words were looked at, and how
    many of these were passed over. It warns of them once.
    """

    words: list[str]
    among: int
    config: TextConfig
    passed_over: int
    advice: Advice
    told: bool = False

    @classmethod
    def of(
        cls,
        words: Sequence[str],
        config: TextConfig,
        phrases: Phrases | None = None,
        advice: Advice = Advice.SETTINGS,
    ) -> LostWords:
        """Those of these words, or of the first ones of very many; `phrases` are joined in the text."""
        by_words = dataclasses.replace(config, sentences="line")  # where these end makes no other words
        joined: Collection[str] = phrases.scores() if phrases is not None else ()
        first = words[:MOST_LOOKED_AT]
        of_texts = list(filter(is_of_a_text, first))
        lost = [word for word in unreachable(of_texts, by_words) if word not in joined]
        return cls(lost, len(first), by_words, len(first) - len(of_texts), advice)

    def tell(self) -> None:
        """Warn of them, if there are some, for the first time. Raises `ConfigError` where hardly any word is left."""
        if len(self.words) > (1 - FEWEST_FOUND) * (self.among - self.passed_over):
            raise ConfigError(self._told("words that have vectors"))
        self.warn("words that have vectors", stacklevel=4)

    def warn(self, which: str, stacklevel: int = 3) -> None:
        """Warn of them, if there are some, as of those of `which` words, for the first time."""
        if self.words and not self.told:
            self.told = True
            warnings.warn(self._told(which), FirthWarning, stacklevel=stacklevel)

    def _told(self, which: str) -> str:
        some = ", ".join(map(self._example, self.words[:SHOWN])) + (", …" if len(self.words) > SHOWN else "")
        names = settings_to_turn_off(self.words, self.config)
        off: dict[str, Any] = dict.fromkeys(names, False)
        settings = ", ".join(f"{name}=False" for name in names)
        if self.advice is Advice.CONFIG:
            settings = f"config=firth.{dataclasses.replace(self.config, **off)}"
        flags = " ".join(f"--no-{name.replace('_', '-')}" for name in names)
        split = f"split the text with {settings} ({flags}), or " if names else ""
        can_join = self.advice is Advice.SETTINGS and any(len(_parts(word)) > 1 for word in self.words)
        join = "have phrases joined, phrases=… (--phrase-passes), or " if can_join else ""
        of = f"of the {'first ' * (self.among == MOST_LOOKED_AT)}{self.among:,} {which}"
        return (
            f"{len(self.words):,} {of} cannot be found in text that is split like this, such as {some}: {split}{join}"
            "give lists of tokens"
        )

    def _example(self, word: str) -> str:
        """A word, and what a text has in its place."""
        others = standardize(word, self.config)
        return f"{shortened(word)} (read as {', '.join(map(shortened, others))})" if others else shortened(word)
