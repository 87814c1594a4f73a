"""What a model with gensim's face learns by: sentences encoded, words chosen, parameters trained from where they are.

It is the story of `firth.training.train`, cut where gensim's users step in: between vocabulary and training, between
one training and the next, and after each epoch.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from firth.arrays import Bool, Float32, Int32
from firth.config import TrainingConfig
from firth.corpus.corpus import Corpus
from firth.corpus.encoding import encode
from firth.errors import CorpusError, FirthWarning
from firth.history import EpochResult
from firth.kernels.word2vec.blocks import Parameters, SubwordRows
from firth.reporting.events import Event, Progress
from firth.training.listeners import reporter
from firth.training.rounds import NO_PAIR
from firth.training.schedule import initial_parameters
from firth.training.train import compile_beside
from firth.training.trainer import Trainer
from firth.training.workers import Frozen
from firth.vectors.subwords import Composition
from firth.vocabulary import Vocabulary, by_count_then_word

READING = TrainingConfig(lowercase=False, strip_punctuation=False)
"""Text in files: words separated by white space, taken as they are."""


class State(NamedTuple):
    """What is learned: input vectors (V, d), output vectors (V, d), and vectors of n-grams (U, d), none without any."""

    inputs: Float32
    outputs: Float32
    ngrams: Float32


def encoded(source: Any, threads: int) -> Corpus:
    """The encoding of sentences, or of a file of text."""
    corpus = encode(source, config=READING, threads=threads)
    corpus.check()
    return corpus


def joined_vocabulary(old: Vocabulary, new: Vocabulary) -> tuple[Vocabulary, Int32]:
    """The words of both, with the counts of both together; and the row that each word had in the old one, or -1."""
    words = [*old.words, *(word for word in new.words if word not in old.ids)]
    counts = np.zeros(len(words), np.int64)
    counts[: len(old)] = old.counts
    place = {word: i for i, word in enumerate(words)}
    counts[[place[word] for word in new.words]] += new.counts
    order = by_count_then_word(words, counts)
    rows = np.where(order < len(old), order, -1).astype(np.int32)
    return Vocabulary([words[i] for i in order.tolist()], counts[order], old.integers), rows


def initial_state(words: int, vector_size: int, seed: int, ngrams: int) -> State:
    """Random input vectors, those of n-grams among them, and output vectors of zeros."""
    drawn = initial_parameters(words, vector_size, seed, ngrams=ngrams)
    inputs = np.ascontiguousarray(drawn.inputs[:, :vector_size])
    return State(inputs[:words], np.ascontiguousarray(drawn.outputs[:, :vector_size]), inputs[words:])


def ids_in(vocabulary: Vocabulary, corpus: Corpus) -> Int32 | None:
    """For each id of a corpus, that word's row in a vocabulary, or V; None where these are the corpus's first words."""
    words = corpus.words(len(corpus.counts))
    if words[: len(vocabulary)] == vocabulary.words:
        return None
    ids, outside = vocabulary.ids, len(vocabulary)
    return np.array([ids.get(word, outside) for word in words], np.int32)


def learn(
    corpus: Corpus,
    vocabulary: Vocabulary,
    state: State,
    config: TrainingConfig,
    threads: int,
    composition: Composition | None,
    locked: Bool,
    *,
    is_new: bool,
    at_epoch_end: Callable[[Progress, State], None] | None = None,
) -> tuple[State, Sequence[EpochResult]]:
    """Train from a state; return the new one, and what each epoch came to. Input vectors that are locked, (V,), stay.

    A text without a pair of words to learn from is an error for a new model alone: later ones may be one sentence long.
    """
    parameters = initial_parameters(len(vocabulary), config.vector_size, 0, ngrams=len(state.ngrams))
    parameters.inputs[:, : config.vector_size] = np.concatenate([state.inputs, state.ngrams])
    parameters.outputs[:, : config.vector_size] = state.outputs

    def listen(event: Event) -> None:
        if at_epoch_end is not None and isinstance(event, Progress) and event.epoch_done:
            at_epoch_end(event, _state_of(parameters, len(vocabulary), config.vector_size))

    subword_rows = SubwordRows(composition.starts, composition.rows) if composition else None
    with reporter(listen, None) as report:
        compile_beside(config, report)
        trainer = Trainer(corpus, vocabulary.counts, config, threads, report, None, "", not is_new)
        try:
            id_of, frozen = ids_in(vocabulary, corpus), Frozen(locked, np.zeros_like(locked)) if locked.any() else None
            history, trained = trainer.run(parameters, id_of=id_of, subword_rows=subword_rows, frozen=frozen)
        except CorpusError as error:
            if str(error) != NO_PAIR or is_new:
                raise
            warnings.warn(f"the vectors stay as they are: {NO_PAIR}", FirthWarning, stacklevel=4)
            return state, []
    return _state_of(trained, len(vocabulary), config.vector_size), history


def _state_of(parameters: Parameters, words: int, vector_size: int) -> State:
    """A copy of parameters, without padding."""
    inputs, outputs = (np.array(array[:, :vector_size]) for array in parameters)
    return State(inputs[:words], outputs, inputs[words:])
