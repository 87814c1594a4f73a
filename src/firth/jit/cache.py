"""Where machine code is kept between runs.

The files lie in a folder named after a hash of all kernel sources, of the compilers' versions and of the processor:
after any change there is another folder, and never stale code. A file that was cut short or changed is not loaded.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firth.errors import FirthError
from firth.jit.target import is_enabled, processor
from firth.storage.caches import user_cache, usual_cache
from firth.storage.files import atomic_file
from firth.storage.kept import KERNELS, remove_old_kernels

PACKAGE = Path(__file__).parents[1]
SOURCES = ("jit", "kernels", "arrays.py")
"""What machine code is made from, in the package."""


@dataclass(frozen=True)
class MachineCode:
    """A kernel compiled for arguments of given types: the name of its entry, the dtypes it returns, an object file."""

    entry: str
    results: tuple[str, ...]
    code: bytes

    def to_bytes(self) -> bytes:
        """A line of JSON, then the object file."""
        digest = hashlib.sha256(self.code).hexdigest()
        header = {"entry": self.entry, "results": self.results, "sha256": digest}
        return json.dumps(header).encode() + b"\n" + self.code

    @staticmethod
    def from_bytes(content: bytes) -> MachineCode | None:
        """What `to_bytes` wrote, or None if this is not whole."""
        line, _, code = content.partition(b"\n")
        try:
            header = json.loads(line)
            if header["sha256"] == hashlib.sha256(code).hexdigest():
                return MachineCode(header["entry"], tuple(header["results"]), code)
        except (ValueError, KeyError, TypeError):
            pass
        return None


def sources_digest() -> str:
    """What tells the sources of all machine code from others."""
    digest = hashlib.sha256()
    for source in sorted(file for name in SOURCES for file in _files(PACKAGE / name)):
        digest.update(source.relative_to(PACKAGE).as_posix().encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


@functools.cache
def cache_folder() -> Path:
    """Where this version's machine code is kept: under `NUMBA_CACHE_DIR` or the user's cache folder."""
    machine = (sys.version, np.__version__, _version_file("numba"), _version_file("llvmlite"), *processor())
    digest = hashlib.sha256(repr((sources_digest(), machine)).encode())
    name = Path(KERNELS) / digest.hexdigest()[:16]
    if root := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(root) / name
    usual = usual_cache()
    if usual is not None and (usual / name).is_dir():  # one that can only be read will do, if all is there
        return usual / name
    return user_cache() / name


def _version_file(package: str) -> bytes:
    """What tells a package's version, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FirthError(f"{package} is not installed: install firth again, with what it needs")
    return Path(spec.origin).with_name("_version.py").read_bytes()


def is_compiled(kernel_set: str) -> bool:
    """Whether all kernels of a set have been compiled on this machine before."""
    return not is_enabled() or (cache_folder() / f"{kernel_set}.done").exists()


def mark_compiled(kernel_set: str) -> None:
    """Remember that the kernels of a set have been compiled: they need not be again."""
    with contextlib.suppress(OSError):  # where nothing can be kept, kernels are compiled every time
        (cache_folder() / f"{kernel_set}.done").touch()


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else list(path.rglob("*.py"))


def find(name: str) -> MachineCode | None:
    """The machine code that is kept under a name, or None if it is not there, or not whole."""
    try:
        found = MachineCode.from_bytes((cache_folder() / f"{name}.kernel").read_bytes())
    except OSError:
        return None
    _note_use()
    return found


@functools.cache
def _note_use() -> None:
    """Note, once in a process, that this folder is in use: others go in time."""
    with contextlib.suppress(OSError):
        (cache_folder() / "used").touch()


def keep(name: str, machine_code: MachineCode) -> None:
    """Write machine code into the cache, whole or not at all. With a new folder, old ones go."""
    folder = cache_folder()
    with contextlib.suppress(OSError):  # where nothing can be kept, kernels are compiled every time
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            remove_old_kernels(folder)
        with atomic_file(folder / f"{name}.kernel", overwrite=True) as temporary:
            temporary.write_bytes(machine_code.to_bytes())
