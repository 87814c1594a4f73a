r"""fastText's own binary files: words with their counts, and the vectors of words and of their n-grams.

All numbers are little-endian: a magic number and a version, the settings, the dictionary (each word with a \0 behind
it, its count, and whether it is a label), then two matrices, each with its sizes before it. The input matrix has a row
for each word, and one for each bucket of n-grams.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from firth.arrays import Float32
from firth.config import TrainingConfig
from firth.errors import FormatError
from firth.formats.reading import Reading, is_packed, unpacked
from firth.formats.words import rows_of_first
from firth.storage.system import mapped
from firth.vectors.subwords import Ngrams, Subwords
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

MAGIC = (793712314).to_bytes(4, "little")
"""How these files begin."""
VERSIONS = (11, 12)
SETTINGS = struct.Struct("<12id")
NAMES = (
    "dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "loss", "model", "bucket", "minn", "maxn", "lrUpdateRate",
    "t",
)  # fmt: skip
"""What these are, by fastText's names."""
SIZES = struct.Struct("<3i2q")
"""Entries, words, labels; tokens; pruned n-grams (-1: not pruned)."""
ENTRY_BYTES = 9
SHAPE = struct.Struct("<2q")
LOSSES = {"hierarchical-softmax": 1, "negative-sampling": 2}
AS_TRAINED = (
    "firth reads models as they were trained (.bin, or the .vec beside it). With fastText itself,"
    " `fasttext print-word-vectors model.ftz < words.txt > vectors.vec` writes the vectors of words that you list"
)
MODELS = {"cbow": 1, "skip-gram": 2}
ROWS_AT_A_TIME = 1 << 16


def is_fasttext(path: Path) -> bool:
    """Whether a file begins as fastText's own do."""
    with unpacked(path) as file:
        return file.read(len(MAGIC)) == MAGIC


def write(vectors: WordVectors, path: Path) -> None:
    """Write a model with subwords such that fastText reads it. Buckets that no word uses have vectors of zeros.

    Where counts are not known, all are 1, as fastText has no word that does not occur; `read` takes that for no counts.
    Raises `FormatError` for vectors without subwords.
    """
    subwords = vectors.subwords
    if subwords is None:
        raise FormatError("fastText's files are for models with subwords (max_n): write .vec, which fastText reads too")
    config = getattr(vectors, "config", None) or TrainingConfig(min_count=1, sample=1e-4)
    ngrams, width = subwords.ngrams, vectors.vector_size
    settings = (
        width,
        config.window if isinstance(config.window, int) else 5,
        config.epochs or 1,
        config.min_count,
        config.negative,
        1,
        LOSSES[config.objective],
        MODELS[config.architecture],
        ngrams.buckets,
        ngrams.min_n,
        ngrams.max_n,
        100,
        config.sample,
    )
    counts = np.maximum(vectors.vocabulary.counts, 1)
    with path.open("wb") as file:
        file.write(MAGIC + VERSIONS[-1].to_bytes(4, "little") + SETTINGS.pack(*settings))
        file.write(SIZES.pack(len(vectors), len(vectors), 0, int(counts.sum()), -1))
        for word, count in zip(vectors.words, counts.tolist(), strict=True):
            file.write(word.encode() + b"\0" + struct.pack("<qb", count, 0))
        file.write(b"\0" + SHAPE.pack(len(vectors) + ngrams.buckets, width))
        file.write(np.ascontiguousarray(subwords.own, "<f4").data)
        for first in range(0, ngrams.buckets, ROWS_AT_A_TIME):
            rows = np.zeros((min(ROWS_AT_A_TIME, ngrams.buckets - first), width), "<f4")
            here = slice(*np.searchsorted(subwords.used, [first, first + ROWS_AT_A_TIME]))
            rows[subwords.used[here] - first] = subwords.rows[here]
            file.write(rows.data)
        outputs = getattr(vectors, "output_vectors", None)
        file.write(b"\0" + SHAPE.pack(len(vectors), width))
        file.write(np.ascontiguousarray(np.zeros((len(vectors), width)) if outputs is None else outputs, "<f4").data)


class Trained(NamedTuple):
    """A model as fastText has trained it: vectors, output vectors (V, d), and settings by fastText's names."""

    vectors: WordVectors
    outputs: Float32
    settings: dict[str, Any]


def read(path: Path, reading: Reading) -> WordVectors:
    """Read a fastText model: the vectors of its words, and those of n-grams, for unseen words; they are mapped.

    Raises `FormatError` for one that is quantised or pruned, cut short, or whose sizes do not fit each other.
    """
    return _read(path, reading)[0]


def read_trained(path: Path) -> Trained:
    """Read a fastText model with all that training goes on from; arrays are mapped.

    Raises `FormatError` as `read`, and where the output vectors are not those of words: of labels, or of a tree.
    """
    vectors, rows, settings, end = _read(path, Reading())
    is_of_words = settings["model"] in MODELS.values() and settings["loss"] == LOSSES["negative-sampling"]
    if not is_of_words:
        raise FormatError(
            f"{path} was not trained by negative sampling on words (skipgram or cbow with -loss ns), so training cannot"
            " go on from it; its vectors can be read: load_facebook_vectors, firth.load"
        )
    counts = vectors.vocabulary.counts
    if not vectors.vocabulary.has_counts or (np.diff(counts) > 0).any():
        raise FormatError(f"{path} does not say how often its words occur, or has them in another order than by that")
    with path.open("rb") as file:
        file.seek(end)
        if _exactly(file, 1, path) != b"\0":
            raise FormatError(f"{path} has quantised output vectors: {AS_TRAINED}")
        outputs, _ = _matrix(file, path, vectors.vector_size)
    if len(outputs) <= max(rows):
        raise FormatError(f"{path} has {len(outputs):,} output vectors, and words up to number {max(rows) + 1:,}")
    return Trained(vectors, outputs[rows], settings)


