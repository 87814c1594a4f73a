"""A model's folder, as it is read.

Such a folder holds

    model.json             what this is: settings, history, and the size and SHA-256 of the other files
    vocabulary.json        the words and their counts
    vectors.safetensors    the words' vectors, (V, d) float32
    output.safetensors     the output vectors of training, (V, d) float32
    phrases.json           the phrases that were joined in the text, if any was
    subwords.safetensors   words' own vectors and those of n-grams, if they have some

Vectors that were not trained here are saved likewise, without output vectors, settings and history.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from firth.arrays import Float32
from firth.config import TrainingConfig
from firth.errors import FirthError, FormatError, shortened
from firth.history import EpochResult, Provenance
from firth.phrases import FILE as PHRASES
from firth.phrases import Phrases
from firth.storage import system
from firth.storage.folders import check_file, read_about
from firth.storage.tensors import map_tensor
from firth.vectors.subwords import Subwords
from firth.vectors.word_vectors import FORMAT_OF_VECTORS, SUBWORDS, VECTORS, VOCABULARY
from firth.vocabulary import Vocabulary

FORMAT = "firth model"
OUTPUT = "output.safetensors"
FILES = {FORMAT: (VOCABULARY, VECTORS, OUTPUT), FORMAT_OF_VECTORS: (VOCABULARY, VECTORS)}
"""What a folder must hold, by its format."""


class Saved(NamedTuple):
    """What a folder holds, its vectors mapped; those that were not trained have no configuration and no outputs."""

    vocabulary: Vocabulary
    vectors: Float32
    config: TrainingConfig | None
    history: list[EpochResult]
    phrases: Phrases | None
    subwords: Subwords | None
    provenance: list[Provenance]
    outputs: Float32 | None
    output_sum: str | None
    """A checksum of the outputs, where it is still to be compared."""


def read_folder(folder: Path, *, verify: bool) -> Saved:
    """What `save` put into a folder.

    Raises `FormatError` if a file is missing, cut short or altered, or a newer version wrote it. With `verify`, all
    files are read for that, but output vectors only where they are used.
    """
    about = read_about(folder, FILES)
    files = about["files"]
    is_trained = about["format"] == FORMAT
    for name in {VOCABULARY, VECTORS, *({OUTPUT} if is_trained else ()), *({PHRASES, SUBWORDS} & set(files))}:
        check_file(folder, name, files, verify=verify and (name != OUTPUT or system.IS_WINDOWS))
    phrases = Phrases.load(folder / PHRASES) if PHRASES in files else None
    subwords = Subwords.load(folder / SUBWORDS) if SUBWORDS in files else None
    try:
        content = json.loads((folder / VOCABULARY).read_bytes())
        vocabulary = Vocabulary(content["words"], content["counts"], about.get("integers") is True)
        vector_size = about["vector_size"]
        config = TrainingConfig.of_saved(about["config"]) if is_trained else None
        history = [EpochResult.of_saved(result) for result in about["history"]] if is_trained else []
        provenance = [Provenance.of_saved(text) for text in about.get("provenance", [])]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, FirthError) as error:
        raise FormatError(f"the model in {folder} cannot be read: {shortened(str(error))[1:-1]}") from error
    vectors = map_tensor(folder / VECTORS, "vectors")
    if vectors.shape != (len(vocabulary), vector_size):
        raise FormatError(f"the model in {folder} has {len(vocabulary):,} words, vectors {vectors.shape}")
    if subwords is not None and subwords.own.shape != vectors.shape:
        raise FormatError(f"{folder / SUBWORDS} is of other words: {subwords.own.shape}, not {vectors.shape}")
    outputs, output_sum = _outputs(folder, vectors, files) if is_trained else (None, None)
    return Saved(vocabulary, vectors, config, history, phrases, subwords, provenance, outputs, output_sum)


def _outputs(folder: Path, vectors: Float32, files: dict[str, Any]) -> tuple[Float32, str | None]:
    """The output vectors, mapped now, as there may be another model in the folder later; and their checksum, where it
    is still to be compared.
    """
    outputs = map_tensor(folder / OUTPUT, "output")
    if outputs.shape != vectors.shape:
        raise FormatError(f"{folder / OUTPUT} has the shape {outputs.shape}, not {vectors.shape}")
    if system.IS_WINDOWS:  # where they have just been read, and the file may be another at any time
        return outputs, None
    return outputs, str(files[OUTPUT].get("sha256"))
