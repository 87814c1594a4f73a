"""A trained model: its vocabulary, vectors, configuration and history, saved to a folder and loaded again."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from firth.arrays import Float32
from firth.config import TrainingConfig
from firth.errors import FirthError, FirthWarning, FormatError, shortened
from firth.history import EpochResult, History, Provenance
from firth.model_folder import FORMAT, OUTPUT, read_folder
from firth.phrases import FILE as PHRASES
from firth.phrases import Phrases
from firth.storage.tensors import sha256_of_mapped, write_tensor
from firth.vectors.changing import Change, taken
from firth.vectors.subwords import Subwords
from firth.vectors.word_vectors import (
    WordVectors,
    checked_rotation,
    turned,
)
from firth.vocabulary import Vocabulary

if TYPE_CHECKING:
    from firth.formats.reading import Errors

TENSORS_OF_OTHERS = "model.safetensors"
"""In a folder of Hugging Face's, such as model2vec's: the vectors, with the tokenizer beside them."""


class Word2Vec(WordVectors):
    """A trained model: word vectors with everything that made them. `train` and `load` return one.

    Parameters
    ----------
    vocabulary
        V words and their counts.
    vectors
        Input vectors, (V, d) float32.
    output_vectors
        Output vectors, (V, d) float32, or None.
    config
        The settings it was trained with.
    history
        The result of each epoch. The attribute `history` is a list of them, which a notebook shows as a table.
    folder
        Where it was loaded from.
    phrases
        The phrases that were joined in the text. Words separated by spaces are looked up as a phrase.
    subwords
        Vectors of character n-grams, by which unseen words have vectors.
    provenance
        The texts that it has learned from, with the versions it learned with. A model that was saved before this was
        recorded has none.

    Examples
    --------
    >>> model = firth.train("corpus.txt", epochs=3, progress=False)
    >>> model.save("words.firth")
    PosixPath('words.firth')
    >>> firth.load("words.firth").words[:2]
    ['a', 'the']
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        vectors: Float32,
        output_vectors: Float32 | None,
        config: TrainingConfig,
        history: Iterable[EpochResult],
        folder: Path | None = None,
        phrases: Phrases | None = None,
        subwords: Subwords | None = None,
        provenance: Sequence[Provenance] = (),
    ):
        super().__init__(vocabulary, vectors, subwords)
        self.config = config
        self.history = History(history)
        self.folder = folder
        self.phrases = phrases
        self.provenance = tuple(provenance)
        self._output_vectors = output_vectors
        self._output_sum: str | None = None  # a checksum that is still to be compared

    def _known(self, word: object) -> tuple[int | None, Float32] | None:
        """A word, or words with spaces between them that are a phrase."""
        if self.phrases is not None and word not in self.vocabulary:
            joined = self.phrases.join(str(word).split())
            if len(joined) == 1 and joined[0] in self.vocabulary:
                word = joined[0]
        return super()._known(word)

    @cached_property
    def output_vectors(self) -> Float32:
        """Output vectors, (V, d) float32: those of center words. Their products with `vectors` are the scores of pairs.

        With hierarchical softmax they belong to the V - 1 nodes of the tree, and the last row is zero. Raises
        `FirthError` if the model has none, `FormatError` if their file has been altered.
        """
        if self._output_vectors is None:
            raise FirthError("this model has no output vectors")
        if self._output_sum is not None and self.folder is not None:
            if sha256_of_mapped(self._output_vectors, self.folder / OUTPUT) != self._output_sum:
                raise FormatError(f"{self.folder / OUTPUT} has been altered: its checksum is another")
            self._output_sum = None
        return self._output_vectors

    def __getstate__(self) -> dict[str, Any]:
        """All of the model, for a copy or a pickle: it needs its folder no more."""
        if self._output_vectors is not None:
            _ = self.output_vectors  # whose checksum is compared now
        return self.__dict__.copy()

    def choose(self, kind: str) -> WordVectors:
        """The same words with other vectors.

        Parameters
        ----------
        kind : {"input", "output", "mean", "concatenated"}
            The input vectors, as in `vectors`; the output vectors; their mean; or both, concatenated: (V, 2d).

        Returns
        -------
        WordVectors

        Raises
        ------
        ValueError
            For another kind, and for output vectors that belong to a tree's nodes instead of words.
        """
        if kind != "input" and self.config.objective == "hierarchical-softmax":
            raise ValueError(
                "this model has output vectors of a tree's nodes, not of words: there is only kind 'input'"
            )
        inputs, outputs = self.vectors, self.output_vectors
        made: dict[str, Callable[[], Float32]] = {
            "input": lambda: inputs,
            "output": lambda: outputs,
            "mean": lambda: (inputs + outputs) / np.float32(2),
            "concatenated": lambda: np.concatenate([inputs, outputs], axis=1),
        }
        if kind not in made:
            raise ValueError(f"there are {', '.join(made)} vectors, not {shortened(kind)}")
        return WordVectors(self.vocabulary, made[kind](), self.subwords if kind == "input" else None)

    def changed(self, change: Change) -> Self:
        """The result of a change that was computed for this model. Raises `FirthError` if its tree would be another.

        Parameters
        ----------
        change
            What becomes of words, counts, vectors and n-grams.
        """
        counts_before, counts = self.vocabulary.counts, change.vocabulary.counts
        is_same_tree = np.array_equal(change.rows, np.arange(len(self))) and np.array_equal(counts, counts_before)
        if self.config.objective == "hierarchical-softmax" and not is_same_tree:
            raise FirthError(
                "this model's output vectors are those of a tree of exactly these words and counts (hierarchical"
                ' softmax): change its input vectors alone, model.choose("input")'
            )
        outputs = None
        if self._output_vectors is not None:
            outputs = change.vectors if self.config.shared_vectors else taken(self.output_vectors, change.rows)
        made = (change.vocabulary, change.vectors, outputs, self.config, list(self.history))
        return type(self)(*made, phrases=self.phrases, subwords=change.subwords, provenance=self.provenance)

    def rotated(self, rotation: Any) -> Self:
        """All vectors turned by an orthogonal matrix, the output vectors too. The same as `WordVectors.rotated`.

        Parameters
        ----------
        rotation : (d, d) array
            Each vector v becomes v @ rotation.

        Returns
        -------
        Word2Vec

        Raises
        ------
        ValueError
            If the array is not a (d, d) orthogonal matrix.
        """
        checked = checked_rotation(rotation, self.vector_size)
        vectors, subwords = self._rotated(checked)
        outputs = None if self._output_vectors is None else turned(self.output_vectors, checked)
        made = (self.vocabulary, vectors, outputs, self.config, list(self.history))
        return type(self)(*made, phrases=self.phrases, subwords=subwords, provenance=self.provenance)

    def __repr__(self) -> str:
        epochs = f"{len(self.history):,} epoch{'' if len(self.history) == 1 else 's'}"
        made = f"{self.config.architecture} with {self.config.objective}, {epochs}"
        return f"{type(self).__name__}({len(self):,} words, {self.vector_size} dimensions, {made})"

    def _facts(self) -> dict[str, object]:
        return {
            "tokens": int(self.vocabulary.counts.sum()),
            "loss of each epoch": self.history.losses_in_a_line(),
            "settings": self.config.changed() or "the defaults",
            "learned from": [text.told() for text in self.provenance] or "not known",
        }

    def _about(self) -> dict[str, Any]:
        about = super()._about() | {"format": FORMAT, "config": self.config.saved()}
        about["history"] = [result.saved() for result in self.history]
        return about | {"provenance": [dataclasses.asdict(text) for text in self.provenance]}

    def _outputs(self) -> Float32:
        return self.output_vectors

    def _write(self, folder: Path) -> None:
        super()._write(folder)
        write_tensor(folder / OUTPUT, "output", self.output_vectors)
        if self.phrases is not None:
            (folder / PHRASES).write_text(self.phrases.as_json(), "ascii", newline="\n")

    def train_more(self, source: Any, **options: Any) -> Word2Vec:
        """Learn from more text; return the new model. The same as `firth.train_more(model, source, …)`.

        Parameters
        ----------
        source
            The new text, as for `train`.
        **options
            The other parameters of `firth.train_more`.

        Returns
        -------
        Word2Vec
        """
        from firth.training.train_more import train_more  # the trainer is no part of what a model needs to be looked at

        return train_more(self, source, **options)

    @classmethod
    def load(cls, folder: str | Path, *, verify: bool = True) -> Word2Vec:
        """Load a model's folder. Vectors are memory-mapped: read from disk only where they are used.

        Parameters
        ----------
        folder
            A folder that `save` wrote.
        verify
            Whether to compare checksums, which reads the vectors once.

        Returns
        -------
        Word2Vec

        Raises
        ------
        FormatError
            If a file is missing, cut short or altered, or a newer version wrote the model.
        """
        folder = Path(folder)
        loaded = _load_folder(folder, verify=verify)
        if not isinstance(loaded, cls):
            raise FormatError(f"{folder} holds vectors, and nothing of their training: firth.load reads it")
        if verify:
            _warn_of_not_finite(loaded, folder)
        return loaded


