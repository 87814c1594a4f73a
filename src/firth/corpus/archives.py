"""Archives, tar and zip: the files in them are read as if they stood in a folder.

They are known by their content, whatever their names and whatever packs them. A tar archive is read once, from its
beginning to its end, also from a pipe. A zip archive has its list of files at the end: it can be read from a file only.
"""

from __future__ import annotations

import re
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Self, cast

from firth.corpus.own_files import is_own_file
from firth.corpus.remote import FilePath
from firth.errors import SourceError
from firth.storage.packed import DAMAGE, PIECE_BYTES, START_BYTES, Content, as_file, decompressed, unreadable

if TYPE_CHECKING:
    import tarfile

ZIP = (b"PK\3\4", b"PK\5\6", b"PK\7\x08")
OTHERS = {
    rb"7z\xbc\xaf\x27\x1c": "a 7z archive",
    rb"Rar!\x1a\x07": "a rar archive",
    rb"!<arch>\n": "an ar archive",
    rb"07070[127][0-7]{35}|07070[12][0-9A-Fa-f]{104}": "a cpio archive",
    rb"\x1f\x9d": "packed with compress",
    rb"\x04\x22\x4d\x18": "packed with lz4",
    rb"LZIP\x01": "packed with lzip",
    rb"%PDF-[12]\.": "a PDF document",
    rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an Office document",
    rb"SQLite format 3\0": "a database of SQLite",
    rb"\{\\rtf[0-9]": "an RTF document",
}
"""How files begin that hold text in a way that nothing here can read."""
OF_DOCUMENTS = {"[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"}
"""Files in zip archives that are documents or programs."""
MAGIC = slice(257, 262)
TYPES_OF_NAMES = (b"x", b"g", b"X", b"L", b"K")
LONGEST_NAME_BYTES = 1 << 20
"""In a tar archive, with all else that it tells of a file in headers of these types."""
MOST_NESTED = 10
"""Archives in archives: some hold themselves."""
MALFORMED = (ValueError, IndexError, KeyError, TypeError, OverflowError, RuntimeError, struct.error)
"""What Python's readers of archives raise now and then, where these are not what they seem to be."""


def texts_in(file: IO[bytes], name: str, depth: int = 0) -> Iterator[tuple[str, Content]]:
    """The texts of a file, each with its name: its own content, unpacked; or, of an archive, those of the files in it.

    Each is to be read before the next one is asked for. In archives, files that firth itself wrote are left out. Raises
    `SourceError` for an archive that is damaged, and for what is of a kind that cannot be read.
    """
    start = Content(file, name)
    content = decompressed(start, name)
    if content.start.startswith(ZIP):
        if content is not start or not file.seekable():
            raise SourceError(f"{name} is a zip archive that is packed, or comes through a pipe: unpack it first")
        members = _in_zip(file, name)
    elif _is_tar(content.start):
        members = _in_tar(content, name)
    else:
        if depth and is_own_file(name, content.start):
            return
        _refuse_others(content.start, name)
        yield name, content
        return
    if depth == MOST_NESTED:
        raise SourceError(f"{name} is an archive in an archive, {MOST_NESTED} times: does it hold itself?")
    is_empty = True
    for member, inside in members:
        if not _is_hidden(member):
            for text in texts_in(inside, f"{name}/{member}", depth + 1):
                is_empty = False
                yield text
    if is_empty:
        raise SourceError(f"the archive {name} holds no files")


def is_archive(path: FilePath) -> bool:
    """Whether what a file holds is other files."""
    try:
        with path.open("rb") as file:
            start = decompressed(file, str(path)).start
    except SourceError:  # which will come again where it is read
        return False
    return start.startswith(ZIP) or _is_tar(start)


def is_plain(file: IO[bytes], name: str) -> bool:
    """Whether a file is read as it is: neither packed nor an archive, nor refused."""
    try:
        texts = texts_in(file, name)
        return next(texts)[1].file is file
    except SourceError:  # which will come again where it is read
        return False


