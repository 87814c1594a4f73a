"""Settings: frozen, every default written once, everything wrong named at once."""

from __future__ import annotations

import codecs
import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from firth.errors import LONGEST_QUOTE, ConfigError, shortened


def setting(
    default: Any,
    doc: str,
    check: Callable[[Any], bool] | None = None,
    wanted: str = "",
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field with a default, a help text, and what its values must satisfy, all of them if they are few."""
    metadata = {"doc": doc, "check": check, "wanted": wanted, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


def plain(value: Any) -> Any:
    """Python's own number, truth value or string for one of NumPy's; anything else as it is."""
    is_scalar = hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "shape", None) == ()
    return value.item() if is_scalar else value


def tuple_of(value: Any) -> Any:
    """A list, or a set, as a tuple, which a record can hold; anything else as it is."""
    if isinstance(value, set | frozenset):
        return tuple(sorted(value, key=str))  # in one order, whatever the process
    return tuple(value) if isinstance(value, list) else value


def is_int(low: int, high: int = 2**31 - 1) -> Callable[[Any], bool]:
    """A check for whole numbers from `low` to `high`."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_real(low: float, high: float = math.inf) -> Callable[[Any], bool]:
    """A check for finite numbers from `low` to `high`."""

    def check(value: Any) -> bool:
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and math.isfinite(value)
            and low <= value <= high
        )

    return check


def is_bool(value: Any) -> bool:
    """Whether this is True or False."""
    return isinstance(value, bool)


