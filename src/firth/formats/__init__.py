"""Files of vectors that other programs read and write: one module a format, entries in one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import FormatError, shortened
from firth.formats import (
    fasttext,
    foreign,
    glove,
    numpy_file,
    parquet,
    rows,
    tensor_file,
    tsv,
    word2vec_binary,
    word2vec_text,
)
from firth.formats.counts import counts_path, write_counts
from firth.formats.reading import Errors, Reading, unpacked_suffix
from firth.formats.words import WHITE_SPACE, Spaces, writable, write_words
from firth.storage.files import atomic_file, refuse_to_overwrite, refuse_to_pack
from firth.vectors.word_vectors import WordVectors, refuse_other_than_vectors


@dataclass(frozen=True)
class Format:
    """A kind of file: how its names end, and how it is written and read.

    `write` is None for a folder, which `save` writes. `refuses` are characters that no word in it can have, None where
    it can hold every word. `words_path` is where the words are, where they have a file of their own. `has_counts` tells
    whether it has a place for these; `is_whole`, whether it has one for more of a trained model than its words and
    vectors.
    """

    name: str
    suffixes: tuple[str, ...]
    write: Callable[[WordVectors, Path], None] | None
    read: Callable[[Path, Reading], WordVectors]
    refuses: str | None = WHITE_SPACE
    words_path: Callable[[Path], Path] | None = None
    has_counts: bool = False
    is_whole: bool = False


STATIC_EMBEDDING = "static embedding"
"""A folder that has all words with their weights folded in: `TextVectors` writes it."""


def _read_no_folder(path: Path, reading: Reading) -> WordVectors:
    raise FormatError(
        f"{path} has a model's name, which would be a folder: firth.load reads these, by their own checks"
    )


FORMATS = (
    Format("word2vec text", (".txt", ".vec"), word2vec_text.write, word2vec_text.read),
    Format("word2vec binary", (".bin",), word2vec_binary.write, word2vec_binary.read),
    Format("glove", (), glove.write, glove.read),
    Format("fasttext", (), fasttext.write, fasttext.read, WHITE_SPACE + "\0", has_counts=True, is_whole=True),
    Format("tsv", (".tsv",), tsv.write, tsv.read, "\t\n\r", tsv.words_path),
    Format("safetensors", (".safetensors",), tensor_file.write, tensor_file.read, "\n\r", tensor_file.words_path),
    Format("parquet", (".parquet",), parquet.write, parquet.read, "", has_counts=True),
    Format("numpy", (".npy",), numpy_file.write, numpy_file.read, "\n\r", tensor_file.words_path),
    Format("csv", (".csv",), rows.write_csv, rows.read_csv, "", has_counts=True),
    Format("json lines", (".jsonl",), rows.write_jsonl, rows.read_jsonl, "", has_counts=True),
    Format("firth", (".firth",), None, _read_no_folder, None, has_counts=True, is_whole=True),
)


def _format_of(path: Path, name: str | None, suffix: str) -> Format:
    if name is not None:
        for format in FORMATS:
            if format.name == _spelled(name) or _as_ending(name) in format.suffixes:
                return format
        there = ", ".join([*(format.name for format in FORMATS), STATIC_EMBEDDING])
        raise FormatError(f"no format is called {shortened(name)}; there are {there} (a folder, to be written)")
    for format in FORMATS:
        if suffix in format.suffixes:
            return format
    known = ", ".join(f"{'/'.join(f.suffixes)} ({f.name})" for f in FORMATS if f.suffixes)
    raise FormatError(
        f"cannot tell the format of {path} by its name; there are {known}. Or name its format:"
        " format='glove'; --format of firth export, --model-format of other commands"
    )


def _as_ending(name: str) -> str:
    """A format's name as an ending, which it may be: txt or .txt for word2vec's text."""
    return "." + name.lower().removeprefix(".")


def _spelled(name: str) -> str:
    """A format's name as it is in `FORMATS`."""
    return name.replace("-", " ").replace("_", " ").lower()


def is_static_embedding(format: str | None) -> bool:
    """Whether a format is the folder of vectors of texts."""
    return format is not None and _spelled(format) == STATIC_EMBEDDING


