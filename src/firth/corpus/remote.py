"""Files at an address, such as s3://bucket/key: whatever fsspec reaches, with the credentials of this machine.

Neither fsspec nor its drivers are imported before an address is given. What stands in an address to be let in (a user's
name, a password, a signature in a query) is in no name and no message.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PureWindowsPath
from typing import IO, Any, NamedTuple, TypeAlias, cast

from firth.corpus.own_files import OWN, OWN_BEGINNING, OWN_BEGINNING_BYTES, kind_by_name
from firth.errors import SourceError

BUFFER_BYTES = 1 << 20
VERSIONS = (
    *("ETag", "etag", "generation", "md5Hash", "blob_id"),
    *("mtime", "LastModified", "last_modified", "updated", "modified", "created"),
)
"""What file systems call what changes with a file, the surest first."""
_ADDRESS = re.compile(r"[A-Za-z][\w+.-]+(?:::|://)")
_ADDRESS_AS_PATH = re.compile(r"([A-Za-z][\w+.-]+):[/\\]+(.*)", re.DOTALL)
"""What `pathlib` makes of an address."""
_USER = re.compile(r"://[^/?#\s'\"]*@")
_QUERY = re.compile(r"\?[^\s'\"?]*=[^\s'\"]*")


class RemoteStat(NamedTuple):
    """What `Path.stat` tells of a file, as far as it is asked for."""

    st_size: int
    st_mode: int = stat.S_IFREG


class RemoteFile:
    """A file at an address. It has those methods of `Path` that reading needs, and their errors are `SourceError`."""

    def __init__(self, address: str, size: int | None = None):
        self.address = address
        self.size = size  # as a list of files told it

    def __str__(self) -> str:
        return shown(self.address)

    def __repr__(self) -> str:
        return f"RemoteFile({str(self)!r})"

    @property
    def name(self) -> str:
        """The last part of its name."""
        return str(self).rpartition("/")[2]

    def is_file(self) -> bool:
        """Whether it can be read again, as pipes cannot."""
        return True

    def stat(self) -> RemoteStat:
        """Its size, which is asked for once."""
        if self.size is None:
            self.size, _ = self.stamp()
        return RemoteStat(self.size)

    def stamp(self) -> tuple[int, str]:
        """Its size now, and what changes when it does, where its file system tells; '' where that does not."""
        with _explained(self.address):
            system, path = _system(self.address)
            system.invalidate_cache(path)
            about = system.info(path)
        if about.get("type") == "directory":
            raise SourceError(f"{self} is a folder, where a file was meant")
        if about.get("size") is None:
            raise SourceError(f"{self}: its server does not say how many bytes it has. Copy the file to this machine")
        return int(about["size"]), next((str(about[key]) for key in VERSIONS if about.get(key) is not None), "")

    def open(self, mode: str = "rb") -> IO[bytes]:
        """It, to be read; as a buffered file."""
        return io.BufferedReader(cast(Any, RawFile(self.address, mode)), BUFFER_BYTES)


FilePath: TypeAlias = Path | RemoteFile


class RawFile(io.RawIOBase):
    """A file of fsspec's, whose errors say which one it is."""

    def __init__(self, address: str, mode: str = "rb"):
        self.address = address
        with _explained(address):
            system, path = _system(address)
            self.file: IO[bytes] = system.open(path, mode)

    def readable(self) -> bool:
        """Whether it is: yes."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read from anywhere on."""
        return self.file.seekable()

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Read from there on."""
        with _explained(self.address):
            return self.file.seek(place, whence)

    def tell(self) -> int:
        """From where on it is read."""
        return self.file.tell()

    def readinto(self, buffer: Any) -> int:
        """Read what comes next; return how many bytes that is."""
        with _explained(self.address):
            some = self.file.read(len(buffer))
        buffer[: len(some)] = some
        return len(some)

    def close(self) -> None:
        """Close it."""
        if not self.closed:
            self.file.close()
        super().close()


def is_address(given: object) -> bool:
    """Whether this is the address of files that are reached by fsspec."""
    return isinstance(given, str) and _ADDRESS.match(given) is not None


def as_address(given: str | os.PathLike[str]) -> str | None:
    """The address that is meant, also by a `Path` made of one, which has lost a slash; None for any other path."""
    text = os.fspath(given)
    if is_address(given):
        return text
    if isinstance(given, str) or (match := _ADDRESS_AS_PATH.match(text)) is None or Path(given).exists():
        return None
    root = "/" if match[1] in {"file", "local"} else ""
    rest = match[2].replace("\\", "/") if isinstance(given, PureWindowsPath) else match[2]
    return f"{match[1]}://{root}{rest}"


def shown(address: str) -> str:
    """An address, or a text that has some, without what only its owner should know."""
    return _QUERY.sub("", _USER.sub("://", address))


def files_at(address: str) -> tuple[list[RemoteFile], bool]:
    """The files that an address means: one, those of a folder and below it, or those that match a glob; and whether it
    is a folder. Raises `SourceError` if there is none.

    They have the order of a folder on disk with the same names. Hidden files, and those in firth's own folders, are
    left out.
    """
    if "::" in address:
        raise SourceError(f"{shown(address)} is an address in another (::), which is not read: name the files alone")
    address = address if address.endswith("://") else address.rstrip("/")
    with _explained(address):
        system, path = _system(address)
        about = _info(system, path)
        if about is not None and about["type"] == "file":
            return [RemoteFile(address)], False
        if about is not None:
            found, root = system.find(path, detail=True), path.rstrip("/")
            own = _own_folders(system, {name.rpartition("/")[0] for name in found if name.rpartition("/")[2] in OWN})
        elif pattern := re.match(r"(.*?)/?[^/]*[*[]" if address.startswith("http") else r"(.*?)/?[^/]*[*?[]", path):
            found, root = system.glob(path, detail=True), pattern[1]
            own = _own_folders(system, {name.rpartition("/")[0] for name in found})
        else:
            raise FileNotFoundError
    if root in own and about is not None:
        raise SourceError(f"{shown(address)} is {own[root]} of firth's, not text")
    files = {
        name: about for name, about in found.items() if about["type"] == "file" and not _is_left_out(name, root, own)
    }
    if not files:
        raise SourceError(f"no file matches {shown(address)}" if about is None else f"{shown(address)} holds no files")
    before = address.removesuffix(path) if address.endswith(path) else None
    return [
        RemoteFile(system.unstrip_protocol(name) if before is None else before + name, files[name].get("size"))
        for name in sorted(files, key=lambda name: name.split("/"))
    ], about is not None


def _is_left_out(name: str, root: str, own: Mapping[str, str]) -> bool:
    """Whether a file is hidden, or in a folder of firth's own."""
    parts = name.removeprefix(root).strip("/").split("/")
    folders = itertools.accumulate(name.split("/")[:-1], "{}/{}".format)
    return (
        any(part.startswith(".") for part in parts)
        or any(folder in own for folder in folders)
        or any(kind_by_name(*two) for two in itertools.pairwise(parts))
    )


