"""Files of vectors that other programs read and write: one module a format, entries in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firth.errors import FormatError
from firth.files import refuse_to_overwrite
from firth.formats import fasttext, tensor_file, tsv, word2vec_binary, word2vec_text
from firth.vectors import WordVectors


@dataclass(frozen=True)
class Format:
    """A kind of file: how its names end, and how it is written and read."""

    name: str
    suffixes: tuple[str, ...]
    write: Callable[[WordVectors, Path, bool], list[Path]]
    read: Callable[[Path], WordVectors]


FORMATS = (
    Format("word2vec text", (".txt", ".vec"), word2vec_text.write, word2vec_text.read),
    Format("word2vec binary", (".bin",), word2vec_binary.write, word2vec_binary.read),
    Format("fasttext", (), fasttext.write, fasttext.read),
    Format("tsv", (".tsv",), tsv.write, tsv.read),
    Format("safetensors", (".safetensors",), tensor_file.write, tensor_file.read),
)


def _format_of(path: Path, name: str | None) -> Format:
    if name is not None:
        for format in FORMATS:
            if format.name == name:
                return format
        raise FormatError(f"no format is called {name!r}; there are {', '.join(f.name for f in FORMATS)}")
    for format in FORMATS:
        if path.suffix.lower() in format.suffixes:
            return format
    known = ", ".join(f"{'/'.join(f.suffixes)} ({f.name})" for f in FORMATS if f.suffixes)
    raise FormatError(f"cannot tell the format of {path} by its name; there are {known}")


def export(vectors: WordVectors, path: str | Path, *, format: str | None = None, overwrite: bool = False) -> list[Path]:
    """Write vectors for other programs, in the format of the path's ending; return the files written.

    `.bin` is word2vec's, or for vectors with subwords fastText's, which has those too.

    Raises `UnwritableWordError`, before anything is written, if the format cannot hold one of the words, and
    `OutputExistsError` if a file exists, unless asked to overwrite it.
    """
    path = Path(path)
    if format is None and path.suffix.lower() == ".bin" and vectors.subwords is not None:
        format = "fasttext"
    found = _format_of(path, format)
    refuse_to_overwrite(path, overwrite=overwrite)
    return found.write(vectors, path, overwrite)


def read(path: str | Path, *, format: str | None = None) -> WordVectors:
    """Read vectors that another program wrote. Raises `FormatError`, with the line, where they are not whole.

    Numbers too great for float32 become infinite, which is not finite: see `WordVectors.is_finite`.
    """
    path = Path(path)
    if format is None and path.suffix.lower() == ".bin" and fasttext.is_fasttext(path):
        format = "fasttext"
    with np.errstate(over="ignore", invalid="ignore"):
        return _format_of(path, format).read(path)
