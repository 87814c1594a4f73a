"""A piece as a source: files, lines of files, groups of rows of tables, one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import IO, Any, NamedTuple

from firth.config import TextConfig
from firth.corpus.cutting import Part, Piece
from firth.corpus.decoding import TextRange, read_blocks
from firth.corpus.fingerprints import HashedFile, byte_of_chunk, how_read
from firth.corpus.paths import path_of
from firth.corpus.remote import BUFFER_BYTES, FilePath, RemoteFile
from firth.corpus.rows import RowColumn
from firth.corpus.tables import ListColumn, TextColumn
from firth.corpus.text_files import TextFiles
from firth.corpus.tokenizing import Block, Source
from firth.errors import SourceError
from firth.storage.packed import Content


class FileOfPart(NamedTuple):
    """A part of a file, and that file where this machine sees it."""

    part: Part
    path: FilePath

    @classmethod
    def of(cls, part: Part) -> FileOfPart:
        """The file of a part. One at an address is hashed while it is read: it is not to be read twice."""
        path = path_of(part.path)
        return cls(part, HashedFile(path.address, part.size) if isinstance(path, RemoteFile) else path)


def source_of(piece: Piece, files: list[FileOfPart]) -> TextPiece | RowColumn | TextColumn | ListColumn:
    """A piece as a source, read from these files."""
    if piece.kind == "text":
        return TextPiece(files)
    if piece.kind == "rows":
        return RowColumn(_text_files(files), **piece.options)
    kind = TextColumn if piece.kind == "texts" else ListColumn
    groups = [None if part.begin is None else range(part.begin, part.end or 0) for part in piece.parts]
    return kind([file.path for file in files], piece.options["column"], piece.options["skip_nulls"], groups)


class TextPiece(Source):
    """Files of text, and lines of some, one after the other."""

    def __init__(self, files: list[FileOfPart]):
        self.files = files
        self.has_archives = False
        self.name = str(files[0].path) if len(files) == 1 else f"{len(files)} files"
        self.total_bytes = sum(part.size if part.begin is None else (part.end or 0) - part.begin for part, _ in files)

    def how_read(self) -> dict[str, Any]:
        """What a fingerprint has of how the files are read, once they are."""
        return how_read(self.has_archives)

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        """All text, in order."""
        self.files_read = bytes_before = 0
        for is_whole, some in itertools.groupby(self.files, lambda file: file.part.begin is None):
            for source in [_text_files(some)] if is_whole else map(TextLines, some):
                for block in source.blocks(config):
                    yield block._replace(bytes_read=bytes_before + block.bytes_read)
                self.files_read += source.files_read
                self.has_archives |= isinstance(source, TextFiles) and source.has_archives
                bytes_before += source.total_bytes or 0


class TextLines(Source):
    """Some lines of a file that is text as it is."""

    def __init__(self, file: FileOfPart):
        self.file = file
        self.name = str(file.path)
        self.begin, self.end = file.part.begin or 0, file.part.end or 0
        self.total_bytes = self.end - self.begin
        self.files_read = int(self.begin == 0)

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        """All text, in order."""
        with self.file.path.open("rb") as file:
            self._check(file, config)
            for block in read_blocks(lines := TextRange(file, self.begin, self.end), self.name, config):
                yield Block(block, lines.place - self.begin)

    def _check(self, file: IO[bytes], config: TextConfig) -> None:
        """Raise `SourceError` where the file begins as no text does, or the lines begin in the middle of one."""
        if self.begin == 0:
            _text_files([self.file]).check_is_text(Content(file, self.name), self.name, config)
            return
        chunk = byte_of_chunk(self.file.part.first_chunk)
        first = chunk if 0 < self.begin - chunk <= BUFFER_BYTES else self.begin - 1  # so that the chunk is hashed
        file.seek(first)
        if file.read(self.begin - first)[-1:] != b"\n":
            raise SourceError(
                f"{self.name} has no line end where it had one when it was cut into pieces: has it changed, or is"
                " another file here?"
            )


def _text_files(files: Iterable[FileOfPart]) -> TextFiles:
    files = list(files)
    return TextFiles([path for _, path in files], [path for part, path in files if not part.is_named])
