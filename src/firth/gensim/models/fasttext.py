"""FastText as gensim has it: words, and their character n-grams, by which unseen words have vectors."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import numpy as np

from firth.arrays import Bool, Float32, Int32
from firth.errors import ConfigError, FormatError
from firth.formats.fasttext import MODELS, read_trained
from firth.gensim import arguments
from firth.gensim.models.callbacks import CallbackAny2Vec
from firth.gensim.models.keyedvectors import KeyedVectors, refuse_encoding
from firth.gensim.models.word2vec import Word2Vec
from firth.gensim.trainable import TrimRule
from firth.model import Word2Vec as Trained
from firth.model import load
from firth.vectors.nearest import inverse_lengths, unit_rows
from firth.vectors.subwords import Composition, Ngrams, Subwords
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary


class FastTextKeyedVectors(KeyedVectors):
    """Keys and their vectors, and those of n-grams: a key that is unknown has a vector by these.

    Parameters
    ----------
    vector_size
        The dimensions of a vector.
    min_n, max_n
        The lengths of the shortest and the longest n-grams.
    bucket
        How many vectors n-grams share, by their hashes.
    count, dtype
        There is no other value here than the default.
    """

    def __init__(self, vector_size: int, min_n: int, max_n: int, bucket: int, count: int = 0, dtype: Any = np.float32):
        super().__init__(vector_size, count, dtype)
        self.min_n, self.max_n, self.bucket = min_n, max_n, bucket
        self.vectors_vocab: Float32 = self.vectors
        self._used: Int32 = np.zeros(0, np.int32)
        self._rows: Float32 = self.vectors

    @classmethod
    def of(cls, vectors: WordVectors) -> Any:
        """The same words and n-grams, with vectors of their own. Raises `FormatError` where there are no n-grams."""
        if vectors.subwords is None:
            raise FormatError("these vectors have no n-grams: KeyedVectors.load reads them")
        made = cls(vectors.vector_size, *vectors.subwords.ngrams)
        made.fill(vectors.vocabulary, np.array(vectors.vectors))
        made.hold(vectors.subwords)
        return made

    def hold(self, subwords: Subwords) -> None:
        """Let the parts of vectors be these."""
        self.vectors_vocab, self._used, self._rows = np.array(subwords.own), subwords.used, np.array(subwords.rows)

    @property
    def subwords(self) -> Subwords:
        """The parts: words' own vectors, and those of n-grams."""
        return Subwords(Ngrams(self.min_n, self.max_n, self.bucket), self.vectors_vocab, self._used, self._rows)

    @property
    def vectors_ngrams(self) -> Float32:
        """The vectors of n-grams, (bucket, d) float32, made when asked for: zeros for those that never occurred."""
        rows = np.zeros((self.bucket, self.vector_size), np.float32)
        rows[self._used] = self._rows
        return rows

    def to_firth(self) -> WordVectors:
        """The same keys with their vectors and n-grams: `firth.WordVectors`."""
        plain = super().to_firth()
        subwords = self.subwords if len(self.vectors_vocab) == len(self) else None
        return WordVectors(plain.vocabulary, plain.vectors, subwords)

    def __contains__(self, key: object) -> bool:
        return self.has_index_for(key) or self._made_up(key) is not None

    def _made_up(self, key: object) -> Float32 | None:
        """The vector of an unknown key by its n-grams; None if none of them ever occurred."""
        if self.has_numbers and isinstance(key, int | np.integer):
            key = str(key)
        return self.subwords.compose(key) if isinstance(key, str) else None

    def get_vector(self, key: Any, norm: bool = False) -> Float32:
        """The vector of a key, (d,): its own, or the mean of those of its n-grams.

        Parameters
        ----------
        key
            The key.
        norm
            Scaled to length 1.
        """
        if self.has_index_for(key) or (vector := self._made_up(key)) is None:
            return super().get_vector(key, norm)
        return unit_rows(vector[None], inverse_lengths(vector[None]))[0] if norm else vector

    def add_vectors(self, *args: Any, **kwargs: Any) -> None:
        """Not here: raises `NotImplementedError`, which says what to do instead."""
        raise NotImplementedError(
            "words with n-grams cannot be added here: wv.to_firth().add(words, vectors) gives new vectors that do"
        )

    def intersect_word2vec_format(self, *args: Any, **kwargs: Any) -> None:
        """Not here: raises `NotImplementedError`, which says what to do instead."""
        raise NotImplementedError(
            "a word's vector is made of those of its n-grams, which other words have too: it cannot be set alone."
            " Word2Vec, which has no n-grams, takes vectors from a file"
        )

    def is_locked(self) -> Bool:
        """Which vectors stay as they are while a model is trained: none. Raises `ConfigError` where some should."""
        locked = super().is_locked()
        if locked.any():
            raise ConfigError("vectors_lockf cannot be 0 here: words share their n-grams with others. Word2Vec can")
        return locked