def _own_folders(system: Any, folders: Iterable[str]) -> dict[str, str]:
    """Which of some folders are firth's own, and what they are."""
    own = {}
    for folder in folders:
        for name, kind in OWN.items():
            with suppress(FileNotFoundError):
                if OWN_BEGINNING in system.cat_file(f"{folder}/{name}", 0, OWN_BEGINNING_BYTES):
                    own[folder] = kind
    return own


def _info(system: Any, path: str) -> dict[str, Any] | None:
    """What a file system tells of a path; None if there is nothing."""
    try:
        found: dict[str, Any] = system.info(path)
    except FileNotFoundError:
        return None
    return found


def _system(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path there."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise SourceError(f"reading {shown(address)} needs an extra: pip install 'firth[remote]'") from error
    found: tuple[Any, str] = url_to_fs(address)
    return found


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Let what fsspec and its drivers raise, which may be anything, say what was to be read, and what to do."""
    name = shown(address)
    protocol = name.partition("://")[0]
    try:
        yield
    except SourceError:
        raise
    except Exception as error:
        if isinstance(error, FileNotFoundError):
            told = f"there is no file or folder {name}, or none that this machine's credentials for {protocol} reach"
        elif isinstance(error, PermissionError):
            told = f"{name} may not be read with this machine's credentials for {protocol}"
        elif isinstance(error, ImportError):
            told = f"reading {name} needs a package that is not installed: {error}"
        elif isinstance(error, ValueError) and "rotocol not known" in str(error):
            told = f"{name}: fsspec knows no protocol {protocol!r} (s3, gs, az, hf, https, sftp and others are known)"
        else:
            told = f"cannot read {name}: {type(error).__name__}: {shown(str(error))}"
        raise SourceError(told) from (error if name == address else None)  # it might tell what is not to be shown
