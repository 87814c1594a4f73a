"""Vectors that a training starts from, in place of random ones."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Float32
from firth.config import TextConfig, TrainingConfig, splitting_of
from firth.corpus.corpus import Corpus
from firth.corpus.lost_words import Advice, LostWords
from firth.errors import ConfigError, CorpusError, FirthError, shortened
from firth.history import Provenance
from firth.kernels.word2vec.blocks import Parameters
from firth.missing_values import as_list, is_one_word, text_of_word
from firth.model import Word2Vec, load
from firth.phrases import Phrases
from firth.training.workers import Frozen
from firth.vectors.nearest import inverse_lengths
from firth.vectors.subwords import Composition
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary


@dataclass(frozen=True)
class WarmStart:
    """Given vectors, and the words among them whose vectors are to stay as they are."""

    vectors: WordVectors
    frozen: frozenset[str]
    taken_over: frozenset[str] = frozenset()
    """The settings of a text that a training has from the vectors, as nobody said others."""
    goes_on: bool = False
    """Whether a model learns more: its phrases are joined, and an encoded text should be split as its own was."""

    @classmethod
    def of(cls, given: Any, frozen: bool | Collection[Any]) -> WarmStart:
        """From a model, any word vectors, the path of either, or words and an array (n, d).

        Words whose vectors are not finite are as if they were not there. Raises `ConfigError` for what is none of
        these, has a word twice, is not finite in all its vectors, or in any where there are n-grams, or lacks a word
        that is to be frozen.
        """
        vectors = _as_vectors(given)
        known = cls(vectors, frozenset()).known
        if not known or (vectors.subwords is not None and len(known) < len(vectors)):
            raise ConfigError("the vectors to start from have numbers that are not finite (NaN or infinite)")
        words = _words_frozen(frozen, known)
        if missing := [word for word in words if word not in known]:
            raise ConfigError(
                f"words to be frozen must have a vector to start from, and {shortened(missing[0])} has none"
            )
        return cls(vectors, frozenset(words))

    @property
    def phrases(self) -> Phrases | None:
        """The phrases that were joined in the text of these vectors."""
        return self.vectors.phrases if isinstance(self.vectors, Word2Vec) else None

    def check_split(self, corpus: Corpus) -> None:
        """Warn of words that the corpus cannot have, as its text was split. Raises `ConfigError` if these are nearly
        all.
        """
        if corpus.splitting:
            advice = Advice.SETTINGS_ALONE if self.goes_on else Advice.SETTINGS
            LostWords.of(self.vectors.words, TextConfig(**corpus.splitting), corpus.phrases, advice).tell()

    @property
    def known(self) -> dict[str, int]:
        """The words whose vectors, and output vectors if these are here, are finite, and their rows."""
        finite = self.vectors.is_finite
        if self.outputs is not None:
            finite = finite & ~np.isnan(inverse_lengths(self.outputs))
        words = self.vectors.words
        return {words[i]: i for i in np.flatnonzero(finite).tolist()}

    @property
    def outputs(self) -> Float32 | None:
        """The output vectors of the words, where a model has them."""
        if isinstance(self.vectors, Word2Vec) and self.vectors.config.objective == "negative-sampling":
            try:
                return self.vectors.output_vectors
            except FirthError:
                pass
        return None

    @property
    def provenance(self) -> tuple[Provenance, ...]:
        """The texts that the vectors come from, where they tell."""
        return self.vectors.provenance if isinstance(self.vectors, Word2Vec) else ()

    def fingerprint(self, vocabulary: Vocabulary) -> str:
        """What tells a training of these words from this start from others."""
        digest = hashlib.sha256(np.ascontiguousarray(self.vectors.vectors, "<f4").tobytes())
        if self.outputs is not None:
            digest.update(np.ascontiguousarray(self.outputs, "<f4").tobytes())
        digest.update("\n".join([*self.vectors.words, "", *sorted(self.frozen), "", *vocabulary.words]).encode())
        return digest.hexdigest()

    def fill(
        self,
        vocabulary: Vocabulary,
        parameters: Parameters,
        config: TrainingConfig,
        composition: Composition | None = None,
    ) -> Frozen | None:
        """Give the words of a vocabulary the vectors they have here; return which are frozen, if any is.

        With subwords, the n-grams' vectors come from here too. Where words have two vectors, the output vector comes
        from here too, if it is here, and is frozen too. Raises `CorpusError` if no word is in both, `ConfigError` if
        the n-grams here are not those of the configuration.
        """
        subwords = self.vectors.subwords
        if composition is not None and (subwords is None or subwords.ngrams != composition.ngrams or self.frozen):
            raise ConfigError(
                "with n-grams (max_n), vectors to start from must have the same ones (min_n, max_n, buckets), and none"
                " can be frozen: words share their n-grams with others"
            )
        row_of = self.known
        rows = [(i, row_of[word]) for i, word in enumerate(vocabulary.words) if word in row_of]
        if not rows:
            raise CorpusError(
                f"none of the {len(vocabulary):,} words of the text is among the {len(self.vectors):,} to start from"
            )
        ours, theirs = (list(column) for column in zip(*rows, strict=True))
        width = self.vectors.vector_size
        parameters.inputs[ours, :width] = (subwords.own if subwords and composition else self.vectors.vectors)[theirs]
        if subwords and composition:
            places, known = subwords.rows_of(composition.used)
            parameters.inputs[len(vocabulary) + places, :width] = subwords.rows[known]
        of_words = config.objective == "negative-sampling" and not config.shared_vectors
        if with_outputs := of_words and self.outputs is not None:
            parameters.outputs[ours, :width] = self.outputs[theirs]
        if not self.frozen:
            return None
        inputs = np.array([word in self.frozen for word in vocabulary.words])
        return Frozen(inputs, inputs if with_outputs else np.zeros_like(inputs))


def settings_of(vectors: WordVectors) -> dict[str, Any]:
    """The settings that a training has from vectors to start from, where nobody says otherwise: how many numbers they
    have, and how the text of their words was split.
    """
    return {"vector_size": vectors.vector_size} | splitting_of(vectors.text_config)


def configured(said: Mapping[str, Any], of_start: Mapping[str, Any]) -> TrainingConfig:
    """The configuration with the settings that somebody said, and others `of_start`.

    A `ConfigError` that what is said does not cause alone names those of the start that do.
    """
    try:
        return TrainingConfig.of({**of_start, **said})
    except ConfigError as error:
        TrainingConfig.of(said)
        taken = {name: value for name, value in of_start.items() if name not in said}
        named = {name: value for name, value in taken.items() if re.search(rf"\b{name}\b", str(error))}
        raise ConfigError(f"{error} {told_as_taken(named) or told_as_taken(taken)}") from error


def told_as_taken(settings: Mapping[str, Any]) -> str:
    """What to say of settings of the start, which nobody said, where these lead to an error; nothing of the usual."""
    usual = dataclasses.asdict(TrainingConfig())
    others = [f"{name}={shortened(value)}" for name, value in settings.items() if value != usual[name]]
    return f"({', '.join(others)}: as the vectors to start from have it. Say other settings if need be)" * bool(others)


def _words_frozen(frozen: bool | Collection[Any], known: Collection[str]) -> Collection[str]:
    if isinstance(frozen, bool):
        return known if frozen else []
    words: Any = as_list(frozen)
    return [text_of_word(word) for word in ([words] if is_one_word(words) else words)]


def _as_vectors(given: Any) -> WordVectors:
    if isinstance(given, WordVectors):
        return given
    if isinstance(given, str | Path):
        return load(given)
    if hasattr(given, "to_firth"):  # as what `firth.gensim` has
        return _as_vectors(given.to_firth())
    try:
        words, array = given
        return WordVectors(words, array)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"cannot start from {type(given).__name__}: wanted a model, its path, or words and vectors (n, d): {error}"
        ) from error
