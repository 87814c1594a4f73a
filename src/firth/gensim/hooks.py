"""What subclasses change of gensim's training: sentences on their way to it, which is kept; all else, which is not.

fastnode2vec, for one, hands numbers of nodes to `train`, and makes walks of them batch by batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from firth.errors import ConfigError, FirthError, SourceError
from firth.gensim.sentences import lists_of

NOT_CALLED = (
    "_do_train_epoch", "_get_next_alpha", "_get_thread_working_mem", "_job_producer", "_raw_word_count", "_scan_vocab",
    "_train_epoch", "_train_epoch_corpusfile", "_worker_loop", "_worker_loop_corpusfile", "create_binary_tree",
    "init_weights", "make_cum_table", "prepare_vocab", "prepare_weights", "scan_vocab", "seeded_vector",
    "update_weights",
)  # fmt: skip
"""Methods of gensim's that a subclass may override there, and that firth's training does not call."""


class Hooked:
    """A model whose subclasses may change sentences before it learns from them."""

    batch_words: int
    _handed_on: list[Any] | None = None

    def _do_train_job(self, sentences: Iterable[Any], alpha: float, inits: Any) -> tuple[int, int]:
        """Learn from a batch of sentences; return how many words they have, twice.

        It is called with `batch_words` words at a time, in one thread, before the training begins, for subclasses that
        override it and hand other sentences on.
        """
        self._handed_on = [list(sentence) for sentence in sentences]
        words = sum(map(len, self._handed_on))
        return words, words

    def _refuse_what_is_not_called(self) -> None:
        """Raise `ConfigError` for a subclass that overrides what firth's training does not have."""
        if names := [name for name in NOT_CALLED if hasattr(type(self), name)]:
            raise ConfigError(
                f"{type(self).__name__} overrides {', '.join(names)} of gensim's training, which is not how firth"
                " trains: it would not be called. _do_train_job, which may change sentences, is"
            )

    def _changes_sentences(self) -> bool:
        """Whether a subclass overrides `_do_train_job`."""
        return type(self)._do_train_job is not Hooked._do_train_job

    def _changed(self, sentences: Any, alpha: float, epochs: int) -> Iterator[list[Any]]:
        """The sentences of all epochs, as a subclass changes them."""
        if epochs > 1 and iter(sentences) is sentences:
            raise SourceError(
                f"a generator gives its sentences once, and {epochs} epochs need them as often: give a list"
            )
        for _ in range(epochs):
            for batch in _batches(lists_of(sentences), self.batch_words):
                self._handed_on = None
                self._do_train_job(batch, alpha, None)
                if self._handed_on is None:
                    raise FirthError(
                        f"{type(self).__name__}._do_train_job does not hand sentences on to that of Word2Vec, which"
                        " is all that it can do here"
                    )
                yield from self._handed_on
        self._handed_on = None


def _batches(sentences: Iterable[Any], words: int) -> Iterator[list[Any]]:
    """Sentences in lists of so many words together, or of one sentence."""
    batch: list[Any] = []
    size = 0
    for sentence in sentences:
        if batch and size + len(sentence) > words:
            yield batch
            batch, size = [], 0
        batch.append(sentence)
        size += len(sentence)
    if batch:
        yield batch
