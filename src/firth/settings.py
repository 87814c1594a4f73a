"""What a setting is: a field with a default, a help text and a check. Everything wrong is named at once."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

from firth.errors import LONGEST_QUOTE, ConfigError, shortened
from firth.html_table import html_table
from firth.missing_values import as_list, is_whole_number, text_of

LARGEST_INT, LARGEST_FLOAT = 2**31 - 1, sys.float_info.max


class Rule(NamedTuple):
    """What the values of a setting must satisfy: a check, the same in words, and all of them if they are few."""

    check: Callable[[Any], bool]
    wanted: str
    choices: tuple[str, ...] = ()


def setting(default: Any, doc: str, rule: Rule) -> Any:
    """A dataclass field with a default, a help text, and what its values must satisfy."""
    return dataclasses.field(default=default, metadata={"doc": doc} | rule._asdict())


def plain(value: Any) -> Any:
    """Python's own number, truth value or string for one of NumPy's; anything else as it is."""
    is_scalar = hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "shape", None) == ()
    return value.item() if is_scalar else value


def tuple_of(value: Any) -> Any:
    """Words in a list, a set or a column, as a tuple, which a record can hold, ids as text; anything else as it is."""
    value = as_list(value)
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)  # in one order, whatever the process
    if not isinstance(value, list | tuple):
        return value
    return tuple(text_of(word) if is_whole_number(word) else word for word in value)


def is_int(low: int, high: int = LARGEST_INT) -> Callable[[Any], bool]:
    """A check for whole numbers from `low` to `high`."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_real(low: float = -LARGEST_FLOAT, high: float = LARGEST_FLOAT) -> Callable[[Any], bool]:
    """A check for finite numbers from `low` to `high`."""
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def are_words(value: Any) -> bool:
    """Whether these are words, in an order."""
    return isinstance(value, tuple) and all(isinstance(word, str) for word in value)


TRUE_OR_FALSE = Rule(lambda value: isinstance(value, bool), "true or false")
WORDS = Rule(are_words, "a list of words")


def whole(low: int, high: int = LARGEST_INT) -> Rule:
    """A whole number from `low` to `high`; a bound that nobody reaches is not told."""
    bounds = f"from {low:,} to {high:,}" if high < LARGEST_INT else f"of {low:,} or more"
    return Rule(is_int(low, high), f"a whole number {bounds}")


def number(low: float, high: float, wanted: str = "") -> Rule:
    """A number from `low` to `high`, in other words if they say more."""
    return Rule(is_real(low, high), wanted or f"a number from {low:g} to {high:g}")


def one_of(*choices: str) -> Rule:
    """One of these words."""
    named = f"{', '.join(choices[:-1])} or {choices[-1]}"
    return Rule(lambda value: isinstance(value, str) and value in choices, named, choices)


def or_else(rule: Rule, other: Any = None) -> Rule:
    """What a rule lets pass, or this."""
    named = "nothing" if other is None else f'"{other}"'
    check = lambda value: (type(value) is type(other) and value == other) or rule.check(value)  # noqa: E731
    return Rule(check, f"{rule.wanted}, or {named}")


def _shown(value: Any) -> str:
    """A setting's value as a table shows it."""
    return value if isinstance(value, str) else shortened(value)


def _folded(word: str) -> str:
    """A word without what people spell in several ways: case, hyphens, underscores and spaces."""
    return word.lower().replace("-", "").replace("_", "").replace(" ", "")


def _as_spelled_here(value: Any, choices: tuple[str, ...]) -> Any:
    """The choice that a value is in another spelling, such as skip_gram for skip-gram; any other value as it is."""
    if not isinstance(value, str):
        return value
    return next((choice for choice in choices if _folded(choice) == _folded(value)), value)


def _meant(value: Any, choices: tuple[str, ...]) -> str:
    """A hint at the choice that somebody seems to have meant; empty where that is not clear."""
    if not isinstance(value, str) or not choices:
        return ""
    import difflib  # only who misspells a word needs it

    known = SHORT_FOR.get(_folded(value))
    near = [known] if known in choices else difflib.get_close_matches(value.lower()[:LONGEST_QUOTE], choices, 1)
    return f" (do you mean {near[0]}?)" if near else ""


