"""A trained model: its vocabulary, vectors, configuration and history, saved to a folder and loaded again.

A model's folder holds

    model.json             what this is: settings, history, and the size and SHA-256 of the other files
    vocabulary.json        the words and their counts
    vectors.safetensors    the words' vectors, (V, d) float32
    output.safetensors     the output vectors of training, (V, d) float32
    phrases.json           the phrases that were joined in the text, if any was
    subwords.safetensors   words' own vectors and those of n-grams, if they have some
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import warnings
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from firth import __version__
from firth.config import TrainingConfig
from firth.errors import FirthError, FirthWarning, FormatError, shortened
from firth.files import new_folder, refuse_to_overwrite, sha256_of
from firth.phrases import FILE as PHRASES
from firth.phrases import Phrases
from firth.subwords import Subwords
from firth.tensors import map_tensor, sha256_of_mapped, write_tensor
from firth.vectors import WordVectors
from firth.vocabulary import Vocabulary

if TYPE_CHECKING:
    from firth.formats.reading import Errors

FORMAT = "firth model"
VERSION = 1
VOCABULARY, VECTORS, OUTPUT = "vocabulary.json", "vectors.safetensors", "output.safetensors"
SUBWORDS = "subwords.safetensors"
TENSORS_OF_OTHERS = "model.safetensors"
"""In a folder of Hugging Face's, such as model2vec's: the vectors, with the tokenizer beside them."""

Float32 = np.ndarray[Any, np.dtype[np.float32]]


@dataclasses.dataclass(frozen=True)
class EpochResult:
    """What an epoch came to: the mean loss of the (context, centre) pairs it was measured on, in nats; NaN if there was
    none. Each was measured just before it was learnt, by vectors that lean towards the text before it: it is the
    validation loss that models are compared by.
    """

    epoch: int
    loss: float
    pairs: int
    validation_loss: float | None = None  # of the sentences held out, where some were


def _about_epoch(result: EpochResult) -> dict[str, Any]:
    return dataclasses.asdict(result) | {"loss": None if math.isnan(result.loss) else result.loss}


def _epoch_result(about: dict[str, Any]) -> EpochResult:
    """As saved: the loss of an epoch without a pair is no number, which JSON has none for."""
    return EpochResult(**about | {"loss": math.nan if about["loss"] is None else about["loss"]})


class Word2Vec(WordVectors):
    """Word vectors with everything that made them."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        vectors: Float32,
        output_vectors: Float32 | None,
        config: TrainingConfig,
        history: list[EpochResult],
        folder: Path | None = None,
        phrases: Phrases | None = None,
        subwords: Subwords | None = None,
    ):
        super().__init__(vocabulary, vectors, subwords)
        self.config = config
        self.history = history
        self.folder = folder
        self.phrases = phrases
        self._output_vectors = output_vectors
        self._output_sum: str | None = None  # a checksum that is still to be compared

    def _find(self, word: object) -> tuple[int | None, Float32]:
        """A word, or words with spaces between them that are a phrase."""
        if self.phrases is not None and word not in self.vocabulary:
            joined = self.phrases.join(str(word).split())
            if len(joined) == 1 and joined[0] in self.vocabulary:
                word = joined[0]
        return super()._find(word)

    @cached_property
    def output_vectors(self) -> Float32:
        """The (V, d) vectors that words have as centres; the product with a context word's vector is a pair's score.

        With hierarchical softmax they are those of the tree's V - 1 nodes, and the last row is zero.
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
        """The same words with other vectors: the "input" vectors (as `vectors`), the "output" vectors, their "mean", or
        both "concatenated" (V, 2d). Raises `ValueError` for another kind, and for output vectors that are not of words.
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
        return WordVectors(self.vocabulary, made[kind]())

    def __repr__(self) -> str:
        epochs = f"{len(self.history):,} epoch{'' if len(self.history) == 1 else 's'}"
        made = f"{self.config.architecture} with {self.config.objective}, {epochs}"
        return f"{type(self).__name__}({len(self):,} words, {self.vector_size} dimensions, {made})"

    def _facts(self) -> dict[str, str]:
        import html  # only a notebook needs it

        tokens = f"{int(self.vocabulary.counts.sum()):,}"
        losses = ", ".join(f"{result.loss:.3f}" for result in self.history)
        usual = dataclasses.asdict(TrainingConfig(architecture=self.config.architecture))
        usual["architecture"] = TrainingConfig().architecture
        settings_here = dataclasses.asdict(self.config)
        different = {name: value for name, value in settings_here.items() if value != usual[name]}
        settings = ", ".join(f"{name}={value!r}" for name, value in different.items()) or "the defaults"
        return {"tokens": tokens, "loss of each epoch": losses, "settings": html.escape(settings)}

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Save to a folder, all or nothing: if the disk fills up, what was there before is still whole.

        Raises `OutputExistsError` if the folder exists, unless asked to overwrite it; only a model is overwritten.
        """
        folder = Path(folder)
        check_output(folder, overwrite=overwrite)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with new_folder(folder, overwrite=overwrite) as temporary:
            words = {"words": self.words, "counts": self.vocabulary.counts.tolist()}
            (temporary / VOCABULARY).write_text(json.dumps(words, ensure_ascii=True), "ascii")
            write_tensor(temporary / VECTORS, "vectors", self.vectors)
            write_tensor(temporary / OUTPUT, "output", self.output_vectors)
            files = [VOCABULARY, VECTORS, OUTPUT]
            if self.phrases is not None:
                (temporary / PHRASES).write_text(self.phrases.as_json(), "ascii")
                files.append(PHRASES)
            if self.subwords is not None:
                self.subwords.save(temporary / SUBWORDS)
                files.append(SUBWORDS)
            about: dict[str, Any] = {
                "format": FORMAT,
                "version": VERSION,
                "written_by": f"firth {__version__}",
                "words": len(self),
                "vector_size": self.vector_size,
                "config": dataclasses.asdict(self.config),
                "history": [_about_epoch(result) for result in self.history],
                "files": {
                    name: {"bytes": (temporary / name).stat().st_size, "sha256": sha256_of(temporary / name)}
                    for name in files
                },
            }
            about["sha256"] = _digest(about)
            (temporary / "model.json").write_text(json.dumps(about, indent=1), "ascii")
        return folder

    def train_more(self, source: Any, **options: Any) -> Word2Vec:
        """Learn from more text; return the new model. See `firth.train_more`, which has the options."""
        import importlib  # the trainer is no part of what a model needs to be looked at

        more: Word2Vec = importlib.import_module("firth.training").train_more(self, source, **options)
        return more

    @classmethod
    def load(cls, folder: str | Path, *, verify: bool = True) -> Word2Vec:
        """Load a model's folder; the vectors are mapped, read from the disk only where they are looked at.

        The checksums of what is loaded are compared, which reads the vectors once; `verify=False` leaves that out.
        Raises `FormatError` if a file is missing, cut short or altered, or the model is of a newer version.
        """
        folder = Path(folder)
        about = _read_about(folder)
        for name in (VOCABULARY, VECTORS, OUTPUT):
            _check_file(folder, name, about["files"], verify=verify and name != OUTPUT)
        phrases = subwords = None
        if PHRASES in about["files"]:
            _check_file(folder, PHRASES, about["files"], verify=verify)
            phrases = Phrases.load(folder / PHRASES)
        if SUBWORDS in about["files"]:
            _check_file(folder, SUBWORDS, about["files"], verify=verify)
            subwords = Subwords.load(folder / SUBWORDS)
        try:
            content = json.loads((folder / VOCABULARY).read_bytes())
            vocabulary = Vocabulary(content["words"], content["counts"])
            config = TrainingConfig.of(about["config"])
            history = [_epoch_result(result) for result in about["history"]]
            vector_size = about["vector_size"]
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError, FirthError) as error:
            raise FormatError(f"the model in {folder} cannot be read: {error}") from error
        vectors = map_tensor(folder / VECTORS, "vectors")
        if vectors.shape != (len(vocabulary), vector_size):
            raise FormatError(f"the model in {folder} has {len(vocabulary):,} words, vectors {vectors.shape}")
        if subwords is not None and subwords.own.shape != vectors.shape:
            raise FormatError(f"{folder / SUBWORDS} is of other words: {subwords.own.shape}, not {vectors.shape}")
        outputs = map_tensor(folder / OUTPUT, "output")  # now: there may be another model in the folder later
        if outputs.shape != vectors.shape:
            raise FormatError(f"{folder / OUTPUT} has the shape {outputs.shape}, not {vectors.shape}")
        model = cls(vocabulary, vectors, outputs, config, history, folder.absolute(), phrases, subwords)
        model._output_sum = str(about["files"][OUTPUT].get("sha256"))
        return model


def load(
    path: str | Path,
    *,
    verify: bool = True,
    format: str | None = None,
    errors: Errors = "strict",
    limit: int | None = None,
    numbers_in_words: bool = False,
) -> WordVectors:
    """Load a model's folder, as `Word2Vec`, or a file of vectors of another program, as `WordVectors`.

    Parameters
    ----------
    path
        A folder that `save` wrote, a file, or a folder of model2vec's.
    verify
        Whether to compare the checksums of a model's files; and to look at all vectors, whatever they come from, and
        warn, by a `FirthWarning`, if some are not finite, whose words are then as if unknown.
    format, errors, limit, numbers_in_words
        How to read a file: see `firth.formats.read`. A folder has no need of them; `limit` gives `WordVectors` of its
        first words.
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
        model: WordVectors = Word2Vec.load(path, verify=verify)
        loaded = model if limit is None else model.first(limit)
    else:
        from firth import formats  # a model's folder has no need of them, and they take their time to start

        loaded = formats.read(path, format=format, errors=errors, limit=limit, numbers_in_words=numbers_in_words)
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


