"""A source in files, cut into pieces that may be read on several machines: together they are the text, in its order.

A piece is plain data: what it says is enough to open it where its files can be seen. Text and JSON lines as they are,
in UTF-8, are cut after line ends, and Parquet between groups of rows. What is packed, in an archive or in another
encoding, prose, and CSV are cut between files alone.
"""

from __future__ import annotations

import codecs
import itertools
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import IO, Any, NamedTuple

import numpy as np

from firth.config import TextConfig
from firth.corpus.archives import is_plain
from firth.corpus.columnar import FileColumn, ListColumn, OpenTable
from firth.corpus.decoding import LOOKED_AT, begins_like_another, is_utf8
from firth.corpus.fingerprints import chunks_before, chunks_of
from firth.corpus.paths import name_of
from firth.corpus.prose import is_prose
from firth.corpus.remote import FilePath, shown
from firth.corpus.rows import RowColumn
from firth.corpus.sources import as_source
from firth.corpus.tabular import is_json
from firth.corpus.text_files import TextFiles
from firth.corpus.tokenizing import Source
from firth.errors import ConfigError, SourceError

PIECE_BYTES = 1 << 28
"""Bytes of a piece, by default: a multiple of those that a fingerprint hashes at a time."""
LOOKED_AT_BYTES = 1 << 16
"""Bytes that are read at a time to find a line end."""


@dataclass(frozen=True, repr=False)
class Part:
    """Some of a file, or all of it.

    Parameters
    ----------
    file
        The number of the file in the source.
    path
        Its absolute path, or its address.
    size
        The bytes of the whole file.
    bytes
        About how many of these are in this part.
    begin, end
        What is read: bytes, from a line's beginning on, or groups of rows of a Parquet file. None for all.
    first_chunk, last_chunk
        The chunks of the file that whoever reads this part hashes for the fingerprint, the last one excluded.
    is_named
        Whether the user named the file, and not the folder that it is in.
    """

    file: int
    path: str
    size: int
    bytes: int
    begin: int | None
    end: int | None
    first_chunk: int
    last_chunk: int
    is_named: bool = True

    def __repr__(self) -> str:
        where = "" if self.begin is None else f", {self.begin} to {self.end}"
        return f"Part({shown(self.path)!r}{where})"  # an address may have a password


@dataclass(frozen=True)
class Piece:
    """Some of a source: parts of files, one after the other, and how they are read. Plain data, which can be pickled.

    Parameters
    ----------
    parts
        The parts.
    kind
        What the files hold: "text", "rows" (CSV or JSON lines), "texts" or "lists" (a column of Parquet or Arrow).
    options
        The other arguments of the source that reads them.
    """

    parts: tuple[Part, ...]
    kind: str = "text"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """About how many bytes of the source it is."""
        return sum(part.bytes for part in self.parts)

    def as_json(self) -> str:
        """It as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def of_json(cls, text: str) -> Piece:
        """What `as_json` wrote."""
        told = json.loads(text)
        return cls(tuple(Part(**part) for part in told["parts"]), told["kind"], told["options"])


def cut(source: Any, config: TextConfig | None = None, piece_bytes: int = PIECE_BYTES) -> list[Piece]:
    """Pieces of a source that is in files, in the order of the text. Read one after the other, they are the source: its
    sentences, tokens and errors.

    Reads the beginnings of files of more than `piece_bytes`, and the surroundings of each cut, and nothing else.

    Parameters
    ----------
    source
        Paths, globs, folders or lists of paths, as for `encode`, or a column of tables in files (`firth.column`).
    config
        How text becomes tokens: the default `TextConfig` if none is given.
    piece_bytes
        How large a piece should be, in bytes of the files: a larger file is cut where that can be done, and smaller
        ones are put together.

    Returns
    -------
    list of Piece

    Raises
    ------
    SourceError
        For a source that is not in files, and for files that cannot be read.
    ConfigError
        If `piece_bytes` is less than one.
    """
    if piece_bytes < 1:
        raise ConfigError(f"piece_bytes={piece_bytes} makes no pieces: wanted at least 1")
    files = _files_of(source if isinstance(source, Source) else as_source(source))
    parts = _parts(files, config or TextConfig(), piece_bytes)
    return [Piece(tuple(some), files.kind, files.options) for some in _grouped(parts, piece_bytes)]


class _Files(NamedTuple):
    """A source's files, the names of those that the user named (None: of all), and how they are read."""

    paths: Collection[FilePath]
    named: Collection[str] | None
    kind: str
    options: dict[str, Any]

    def has_lines(self, path: FilePath, config: TextConfig) -> bool:
        """Whether one of the files can be read from any line on: for JSON, also to find out that a column is not there,
        as is asked of all lines together if those without it are left out.
        """
        if self.kind == "text":
            return not is_prose(config) and _is_plain_text(path, config)
        if self.kind != "rows" or self.options["skip_nulls"] or not _is_plain_text(path, config):
            return False
        with path.open("rb") as file:
            return is_json(file.read(LOOKED_AT).removeprefix(codecs.BOM_UTF8))


