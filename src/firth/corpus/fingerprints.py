"""A fingerprint of files: a hash of their content, of how text is split, and of how else they are read.

Files are hashed in chunks, by several threads or machines. What is read from its beginning to its end in any case, and
over a network, is hashed on the way (`HashedFile`).
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from collections.abc import Sequence
from typing import IO, Any, cast

from firth.config import TextConfig
from firth.corpus.remote import BUFFER_BYTES, FilePath, RawFile, RemoteFile
from firth.storage.files import sha256_of
from firth.threads import map_ahead

CHUNK_BYTES = 1 << 24
"""Bytes of a file that are hashed at a time."""


def how_read(has_archives: bool) -> dict[str, Any]:
    """What a fingerprint has of how files of text are read: of old, archives were read as text."""
    return {"archives": True} if has_archives else {}


def content_fingerprint(paths: Sequence[FilePath], config: TextConfig, threads: int, **how: Any) -> str:
    """A hash of the files' content, of how text is split, and of how else they are read."""
    chunks = [
        (number, path, chunk) for number, path in enumerate(paths) for chunk in range(chunks_of(path.stat().st_size))
    ]
    digests = map_ahead(threads, lambda chunk: chunk_digest(*chunk[1:]), chunks)
    return fingerprint_of(
        [[number, digest] for (number, _, _), digest in zip(chunks, digests, strict=True)], config, how
    )


def chunks_of(size: int) -> int:
    """Of how many chunks of a file of this size a fingerprint has a hash; the last one may be empty."""
    return size // CHUNK_BYTES + 1


def chunks_before(byte: int) -> int:
    """How many chunks of a file begin before this byte."""
    return -(-byte // CHUNK_BYTES)


def byte_of_chunk(chunk: int) -> int:
    """Where in a file a chunk begins."""
    return chunk * CHUNK_BYTES


def chunk_digest(path: FilePath, chunk: int) -> str:
    """The hash of one of a file's chunks; that chunk is read, if it is not known."""
    known = path.digests.get(chunk) if isinstance(path, HashedFile) else None
    return known or sha256_of(path, byte_of_chunk(chunk), CHUNK_BYTES)


def fingerprint_of(digests: list[list[Any]], config: TextConfig, how: dict[str, Any]) -> str:
    """The fingerprint, by the hashes of all chunks, each with the number of its file."""
    settings = {field.name: getattr(config, field.name) for field in dataclasses.fields(TextConfig)}
    told = json.dumps([settings | how, digests], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


class HashedFile(RemoteFile):
    """A file at an address that keeps the hashes of those chunks that somebody has read from beginning to end."""

    def __init__(self, address: str, size: int | None = None):
        super().__init__(address, size)
        self.digests: dict[int, str] = {}

    def open(self, mode: str = "rb") -> IO[bytes]:
        """It, to be read; as a buffered file."""
        return io.BufferedReader(cast(Any, _Hashed(self)), BUFFER_BYTES)


class _Hashed(RawFile):
    """A file of which every chunk is hashed that is read from its beginning to its end, without a leap."""

    def __init__(self, file: HashedFile):
        super().__init__(file.address)
        self.size = file.stat().st_size
        self.digests = file.digests
        self.place = 0
        self._begin()

    def seek(self, place: int, whence: int = 0) -> int:
        self.place = super().seek(place, whence)
        self._begin()
        return self.place

    def readinto(self, buffer: Any) -> int:
        size = super().readinto(buffer)
        some = memoryview(buffer)[:size]
        while some:
            piece = some[: CHUNK_BYTES - self.place % CHUNK_BYTES]
            self.hash.update(piece)
            self.place, some = self.place + len(piece), some[len(piece) :]
            if self.place % CHUNK_BYTES == 0:
                self._keep(self.place // CHUNK_BYTES - 1)
                self._begin()
        if self.place == self.size:
            self._keep(self.place // CHUNK_BYTES)
        return size

    def _begin(self) -> None:
        """Begin to hash, if a chunk begins here."""
        self.hash = hashlib.sha256()
        self.is_from_beginning = self.place % CHUNK_BYTES == 0

    def _keep(self, chunk: int) -> None:
        """Keep the hash of this chunk, which ends here, if it has been read from its beginning."""
        if self.is_from_beginning:
            self.digests[chunk] = self.hash.hexdigest()
