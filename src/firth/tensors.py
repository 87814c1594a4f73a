"""Arrays in safetensors files: written by that library, and mapped into memory when they are read.

The library's own reader copies the numbers; ours reads the header, checks every number in it against the size of
the file, and maps the rest. The layout: 8 bytes of header length, little-endian; a JSON header; the data.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import FormatError
from firth.files import release_pages, sha256_of

LONGEST_HEADER_BYTES = 1 << 20

Float32 = np.ndarray[Any, np.dtype[np.float32]]


def write_tensors(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]], about: str = "") -> None:
    """Write arrays as a safetensors file, each a tensor of its name; `about` goes into the header as `firth`.

    Raises `OSError` if the disk is full, or cannot be written to.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}  # 0.8.0 writes strided ones wrongly
    try:
        save_file(whole, path, metadata={"firth": about} if about else None)
    except SafetensorError as error:  # which has no number of the system's
        raise OSError(f"cannot write {path}: {error}") from error


def write_tensor(path: Path, name: str, array: Float32) -> None:
    """Write one float32 array as a safetensors file with one tensor of this name. Raises as `write_tensors`."""
    write_tensors(path, {name: np.asarray(array, "<f4")})


def map_tensor(path: Path, name: str | None = None) -> Float32:
    """Map the float32 tensor of this name in a safetensors file: read-only, and at once, whatever its size.

    Without a name, there must be one tensor only.

    Raises `FormatError` if there is none, or the file is cut short or has sizes that do not fit.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header_size = int.from_bytes(file.read(8), "little")
        if size < 8 or header_size > min(LONGEST_HEADER_BYTES, size - 8):
            raise FormatError(f"{path} is not a safetensors file, or cut short")
        try:
            header = json.loads(file.read(header_size))
            if name is None:
                (name,) = (key for key in header if key != "__metadata__")
            entry = header[name]
            shape = tuple(entry["shape"])
            start, end = entry["data_offsets"]
            sizes = (*shape, start, end)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise FormatError(f"{path} has no tensor {name or ''!r} that can be read: {error!r}") from error
    if entry.get("dtype") != "F32" or not all(type(n) is int and n >= 0 for n in sizes):
        raise FormatError(f"{path}: the tensor {name!r} is not of float32 numbers")
    if end - start != 4 * math.prod(shape) or 8 + header_size + end > size:
        raise FormatError(f"{path}: the tensor {name!r} does not fit the file: it is cut short, or altered")
    if math.prod(shape) == 0:
        return np.zeros(shape, np.float32)
    return np.asarray(np.memmap(path, "<f4", "r", 8 + header_size + start, shape))


def sha256_of_mapped(array: Float32, path: Path) -> str:
    """The SHA-256 of the file that an array was mapped from, as it was then, whatever has become of the path since."""
    memory = getattr(array.base, "_mmap", None)
    if memory is None or len(memory) != getattr(array.base, "offset", 0) + array.nbytes:  # not from the beginning
        return sha256_of(path)
    digest = hashlib.sha256(memory).hexdigest()
    release_pages(array)
    return digest
