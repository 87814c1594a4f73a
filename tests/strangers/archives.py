"""Archives as a stranger might send them. What is read is compared with what Python's own readers find in them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from firth.config import TextConfig
from firth.corpus.archives import texts_in
from firth.corpus.sources import as_source
from firth.storage.packed import DAMAGE, unreadable

Members = list[tuple[str, bytes]]


def _zstd(content: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.compress(content, level=1)
    import zstandard

    return zstandard.ZstdCompressor(level=1).compress(content)


PACKINGS: tuple[Callable[[bytes], bytes], ...] = (
    bytes,
    gzip.compress,
    bz2.compress,
    lzma.compress,
    _zstd,
)
"""The first byte of an input chooses one: a fuzzer that changed packed bytes would meet little but checksums."""
MOST_BYTES = 1 << 24
"""Of text, of an input of 64 KiB: what is longer is not compared."""
PIECE_BYTES = 1 << 16


class Pipe(io.RawIOBase):
    """A file that can only be read on."""

    def __init__(self, content: bytes):
        self.file = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        return self.file.readinto(buffer)


def packed(content: bytes) -> bytes:
    """All but the first byte of an input, packed as that one says."""
    return PACKINGS[content[0] % len(PACKINGS)](content[1:]) if content else b""


def read_tar(content: bytes, folder: Path) -> None:
    """A tar archive in any packing, from a file and from a pipe: the same texts, and those that `tarfile` finds."""
    whole = packed(content)
    texts = texts_of(io.BytesIO(whole))
    assert texts == texts_of(io.BufferedReader(Pipe(whole)))
    _read_blocks(whole, folder)
    _compare(texts, members_of_tar, content[1:])


def read_zip(content: bytes, folder: Path) -> None:
    """A zip archive: the texts that `zipfile` finds."""
    texts = texts_of(io.BytesIO(content))
    _read_blocks(content, folder)
    _compare(texts, members_of_zip, content)


def read_archive(content: bytes, folder: Path) -> None:
    """Any archive, packed or not, whose packing may be damaged, too."""
    texts_of(io.BytesIO(content))
    _read_blocks(content, folder)


def texts_of(file: io.IOBase) -> Members:
    """Name and content of each text that firth finds in a file."""
    found: Members = []
    for name, content in texts_in(file, "x"):
        pieces, size = [], 0
        try:
            while size < MOST_BYTES and (piece := content.read(PIECE_BYTES)):
                pieces.append(piece)
                size += len(piece)
        except DAMAGE as error:  # as who reads blocks of it does
            raise unreadable(name, error) from error
        found.append((name, b"".join(pieces)))
    return found


def _read_blocks(content: bytes, folder: Path) -> None:
    """As a training does it, up to some bytes."""
    path = folder / "corpus"
    path.write_bytes(content)
    size = 0
    for block in as_source(path).blocks(TextConfig()):
        block.text.decode("utf-8")
        size += len(block.text)
        if size > MOST_BYTES:
            break


def _compare(texts: Members, members_of: Callable[[bytes], Iterator[tuple[str, bytes]]], content: bytes) -> None:
    """Whether firth found what Python's reader finds; where that one fails, or files are archives, nothing is said."""
    if [name for name, _ in texts] == ["x"]:
        return  # it was no archive
    try:
        members = [(name, inside) for name, inside in members_of(content) if not _is_hidden(name)]
    except Exception:  # Python's reader raises whatever comes to it
        return
    if any(_may_hold_others(inside) for _, inside in members) or any(len(text) >= MOST_BYTES for _, text in texts):
        return
    assert texts == [(f"x/{name}", inside) for name, inside in members]


def members_of_tar(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The files of a tar archive, as `tarfile` finds them."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for member in archive:
            if member.isreg() and (inside := archive.extractfile(member)):
                yield member.name, inside.read()


def members_of_zip(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The files of a zip archive, as `zipfile` finds them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            kind = member.external_attr >> 28
            if not member.is_dir() and kind in {0, 8}:
                with archive.open(member) as inside:
                    yield member.filename, inside.read(MOST_BYTES)


def _is_hidden(name: str) -> bool:
    return any(part[:1] == "." and part not in {".", ".."} for part in name.split("/"))


def _may_hold_others(content: bytes) -> bool:
    """Whether a file's beginning is that of something packed, or of another archive."""
    return b"\0" in content[:512] or content.startswith(MARKS)


MARKS = (
    *(b"\x1f", b"BZh", b"\xfd7z", b"(\xb5/\xfd", b"]\x00", b"\x04\x22", b"LZIP"),
    *(b"PK", b"7z", b"Rar!", b"!<arch>", b"0707", b"%PDF", b"\xd0\xcf"),
)
"""How packed files and archives begin, or more."""


# ── whole ones, to begin with ────────────────────────────────────────────────────────────────────────────────────────

FILES = {"a.txt": b"one two\nthree", "b/c.txt": "Élan four two".encode(), ".hidden": b"not this", "empty.txt": b""}
OLD = {"format": tarfile.USTAR_FORMAT}
GNU = {"format": tarfile.GNU_FORMAT}
PAX = {"format": tarfile.PAX_FORMAT, "pax_headers": {"comment": "of the whole archive"}}


def tar_of(files: dict[str, bytes], **options: object) -> bytes:
    """A tar archive of files, with a folder, a link and a device."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", **options) as archive:  # type: ignore[call-overload]
        for name, kind in (("b", tarfile.DIRTYPE), ("link.txt", tarfile.SYMTYPE), ("null", tarfile.CHRTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "a.txt"
            archive.addfile(entry)
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue().rstrip(b"\0") + bytes(1024)


def zip_of(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, *, streamed: bool = False) -> bytes:
    """A zip archive of files; streamed, with the sizes behind them."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BufferedWriter(_Stream(out)) if streamed else out, "w", method) as archive:
        archive.writestr("b/", b"")
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


class _Stream(io.RawIOBase):
    def __init__(self, file: io.BytesIO):
        self.file = file

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:
        return self.file.write(content)


def whole_tars(_: Path) -> list[bytes]:
    """Tar archives in all packings and formats, with long names, many files, and one in another."""
    long = {"long/" * 30 + "ä.txt": b"five", "x" * 120: b"six"}
    kinds = [tar_of(FILES, **OLD), tar_of(FILES | long, **GNU), tar_of(FILES | long, **PAX)]
    kinds.append(tar_of({"in.tar": tar_of(FILES, **GNU), "in.gz": gzip.compress(b"one")}, **GNU))
    return [bytes([packing]) + kind for packing in range(len(PACKINGS)) for kind in kinds]


def whole_zips(_: Path) -> list[bytes]:
    """Zip archives by all methods, streamed, with an archive in them."""
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    nested = zip_of({"in.tgz": gzip.compress(tar_of(FILES))})
    return [
        *(zip_of(FILES, method) for method in methods),
        zip_of(FILES, streamed=True),
        nested,
    ]


def whole_archives(_: Path) -> list[bytes]:
    """Some of both, packed, and one in the other many times."""
    deep = b"one two"
    for _ in range(8):
        deep = gzip.compress(tar_of({"a": deep}))
    return [
        *(pack(tar_of(FILES)) for pack in PACKINGS),
        zip_of({"a.tar.xz": lzma.compress(tar_of(FILES))}),
        zip_of({"a": deep}),
    ]