SHORT_FOR = {
    "average": "mean",
    "avg": "mean",
    "hs": "hierarchical-softmax",
    "neg": "negative-sampling",
    "ns": "negative-sampling",
    "sg": "skip-gram",
    "sgns": "skip-gram",
}
"""What some write for the words of settings."""
SAVED_AS = {"batch_size": "round_centres"}
"""What settings are called in files, where that was their name before."""
ELSEWHERE = {
    "alpha": "learning_rate",
    "bucket": "buckets",
    "cbow_mean": 'context="mean" or "sum"',
    "dim": "vector_size",
    "epoch": "epochs",
    "hs": 'objective="hierarchical-softmax"',
    "iter": "epochs",
    "lr": "learning_rate",
    "max_final_vocab": "max_vocabulary",
    "max_vocab_size": "max_vocabulary",
    "maxn": "max_n",
    "minCount": "min_count",
    "min_alpha": "min_learning_rate",
    "minn": "min_n",
    "neg": "negative",
    "ns_exponent": "noise_exponent",
    "round_centers": "batch_size",
    "round_centres": "batch_size",
    "sg": 'architecture="skip-gram" or "cbow"',
    "size": "vector_size",
    "thread": "threads, an argument of train",
    "workers": "threads, an argument of train",
    "ws": "window",
}
"""What settings are called in gensim and fastText, and here."""


class Config:
    """What all configurations share: every value is checked, and everything wrong named at once. Shown are the settings
    that are not the defaults.
    """

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = plain(getattr(self, field.name))
            if isinstance(field.default, tuple):
                value = tuple_of(value)
            else:
                value = _as_spelled_here(value, field.metadata["choices"])
            object.__setattr__(self, field.name, value)
        wrong = [
            f"{field.name} must be {field.metadata['wanted']}, not {shortened(getattr(self, field.name))}"
            + _meant(getattr(self, field.name), field.metadata["choices"])
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
            if not field.metadata["check"](getattr(self, field.name))
        ]
        wrong += self._contradictions() if not wrong else []
        if wrong:
            raise ConfigError("; ".join(wrong))

    def _contradictions(self) -> list[str]:
        return []

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.changed()})"

    def _repr_html_(self) -> str:
        rows = [
            (field.name, _shown(getattr(self, field.name)), _shown(field.default), field.metadata["doc"])
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
        ]
        return html_table(type(self).__name__, ("setting", "value", "default", "meaning"), rows)

    def changed(self) -> str:
        """The settings that are not the defaults, as keywords."""
        return ", ".join(f"{name}={shortened(getattr(self, name))}" for name in self.names_changed())

    def names_changed(self) -> list[str]:
        """The names of the settings that are not the defaults."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return [field.name for field in fields if getattr(self, field.name) != field.default]

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """The configuration with these settings. Raises `ConfigError` for a name it does not have.

        Parameters
        ----------
        settings
            Values by name. Gensim's and fastText's names are errors that tell firth's.
        """
        names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
        unknown = [
            f"{name} (here: {ELSEWHERE[name]})" if name in ELSEWHERE else shortened(name).strip("'")
            for name in settings
            if name not in names
        ]
        if unknown:
            raise ConfigError(f"no such setting: {', '.join(unknown)}; there are {', '.join(names)}")
        return cls(**settings)

    @classmethod
    def of_saved(cls, saved: Mapping[str, Any]) -> Self:
        """The configuration that `saved` gave. Raises as `of`, and `ConfigError` for what are no settings.

        Parameters
        ----------
        saved
            Values by the names that files have.
        """
        if not isinstance(saved, Mapping):
            raise ConfigError(f"wanted settings by their names, not {shortened(saved)}")
        names = {in_files: name for name, in_files in SAVED_AS.items()}
        return cls.of({names.get(name, name): value for name, value in saved.items()})

    def saved(self) -> dict[str, Any]:
        """The settings as files keep them."""
        return {SAVED_AS.get(name, name): value for name, value in dataclasses.asdict(self).items()}  # type: ignore[call-overload]


def explained(config: type[Config]) -> list[str]:
    """The settings of a configuration as the lines of a docstring: name, type, default; what it is, and may be."""
    lines = []
    for field in dataclasses.fields(config):  # type: ignore[arg-type]
        lines.append(f"{field.name} : {field.type}, default {field.default!r}")
        meaning = field.metadata["doc"][0].upper() + field.metadata["doc"][1:]
        lines.append(f"    {meaning}. Must be {field.metadata['wanted']}.")
    return lines