class FastText(Word2Vec):
    """A model with gensim's arguments and defaults; vectors of words and n-grams are in `wv`. firth trains it.

    Parameters
    ----------
    min_n, max_n
        The lengths of the shortest and the longest n-grams.
    bucket
        How many vectors n-grams share, by their hashes.
    word_ngrams
        There is no other value here than 1.
    sentences, corpus_file, sg, hs, vector_size, alpha, window, min_count, max_vocab_size, sample, seed, workers
        As for `Word2Vec`.
    min_alpha, negative, ns_exponent, cbow_mean, hashfxn, epochs, null_word, sorted_vocab, trim_rule, batch_words
        As for `Word2Vec`.
    callbacks, max_final_vocab, shrink_windows
        As for `Word2Vec`.
    """

    wv: FastTextKeyedVectors
    _made_of: Composition | None = None

    def __init__(
        self,
        sentences: Iterable[Any] | None = None,
        corpus_file: str | Path | None = None,
        sg: int = 0,
        hs: int = 0,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        word_ngrams: int = 1,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        negative: int = arguments.NEGATIVE,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Any = hash,
        epochs: int = 5,
        null_word: int = 0,
        min_n: int = 3,
        max_n: int = 6,
        sorted_vocab: int = 1,
        bucket: int = 2_000_000,
        trim_rule: TrimRule | None = None,
        batch_words: int = 10_000,
        callbacks: Iterable[CallbackAny2Vec] = (),
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
    ):
        arguments.refuse_what_cannot_be_kept(word_ngrams=word_ngrams)
        if max_n < min_n or not bucket:
            raise ConfigError("without n-grams (max_n below min_n, bucket=0) this is Word2Vec: use that")
        self.ngram_settings = {"min_n": min_n, "max_n": max_n, "buckets": bucket}
        super().__init__(
            sentences=sentences,
            corpus_file=corpus_file,
            vector_size=vector_size,
            alpha=alpha,
            window=window,
            min_count=min_count,
            max_vocab_size=max_vocab_size,
            sample=sample,
            seed=seed,
            workers=workers,
            min_alpha=min_alpha,
            sg=sg,
            hs=hs,
            negative=negative,
            ns_exponent=ns_exponent,
            cbow_mean=cbow_mean,
            hashfxn=hashfxn,
            epochs=epochs,
            null_word=null_word,
            trim_rule=trim_rule,
            sorted_vocab=sorted_vocab,
            batch_words=batch_words,
            callbacks=callbacks,
            max_final_vocab=max_final_vocab,
            shrink_windows=shrink_windows,
        )

    @property
    def _ngrams(self) -> Ngrams:
        return Ngrams(*self.ngram_settings.values())

    def _no_vectors(self) -> FastTextKeyedVectors:
        return FastTextKeyedVectors(self.vector_size, *self._ngrams)

    def _composition(self) -> Composition:
        """What the words are made of, computed once for a vocabulary."""
        if self._made_of is None:
            self._made_of = Composition(self._words, self._ngrams)
        return self._made_of

    def _start(self, vocabulary: Vocabulary, rows: Any) -> None:
        from firth.gensim.learning import initial_state

        self._words, self._made_of = list(vocabulary.words), None
        used = self._composition().used
        state = initial_state(len(vocabulary), self.vector_size, arguments.seed_of(self) + len(self.history), len(used))
        old = self.wv.subwords
        if rows is not None:
            kept = rows >= 0
            state.inputs[kept], state.outputs[kept] = old.own[rows[kept]], self._outputs[rows[kept]]
            ours, theirs = old.rows_of(used)
            state.ngrams[ours] = old.rows[theirs]
        self.wv.fill(vocabulary, self.wv.vectors[:0])
        if rows is None:
            old = Subwords(self._ngrams, state.inputs, used, state.ngrams)
        self.wv.hold(old)
        self._hold(state)

    def _take(self, vectors: WordVectors, outputs: Float32) -> None:
        """Let words with n-grams, and their output vectors (V, d), take the place of all that is here."""
        self.wv, self._made_of = FastTextKeyedVectors.of(vectors), None
        self._outputs, self._words = np.array(outputs), list(vectors.words)
        self.corpus_total_words, self.train_count = int(vectors.vocabulary.counts.sum()), 1

    def _state(self) -> Any:
        from firth.gensim.learning import State

        parts = self.wv.subwords
        used = self._composition().used
        rows = np.zeros((len(used), self.vector_size), np.float32)
        ours, theirs = parts.rows_of(used)
        rows[ours] = parts.rows[theirs]
        return State(parts.own, self._outputs, rows)

    def _hold(self, state: Any) -> None:
        """Let the vectors be these; n-grams that no word here has stay as they are."""
        used = self._composition().used
        parts = self.wv.subwords.joined(Subwords(self._ngrams, state.inputs, used, state.ngrams), state.inputs)
        self.wv.hold(parts)
        self.wv.vectors = parts.compose_all(self._words)
        self._outputs = state.outputs

    def _subwords(self) -> Subwords:
        return self.wv.subwords

    @classmethod
    def _of(cls, trained: Trained, name: Any) -> Self:
        model = super()._of(trained, name)
        assert trained.subwords is not None  # `_ngram_arguments` has looked
        model.wv.hold(trained.subwords)
        return model

    @classmethod
    def _ngram_arguments(cls, trained: Trained, name: Any) -> dict[str, Any]:
        if trained.subwords is None:
            raise FormatError(f"{name} has no n-grams: Word2Vec.load reads it")
        return dict(zip(("min_n", "max_n", "bucket"), trained.subwords.ngrams, strict=True))


