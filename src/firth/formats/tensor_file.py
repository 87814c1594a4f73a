"""A safetensors file with one matrix, row by row the vectors of the words in a file beside it.

Beside it may be `vocabulary.json` (a firth model's folder), `tokenizer.json` (Hugging Face's: static embeddings such as
model2vec's), or a text file with a word a line: `NAME.words.txt`, `words.txt` or `vocab.txt`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import FormatError, shortened
from firth.formats.reading import Reading
from firth.formats.words import read_words, word_vectors
from firth.storage.tensors import map_tensors, write_tensor
from firth.vectors.word_vectors import WordVectors


def words_path(path: Path) -> Path:
    """The file of words that is written beside a file of vectors."""
    return path.with_name(f"{path.stem}.words.txt")


def write(vectors: WordVectors, path: Path) -> None:
    """Write the vectors as the tensor `vectors`."""
    write_tensor(path, "vectors", vectors.vectors)


def read(path: Path, reading: Reading) -> WordVectors:
    """Read the only matrix of the file, and the words beside it. Raises `FormatError` if they do not fit.

    model2vec's files may hold two tensors more: `mapping`, which row a token has, and `weights` to multiply it by.
    """
    tensors = map_tensors(path)
    mapping, weights = tensors.pop("mapping", None), tensors.pop("weights", None)
    if len(tensors) != 1:
        raise FormatError(
            f"{path} has the tensors {shortened(', '.join(tensors) or '(none)')[1:-1]}: wanted one, of vectors"
        )
    (vectors,) = tensors.values()
    if vectors.ndim != 2:
        raise FormatError(f"{path}: the tensor has the shape {vectors.shape}, and is no list of vectors")
    count = len(vectors) if mapping is None else len(np.atleast_1d(mapping))
    words, counts = _words_and_counts(path, count, reading)
    if len(words) != count:
        raise FormatError(f"{path} has {count:,} vectors, but there are {len(words):,} words beside it")
    words = words[: reading.limit]
    if mapping is not None:
        rows = np.asarray(mapping)
        if rows.ndim != 1 or rows.dtype.kind not in "iu" or not ((rows >= 0) & (rows < len(vectors))).all():
            raise FormatError(f"{path}: the tensor 'mapping' does not lead to {len(vectors):,} vectors")
        vectors = vectors[rows[: len(words)]]
    found = np.asarray(vectors[: len(words)], np.float32)
    if weights is not None:
        if weights.shape != (count,):
            raise FormatError(f"{path}: the tensor 'weights' has the shape {weights.shape}, not ({count},)")
        found = found * np.asarray(weights[: len(words)], np.float32)[:, None]
    return word_vectors(words, found, path, counts and counts[: len(words)])


def _words_and_counts(path: Path, count: int, reading: Reading) -> tuple[list[str], list[int] | None]:
    """The words beside a file, and how often they occur; None where that is not known."""
    folder = path.parent
    for words in (words_path(path), folder / "words.txt", folder / "vocab.txt"):
        if words.is_file():
            return read_words(words, replace(reading, limit=None)), None
    try:
        if (folder / "vocabulary.json").is_file():
            return _of_model(json.loads((folder / "vocabulary.json").read_bytes()))
        if (folder / "tokenizer.json").is_file():
            return _of_tokenizer(json.loads((folder / "tokenizer.json").read_bytes()), count), None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise FormatError(f"the words beside {path} cannot be read: {shortened(str(error))[1:-1]}") from error
    raise FormatError(f"{path} needs its words beside it, one a line, in {words_path(path).name}")


def _of_model(vocabulary: dict[str, Any]) -> tuple[list[str], list[int] | None]:
    """The words of a firth model, and their counts."""
    words, counts = [str(word) for word in vocabulary["words"]], vocabulary.get("counts") or None
    if counts and (len(counts) != len(words) or not all(type(n) is int and 0 <= n < 1 << 63 for n in counts)):
        raise ValueError(f"the counts do not fit the {len(words):,} words")
    return words, counts


def _of_tokenizer(tokenizer: dict[str, Any], count: int) -> list[str]:
    """The tokens of the first ids; ids without one get a name of their own."""
    vocabulary = tokenizer["model"]["vocab"]
    if isinstance(vocabulary, list):  # of pairs of a token and its score
        return [str(token) for token, _ in vocabulary]
    ids = {int(i): str(token) for token, i in vocabulary.items()}
    if max(ids, default=-1) >= count:
        raise ValueError(f"a token has the id {max(ids):,}, and there are {count:,} vectors")
    return [ids.get(i, f"[{i}]") for i in range(max(ids, default=-1) + 1)]