def _files_of(source: Source) -> _Files:
    if isinstance(source, TextFiles) and source.can_be_read_again:
        return _Files(source.paths, source.named, "text", {})
    if isinstance(source, FileColumn):
        kind = "lists" if isinstance(source, ListColumn) else "texts"
        return _Files(source.paths, None, kind, {"column": source.column, "skip_nulls": source.skip_nulls})
    if isinstance(source, RowColumn) and isinstance(source.texts, TextFiles) and source.texts.can_be_read_again:
        options = {name: getattr(source, name) for name in ("column", "delimiter", "quotes", "skip_nulls")}
        return _Files(source.texts.paths, source.texts.named, "rows", options)
    raise SourceError(
        f"only files can be cut into pieces, not {source.name}: write them to files first; or encode them on one"
        " machine, firth.encode(source, folder), and train on that corpus"
    )


class _Place(NamedTuple):
    """Where a part begins, in the unit of its file, and near which byte: whoever reads it hashes from there on."""

    begin: int
    byte: int


def _parts(files: _Files, config: TextConfig, piece_bytes: int) -> Iterator[Part]:
    """The parts of all files."""
    for number, path in enumerate(files.paths):
        size = path.stat().st_size
        is_named = files.named is None or str(path) in files.named
        whole = Part(number, name_of(path), size, size, None, None, 0, chunks_of(size), is_named)
        places: list[_Place] = []
        if size > piece_bytes and files.has_lines(path, config):
            places = _at_lines(path, size, piece_bytes)
        elif size > piece_bytes and files.kind in {"texts", "lists"}:
            places = _at_row_groups(path, size, piece_bytes)
        yield from _parts_from(places, whole) if len(places) > 2 else [whole]


def _parts_from(places: list[_Place], whole: Part) -> Iterator[Part]:
    """The parts of a file between these places."""
    for place, following in itertools.pairwise(places):
        is_last = following is places[-1]
        yield replace(
            whole,
            bytes=following.byte - place.byte,
            begin=place.begin,
            end=following.begin,
            first_chunk=chunks_before(place.byte),
            last_chunk=whole.last_chunk if is_last else chunks_before(following.byte),
        )


def _grouped(parts: Iterable[Part], piece_bytes: int) -> Iterator[list[Part]]:
    """Parts that make a piece: as many as it has room for, and one at least."""
    group: list[Part] = []
    room = piece_bytes
    for part in parts:
        if group and part.bytes > room:
            yield group
            group, room = [], piece_bytes
        group.append(part)
        room -= part.bytes
    if group:
        yield group


def _is_plain_text(path: FilePath, config: TextConfig) -> bool:
    """Whether a file is text as it is, in UTF-8."""
    if not is_utf8(config):
        return False
    with path.open("rb") as file:
        if not is_plain(file, str(path)):
            return False
        file.seek(0)
        return not begins_like_another(file, config)


def _at_lines(path: FilePath, size: int, piece_bytes: int) -> list[_Place]:
    """Where the pieces of a file of text begin, and where the last one ends."""
    places = [_Place(0, 0)]
    with path.open("rb") as file:
        for byte in range(piece_bytes, size, piece_bytes):
            if byte > places[-1].begin:  # or else one line is longer than a piece
                places.append(_Place(_line_from(file, byte), byte))
    return [*(place for place in places if place.begin < size), _Place(size, size)]


def _line_from(file: IO[bytes], byte: int) -> int:
    """Where the first line begins that does so at this byte or after it; the file's end, if none does."""
    place = file.seek(byte - 1)
    while some := file.read(LOOKED_AT_BYTES):
        if (end := some.find(b"\n")) >= 0:
            return place + end + 1
        place += len(some)
    return place


def _at_row_groups(path: FilePath, size: int, piece_bytes: int) -> list[_Place]:
    """Where the pieces of a Parquet file begin, and where the last one ends; nothing is cut of an Arrow file."""
    with OpenTable(path) as table:
        ends = np.cumsum(table.row_group_bytes)
    places = [_Place(0, 0)]
    bytes_before = (ends * (size / max(1, ends[-1]))).astype(np.int64).tolist() if len(ends) else []
    for group, (byte, end) in enumerate(itertools.pairwise(bytes_before), start=1):
        if end - places[-1].byte > piece_bytes:
            places.append(_Place(group, byte))
    return [*places, _Place(len(ends), size)]