IN_FASTTEXT = {
    "vector_size": "dim",
    "window": "ws",
    "epochs": "epoch",
    "min_count": "minCount",
    "negative": "neg",
    "min_n": "minn",
    "max_n": "maxn",
    "bucket": "bucket",
    "sample": "t",
}
"""Arguments, and what they are called in fastText."""


def load_facebook_vectors(path: str | Path, encoding: str = "utf-8") -> FastTextKeyedVectors:
    """The words and n-grams of fastText's own `.bin` file, with their vectors.

    Parameters
    ----------
    path
        The file.
    encoding
        There is only UTF-8.
    """
    refuse_encoding(encoding)
    vectors: FastTextKeyedVectors = FastTextKeyedVectors.of(load(path, format="fasttext"))
    return vectors


def load_facebook_model(path: str | Path, encoding: str = "utf-8") -> FastText:
    """The model of fastText's own `.bin` file, which can be trained on: its vectors, n-grams, output vectors, settings.

    The file does not hold the learning rate: that of the model is the default.

    Parameters
    ----------
    path
        The file.
    encoding
        There is only UTF-8.

    Raises
    ------
    FormatError
        For a file that cannot be read, has no n-grams, or was not trained by negative sampling on words.
    """
    refuse_encoding(encoding)
    vectors, outputs, settings = read_trained(Path(path))
    if vectors.subwords is None:
        raise FormatError(f"{path} has no n-grams, which FastText is about: KeyedVectors.load reads its vectors")
    arguments_of = {name: settings[theirs] for name, theirs in IN_FASTTEXT.items()}
    model = FastText(sg=int(settings["model"] == MODELS["skip-gram"]), **arguments_of)
    model._take(vectors, outputs)
    return model


def save_facebook_model(model: FastText, path: str | Path, encoding: str = "utf-8") -> None:
    """Write a model's words and n-grams as fastText's own `.bin` file.

    Parameters
    ----------
    model
        The model.
    path
        The file. It is replaced if it is there.
    encoding
        There is only UTF-8.
    """
    from firth.formats import export

    refuse_encoding(encoding)
    export(model.to_firth(), path, format="fasttext", overwrite=True)