def _load_folder(folder: Path, *, verify: bool) -> WordVectors:
    """The model, or the vectors, that `save` put into a folder. Raises as `Word2Vec.load`."""
    saved = read_folder(folder, verify=verify)
    if saved.config is None or saved.outputs is None:
        return WordVectors(saved.vocabulary, saved.vectors, saved.subwords)
    made = (saved.vocabulary, saved.vectors, saved.outputs, saved.config, saved.history, folder.absolute())
    model = Word2Vec(*made, saved.phrases, saved.subwords, saved.provenance)
    model._output_sum = saved.output_sum
    return model


def load(
    path: str | Path,
    *,
    verify: bool = True,
    format: str | None = None,
    errors: Errors = "strict",
    limit: int | None = None,
    numbers_in_words: bool = False,
    counts: str | Path | Mapping[str, int] | None = None,
) -> WordVectors:
    """Load a model's folder, as `Word2Vec`, or vectors, as `WordVectors`: a folder or another program's file.

    Parameters
    ----------
    path
        A folder that `save` wrote, a file in one of the formats of `docs/files.md`, or a folder of model2vec's.
    verify
        Whether to compare the checksums of a model's files, and to warn, by a `FirthWarning`, of vectors that are not
        finite; their words count as unknown. Without it, vectors are not read before they are used.
    format
        The name of the file's format, if its ending does not tell: "word2vec text", "word2vec binary", "glove",
        "fasttext", "tsv" or "safetensors".
    errors : {"strict", "replace", "ignore"}
        What to do with words that are not UTF-8: refuse the file, put U+FFFD for what cannot be decoded, or leave it
        out.
    limit
        Load only the first `limit` words, in most files the most frequent. Of a model's folder this gives
        `WordVectors`.
    numbers_in_words
        Whether a word in a text file may have spaces and end in a number: `section 4 0.1 0.2`.
    counts
        How often the words occur, in place of counts that are there: a mapping, or a file with a word and its count per
        line, as `export`, word2vec.c's -save-vocab and GloVe's vocab_count write it. Words that are not in it count 0,
        of which a file warns.

    Returns
    -------
    Word2Vec or WordVectors

    Raises
    ------
    FormatError
        If there is no such file or folder, it cannot be read, or it is cut short or altered.
    """
    given, path = path, Path(path)
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError):  # too long, or with a NUL
        is_folder = exists = False
    if not exists:
        raise FormatError(f"there is no model {shortened(str(given))[1:-1]}")
    if is_folder and (path / TENSORS_OF_OTHERS).is_file() and not (path / "model.json").exists():
        path, is_folder = path / TENSORS_OF_OTHERS, False
    if is_folder:
        saved = _load_folder(path, verify=verify)
        loaded = saved if limit is None else saved.first(limit)
    else:
        from firth import formats  # a model's folder has no need of them, and they take their time to start

        loaded = formats.read(path, format=format, errors=errors, limit=limit, numbers_in_words=numbers_in_words)
    if counts is not None:
        from firth.formats.counts import counted

        loaded = counted(loaded, counts, errors)
    if verify:
        _warn_of_not_finite(loaded, path)
    return loaded


def _warn_of_not_finite(loaded: WordVectors, path: Path) -> None:
    bad = np.flatnonzero(~loaded.is_finite)
    if len(bad):
        some = ", ".join(repr(loaded.words[i]) for i in bad[:3].tolist()) + (", …" if len(bad) > 3 else "")
        warnings.warn(
            f"{path}: {len(bad):,} of {len(loaded):,} words have a vector that is not finite (NaN, infinite, or too"
            f" great for float32), and are as if unknown: {some}",
            FirthWarning,
            stacklevel=3,
        )
