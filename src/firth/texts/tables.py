"""Files of texts and their vectors: Parquet, CSV, JSON lines, and a NumPy array of the vectors alone.

All are written some texts at a time, so that there may be more of them than memory holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from firth.corpus.tokenizing import Document
from firth.data_frames import library
from firth.errors import FormatError, SourceError, shortened
from firth.formats.decimals import decimal_lines, json_writer
from firth.formats.rows import quoted
from firth.storage.files import refuse_to_pack
from firth.texts.text_vectors import Vectors
from firth.vectors.arrow_table import METADATA, VECTOR, fixed_lists

TEXT, WORDS = "text", "words"


class Table(NamedTuple):
    """What is to be written: vectors of texts, their size, whether the texts come too, and what made them."""

    pieces: Iterable[Vectors]
    vector_size: int
    has_texts: bool
    about: dict[str, Any]


def write_npy(table: Table, path: Path) -> None:
    """Write the vectors (n, d) as a NumPy array; the header gets their number at the end."""
    rows = 0
    with path.open("wb") as file:
        _write_header(file, (0, table.vector_size))
        begin = file.tell()
        for piece in table.pieces:
            file.write(np.ascontiguousarray(piece.vectors, "<f4").data)
            rows += len(piece.vectors)
        file.seek(0)
        _write_header(file, (rows, table.vector_size))
        if file.tell() != begin:
            raise FormatError(f"{path} has no room for {rows:,} in its header")


def _write_header(file: Any, shape: tuple[int, int]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})


def write_csv(table: Table, path: Path) -> None:
    """Write a line of names, and then a line a text: the text, its number of known words, and its numbers."""
    names = [*_of_text(table, TEXT), WORDS, *(f"v{i}" for i in range(1, table.vector_size + 1))]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(names) + "\n")
        for piece in table.pieces:
            lines = b"".join(decimal_lines(piece.vectors, b",")).decode().splitlines()
            for text, words, line in zip(piece.texts, piece.words.tolist(), lines, strict=True):
                file.write(",".join([*_of_text(table, quoted(_as_cell(text))), str(words), line]) + "\n")


def write_jsonl(table: Table, path: Path) -> None:
    """Write an object a line: `text`, `words` and `vector`."""
    as_json = json_writer()
    with path.open("wb") as file:
        for piece in table.pieces:
            for text, words, row in zip(piece.texts, piece.words.tolist(), piece.vectors, strict=True):
                of_text: dict[str, Any] = {TEXT: _plain(text)} if table.has_texts else {}
                line = of_text | {WORDS: words, VECTOR: row}
                file.write(as_json(line) + b"\n")


def write_parquet(table: Table, path: Path) -> None:
    """Write the columns `text` (string, or list<string>), `words` (int64), `vector` (fixed_size_list<float32>[d])."""
    pyarrow, parquet = library("pyarrow"), library("pyarrow.parquet")
    numbers = [(WORDS, pyarrow.int64()), (VECTOR, pyarrow.list_(pyarrow.float32(), table.vector_size))]
    writer = None
    try:
        for piece in table.pieces:
            of_texts = pyarrow.string() if isinstance(piece.texts[0], str) else pyarrow.list_(pyarrow.string())
            if writer is None:
                schema = pyarrow.schema([*_of_text(table, (TEXT, of_texts)), *numbers], metadata=_metadata(table))
                writer = parquet.ParquetWriter(path, schema)
            texts = _of_text(table, pyarrow.array(list(map(_plain, piece.texts)), of_texts))
            columns = [*texts, pyarrow.array(piece.words), fixed_lists(piece.vectors)]
            writer.write_table(pyarrow.table(columns, schema=writer.schema))
        if writer is None:
            schema = pyarrow.schema([*_of_text(table, (TEXT, pyarrow.string())), *numbers], metadata=_metadata(table))
            writer = parquet.ParquetWriter(path, schema)
    finally:
        if writer is not None:
            writer.close()


def _metadata(table: Table) -> dict[bytes, str]:
    return {METADATA: json.dumps(table.about, ensure_ascii=True)}


def _of_text(table: Table, value: Any) -> list[Any]:
    """A value of the column of texts, where there is one."""
    return [value] if table.has_texts else []


def _plain(text: Document) -> Document:
    """A text as files hold it. Raises `SourceError` for half a character, which none can."""
    plain = text if isinstance(text, str) else [str(token) for token in text]
    try:
        (plain if isinstance(plain, str) else "".join(plain)).encode("utf-8")
    except UnicodeEncodeError as error:
        raise SourceError(f"the text {shortened(text)} holds half a character (a lone surrogate): {error}") from error
    return plain


def _as_cell(text: Document) -> str:
    """A text in one cell: tokens as a list of JSON."""
    plain = _plain(text)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


WRITERS: dict[str, Callable[[Table, Path], None]] = {
    ".parquet": write_parquet,
    ".npy": write_npy,
    ".csv": write_csv,
    ".jsonl": write_jsonl,
}
"""By the ending of a file's name."""


def writer_of(path: Path) -> Callable[[Table, Path], None]:
    """What writes a file of this name. Raises `FormatError` for an ending that has no meaning here, and if the file's
    folder is not there.
    """
    refuse_to_pack(path)
    if path.suffix.lower() not in WRITERS:
        raise FormatError(f"cannot tell by the name {path.name} how to write vectors of texts: {', '.join(WRITERS)}")
    if not path.parent.is_dir():
        raise FormatError(f"there is no folder {path.parent} to write {path.name} to")
    if path.suffix.lower() == ".parquet":
        library("pyarrow.parquet")  # an error before any work is done
    return WRITERS[path.suffix.lower()]
