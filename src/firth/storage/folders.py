"""A folder of files that belong together: written all or nothing, with their sizes and checksums, and compared again.

`model.json` tells what the folder is, and of its other files; see `firth.model` and `firth.vectors.word_vectors` for
these.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from firth._version import __version__
from firth.errors import FormatError
from firth.storage.files import atomic_folder, refuse_to_overwrite, sha256_of

ABOUT = "model.json"
VERSION = 1


def check_output(folder: Path, *, overwrite: bool) -> None:
    """Raise, before any work is done, if a model could not be saved there."""
    if not folder.exists():
        return
    if not (folder / ABOUT).is_file():
        raise FormatError(f"{folder} exists and is not a model: firth will not overwrite it")
    refuse_to_overwrite(folder, overwrite=overwrite)


@contextmanager
def new_model_folder(folder: Path, about: Mapping[str, Any], *, overwrite: bool) -> Iterator[Path]:
    """A temporary folder to be filled by the caller, which takes the place of `folder`; `model.json` is written at the
    end, from `about` and the files that are there. Raises as `check_output`.
    """
    check_output(folder, overwrite=overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with atomic_folder(folder, overwrite=overwrite) as temporary:
        yield temporary
        files = {
            path.name: {"bytes": path.stat().st_size, "sha256": sha256_of(path)} for path in sorted(temporary.iterdir())
        }
        whole = {**about, "version": VERSION, "written_by": f"firth {__version__}", "files": files}
        whole["sha256"] = _digest(whole)
        (temporary / ABOUT).write_text(json.dumps(whole, indent=1), "ascii", newline="\n")


def read_about(folder: Path, formats: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """What a folder says of itself. It has one of these `formats`, and tells of the files that the format wants.

    Raises `FormatError` if it is not such a folder, is of a newer version, or has been altered.
    """
    path = folder / ABOUT
    try:
        about = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise FormatError(f"{folder} is not a model: it has no {ABOUT}") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path} is cut short or altered: {error}") from error
    if not isinstance(about, dict) or not isinstance(about.get("format"), str) or about["format"] not in formats:
        raise FormatError(f"{path} does not describe a firth model")
    if not isinstance(about.get("version"), int) or about["version"] > VERSION:
        raise FormatError(
            f"{folder} was written by {about.get('written_by', 'a newer firth')} in version {about.get('version')} of"
            f" the format; this firth reads up to version {VERSION}: upgrade it (pip install --upgrade firth)"
        )
    if about.get("sha256") != _digest(about):
        raise FormatError(f"{path} has been altered: its checksum is another")
    files = about.get("files")
    if not isinstance(files, dict) or not all(
        isinstance(files.get(name), dict) for name in {*formats[about["format"]], *files}
    ):
        raise FormatError(f"{path} does not tell of all the model's files")
    return about


def check_file(folder: Path, name: str, files: Mapping[str, Any], *, verify: bool) -> None:
    """Raise `FormatError` if a file is missing or of another size; with `verify`, also if its checksum is another."""
    path = folder / name
    if not path.is_file():
        raise FormatError(f"the model in {folder} lacks its file {name}")
    size, told = path.stat().st_size, files[name].get("bytes")
    if size != told:
        raise FormatError(f"{path} has {size:,} bytes, not {told}: it is cut short or altered")
    if verify and sha256_of(path) != files[name].get("sha256"):
        raise FormatError(f"{path} has been altered: its checksum is another")


def _digest(about: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in about.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
