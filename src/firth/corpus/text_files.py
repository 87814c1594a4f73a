"""Sources of text in files: named ones, those of folders and archives, streams; a fingerprint of their content."""

from __future__ import annotations

import functools
import io
import stat
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TypeAlias

from firth.config import TextConfig
from firth.corpus.archives import is_archive, texts_in
from firth.corpus.decoding import Text, read_blocks, read_plain
from firth.corpus.fingerprints import content_fingerprint, how_read
from firth.corpus.remote import FilePath, RemoteFile
from firth.corpus.tabular import is_name_of_rows, refuse_table, what_else, what_rows
from firth.corpus.tokenizing import Block, Source
from firth.errors import FirthWarning, SourceError
from firth.storage.packed import as_file

NamedText: TypeAlias = tuple[str, Text, Callable[[], int]]
"""A text, its name, and what tells how many bytes of the files have been read; 0 where nobody knows."""


class _Texts(Source):
    """Texts of files, each with a name."""

    named: Collection[str] = ()
    has_warned = False

    def texts(self) -> Iterator[NamedText]:
        """All texts, each to be read before the next one is asked for."""
        raise NotImplementedError

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        bytes_given = 0
        for name, content, bytes_read in self.texts():
            self._check_is_text(content, name, config)
            for block in read_blocks(content, name, config):
                bytes_given += len(block)
                yield Block(block, bytes_read() or bytes_given)

    def documents(self, config: TextConfig) -> Iterator[str]:
        for name, content, _ in self.texts():
            self._check_is_text(content, name, config)
            yield from _lines(as_file(filter(None, read_plain(content, name, config))))

    def _check_is_text(self, content: Text, name: str, config: TextConfig) -> None:
        """Raise `SourceError` for a table that the user named; warn, once, of what may be one, or is hardly text."""
        refuse_table(content, name)
        rows = what_rows(content, name, config)
        if rows and name in self.named and is_name_of_rows(name):
            raise SourceError(rows)
        if (told := rows or what_else(content, name)) and not self.has_warned:
            self.has_warned = True
            warnings.warn(f"{told}. It is read as text", FirthWarning, stacklevel=2)


class TextFiles(_Texts):
    """Text files, packed or not, one after the other; a sentence ends with its line and with its file."""

    def __init__(self, paths: Iterable[FilePath], found: Collection[FilePath] = ()):
        """Look at the files' sizes. Those `found` in folders were not named: among them may be what is no text."""
        self.paths = tuple(paths)
        self.has_archives = False  # among those that have been read
        self.named = {str(path) for path in self.paths}.difference(map(str, found))
        self.name = str(self.paths[0]) if len(self.paths) == 1 else f"{len(self.paths)} files"
        for path in self.paths:
            _check_readable(path)
        self.can_be_read_again = all(path.is_file() for path in self.paths)  # as pipes and devices cannot
        if self.can_be_read_again:
            self.total_bytes = sum(path.stat().st_size for path in self.paths)

    def fingerprint(self, config: TextConfig, threads: int = 1) -> str | None:
        if not self.can_be_read_again:
            return None
        return content_fingerprint(self.paths, config, threads, **how_read(any(map(is_archive, self.paths))))

    def texts(self) -> Iterator[NamedText]:
        bytes_before = self.files_read = 0
        for path in self.paths:
            with at_rest(path) as size, path.open("rb") as file:
                yield from self.texts_of(file, str(path), bytes_before)
            bytes_before += size

    def texts_of(self, file: IO[bytes], name: str, bytes_before: int) -> Iterator[NamedText]:
        """The texts of one of the files."""
        bytes_read = functools.partial(_place_in, file, bytes_before)
        for name_of_text, content in texts_in(file, name):
            self.files_read += 1
            self.has_archives |= name_of_text != name
            yield name_of_text, content, bytes_read


class TextStream(_Texts):
    """An open binary file, such as standard input; it can be read once."""

    def __init__(self, file: IO[bytes]):
        self.file = file
        self.name = str(getattr(file, "name", "the stream"))

    def texts(self) -> Iterator[NamedText]:
        self.files_read = 0
        for name, content in texts_in(self.file, self.name):
            self.files_read += 1
            yield name, content, lambda: 0


def _lines(file: IO[bytes]) -> Iterator[str]:
    """The lines of a text that `read_plain` gives, however they end; it puts one more line end behind the last."""
    last: str | None = None
    for line in io.TextIOWrapper(file, "utf-8"):
        if last is not None:
            yield last
        last = line.removesuffix("\n")
    if last:
        yield last


@contextmanager
def at_rest(path: FilePath) -> Iterator[int]:
    """Gives a file's size. Raises `SourceError` at the end if the file has changed meanwhile; a pipe does so always."""
    before = stamp_of(path)
    yield before[0]
    if path.is_file() and stamp_of(path) != before:
        raise SourceError(f"{path} changed while it was read: try again when it is at rest")


def stamp_of(path: FilePath) -> tuple[int, int | str]:
    """A file's size, and what else tells whether it has changed. Raises `SourceError` if it cannot be seen."""
    if isinstance(path, RemoteFile):
        return path.stamp()
    try:
        found = path.stat()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error
    return found.st_size, found.st_mtime_ns


def _place_in(file: IO[bytes], before: int) -> int:
    """How many bytes of several files have been read, by the place in this one and the bytes of those before it."""
    return before + (file.tell() if file.seekable() else 0)


def _check_readable(path: FilePath) -> None:
    """Raise `SourceError` for a file that cannot be opened. A pipe is not: its writer would be left alone when it is
    closed again.
    """
    if isinstance(path, RemoteFile):
        path.stat()
        return
    try:
        if not stat.S_ISFIFO(path.stat().st_mode):
            path.open("rb").close()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error