def _read(path: Path, reading: Reading) -> tuple[WordVectors, list[int], dict[str, Any], int]:
    """The vectors, which rows of the file they are, the file's settings, and where its input matrix ends."""
    if is_packed(path):
        raise FormatError(f"{path} is a packed fastText model: unpack it first, as its vectors are read where they lie")
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise FormatError(f"{path} is no fastText model")
        version = int.from_bytes(_exactly(file, 4, path), "little")
        if version not in VERSIONS:
            raise FormatError(f"{path} is of version {version} of fastText's files: firth reads {VERSIONS}")
        settings = dict(zip(NAMES, SETTINGS.unpack(_exactly(file, SETTINGS.size, path)), strict=True))
        width, buckets, min_n, max_n = (settings[name] for name in ("dim", "bucket", "minn", "maxn"))
        entries, words_promised, _, _, pruned = SIZES.unpack(_exactly(file, SIZES.size, path))
        bytes_left = path.stat().st_size - file.tell()
        if not 0 < words_promised <= entries or entries * (ENTRY_BYTES + 1) > bytes_left or width < 1 or buckets < 0:
            raise FormatError(f"{path} promises {entries:,} words and has {bytes_left:,} bytes: it is cut short")
        if pruned > 0:
            raise FormatError(f"{path} has been pruned: {AS_TRAINED}")
        words, counts = _dictionary(file, path, entries, words_promised, reading)
        if _exactly(file, 1, path) != b"\0":
            raise FormatError(f"{path} has been quantised (.ftz): {AS_TRAINED}")
        inputs, end = _matrix(file, path, width)
    has_ngrams = max_n > 0 and buckets > 0 and not (version == VERSIONS[0] and settings["model"] not in MODELS.values())
    if len(inputs) < len(words) or (has_ngrams and len(inputs) != len(words) + buckets):
        raise FormatError(f"{path} has {len(inputs):,} vectors for {len(words):,} words and {buckets:,} buckets")
    ngram_rows, own = inputs[len(words) :], inputs[: len(words)]
    kept = rows_of_first(words, path)
    if len(kept) < len(words):
        words, counts, own = [words[row] for row in kept], [counts[row] for row in kept], own[kept]
    if reading.ends_at(len(words)):
        words, counts, own = words[: reading.limit], counts[: reading.limit], own[: reading.limit]
        kept = kept[: reading.limit]
    is_counted = len(counts) < 2 or counts != [1] * len(counts)
    vocabulary = Vocabulary(words, counts if is_counted else [0] * len(counts))
    if not has_ngrams:
        return WordVectors(vocabulary, own), kept, settings, end
    ngrams = Ngrams(min_n, max_n, buckets)
    if not ngrams.are_possible:
        raise FormatError(f"{path} has n-grams from {min_n} to {max_n}, which makes no sense")
    subwords = Subwords(ngrams, own, np.arange(buckets, dtype=np.int32), ngram_rows)
    return WordVectors(vocabulary, subwords.compose_all(words), subwords), kept, settings, end


def _exactly(file: BinaryIO, size: int, path: Path) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise FormatError(f"{path} is cut short")
    return data


def _dictionary(
    file: BinaryIO, path: Path, entries: int, promised: int, reading: Reading
) -> tuple[list[str], list[int]]:
    """The words, labels left out, and their counts."""
    words, counts = [], []
    data, at = b"", 0
    for number in range(entries):
        end = data.find(b"\0", at)
        if end < 0 or len(data) - end < ENTRY_BYTES + 1:
            data, at = data[at:] + file.read(1 << 20), 0
            end = data.find(b"\0")
            if end < 0 or len(data) - end < ENTRY_BYTES + 1:
                raise FormatError(f"{path} ends, or has no word, where entry {number + 1:,} of {entries:,} should be")
        count, kind = struct.unpack_from("<qb", data, end + 1)
        if kind == 0:
            words.append(reading.word(data[at:end], path, f"word {number + 1:,}"))
            counts.append(max(0, count))
        at = end + 1 + ENTRY_BYTES
    if len(words) != promised:
        raise FormatError(f"{path} promises {promised:,} words and has {len(words):,}")
    file.seek(at - len(data), 1)
    return words, counts


def _matrix(file: BinaryIO, path: Path, width: int) -> tuple[Float32, int]:
    """The matrix that begins here, mapped, and where it ends."""
    rows, columns = SHAPE.unpack(_exactly(file, SHAPE.size, path))
    offset = file.tell()
    if columns != width or rows < 1 or 4 * rows * columns > path.stat().st_size - offset:
        raise FormatError(f"{path} promises vectors of the shape {rows:,} × {columns:,}: it is cut short, or altered")
    return mapped(path, "<f4", (rows, columns), offset), offset + 4 * rows * columns
