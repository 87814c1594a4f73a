"""From what somebody names to files: a path, a folder, a glob."""

# ruff: noqa: PTH100, PTH115, PTH118, PTH207
# Real paths are strings here: there may be very many.

from __future__ import annotations

import fnmatch
import functools
import glob
import heapq
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from firth.corpus.own_files import own_kind
from firth.corpus.remote import FilePath, RemoteFile, as_address, files_at, is_address
from firth.errors import SourceError, shortened

LONGEST_PATH = 4096


def path_of(name: str) -> FilePath:
    """The file of this name, or at this address."""
    return RemoteFile(name) if is_address(name) else Path(name)


def name_of(path: FilePath) -> str:
    """What `path_of` takes, wherever it is called."""
    return path.address if isinstance(path, RemoteFile) else str(path.absolute())


def expand(given: str | os.PathLike[str]) -> Sequence[FilePath]:
    """The files that a path or an address means: itself, those of a folder and below it, or those that match a glob.

    Raises `SourceError` if there is none, or it cannot be a path.
    """
    return files_of(given)[0]


def files_of(given: str | os.PathLike[str]) -> tuple[Sequence[FilePath], bool]:
    """What `expand` gives, and whether that is what a folder holds."""
    if (address := as_address(given)) is not None:
        return files_at(address)
    if given == "":
        raise SourceError(f"an empty string is no path; the folder here is '.'. {_hint(given)}")
    path = Path(given)
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError) as error:  # a text in place of a path: too long, or with a NUL
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{shortened(str(given))} is not a path ({reason}). {_hint(given)}") from error
    if is_folder:
        return files_below(path), True
    if exists:
        return [path], False
    if glob.has_magic(str(path)):
        if found := matching(str(path)):
            return found, False
        raise SourceError(f"no file matches {shortened(str(given))}. {_hint(given)}")
    raise SourceError(f"there is no file or folder {shortened(str(given))}. {_hint(given)}")


def _hint(given: object) -> str:
    text = str(given)
    if "\n" in text or len(text) > LONGEST_PATH:
        return "It looks like a text: pass it in a list, [text], or its lines, text.splitlines()"
    return "(To train on text itself, pass a list of strings.)"


def files_below(folder: Path) -> list[Path]:
    """The files in a folder and below it, by their names, without hidden ones and those in firth's own folders.

    Links are followed, also out of the folder, but not to what they stand in. Each real file comes once: under its own
    name, if it is below the folder, or that of the first link. Raises `SourceError` if there is none, if the folder is
    one of firth's own, and for a link to nothing.
    """
    if kind := own_kind(folder):
        raise SourceError(f"{folder} is {kind} of firth's, not text")
    found, broken = _walk(folder)
    for link in broken:
        raise SourceError(f"{link} is a link to nothing ({os.readlink(link)}): remove it, or put the file there")
    if not found:
        raise SourceError(f"the folder {folder} holds no files")
    return found


def _walk(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files below a folder, and the links to nothing, both in the order of their names."""
    found: dict[str, Path] = {}  # by their real paths
    broken: list[Path] = []
    real = os.path.realpath(folder)
    folders, seen = [(folder, real)], {real}
    links: list[tuple[tuple[str, ...], Path, str]] = []
    while folders or links:
        if folders:
            shown, real = folders.pop()
            for entry in _entries(shown):
                path, of_entry = shown / entry.name, os.path.join(real, entry.name)
                if entry.is_symlink():
                    heapq.heappush(links, (path.parts, path, real))
                elif entry.is_file():
                    found.setdefault(of_entry, path)
                elif entry.is_dir() and of_entry not in seen:
                    seen.add(of_entry)
                    folders.append((path, of_entry))
            continue
        _, link, of_link = heapq.heappop(links)
        real = os.path.realpath(link)
        if not link.exists():
            broken.append(link)
        elif link.is_file():
            found.setdefault(real, link)
        elif link.is_dir() and real not in seen and not _is_in(of_link, real):
            seen.add(real)
            folders.append((link, real))
    return _in_order(found.values()), _in_order(broken)


def _in_order(paths: Iterable[Path]) -> list[Path]:
    """Paths by the code points of their names, on all systems: Windows' own order makes no difference of A and a."""
    return sorted(paths, key=lambda path: path.parts)


def _is_in(path: str, folder: str) -> bool:
    """Whether a real path is that of a folder, or below it."""
    return Path(folder) in {Path(path), *Path(path).parents}


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What stands in a folder and is not hidden; nothing, if it is one of firth's own."""
    if own_kind(folder):
        return []
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise SourceError(f"cannot read the folder {folder}: {error.strerror}") from error


def matching(pattern: str) -> list[Path]:
    """The files that match a glob, in the order of their names, but those in firth's own folders; each real file once.

    Where ** goes down into folders, links are followed as in `files_below`.
    """
    parts = Path(pattern).parts
    if "**" in parts:
        first = parts.index("**")
        folders = glob.glob(os.path.join(*parts[:first], "")) if first else ["."]
        below = (path for folder in map(Path, folders) for path in _walk(folder)[0])
        found = [path for path in below if _fits(path.parts, parts)]
    else:
        found = [path for path in map(Path, glob.glob(pattern)) if path.is_file()]
    own = functools.cache(own_kind)
    return _each_once(path for path in _in_order(found) if not any(map(own, path.parents)))


def _fits(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether a path is one that a glob means, part by part; any number of them for **."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(parts[n:], pattern[1:]) for n in range(len(parts) + 1))
    return bool(parts) and fnmatch.fnmatch(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def _each_once(paths: Iterable[Path]) -> list[Path]:
    """The paths without those of the same real file; of these, one without links is kept, or the first."""
    real_folder = functools.cache(os.path.realpath)
    kept: dict[str, tuple[bool, int, Path]] = {}
    for number, path in enumerate(paths):
        of_folder = os.path.join(real_folder(path.parent), path.name)
        real = os.path.realpath(path) if path.is_symlink() else of_folder
        this = (real != os.path.abspath(path), number, path)
        kept[real] = min(kept.get(real, this), this)
    return _in_order(path for _, _, path in kept.values())
