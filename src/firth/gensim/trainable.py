"""What is behind a model with gensim's face: its words and vectors, and training from where they are."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from firth.arrays import Bool, Float32, Int64
from firth.config import TrainingConfig
from firth.errors import ConfigError, CorpusError, FirthError, shortened
from firth.gensim import arguments
from firth.gensim.hooks import Hooked
from firth.gensim.models.callbacks import CallbackAny2Vec
from firth.gensim.models.keyedvectors import KeyedVectors
from firth.gensim.sentences import source_of
from firth.history import EpochResult
from firth.vocabulary import Vocabulary

TrimRule = Callable[[str, int, int], int]
"""Of a word, its count and the least count: one of `RULES`."""
RULES = {0: None, 1: False, 2: True}
"""What a `trim_rule` returns: gensim's RULE_DEFAULT, RULE_DISCARD, RULE_KEEP."""


def effective_min_count(counts: Int64, min_count: int, max_final_vocab: int | None) -> int:
    """How often a word must occur, where `max_final_vocab` may ask for more than `min_count`; counts fall, (V,)."""
    least = max(1, min_count)
    if max_final_vocab is not None and len(counts) > max_final_vocab:
        least = max(least, int(counts[max_final_vocab]) + 1)
    return least


def trimmed(found: Vocabulary, least: int, rule: TrimRule) -> Vocabulary:
    """The words that a rule keeps. Raises `CorpusError` for fewer than two."""
    counted = zip(found.typed_words, found.counts.tolist(), strict=True)
    kept = np.array([_is_kept(rule, word, count, least) for word, count in counted])
    if kept.sum() < 2:
        raise CorpusError(f"the trim_rule leaves {kept.sum()} of the {len(found):,} words: vectors need at least two")
    return found.at(np.flatnonzero(kept))


def _is_kept(rule: TrimRule, word: Any, count: int, min_count: int) -> bool:
    answer = rule(word, count, min_count)
    if answer not in RULES:
        raise ConfigError(f"a trim_rule returns 0 (default), 1 (discard) or 2 (keep), not {shortened(answer)}")
    decided = RULES[answer]
    return count >= min_count if decided is None else decided


