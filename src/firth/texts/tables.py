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
from firth.missing_values import text_of
from firth.storage.files import refuse_to_pack
from firth.texts.averaging import Vectors
from firth.vectors.arrow_table import METADATA, VECTOR, fixed_lists

TEXT, WORDS = "text", "words"


class Table(NamedTuple):
    """What is to be written: vectors of texts, their size, whether the texts come too, the column of their ids, if they
    have some, and what made them.
    """

    pieces: Iterable[Vectors]
    vector_size: int
    has_texts: bool
    id_name: str | None
    about: dict[str, Any]

    @classmethod
    def of(
        cls, pieces: Iterable[Vectors], vector_size: int, has_texts: bool, id_name: str | None, about: dict[str, Any]
    ) -> Table:
        """A table. Raises `FormatError` if the column of ids has the name of another."""
        others = {*([TEXT] if has_texts else []), WORDS, VECTOR, *map("v{}".format, range(1, vector_size + 1))}
        if id_name in others:
            raise FormatError(
                f"the column of ids is called {shortened(id_name)}, as one that is written is: rename it first"
            )
        return cls(pieces, vector_size, has_texts, id_name, about)

    def first(self, id: Any, text: Any) -> list[Any]:
        """What stands before numbers: of an id and a text, what the table has."""
        return [*([] if self.id_name is None else [id]), *([text] if self.has_texts else [])]


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
    """Write a line of names, then a line a text: its id if it has one, it, how many known words it has, its numbers."""
    names = [
        *table.first(quoted(table.id_name or ""), TEXT),
        WORDS,
        *(f"v{i}" for i in range(1, table.vector_size + 1)),
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(names) + "\n")
        for piece in table.pieces:
            lines = b"".join(decimal_lines(piece.vectors, b",")).decode().splitlines()
            for id, text, words, line in zip(piece.ids, piece.texts, piece.words.tolist(), lines, strict=True):
                first = table.first(quoted("" if id is None else text_of(id)), quoted(_as_cell(text)))
                file.write(",".join([*first, str(words), line]) + "\n")


def write_jsonl(table: Table, path: Path) -> None:
    """Write an object a line: the id, if there are some, `text`, `words` and `vector`."""
    as_json = json_writer()
    with path.open("wb") as file:
        for piece in table.pieces:
            for id, text, words, row in zip(piece.ids, piece.texts, piece.words.tolist(), piece.vectors, strict=True):
                first = table.first((table.id_name, _as_json_id(id)), (TEXT, _plain(text)))
                line = dict(first) | {WORDS: words, VECTOR: row}
                file.write(as_json(line) + b"\n")


def write_parquet(table: Table, path: Path) -> None:
    """Write the columns `text` (string, or list<string>), `words` (int64), `vector` (fixed_size_list<float32>[d]), and
    before these the ids (int64 or string), if there are some.
    """
    pyarrow, parquet = library("pyarrow"), library("pyarrow.parquet")
    numbers = [(WORDS, pyarrow.int64()), (VECTOR, pyarrow.list_(pyarrow.float32(), table.vector_size))]
    writer = None
    try:
        for piece in table.pieces:
            of_texts = pyarrow.string() if isinstance(piece.texts[0], str) else pyarrow.list_(pyarrow.string())
            if writer is None:
                of_ids = _type_of_ids(piece.ids)
                first = table.first((table.id_name, of_ids), (TEXT, of_texts))
                schema = pyarrow.schema([*first, *numbers], metadata=_metadata(table))
                writer = parquet.ParquetWriter(path, schema)
            texts = pyarrow.array(list(map(_plain, piece.texts)), of_texts) if table.has_texts else None
            first = table.first(_ids_as(writer.schema.field(0).type, piece.ids), texts)
            columns = [*first, pyarrow.array(piece.words), fixed_lists(piece.vectors)]
            writer.write_table(pyarrow.table(columns, schema=writer.schema))
        if writer is None:
            first = table.first((table.id_name, pyarrow.string()), (TEXT, pyarrow.string()))
            schema = pyarrow.schema([*first, *numbers], metadata=_metadata(table))
            writer = parquet.ParquetWriter(path, schema)
    finally:
        if writer is not None:
            writer.close()


def _metadata(table: Table) -> dict[bytes, str]:
    return {METADATA: json.dumps(table.about, ensure_ascii=True)}


def _type_of_ids(ids: list[Any]) -> Any:
    """The type of Arrow's of a column of ids, by the first ones: whole numbers, or text."""
    pyarrow = library("pyarrow")
    there = [id for id in ids if id is not None]
    return pyarrow.int64() if there and all(type(id) is int and abs(id) < 2**63 for id in there) else pyarrow.string()


def _ids_as(kind: Any, ids: list[Any]) -> Any:
    """Ids as an array of Arrow's. Raises `SourceError` for others than those before, which were whole numbers."""
    pyarrow = library("pyarrow")
    if kind != pyarrow.int64():
        ids = [None if id is None else text_of(id) for id in ids]
    elif wrong := [id for id in ids if id is not None and (type(id) is not int or not -(2**63) <= id < 2**63)]:
        what = "is too large for 64 bits" if type(wrong[0]) is int else "is no whole number, as those before it are"
        raise SourceError(f"the id {shortened(wrong[0])} {what}: make all of them text")
    return pyarrow.array(ids, kind if kind == pyarrow.int64() else pyarrow.string())


def _as_json_id(id: Any) -> Any:
    """An id in JSON's types."""
    return id if id is None or isinstance(id, int | str) else text_of(id)


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