def check_output(folder: Path, *, overwrite: bool) -> None:
    """Raise, before any work is done, if a model could not be saved there."""
    if not folder.exists():
        return
    if not (folder / "model.json").is_file():
        raise FormatError(f"{folder} exists and is not a model: firth will not overwrite it")
    refuse_to_overwrite(folder, overwrite=overwrite)


def _digest(about: dict[str, Any]) -> str:
    rest = {key: value for key, value in about.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _read_about(folder: Path) -> dict[str, Any]:
    path = folder / "model.json"
    try:
        about = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise FormatError(f"{folder} is not a model: it has no model.json") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path} is cut short or altered: {error}") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise FormatError(f"{path} does not describe a firth model")
    if not isinstance(about.get("version"), int) or about["version"] > VERSION:
        raise FormatError(
            f"{folder} was written by {about.get('written_by', 'a newer firth')} in version {about.get('version')} of"
            f" the format; this firth reads up to version {VERSION}: upgrade it (pip install --upgrade firth)"
        )
    if about.get("sha256") != _digest(about):
        raise FormatError(f"{path} has been altered: its checksum is another")
    files = about.get("files")
    if not isinstance(files, dict) or not all(
        isinstance(files.get(name), dict) for name in {VOCABULARY, VECTORS, OUTPUT, *files}
    ):
        raise FormatError(f"{path} does not tell of all the model's files")
    return about


def _check_file(folder: Path, name: str, files: dict[str, Any], *, verify: bool) -> None:
    path = folder / name
    if not path.is_file():
        raise FormatError(f"the model in {folder} lacks its file {name}")
    size, told = path.stat().st_size, files[name].get("bytes")
    if size != told:
        raise FormatError(f"{path} has {size:,} bytes, not {told}: it is cut short or altered")
    if verify and sha256_of(path) != files[name].get("sha256"):
        raise FormatError(f"{path} has been altered: its checksum is another")