def or_none(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A check that lets None pass too."""
    return lambda value: value is None or check(value)


def one_of(*choices: str) -> dict[str, Any]:
    """What a setting must satisfy that has one of these values."""
    named = ", ".join(choices[:-1]) + f" or {choices[-1]}"
    return {"check": lambda value: isinstance(value, str) and value in choices, "wanted": named, "choices": choices}


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


def are_words(value: Any) -> bool:
    """Whether these are words, in an order."""
    return isinstance(value, tuple) and all(isinstance(word, str) for word in value)


def _is_encoding(value: Any) -> bool:
    try:
        codecs.lookup(value)
    except (LookupError, TypeError):
        return False
    return True


MOST_DISTANCE = 1000
"""Of a context word."""


LONGEST_NGRAM = 100
"""Characters in an n-gram."""


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
        fields = [(field, getattr(self, field.name)) for field in dataclasses.fields(self)]  # type: ignore[arg-type]
        different = [f"{field.name}={shortened(value)}" for field, value in fields if value != field.default]
        return f"{type(self).__name__}({', '.join(different)})"

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
        """The configuration that `saved` gave. Raises as `of`."""
        names = {in_files: name for name, in_files in SAVED_AS.items()}
        return cls.of({names.get(name, name): value for name, value in saved.items()})

    def saved(self) -> dict[str, Any]:
        """The settings as files keep them."""
        return {SAVED_AS.get(name, name): value for name, value in dataclasses.asdict(self).items()}  # type: ignore[call-overload]


@dataclass(frozen=True, kw_only=True, repr=False)
class TextConfig(Config):
    """How text becomes tokens: first punctuation is dropped, then the text is split, then lower-cased."""

    lowercase: bool = setting(True, "lower-case every word, by Unicode's rules", is_bool, "true or false")
    strip_punctuation: bool = setting(True, "drop ASCII punctuation, apostrophes included", is_bool, "true or false")
    unicode_punctuation: bool = setting(
        False,
        "drop all of Unicode's punctuation, not only ASCII's; between two words it separates them",
        is_bool,
        "true or false",
    )
    keep_apostrophes: bool = setting(
        False, "with unicode_punctuation: keep apostrophes within words", is_bool, "true or false"
    )
    sentences: str = setting(
        "line",
        "where a sentence ends: at each line end, at a blank line (paragraph), at full stops, question marks and"
        " exclamation marks (punctuation), or at the end of the file",
        **one_of("line", "paragraph", "punctuation", "file"),
    )
    separator: str | None = setting(
        None,
        "what separates two tokens of a line (default: any Unicode white space)",
        or_none(lambda value: isinstance(value, str) and value != "" and not {"\n", "\r"} & set(value)),
        "a string that is not empty and has no line end, or nothing for white space",
    )
    encoding: str = setting("utf-8", "the encoding of text files", _is_encoding, "an encoding Python knows")
    errors: str = setting(
        "strict",
        "what to do with bytes that are not of that encoding: strict, replace or ignore",
        **one_of("strict", "replace", "ignore"),
    )

    def _contradictions(self) -> list[str]:
        wrong = []
        if self.unicode_punctuation and not self.strip_punctuation:
            wrong.append("unicode_punctuation is taken out of the text: it needs strip_punctuation")
        if self.keep_apostrophes and not self.unicode_punctuation:
            wrong.append("keep_apostrophes needs unicode_punctuation: ASCII's is dropped, or kept, as a whole")
        if self.separator is not None and (self.unicode_punctuation or self.sentences != "line"):
            wrong.append("with a separator each line is a sentence, and only ASCII punctuation is dropped")
        return wrong


@dataclass(frozen=True, kw_only=True, repr=False)
class TrainingConfig(TextConfig):
    """Everything that decides the result of a training, and nothing that does not (threads are not here)."""

    architecture: str = setting(
        "skip-gram",
        "skip-gram: each context word predicts the center word; cbow: their mean or sum does",
        **one_of("skip-gram", "cbow"),
    )
    objective: str = setting(
        "negative-sampling",
        "negative-sampling: tell a real pair from pairs with negative samples; hierarchical-softmax: predict a word's"
        " path through a binary tree",
        **one_of("negative-sampling", "hierarchical-softmax"),
    )
    vector_size: int = setting(100, "dimensions of a vector", is_int(1, 65_536), "a whole number from 1 to 65,536")
    window: int | str = setting(
        5,
        'the largest distance of a context word; or "sentence": all words of a sentence are context to each other (up'
        " to 1,000 words away), as in baskets and records",
        lambda value: value == "sentence" or is_int(1, MOST_DISTANCE)(value),
        'a whole number from 1 to 1,000, or "sentence"',
    )
    shrink_windows: bool = setting(
        True,
        "draw each position's window from 1 to the largest, so that near words count more",
        is_bool,
        "true or false",
    )
    window_side: str = setting(
        "both",
        "the side of the context words: before the center word, after it, or both",
        **one_of("both", "before", "after"),
    )
    distance_weights: str = setting(
        "even",
        "the weight of a context word at distance d in a window of w: even (1), linear ((w - d + 1)/w), or harmonic"
        " (1/d)",
        **one_of("even", "linear", "harmonic"),
    )
    context: str = setting("mean", "how cbow combines the context words: mean or sum", **one_of("mean", "sum"))
    context_gradient: str = setting(
        "exact",
        "the update of each context word in cbow: its own gradient (exact), or that of the mean, as in word2vec.c",
        **one_of("exact", "word2vec.c"),
    )
    shared_vectors: bool = setting(
        False, "give words one vector, instead of one as context word and one as center word", is_bool, "true or false"
    )
    max_n: int = setting(
        0,
        "the length of the longest character n-grams that words are composed of, so that unseen words have vectors too;"
        " 6 is usual, 0 is none",
        is_int(0, LONGEST_NGRAM),
        "a whole number from 0 to 100",
    )
    min_n: int = setting(
        3, "the length of the shortest such n-grams", is_int(1, LONGEST_NGRAM), "a whole number from 1 to 100"
    )
    buckets: int = setting(
        2_000_000,
        "the number of vectors that n-grams share by their hashes",
        is_int(1),
        "a whole number of 1 or more",
    )
    phrase_passes: int = setting(
        0,
        "join words that often occur together, as new_york, in this many passes; two make phrases of up to four words",
        is_int(0, 10),
        "a whole number from 0 to 10",
    )
    phrase_scoring: str = setting("mikolov", "how candidate phrases are scored", **one_of("mikolov", "npmi"))
    phrase_threshold: float | None = setting(
        None,
        "a pair that scores more is a phrase (default: 10, or 0.5 with npmi, whose scores are from -1 to 1)",
        or_none(is_real(-1e9, 1e9)),
        "a number, or nothing",
    )
    connector_words: tuple[str, ...] = setting(
        (),
        "words that phrases may hold, but not begin or end with, as of in bank_of_america",
        are_words,
        "a list of words",
    )
    min_count: int = setting(5, "words that occur less often are left out", is_int(1), "a whole number of 1 or more")
    max_vocabulary: int | None = setting(
        None,
        "keep at most this many words, the most frequent ones",
        or_none(is_int(1)),
        "a whole number of 1 or more, or nothing",
    )
    stop_words: tuple[str, ...] = setting(
        (), "words to leave out, however often they occur", are_words, "a list of words"
    )
    keep_words: tuple[str, ...] = setting((), "words to train, however rarely they occur", are_words, "a list of words")
    negative: int = setting(5, "negative samples per pair", is_int(1, 1000), "a whole number from 1 to 1,000")
    noise_exponent: float = setting(
        0.75, "negative samples are drawn by count to this power", is_real(-10, 10), "a number from -10 to 10"
    )
    sample: float = setting(
        1e-3,
        "subsampling: words with a larger fraction of the tokens are dropped at random; 0 keeps all",
        is_real(0, 1),
        "a number from 0 to 1",
    )
    epochs: int | None = setting(
        None,
        "passes over the corpus (default: by its size, 5 for eight million words or more, up to 50 for fewer)",
        or_none(is_int(1)),
        "a whole number of 1 or more, or nothing",
    )
    learning_rate: float = setting(
        0.025,
        "the learning rate at the start, on the scale of word2vec.c; cbow's exact gradients of a mean are smaller, so"
        " its steps are four times as large, or more with windows above 5; with hierarchical-softmax in skip-gram, one"
        " and a half times",
        is_real(1e-12, 1),
        "a number above 0, up to 1 (0.025 is usual, above 0.2 is rarely good)",
    )
    min_learning_rate: float = setting(
        0.0001, "the learning rate at the end; it decays linearly", is_real(0, 1), "a number from 0 to 1"
    )
    validation: float = setting(
        0.0,
        "the fraction of sentences held out from training; their loss is measured after every epoch",
        is_real(0, 0.5),
        "a number from 0 to 0.5",
    )
    patience: int | None = setting(
        None,
        "stop when the validation loss has not improved for this many epochs, and keep the best epoch",
        or_none(is_int(1)),
        "a whole number of 1 or more, or nothing",
    )
    batch_size: int | None = setting(
        None,
        "center words per synchronous update; each thread needs 16 (cbow 32), so 1024 keep 64 threads busy, with much"
        " the same quality (default: 256 at most; with hierarchical-softmax 64)",
        or_none(is_int(1, 16_384)),
        "a whole number from 1 to 16,384, or nothing",
    )
    seed: int = setting(1, "the seed of all random numbers", is_int(0, 2**63 - 1), "a whole number of 0 or more")

    @property
    def first_rate(self) -> float:
        """The step size at the start: the learning rate, scaled to what the kind of training needs.

        In skip-gram with hierarchical softmax, whose nodes stay fixed for all context words of a center word, it is 1.5
        times the learning rate. In cbow with exact gradients, of which each context word has a part, it is four times,
        up to a rate of 1; with negative sampling also 0.8 times per word of a window above 5, up to 12 times or a rate
        of 0.3. If context words are summed, it is at most 1.5 over the window.
        """
        window = 50 if self.window == "sentence" else int(self.window)
        if self.architecture == "cbow" and self.context == "sum":
            return min(self.learning_rate, 1.5 / window)
        if not self.shares_gradient:
            is_tree = self.architecture == "skip-gram" and self.objective == "hierarchical-softmax"
            return self.learning_rate * (1.5 if is_tree else 1)
        of_window = min(0.8 * window, 12.0) * self.learning_rate if self.objective == "negative-sampling" else 0.0
        return max(min(4 * self.learning_rate, 1.0), self.learning_rate, min(of_window, 0.3))

    @property
    def last_rate(self) -> float:
        """The step size at the end."""
        return self.min_learning_rate * (self.first_rate / self.learning_rate)

    @property
    def shares_gradient(self) -> bool:
        """Whether each context word gets a part of the gradient, which is that of their mean."""
        return self.architecture == "cbow" and self.context == "mean" and self.context_gradient == "exact"

    def _contradictions(self) -> list[str]:
        wrong = super()._contradictions()
        if self.min_learning_rate > self.learning_rate:
            wrong.append(
                f"min_learning_rate ({self.min_learning_rate}) must not be above learning_rate ({self.learning_rate})"
            )
        if both := set(self.stop_words) & set(self.keep_words):
            wrong.append(f"stop_words and keep_words both have {shortened(min(both))}")
        if self.patience is not None and self.validation == 0:
            wrong.append("patience needs sentences that are held out: a validation above 0")
        if 0 < self.max_n < self.min_n:
            wrong.append(f"max_n ({self.max_n}) must not be below min_n ({self.min_n}), but for 0, no n-grams")
        if self.max_n and self.shared_vectors:
            wrong.append("with n-grams (max_n) a word has many vectors: they cannot be shared (shared_vectors)")
        if self.shared_vectors and self.architecture == "cbow" and self.context_gradient == "word2vec.c":
            wrong.append("word2vec.c's gradient is not that of any loss where vectors are shared: use the exact one")
        if self.shared_vectors and self.objective == "hierarchical-softmax":
            wrong.append("hierarchical-softmax has vectors of a tree's nodes, which words cannot share")
        if self.batch_size and self.architecture == "cbow" and self.objective == "hierarchical-softmax":
            wrong.append("cbow with hierarchical-softmax learns position by position: it has no batch_size")
        return wrong


def explained(config: type[Config]) -> list[str]:
    """The settings of a configuration as the lines of a docstring: name, type, default; what it is, and may be."""
    lines = []
    for field in dataclasses.fields(config):  # type: ignore[arg-type]
        lines.append(f"{field.name} : {field.type}, default {field.default!r}")
        meaning = field.metadata["doc"][0].upper() + field.metadata["doc"][1:]
        lines.append(f"    {meaning}. Must be {field.metadata['wanted']}.")
    return lines


for _config in (TextConfig, TrainingConfig):
    _config.__doc__ = "\n".join([_config.__doc__ or "", "", "Parameters", "----------", *explained(_config)])
