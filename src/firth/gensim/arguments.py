"""gensim's arguments as firth's settings: those that are not needed warn once, those that cannot be kept are errors."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from firth.config import TrainingConfig
from firth.cpu import usable_threads
from firth.errors import ConfigError, FirthWarning, FormatError, shortened
from firth.settings import is_int, plain

NEGATIVE = 5
"""gensim's default, which it has beside hierarchical softmax too."""
SEED = 1
"""gensim's default; and in place of None, as results are reproducible here."""
NOT_NEEDED: Mapping[str, Any] = {
    "batch_words": 10_000,
    "hashfxn": hash,
    "max_vocab_size": None,
    "progress_per": 10_000,
    "queue_factor": 2,
    "report_delay": 1.0,
}
"""Arguments that change no result here, with gensim's defaults."""
WITHOUT_MEANING: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "null_word": ((0, False), "it belongs to a kind of CBOW that gensim 4 does not have"),
    "sorted_vocab": ((1, True), "words are always in the order of their counts"),
    "word_ngrams": ((1, True), "there are n-grams of characters; of words, firth.gensim.Phrases makes some"),
}
"""Arguments with one possible value, and why."""

NAMES = {
    "min_learning_rate": "min_alpha",
    "learning_rate": "alpha",
    "noise_exponent": "ns_exponent",
    "buckets": "bucket",
}
"""Settings, as messages name them, and what they are called in gensim."""
WITHOUT_NAME = (
    "window_side", "distance_weights", "context_gradient", "shared_vectors", "shards", "phrase_passes",
    "max_vocabulary", "stop_words", "keep_words",
)  # fmt: skip
"""Settings that decide what is learned, and have no name in gensim."""

_warned: set[str] = set()


def warn_of_unneeded(**given: Any) -> None:
    """Warn, once in a process, of arguments that firth has no need of, if they are not gensim's defaults."""
    names = [name for name, value in given.items() if value != NOT_NEEDED[name] and name not in _warned]
    if names:
        _warned.update(names)
        warnings.warn(
            f"firth does not need {', '.join(names)}: the result does not depend on it", FirthWarning, stacklevel=4
        )


def refuse_what_cannot_be_kept(**given: Any) -> None:
    """Raise `ConfigError` for arguments whose meaning firth cannot keep."""
    wrong = [
        f"{name}={shortened(value)} is not possible: {WITHOUT_MEANING[name][1]}"
        for name, value in given.items()
        if plain(value) not in WITHOUT_MEANING[name][0]
    ]
    if wrong:
        raise ConfigError("; ".join(wrong))


def objective_of(hs: Any, negative: Any) -> str:
    """Which objective is meant. Raises `ConfigError` for none; gensim's sum of both is not possible here.

    With hs=1 alone, gensim trains by its 5 negative samples too; most who write that do not know, and are told.
    """
    if not hs and not negative:
        raise ConfigError("hs=0 and negative=0 leave nothing to learn by: negative=5 is usual")
    if hs and negative not in {0, NEGATIVE}:
        raise ConfigError(
            f"hs=1 with negative={shortened(negative)}: gensim adds the gradients of both objectives, firth has one:"
            " say hs=1, negative=0, or hs=0"
        )
    if hs and negative:
        warnings.warn(
            "hs=1 trains by hierarchical softmax alone here, where gensim adds 5 negative samples: negative=0 says that"
            " this is meant",
            FirthWarning,
            stacklevel=4,
        )
    return "hierarchical-softmax" if hs else "negative-sampling"


def threads_of(workers: Any) -> int:
    """How many threads to use: no more than processors, as they change the time and nothing else."""
    if not is_int(1)(plain(workers)):
        raise ConfigError(f"workers must be a whole number of 1 or more, not {shortened(workers)}")
    return min(int(workers), usable_threads())


def is_flag(name: str, value: Any) -> bool:
    """A switch, 0 or 1. Raises `ConfigError` for anything else."""
    if plain(value) not in {0, 1}:
        raise ConfigError(f"{name} must be 0 or 1, not {shortened(value)}")
    return bool(value)


def seed_of(model: Any) -> int:
    """The seed of a model; None is gensim's default."""
    return SEED if model.seed is None else model.seed


def config_of(model: Any, *, epochs: int, rates: tuple[float, float]) -> TrainingConfig:
    """The settings of a model with gensim's attributes. Raises `ConfigError` naming all that make no sense."""
    try:
        return TrainingConfig(
            architecture="skip-gram" if model.sg else "cbow",
            objective="hierarchical-softmax" if model.hs else "negative-sampling",
            context="mean" if model.cbow_mean else "sum",
            vector_size=model.vector_size,
            window=model.window,
            shrink_windows=bool(model.shrink_windows),
            min_count=max(1, model.min_count),
            negative=model.negative if not model.hs else NEGATIVE,
            noise_exponent=model.ns_exponent,
            sample=model.sample or 0,
            epochs=epochs,
            learning_rate=rates[0],
            min_learning_rate=rates[1],
            seed=seed_of(model),
            lowercase=False,
            strip_punctuation=False,
            **model.ngram_settings,
        )
    except ConfigError as error:
        raise ConfigError(_in_words_of_gensim(str(error))) from error


def _in_words_of_gensim(message: str) -> str:
    """A message with the names that settings have in gensim."""
    for name, in_gensim in NAMES.items():
        message = message.replace(name, in_gensim)
    return message


def arguments_of(config: TrainingConfig, name: Any) -> dict[str, Any]:
    """The arguments of gensim's that stand for settings, but those of n-grams.

    Raises `FormatError` where a model, called `name`, was trained with settings that gensim has no name for.
    """
    usual = TrainingConfig()
    others = [field for field in WITHOUT_NAME if getattr(config, field) != getattr(usual, field)]
    if others or config.window == "sentence":
        raise FormatError(
            f"{name} was trained with settings that gensim has no name for,"
            f" {', '.join(others or ['window'])}: firth.load reads it"
        )
    is_tree = config.objective == "hierarchical-softmax"
    return {
        "vector_size": config.vector_size,
        "window": config.window,
        "shrink_windows": config.shrink_windows,
        "min_count": config.min_count,
        "alpha": config.learning_rate,
        "min_alpha": config.min_learning_rate,
        "sample": config.sample,
        "seed": config.seed,
        "sg": int(config.architecture == "skip-gram"),
        "hs": int(is_tree),
        "negative": 0 if is_tree else config.negative,
        "ns_exponent": config.noise_exponent,
        "cbow_mean": int(config.context == "mean"),
        "epochs": config.epochs or 1,
    }
