"""Word2Vec as gensim has it: a model that is made, given a vocabulary, trained, and trained again."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from firth.arrays import Float32
from firth.errors import FirthWarning, FormatError
from firth.gensim import arguments
from firth.gensim.models.callbacks import CallbackAny2Vec
from firth.gensim.sentences import MAX_WORDS_IN_BATCH, LineSentence, PathLineSentences, lists_of
from firth.gensim.trainable import Trainable, TrimRule
from firth.missing_values import text_of_word
from firth.model import Word2Vec as Trained
from firth.vocabulary import Vocabulary

__all__ = ["MAX_WORDS_IN_BATCH", "LineSentence", "PathLineSentences", "Word2Vec"]


class Word2Vec(Trainable):
    """A model with gensim's arguments and defaults; vectors are in `wv`. firth trains it.

    Parameters
    ----------
    sentences
        Lists of words. Without them, and without `corpus_file`, call `build_vocab` and `train`.
    corpus_file
        The path of a text, a sentence a line, words separated by white space; faster than `sentences`.
    vector_size, window, min_count, sample, epochs, seed, shrink_windows
        As firth's settings of these names, with gensim's defaults.
    alpha, min_alpha
        The learning rate at the start and at the end.
    sg : {0, 1}
        1 for skip-gram, 0 for CBOW.
    hs : {0, 1}
        1 for hierarchical softmax, without negative samples: say `negative=0`.
    negative
        Negative samples per pair.
    ns_exponent
        Negative samples are drawn by count to this power.
    cbow_mean : {0, 1}
        Whether CBOW takes the mean of context words, or their sum.
    max_final_vocab
        At most so many words: those that occur too rarely for that are left out.
    trim_rule
        A function of a word, its count and `min_count` that returns 0, or 1 to discard the word, or 2 to keep it.
    compute_loss
        Not needed: the loss is always known.
    callbacks
        Objects with the methods of `CallbackAny2Vec`.
    comment
        Kept as an attribute.
    workers
        The most threads to use. The result does not depend on them.
    hashfxn, batch_words, max_vocab_size
        Not needed; a warning says so, once.
    null_word, sorted_vocab
        There is no other value here than the default.

    Raises
    ------
    ConfigError
        For arguments that make no sense, or whose meaning cannot be kept.

    Examples
    --------
    >>> from firth.gensim import Word2Vec
    >>> model = Word2Vec([["king", "queen", "man"], ["woman", "queen", "man"]] * 20, vector_size=10, min_count=1)
    >>> model.wv["queen"].shape
    (10,)
    """

    def __init__(
        self,
        sentences: Iterable[Any] | None = None,
        corpus_file: str | Path | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = arguments.NEGATIVE,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Any = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = 10_000,
        compute_loss: bool = False,
        callbacks: Iterable[CallbackAny2Vec] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
    ):
        of_batches = {} if self._changes_sentences() else {"batch_words": batch_words}
        arguments.warn_of_unneeded(hashfxn=hashfxn, **of_batches, max_vocab_size=max_vocab_size)
        arguments.refuse_what_cannot_be_kept(null_word=null_word, sorted_vocab=sorted_vocab)
        arguments.objective_of(hs, negative)
        self.vector_size = self.layer1_size = vector_size
        self.alpha, self.min_alpha = alpha, min_alpha
        self.window, self.shrink_windows = window, shrink_windows
        self.min_count, self.max_final_vocab = min_count or 0, max_final_vocab
        self.sample, self.seed, self.workers, self.epochs = sample, seed, workers, epochs
        self.sg, self.hs = (int(arguments.is_flag(*flag)) for flag in (("sg", sg), ("hs", hs)))
        self.negative = 0 if hs else negative
        self.ns_exponent, self.cbow_mean = ns_exponent, int(arguments.is_flag("cbow_mean", cbow_mean))
        self.compute_loss, self.callbacks, self.comment = compute_loss, callbacks, comment
        self.batch_words = batch_words
        self._begin()
        if sentences is not None or corpus_file is not None:
            corpus = self._read(sentences, corpus_file)
            self._take_words_of(corpus, trim_rule, update=False)
            if self._changes_sentences() and corpus_file is None:
                corpus, epochs = self._read(self._changed(sentences, alpha, epochs), None), 1
            self._learn(corpus, epochs, (alpha, min_alpha), callbacks)
        elif trim_rule is not None:
            warnings.warn("a trim_rule is not kept: give it to build_vocab", FirthWarning, stacklevel=2)

    def build_vocab(
        self,
        corpus_iterable: Iterable[Any] | None = None,
        corpus_file: str | Path | None = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        **kwargs: Any,
    ) -> None:
        """Count the words of a text, choose those to learn, and give them vectors to start from.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As `sentences` and `corpus_file` of the constructor.
        update
            Whether to keep the words that are there with their vectors, and add those of this text.
        trim_rule
            As for the constructor, whose rule is not kept.
        progress_per, keep_raw_vocab
            Not needed.
        """
        if kwargs:
            raise TypeError(f"build_vocab has no argument {', '.join(kwargs)}")
        corpus = self._read(corpus_iterable, corpus_file)
        self._take_words_of(corpus, trim_rule, update=update)

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[str, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """As `build_vocab`, from words that are counted already.

        Parameters
        ----------
        word_freq
            How often each word occurs.
        corpus_count
            Of how many sentences these words are: kept as an attribute.
        trim_rule, update
            As for `build_vocab`.
        keep_raw_vocab
            Not needed.
        """
        found = Vocabulary.from_counts(word_freq)
        self._take_words(found.counts, found.often, trim_rule, update=update)
        self.corpus_count, self.corpus_total_words = corpus_count or 0, int(found.counts.sum())

    def train(
        self,
        corpus_iterable: Iterable[Any] | None = None,
        corpus_file: str | Path | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool = False,
        callbacks: Iterable[CallbackAny2Vec] = (),
    ) -> tuple[int, int]:
        """Learn from a text, from the vectors as they are; return the words learned from, and those there were.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As for `build_vocab`. Words without a vector are left out.
        epochs
            Passes over the text; those of the model, without.
        start_alpha, end_alpha
            The learning rate at the start and at the end; those of the model, without.
        callbacks
            In place of those given to the constructor.
        total_examples, total_words, word_count, queue_factor, report_delay, compute_loss
            Not needed: the text tells how long it is.
        """
        arguments.warn_of_unneeded(queue_factor=queue_factor, report_delay=report_delay)
        if not len(self.wv):
            raise RuntimeError("there is no vocabulary yet: call build_vocab(sentences) before train(…)")
        rates = (start_alpha or self.alpha, self.min_alpha if end_alpha is None else end_alpha)
        epochs = self.epochs if epochs is None else epochs
        if self._changes_sentences() and corpus_file is None:
            corpus_iterable, epochs = self._changed(corpus_iterable, rates[0], epochs), 1
        corpus = self._read(corpus_iterable, corpus_file)
        return self._learn(corpus, epochs, rates, list(callbacks) or self.callbacks)

    @property
    def syn1neg(self) -> Float32:
        """The output vectors of negative sampling, (V, d) float32."""
        if self.hs:
            raise AttributeError("a model of hierarchical softmax has syn1, no syn1neg")
        return self._outputs

    @syn1neg.setter
    def syn1neg(self, vectors: Any) -> None:
        self._outputs = np.array(vectors, np.float32)

    @property
    def syn1(self) -> Float32:
        """The output vectors of the nodes of hierarchical softmax's tree, (V, d) float32, the last row zero."""
        if not self.hs:
            raise AttributeError("a model of negative sampling has syn1neg, no syn1")
        return self._outputs

    def get_latest_training_loss(self) -> float:
        """The sum of the losses of all pairs that were measured in the last training, in nats (float64)."""
        return self.running_training_loss

    def predict_output_word(self, context_words_list: Iterable[Any], topn: int = 10) -> list[tuple[Any, float]] | None:
        """The most probable center words of some context words, with their probabilities; None if all are unknown.

        Parameters
        ----------
        context_words_list
            Context words.
        topn
            How many to return.
        """
        if self.hs:
            raise RuntimeError("predict_output_word needs a model of negative sampling (negative=5, hs=0)")
        if isinstance(context_words_list, str):
            raise ValueError("context words are a list of words")
        self._vocabulary()
        known = [word for word in context_words_list if word in self.wv]
        if not known:
            return None
        context = np.sum([self.wv.get_vector(word).astype(np.float64) for word in known], axis=0)
        scores = self._outputs @ (context / (len(known) if self.cbow_mean else 1))
        odds = np.exp(scores - scores.max())
        order = np.argsort(-odds, kind="stable")[:topn]
        return [(self.wv.index_to_key[i], float(odds[i] / odds.sum())) for i in order.tolist()]

    def score(
        self,
        sentences: Iterable[Any],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> Float32:
        """The log probability of each sentence by a model of hierarchical softmax, in nats, (n,) float32.

        It is the sum, over all words of the sentence, of the log probability of the word: given each word of its
        window (skip-gram), or all of them together (CBOW). Unknown words are left out; a sentence without any has 0.

        Parameters
        ----------
        sentences
            Lists of words.
        total_sentences, chunksize, queue_factor, report_delay
            Not needed.

        Raises
        ------
        RuntimeError
            For a model of negative sampling, which has no probabilities.
        """
        if not self.hs:
            raise RuntimeError("score needs a model of hierarchical softmax: train with hs=1, negative=0")
        from firth.gensim.scoring import SentenceScores

        vocabulary, inputs = self._vocabulary(), self.wv.vectors
        is_skip_gram, is_mean = bool(self.sg), bool(self.cbow_mean)
        scores = SentenceScores(
            inputs, self._outputs, vocabulary.counts, window=self.window, is_skip_gram=is_skip_gram, is_mean=is_mean
        )
        row_of = vocabulary.ids
        texts = ([text_of_word(word) for word in sentence] for sentence in lists_of(sentences))
        return scores([row_of[text] for text in sentence if text in row_of] for sentence in texts)

    def init_sims(self, replace: bool = False) -> None:
        """What gensim before 4.0 needed for similarities; with `replace`, scale all vectors to length 1."""
        if replace:
            self.wv.unit_normalize_all()

    def to_firth(self) -> Trained:
        """The model as firth's own, `firth.Word2Vec`: to save, compare, export, draw, train more."""
        self._vocabulary()
        vectors = self.wv.to_firth()
        config = arguments.config_of(self, epochs=self.epochs, rates=(self.alpha, min(self.min_alpha, self.alpha)))
        history = list(self.history)
        return Trained(
            vectors.vocabulary, vectors.vectors, self._outputs.copy(), config, history, subwords=self._subwords()
        )

    def _subwords(self) -> Any:
        return None

    def save(self, fname_or_handle: str | Path, *args: Any, **kwargs: Any) -> None:
        """Save to a folder, which `load` and `firth.load` read; one that is there is replaced.

        Parameters
        ----------
        fname_or_handle
            The folder.
        *args, **kwargs
            How gensim pickles; not needed, as nothing is pickled.
        """
        self.to_firth().save(fname_or_handle, overwrite=True)

    @classmethod
    def load(cls, fname: str | Path, *args: Any, **kwargs: Any) -> Self:
        """Load a model that `save`, or firth itself, saved to a folder.

        Parameters
        ----------
        fname
            The folder.
        *args, **kwargs
            How gensim reads pickles; not needed.

        Raises
        ------
        FormatError
            For gensim's pickles (the message says how to export them), for vectors without a model, and for models
            with settings that gensim has no name for.
        """
        from firth.model import load

        loaded = load(fname)
        if not isinstance(loaded, Trained):
            raise FormatError(f"{fname} holds vectors, not a model: KeyedVectors.load reads it")
        return cls._of(loaded, fname)

    @classmethod
    def _of(cls, trained: Trained, name: Any) -> Self:
        """A model of firth's with gensim's face."""
        model = cls(**arguments.arguments_of(trained.config, name), **cls._ngram_arguments(trained, name))
        model.wv.fill(trained.vocabulary, np.array(trained.vectors))
        model._outputs, model._words = np.array(trained.output_vectors), list(trained.words)
        model.history, model.train_count = list(trained.history), int(bool(trained.history))
        model.corpus_total_words = int(trained.vocabulary.counts.sum())
        return model

    @classmethod
    def _ngram_arguments(cls, trained: Trained, name: Any) -> dict[str, Any]:
        """The arguments that tell of a model's n-grams: there are none."""
        if trained.subwords is not None:
            raise FormatError(f"{name} has n-grams: FastText.load reads it")
        return {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.vector_size}, alpha={self.alpha}>"
