"""How a file of vectors is to be read, and what all readers share: unpacking, words that are not UTF-8, warnings."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from firth.errors import FirthWarning, FormatError, SourceError, shortened

PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
"""How gzip, bzip2, xz and zstd files begin."""
PACKED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")

Errors = Literal["strict", "replace", "ignore"]


@dataclass(frozen=True)
class Reading:
    """How to read.

    `errors` is what to do with words that are not UTF-8, as in `bytes.decode`; `limit` how many rows to read, from the
    first; `numbers_in_words` allows words that end with numbers, in lines wider than the others.
    """

    errors: Errors = "strict"
    limit: int | None = None
    numbers_in_words: bool = False

    def __post_init__(self) -> None:
        if self.errors not in {"strict", "replace", "ignore"}:
            raise ValueError(f"errors must be 'strict', 'replace' or 'ignore', not {shortened(self.errors)}")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit must be 1 or more, not {self.limit}")

    def ends_at(self, rows: int) -> bool:
        """Whether so many rows are enough."""
        return self.limit is not None and rows >= self.limit

    def rows(self, promised: int) -> int:
        """How many of the rows that a file has, or promises, are read."""
        return promised if self.limit is None else min(promised, self.limit)

    def word(self, raw: bytes, path: Path, where: str) -> str:
        """The word of these bytes. Raises `FormatError` if they are not UTF-8, unless that is allowed."""
        try:
            return raw.decode("utf-8", self.errors)
        except UnicodeDecodeError as error:
            raise FormatError(
                f"{path}, {where}: the word is not UTF-8 text: {shortened(raw)} (errors='replace' or 'ignore' reads it)"
            ) from error

    def text(self, word: str, path: Path, where: str) -> str:
        """The word of text that was read with `surrogateescape`."""
        return self.word(word.encode("utf-8", "surrogateescape"), path, where)


def warn(message: str) -> None:
    """Say what is odd about a file that is read nevertheless."""
    warnings.warn(message, FirthWarning, stacklevel=2)


def is_packed(path: Path) -> bool:
    """Whether a file begins as packed ones do."""
    with path.open("rb") as file:
        return file.read(6).startswith(PACKED)


def unpacked_suffix(path: Path) -> str:
    """The ending of its name, before that of packed files, in lower case."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in PACKED_SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """A file's content, as bytes, unpacked if it is packed. Raises `FormatError` where that is damaged or cut short."""
    with path.open("rb") as file:
        if not is_packed(path):
            yield file
            return
        # which imports what unpacks: a look-up in other files has no need of it
        from firth.storage.packed import DAMAGE, decompressed

        try:
            yield decompressed(file, str(path)).as_file()
        except SourceError as error:
            raise FormatError(str(error)) from error
        except DAMAGE as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise FormatError(f"{path} is packed, and damaged or cut short: {error}") from error


@contextmanager
def unpacked_text(path: Path) -> Iterator[io.TextIOWrapper]:
    """A file's content, as text: lines end with a line feed only, bytes that are not UTF-8 are escaped."""
    with unpacked(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="\n")
        try:
            yield text
        finally:
            text.detach()