def _refuse_others(start: bytes, name: str) -> None:
    for pattern, what in OTHERS.items():
        if re.match(pattern, start):
            raise SourceError(f"{name} is {what}, which cannot be read: make text files of it first")


def _is_hidden(member: str) -> bool:
    return any(part.startswith(".") and part not in {".", ".."} for part in member.split("/"))


def _pieces(file: IO[bytes], *errors: type[Exception]) -> Iterator[bytes]:
    """A file in an archive. An error of the archive's is one of `DAMAGE`, as others are that packed files have."""
    try:
        while some := file.read(PIECE_BYTES):
            yield some
    except errors as error:
        raise EOFError(str(error)) from error


@contextmanager
def _named(name: str, what: str, *errors: type[Exception]) -> Iterator[None]:
    """Let an archive's errors say which one it is, and what."""
    damage: tuple[type[Exception], ...] = (*DAMAGE, *errors)
    try:
        yield
    except SourceError:
        raise
    except damage as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(name, error) from error
        raise SourceError(f"the archive {name} {what}: {error}") from error


def _is_tar(start: bytes) -> bool:
    """Whether this is the header of a tar archive's first file; those of before 1988 have a checksum and no magic."""
    if len(start) < START_BYTES or b"\0" not in start:
        return False
    if start[MAGIC] == b"ustar":
        return True
    import tarfile

    try:
        return bool(tarfile.TarInfo.frombuf(start, "utf-8", "surrogateescape").name)
    except (tarfile.TarError, ValueError):
        return False


def _in_tar(content: Content, name: str) -> Iterator[tuple[str, IO[bytes]]]:
    """The files in a tar archive, in its order."""
    import tarfile

    class Header(tarfile.TarInfo):
        """What an archive tells of a file: not at any length."""

        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
            header = super().frombuf(buf, encoding, errors)
            is_long = header.type in TYPES_OF_NAMES and header.size > LONGEST_NAME_BYTES
            if is_long or header.size < 0:
                raise tarfile.HeaderError("a name without end")
            return header

    errors = (tarfile.TarError, *MALFORMED)
    with (
        _named(name, "is damaged or cut short", *errors),
        tarfile.open(fileobj=cast("IO[bytes]", content), mode="r|", tarinfo=Header) as archive,
    ):
        member = archive.next()
        while member is not None:
            if member.issparse() or member.size < 0:
                raise SourceError(f"{name}/{member.name} is a sparse file, which is no text")
            if member.isreg() and (inside := archive.extractfile(member)):
                yield member.name, as_file(_pieces(inside, *errors))
            cast(Any, archive).members.clear()  # or else it keeps them all
            member = _next(archive, Header)


def _next(archive: tarfile.TarFile, header: type[tarfile.TarInfo]) -> tarfile.TarInfo | None:
    """What comes next in an archive; None at its end. `TarFile.next` takes a lack of the end for the end, and looks
    for what lies as far away as a damaged header says.
    """
    import tarfile

    stream = cast(Any, archive.fileobj)
    while (left := archive.offset - stream.tell()) > 0:
        if not stream.read(min(left, PIECE_BYTES)):
            raise EOFError("a file in it is shorter than it should be")
    if left < 0:
        raise tarfile.StreamError("a file in it lies before its beginning")
    try:
        return header.fromtarfile(archive)
    except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
        return None


def _in_zip(file: IO[bytes], name: str) -> Iterator[tuple[str, IO[bytes]]]:
    """The files in a zip archive, in its order."""
    import zipfile

    errors = (zipfile.BadZipFile, *MALFORMED)  # RuntimeError and NotImplementedError: it is encrypted, or newer
    with _named(name, "cannot be read", *errors), zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if OF_DOCUMENTS.intersection(member.filename for member in members):
            raise SourceError(f"{name} is a document, not an archive of texts: make text files of it first")
        for member in members:
            kind = stat.S_IFMT(member.external_attr >> 16)
            if not member.is_dir() and kind in {0, stat.S_IFREG}:
                with archive.open(member) as inside:
                    yield member.filename, as_file(_pieces(inside, *errors))