def export(
    vectors: WordVectors,
    path: str | Path,
    *,
    format: str | None = None,
    spaces: Spaces = "error",
    counts: bool = True,
    about: Any = None,
    on: str | None = None,
    overwrite: bool = False,
    **of_texts: Any,
) -> list[Path]:
    """Write vectors for other programs; return the files written.

    Parameters
    ----------
    vectors
        Word vectors, or a model.
    path
        A file. Its ending decides the format: `.txt` and `.vec` are word2vec's text, `.bin` word2vec's binary (for
        vectors with subwords fastText's, which holds those too), `.tsv` the Embedding Projector's, `.safetensors` one
        matrix, `.parquet` a table with the columns word, count and vector (needs the extra `firth[tables]`), `.npy` an
        array, `.csv` a row a word, `.jsonl` an object a line, `.firth` a folder, as `save` writes it.
    format
        The name of the format, or its ending, "txt", if that of the file does not tell: see `load`. And "static
        embedding": a folder of vectors of
        texts, which sentence-transformers, model2vec and the Hugging Face Hub open, as `TextVectors.export` writes it.
    spaces : {"error", "replace", "skip"}
        What becomes of words that the format cannot hold, mostly for spaces: "error" refuses them, "replace" writes _
        for each such character, "skip" leaves the words out; the last two warn, by a `FirthWarning`.
    counts
        Whether to write counts into a file of their own, `NAME.counts.txt`, if they are known and the format has no
        place for them. `firth.load(path, counts=…)` reads it.
    about
        With Parquet, a table about the words, whose columns are joined to theirs: see `WordVectors.to_arrow`.
    on
        The column of the words in it.
    overwrite
        Whether to replace files that are there.
    **of_texts
        With "static embedding": the parameters of `TextVectors` (`weights`, `a`, `remove`, `config`), of its `export`
        (`license`, `language`), and `fit`, the texts to fit it on. Without these nothing is removed, unless `remove` is
        given.

    Returns
    -------
    list of Path

    Raises
    ------
    UnwritableWordError
        If the format cannot hold one of the words, or two words would become one; nothing has been written then.
    OutputExistsError
        If a file exists, unless `overwrite` is set.
    FormatError
        For an unknown format, and for the name of a packed file, such as `.csv.gz`: files are written unpacked.
    ValueError
        For a table about the words with a format that cannot hold it.

    Examples
    --------
    >>> [path.name for path in firth.export(model, "words.txt")]
    ['words.txt', 'words.txt.counts.txt']
    """
    refuse_other_than_vectors(vectors=vectors)
    path = Path(path)
    if is_static_embedding(format):
        if about is not None or on is not None:
            raise ValueError("a table about the words can be joined in .parquet files, not in a folder")
        return _export_folder(vectors, path, spaces=spaces, overwrite=overwrite, **of_texts)
    if of_texts:
        raise TypeError(f"{', '.join(of_texts)}: for a folder of texts' vectors alone, format='static embedding'")
    refuse_to_pack(path)
    if vectors.subwords is not None and (path.suffix.lower() if format is None else _as_ending(format)) == ".bin":
        format = "fasttext"
    found = _format_of(path, format, path.suffix.lower())
    if about is not None or on is not None:
        found = _with_table(found, about, on)
    refuse_to_overwrite(path, overwrite=overwrite)
    if found.refuses is not None:
        vectors = writable(vectors, found.refuses, found.name, spaces, is_whole=found.is_whole)
    if found.write is None:
        return [vectors.save(path, overwrite=overwrite)]
    writers = {path: found.write}
    if found.words_path is not None:
        writers[found.words_path(path)] = write_words
    if counts and not found.has_counts and vectors.vocabulary.has_counts:
        writers[counts_path(path)] = write_counts
    with ExitStack() as stack:
        for file, write in reversed(writers.items()):
            write(vectors, stack.enter_context(atomic_file(file, overwrite=overwrite)))
    return list(writers)


def _export_folder(
    vectors: WordVectors,
    folder: Path,
    *,
    fit: Any = None,
    license: str | None = None,
    language: str | Sequence[str] | None = None,
    spaces: Spaces,
    overwrite: bool,
    **parameters: Any,
) -> list[Path]:
    """Write a folder of static embeddings; return its files. Raises as `TextVectors`."""
    import firth  # whose vectors of texts stand above the formats

    if fit is None:
        parameters = {"remove": 0} | parameters
    how: dict[str, Any] = {"license": license, "language": language, "spaces": spaces, "overwrite": overwrite}
    return firth.TextVectors(vectors, **parameters).export(folder, fit=fit, **how)


def _with_table(format: Format, about: Any, on: str | None) -> Format:
    """A format that is written with the columns of a table about the words. Raises `ValueError` if it has no place."""
    if format.name != "parquet":
        raise ValueError(f"a table about the words can be joined in .parquet files, not in {format.name}")

    def write(vectors: WordVectors, path: Path) -> None:
        parquet.write_table(vectors.to_arrow(about=about, on=on), path)

    return replace(format, write=write)


def read(
    path: str | Path,
    *,
    format: str | None = None,
    errors: Errors = "strict",
    limit: int | None = None,
    numbers_in_words: bool = False,
) -> WordVectors:
    """Read vectors that another program wrote; packed by gzip, bzip2, xz or zstd, or not.

    Numbers too great for float32 become infinite, which is not finite: see `WordVectors.is_finite`.

    Parameters
    ----------
    path
        A file. Its ending tells its format: that before .gz and the like.
    format
        The name of the format, or its ending, if that of the file does not tell.
    errors
        What to do with words that are not UTF-8: "strict" refuses the file, "replace" puts U+FFFD for what cannot be
        read, "ignore" leaves it out.
    limit
        Read the first rows only, so many; in most files the most frequent words are first.
    numbers_in_words
        Whether a word of a line wider than the others may end in a number: `section 4 0.1 0.2`.

    Raises
    ------
    FormatError
        With the line, where the file is not whole; for other programs' files that firth cannot read, how to go on.
    """
    path = Path(path)
    reading = Reading(errors, limit, numbers_in_words)
    is_array = format is None and unpacked_suffix(path) == ".npy"  # which is read if its words are beside it
    if format is None and not is_array and (what := foreign.what_it_is(path)):
        raise FormatError(f"{path} {what}")
    if (format is None or _as_ending(format) == ".bin") and path.is_file() and fasttext.is_fasttext(path):
        format = "fasttext"
    with np.errstate(over="ignore", invalid="ignore"):
        return _format_of(path, format, unpacked_suffix(path)).read(path, reading)
