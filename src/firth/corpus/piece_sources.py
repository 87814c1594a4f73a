"""A piece as a source: files, lines of files, groups of rows of tables, one after the other."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from firth.corpus.columnar import ListColumn, TextColumn
from firth.corpus.cutting import Part, Piece
from firth.corpus.decoding import TextRange
from firth.corpus.fingerprints import HashedFile, byte_of_chunk, how_read
from firth.corpus.paths import path_of
from firth.corpus.remote import BUFFER_BYTES, FilePath, RemoteFile
from firth.corpus.rows import RowColumn
from firth.corpus.text_files import NamedText, TextFiles, at_rest
from firth.errors import SourceError


class FileOfPart(NamedTuple):
    """A part of a file, and that file where this machine sees it."""

    part: Part
    path: FilePath

    @classmethod
    def of(cls, part: Part) -> FileOfPart:
        """The file of a part. One at an address is hashed while it is read: it is not to be read twice."""
        path = path_of(part.path)
        return cls(part, HashedFile(path.address, part.size) if isinstance(path, RemoteFile) else path)


def source_of(piece: Piece, files: list[FileOfPart]) -> PartsOfFiles | RowColumn | TextColumn | ListColumn:
    """A piece as a source, read from these files."""
    if piece.kind == "text":
        return PartsOfFiles(files)
    if piece.kind == "rows":
        return RowColumn(PartsOfFiles(files), **piece.options)
    kind = TextColumn if piece.kind == "texts" else ListColumn
    groups = [None if part.begin is None else range(part.begin, part.end or 0) for part in piece.parts]
    return kind([file.path for file in files], piece.options["column"], piece.options["skip_nulls"], groups)


class PartsOfFiles(TextFiles):
    """Files, and lines of some, one after the other."""

    def __init__(self, files: list[FileOfPart]):
        super().__init__([path for _, path in files], [path for part, path in files if not part.is_named])
        self.files = files
        self.total_bytes = sum(part.bytes for part, _ in files)

    def how_read(self) -> dict[str, Any]:
        """What a fingerprint has of how the files are read, once they are."""
        return how_read(self.has_archives)

    def texts(self) -> Iterator[NamedText]:
        """All texts, each to be read before the next one is asked for."""
        bytes_before = self.files_read = 0
        for part, path in self.files:
            with at_rest(path), path.open("rb") as file:
                if part.begin is None:
                    yield from self.texts_of(file, str(path), bytes_before)
                else:
                    self.files_read += part.begin == 0
                    yield (
                        str(path),
                        lines_of(part, file, str(path)),
                        functools.partial(_place, file, part, bytes_before),
                    )
            bytes_before += part.bytes


def lines_of(part: Part, file: IO[bytes], name: str) -> TextRange:
    """The lines of a part. Raises `SourceError` if they do not begin after a line end."""
    begin, end = part.begin or 0, part.end or 0
    chunk = byte_of_chunk(part.first_chunk)
    first = chunk if 0 < begin - chunk <= BUFFER_BYTES else max(begin - 1, 0)  # so that the chunk is hashed
    file.seek(first)
    if file.read(begin - first)[-1:] != b"\n" and begin > 0:
        raise SourceError(
            f"{name} has no line end where it had one when it was cut into pieces: has it changed, or is another file"
            " here?"
        )
    return TextRange(file, begin, end)


def _place(file: IO[bytes], part: Part, before: int) -> int:
    """How many bytes of all parts have been read, by the place in the file of one and the bytes of those before."""
    return before + file.tell() - (part.begin or 0)
