"""Files as they are or packed, known by their first bytes: gzip, bzip2, xz, zstd."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Any, Protocol, cast

from firth.errors import SourceError

ZSTD_PIECE_BYTES = 1 << 10
"""Packed bytes that are unpacked at a time: of one letter without end, each three bytes may be 128 KB."""
PIECE_BYTES = 1 << 16
"""Bytes of a file in another one that are read at a time."""
START_BYTES = 512
"""Bytes at a file's beginning that tell what it is: a tar archive's first header."""


def _zstd_errors() -> tuple[type[Exception], ...]:
    """What Python's own reader of zstd files raises: from 3.14 on, where Python was built with it."""
    try:
        from compression.zstd import ZstdError
    except ImportError:
        return ()
    return (ZstdError,)


DAMAGE: tuple[type[Exception], ...] = (EOFError, OSError, lzma.LZMAError, zlib.error, *_zstd_errors())
"""What is raised where a file cannot be read."""


class Content:
    """A file's content, of which the first bytes can be looked at before it is read."""

    def __init__(self, file: IO[bytes], name: str):
        """Read the first bytes. Raises `SourceError` if that cannot be done."""
        self.file = file if hasattr(file, "peek") else cast("IO[bytes]", io.BufferedReader(cast(Any, file)))
        self.start = b""
        while len(self.start) < START_BYTES and (more := read_some(self.file, name, START_BYTES - len(self.start))):
            self.start += more
        self._unread = self.start

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or all that are left; fewer at the end."""
        if not self._unread:
            return self.file.read(size)
        first = self._unread if size < 0 else self._unread[:size]
        self._unread = self._unread[len(first) :]
        if len(first) == size:
            return first
        return first + self.file.read(size if size < 0 else size - len(first))

    def as_file(self) -> io.BufferedReader:
        """It as an open file, for what reads lines of one."""
        return as_file(iter(lambda: self.read(PIECE_BYTES), b""))


class _Joined(io.RawIOBase):
    """Pieces of bytes, none of them empty, as one file."""

    def __init__(self, pieces: Iterable[bytes]):
        self.pieces = iter(pieces)
        self.left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.left = self.left or memoryview(next(self.pieces, b""))
        size = min(len(buffer), len(self.left))
        buffer[:size] = self.left[:size]
        self.left = self.left[size:]
        return size


def as_file(pieces: Iterable[bytes]) -> io.BufferedReader:
    """Pieces of bytes, none of them empty, as an open file."""
    return io.BufferedReader(_Joined(pieces), PIECE_BYTES)


def decompressed(file: IO[bytes] | Content, name: str) -> Content:
    """The file's content, unpacked if it begins as gzip, bzip2, xz or zstd files do, whatever its name."""
    file = file if isinstance(file, Content) else Content(file, name)
    packed = cast("IO[bytes]", file)
    if file.start.startswith(b"\x1f\x8b"):
        return Content(cast("IO[bytes]", gzip.GzipFile(fileobj=packed)), name)
    if re.match(rb"BZh[1-9]1AY&SY", file.start):
        return Content(cast("IO[bytes]", bz2.BZ2File(packed)), name)
    if file.start.startswith(b"\xfd7zXZ\x00"):
        return Content(cast("IO[bytes]", lzma.LZMAFile(packed)), name)
    if file.start.startswith(b"\x28\xb5\x2f\xfd"):
        return Content(_unpacked_zstd(packed, name), name)
    return file


def _unpacked_zstd(file: IO[bytes], name: str) -> IO[bytes]:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd

            return cast("IO[bytes]", zstd.ZstdFile(file))
        import zstandard
    except ImportError as error:
        raise SourceError(f"{name} is packed with zstd, and reading that needs: pip install zstandard") from error
    return as_file(_zstd_frames(file, zstandard))


def _zstd_frames(file: IO[bytes], zstandard: Any) -> Iterator[bytes]:
    """The content of zstd frames, with an error for one that is cut short (zstandard's own reader has none)."""
    frame, packed = None, b""
    while packed := packed or file.read(ZSTD_PIECE_BYTES):
        frame = frame or zstandard.ZstdDecompressor().decompressobj()
        try:
            unpacked = frame.decompress(packed)
        except zstandard.ZstdError as error:
            raise OSError(str(error)) from error
        if unpacked:
            yield unpacked
        packed = frame.unused_data
        if frame.eof:
            frame = None
    if frame is not None:
        raise EOFError("the last zstd frame has no end")


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """So many bytes, fewer at the end."""
        ...


def read_some(file: Readable, name: str, size: int) -> bytes:
    """So many bytes, fewer at the end. Raises `SourceError` where that cannot be done."""
    try:
        return file.read(size)
    except DAMAGE as error:
        raise unreadable(name, error) from error


def unreadable(name: str, error: Exception) -> SourceError:
    """What to say of a file that could not be read, because of one of `DAMAGE`."""
    if isinstance(error, OSError) and error.errno is not None:
        return SourceError(f"cannot read {name}: {error.strerror}")
    return SourceError(f"{name} is packed, and damaged or cut short: {error}")