class Trainable(Hooked):
    """Words, vectors, and what they were learned by. `Word2Vec` adds what gensim's users call."""

    wv: KeyedVectors
    vector_size: int
    alpha: float
    min_alpha: float
    min_count: int
    max_final_vocab: int | None
    seed: int
    workers: int
    epochs: int
    hs: int

    def _begin(self) -> None:
        """Nothing is known yet. Raises `ConfigError` naming all settings that make no sense."""
        self.corpus_count = self.corpus_total_words = self.train_count = 0
        self.total_train_time = self.running_training_loss = 0.0
        self.history: list[EpochResult] = []
        arguments.threads_of(self.workers)
        self._refuse_what_is_not_called()
        self._config(self.epochs, (self.alpha, self.min_alpha))
        self.wv = self._no_vectors()
        self._outputs: Float32 = np.zeros((0, self.vector_size), np.float32)
        self._words: list[str] = []  # of the output vectors

    def _config(self, epochs: int, rates: tuple[float, float]) -> TrainingConfig:
        return arguments.config_of(self, epochs=epochs, rates=rates)

    ngram_settings: dict[str, int] = {}  # noqa: RUF012  # of the class; FastText has some

    def _no_vectors(self) -> KeyedVectors:
        return KeyedVectors(self.vector_size)

    def _read(self, sentences: Any, corpus_file: Any) -> Any:
        from firth.gensim.learning import encoded  # who looks up vectors has no need of the compiler

        return encoded(source_of(sentences, corpus_file), arguments.threads_of(self.workers))

    def _take_words_of(self, corpus: Any, trim_rule: TrimRule | None, *, update: bool) -> None:
        """Choose the words of an encoded text, and give them vectors."""
        self._take_words(corpus.counts, corpus.vocabulary, trim_rule, update=update)
        self.corpus_count, self.corpus_total_words = corpus.sentences, len(corpus)

    def _take_words(
        self, counts: Int64, often: Callable[[int], Vocabulary], trim_rule: TrimRule | None, *, update: bool
    ) -> None:
        """Choose words, of which there are such counts, and which are there that often; and give them vectors."""
        from firth.gensim.learning import joined_vocabulary

        least = effective_min_count(counts, self.min_count, self.max_final_vocab)
        vocabulary = often(least) if trim_rule is None else trimmed(often(1), least, trim_rule)
        self.effective_min_count = least
        if not update:
            self.train_count, self.history = 0, []
            self._start(vocabulary, None)
            return
        if not len(self.wv):
            raise FirthError("there is no vocabulary to update: build_vocab(sentences) without update=True comes first")
        if self.hs:
            raise ConfigError(
                "the tree of hierarchical softmax is of one vocabulary and its counts: train a new model on both texts"
            )
        self._start(*joined_vocabulary(self._vocabulary(), vocabulary))

    def _start(self, vocabulary: Vocabulary, rows: Any) -> None:
        """Give words vectors: random ones, or those that were in some rows where these are not -1."""
        from firth.gensim.learning import initial_state

        state = initial_state(len(vocabulary), self.vector_size, arguments.seed_of(self) + len(self.history), 0)
        locked = np.zeros(len(vocabulary), np.bool_)
        if rows is not None:
            kept = rows >= 0
            state.inputs[kept], state.outputs[kept] = self.wv.vectors[rows[kept]], self._outputs[rows[kept]]
            locked[kept] = self.wv.is_locked()[rows[kept]]
        self.wv.fill(vocabulary, state.inputs)
        if locked.any():
            self.wv.vectors_lockf = np.where(locked, 0, 1).astype(np.float32)
        self._outputs, self._words = state.outputs, list(vocabulary.words)

    def _vocabulary(self) -> Vocabulary:
        """The words with their counts. Raises `FirthError` if `wv` has others than the model, or in another order."""
        vocabulary: Vocabulary = self.wv.to_firth().vocabulary
        if vocabulary.words != self._words:
            raise FirthError(
                "keys of wv were added, or put in another order, and the model's output vectors were not:"
                " build_vocab(…, update=True) adds words to a model; wv.save(path) saves the vectors alone"
            )
        return vocabulary

    def _learn(
        self, corpus: Any, epochs: int, rates: tuple[float, float], callbacks: Iterable[CallbackAny2Vec]
    ) -> tuple[int, int]:
        """Train from what `wv` holds now. Each training after the first draws other random numbers."""
        from firth.gensim import learning

        config, callbacks, before = self._config(epochs, rates), list(callbacks), time.time()
        done = len(self.history)
        self.running_training_loss = 0.0
        vocabulary = self._vocabulary()

        def after_epoch(event: Any, state: Any) -> None:
            self.running_training_loss += event.loss * event.pairs if event.pairs else 0.0
            self._hold(state)
            for callback in callbacks:
                callback.on_epoch_end(self)
            for callback in callbacks if event.epoch < event.epochs else ():
                callback.on_epoch_begin(self)

        for callback in callbacks:
            callback.on_train_begin(self)
        for callback in callbacks:
            callback.on_epoch_begin(self)
        state, history = learning.learn(
            corpus,
            vocabulary,
            self._state(),
            dataclasses.replace(config, seed=config.seed + done),
            arguments.threads_of(self.workers),
            self._composition(),
            self._locked(),
            is_new=self.train_count == 0,
            at_epoch_end=after_epoch if callbacks else None,
        )
        self._hold(state)
        self.history += [dataclasses.replace(result, epoch=done + result.epoch) for result in history]
        self.running_training_loss = sum(result.loss * result.pairs for result in history if result.pairs)
        self.train_count += 1
        self.total_train_time += time.time() - before
        for callback in callbacks:
            callback.on_train_end(self)
        words = len(corpus) * len(history)
        return words, words

    def _state(self) -> Any:
        from firth.gensim.learning import State

        return State(self.wv.vectors, self._outputs, self.wv.vectors[:0])

    def _hold(self, state: Any) -> None:
        """Let the vectors be these."""
        self.wv.vectors, self._outputs = state.inputs, state.outputs

    def _composition(self) -> Any:
        return None

    def _locked(self) -> Bool:
        """Which words' vectors stay as they are, (V,)."""
        return self.wv.is_locked()
