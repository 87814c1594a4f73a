"""The settings of reading and of training: frozen, and every default written once."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Any

from firth.errors import shortened
from firth.settings import TRUE_OR_FALSE, WORDS, Config, Rule, explained, number, one_of, or_else, setting, whole


def _is_separator(value: Any) -> bool:
    return isinstance(value, str) and value != "" and not {"\n", "\r"} & set(value)


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
SHARD_STEP, OVERLAP_STEP = 0.2, 0.4
"""By how much the learning rate of shards is raised, times the share of a period's text that none of them has seen; and
how much more with an overlap, times the overlap.
"""


@dataclass(frozen=True, kw_only=True, repr=False)
class TextConfig(Config):
    """How text becomes tokens: first punctuation is dropped, then the text is split, then lower-cased."""

    lowercase: bool = setting(True, "lower-case every word, by Unicode's rules", TRUE_OR_FALSE)
    strip_punctuation: bool = setting(True, "drop ASCII punctuation, apostrophes included", TRUE_OR_FALSE)
    unicode_punctuation: bool = setting(
        False, "drop all of Unicode's punctuation, not only ASCII's; between two words it separates them", TRUE_OR_FALSE
    )
    keep_apostrophes: bool = setting(False, "with unicode_punctuation: keep apostrophes within words", TRUE_OR_FALSE)
    sentences: str = setting(
        "line",
        "where a sentence ends: at each line end, at a blank line (paragraph), at full stops, question marks and"
        " exclamation marks (punctuation), or at the end of the file",
        one_of("line", "paragraph", "punctuation", "file"),
    )
    separator: str | None = setting(
        None,
        "what separates two tokens of a line (default: any Unicode white space)",
        or_else(Rule(_is_separator, "a string that is not empty and has no line end")),
    )
    encoding: str = setting("utf-8", "the encoding of text files", Rule(_is_encoding, "an encoding Python knows"))
    errors: str = setting(
        "strict",
        "what to do with bytes that are not of that encoding: strict, replace or ignore",
        one_of("strict", "replace", "ignore"),
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


SPLIT_ALONE = dict.fromkeys(("lowercase", "strip_punctuation", "unicode_punctuation", "keep_apostrophes"), False)
"""Settings of a text that is split, and in which nothing else changes."""
SPLITTING = (*SPLIT_ALONE, "separator")
"""Settings that decide which words a text has."""


def splitting_of(config: TextConfig) -> dict[str, Any]:
    """The settings by which a text becomes words, by name."""
    return {name: getattr(config, name) for name in SPLITTING}


@dataclass(frozen=True, kw_only=True, repr=False)
class TrainingConfig(TextConfig):
    """Everything that decides the result of a training, and nothing that does not (threads are not here)."""

    architecture: str = setting(
        "skip-gram",
        "skip-gram: each context word predicts the center word; cbow: their mean or sum does",
        one_of("skip-gram", "cbow"),
    )
    objective: str = setting(
        "negative-sampling",
        "negative-sampling: tell a real pair from pairs with negative samples; hierarchical-softmax: predict a word's"
        " path through a binary tree",
        one_of("negative-sampling", "hierarchical-softmax"),
    )
    vector_size: int = setting(100, "dimensions of a vector", whole(1, 65_536))
    window: int | str = setting(
        5,
        'the largest distance of a context word; or "sentence": all words of a sentence are context to each other (up'
        " to 1,000 words away), as in baskets and records",
        or_else(whole(1, MOST_DISTANCE), "sentence"),
    )
    shrink_windows: bool = setting(
        True, "draw each position's window from 1 to the largest, so that near words count more", TRUE_OR_FALSE
    )
    window_side: str = setting(
        "both",
        "the side of the context words: before the center word, after it, or both",
        one_of("both", "before", "after"),
    )
    distance_weights: str = setting(
        "even",
        "the weight of a context word at distance d, where w is the setting window, whatever window is drawn: even (1),"
        " linear ((w - d + 1)/w), or harmonic (1/d)",
        one_of("even", "linear", "harmonic"),
    )
    context: str = setting("mean", "how cbow combines the context words: mean or sum", one_of("mean", "sum"))
    context_gradient: str = setting(
        "exact",
        "the update of each context word in cbow: its own gradient (exact), or that of the mean, as in word2vec.c",
        one_of("exact", "word2vec.c"),
    )
    shared_vectors: bool = setting(
        False, "give words one vector, instead of one as context word and one as center word", TRUE_OR_FALSE
    )
    max_n: int = setting(
        0,
        "the length of the longest character n-grams that words are composed of, so that unseen words have vectors too;"
        " 6 is usual, 0 is none",
        whole(0, LONGEST_NGRAM),
    )
    min_n: int = setting(3, "the length of the shortest such n-grams", whole(1, LONGEST_NGRAM))
    buckets: int = setting(2_000_000, "the number of vectors that n-grams share by their hashes", whole(1))
    phrase_passes: int = setting(
        0,
        "join words that often occur together, as new_york, in this many passes; two make phrases of up to four words",
        whole(0, 10),
    )
    phrase_scoring: str = setting("mikolov", "how candidate phrases are scored", one_of("mikolov", "npmi"))
    phrase_threshold: float | None = setting(
        None,
        "a pair that scores more is a phrase (default: 10, or 0.5 with npmi, whose scores are from -1 to 1)",
        or_else(number(-1e9, 1e9, "a number")),
    )
    connector_words: tuple[str, ...] = setting(
        (), "words that phrases may hold, but not begin or end with, as of in bank_of_america", WORDS
    )
    min_count: int = setting(5, "words that occur less often are left out", whole(1))
    max_vocabulary: int | None = setting(
        None, "keep at most this many words, the most frequent ones", or_else(whole(1))
    )
    stop_words: tuple[str, ...] = setting((), "words to leave out, however often they occur", WORDS)
    keep_words: tuple[str, ...] = setting((), "words to train, however rarely they occur", WORDS)
    negative: int = setting(5, "negative samples per pair", whole(1, 1000))
    noise_exponent: float = setting(0.75, "negative samples are drawn by count to this power", number(-10, 10))
    sample: float = setting(
        1e-3, "subsampling: words with a larger fraction of the tokens are dropped at random; 0 keeps all", number(0, 1)
    )
    epochs: int | None = setting(
        None,
        "passes over the corpus (default: by its size, 5 for eight million words or more, up to 50 for fewer)",
        or_else(whole(1)),
    )
    learning_rate: float = setting(
        0.025,
        "the learning rate at the start, on the scale of word2vec.c; cbow's exact gradients of a mean are smaller, so"
        " its steps are four times as large, or more with windows above 5; with hierarchical-softmax in skip-gram, one"
        " and a half times",
        number(1e-12, 1, "a number above 0, up to 1 (0.025 is usual, above 0.2 is rarely good)"),
    )
    min_learning_rate: float = setting(0.0001, "the learning rate at the end; it decays linearly", number(0, 1))
    validation: float = setting(
        0.0,
        "the fraction of sentences held out from training; their loss is measured after every epoch",
        number(0, 0.5),
    )
    patience: int | None = setting(
        None,
        "stop when the validation loss has not improved for this many epochs, and keep the best epoch",
        or_else(whole(1)),
    )
    batch_size: int | None = setting(
        None,
        "center words per synchronous update; each thread needs 16 (cbow 32), so 1024 keep 64 threads busy, with much"
        " the same quality (default: 256 at most; with hierarchical-softmax 64)",
        or_else(whole(1, 16_384)),
    )
    shards: int = setting(
        1,
        "pieces of the text that learn side by side, each from the same vectors; their changes are combined many times"
        " an epoch",
        whole(1, 1024),
    )
    period_tokens: int | None = setting(
        None,
        "tokens that each shard learns from before changes are combined (default: so many that an epoch has two"
        " exchanges a shard, but no more than 12; with an overlap 4)",
        or_else(whole(1)),
    )
    overlap: float = setting(
        0.0,
        "the part of each shard's piece that it still trains while the rest of what it learned is combined, so that"
        " machines need not wait for each other",
        number(0, 0.9, "a number from 0 to 0.9 (0.75 where machines would wait)"),
    )
    seed: int = setting(1, "the seed of all random numbers", whole(0, 2**63 - 1))

    @property
    def first_rate(self) -> float:
        """The learning rate at the start, scaled to what the kind of training needs.

        In skip-gram with hierarchical softmax, whose nodes stay fixed for all context words of a center word, it is 1.5
        times the learning rate. In cbow with exact gradients, of which each context word has a part, it is four times,
        up to a rate of 1; with negative sampling also 0.8 times per word of a window above 5, up to 12 times or a rate
        of 0.3. If context words are summed, it is at most 1.5 over the window. In shards, it is up to a
        fifth higher, and with an overlap of a half two fifths.
        """
        window = 50 if self.window == "sentence" else int(self.window)
        if self.architecture == "cbow" and self.context == "sum":
            return min(self.learning_rate, 1.5 / window)
        if not self.shares_gradient:
            is_tree = self.architecture == "skip-gram" and self.objective == "hierarchical-softmax"
            return self.learning_rate * (1.5 if is_tree else 1 + self._step_of_shards)
        of_window = min(0.8 * window, 12.0) * self.learning_rate if self.objective == "negative-sampling" else 0.0
        return max(min(4 * self.learning_rate, 1.0), self.learning_rate, min(of_window, 0.3))

    @property
    def _step_of_shards(self) -> float:
        """By how much the learning rate is raised, in parts of it."""
        return (SHARD_STEP + OVERLAP_STEP * self.overlap) * (1 - 1 / self.shards)

    @property
    def last_rate(self) -> float:
        """The learning rate at the end, scaled likewise."""
        return self.min_learning_rate * (self.first_rate / self.learning_rate)

    @property
    def shares_gradient(self) -> bool:
        """Whether each context word gets a part of the gradient, which is that of their mean."""
        return self.architecture == "cbow" and self.context == "mean" and self.context_gradient == "exact"

    def _without_shards(self) -> str:
        """What these settings have that shards cannot learn with."""
        there = {
            'architecture="cbow"': self.architecture == "cbow",
            'objective="hierarchical-softmax"': self.objective == "hierarchical-softmax",
            "n-grams (max_n)": self.max_n > 0,
            "shared_vectors": self.shared_vectors,
        }
        return ", ".join(name for name, is_there in there.items() if is_there)

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
        if self.period_tokens is not None and self.shards == 1:
            wrong.append("period_tokens is the length of a shard's piece: it needs shards")
        if self.overlap and self.shards == 1:
            wrong.append("overlap is what shards train while their changes are combined: it needs shards")
        if self.shards > 1 and (not_yet := self._without_shards()):
            wrong.append(f"shards learn by skip-gram with negative sampling alone so far, without {not_yet}")
        return wrong


for _config in (TextConfig, TrainingConfig):
    _config.__doc__ = "\n".join([_config.__doc__ or "", "", "Parameters", "----------", *explained(_config)])
