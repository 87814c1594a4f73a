"""Arrays in safetensors files, mapped into memory when they are read.

The library of this name has no wheel for every Python, its reader copies the numbers, and it writes strided arrays
wrongly (0.8.0). Ours reads the header, checks every number in it against the size of the file, and maps the rest. The
layout: 8 bytes of header length, little-endian; a JSON header; the data.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Array, Float32
from firth.errors import FormatError, shortened
from firth.storage.files import advise_unneeded, sha256_of
from firth.storage.system import mapped

LONGEST_HEADER_BYTES = 1 << 20

DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
}
"""NumPy's names of the kinds of numbers."""
WRITTEN = {np.dtype(DTYPES[kind]).name: kind for kind in ("I64", "F64", "F32", "I32", "F16", "I16", "I8", "U8")}
"""The kinds that are written, by NumPy's names, in the order that tensors have in a file: the widest first."""
ALIGNMENT = 8
"""Bytes of which the header is a multiple."""


def write_tensors(path: Path, arrays: Mapping[str, Array], about: str = "") -> None:
    """Write arrays as a safetensors file, each a tensor of its name; `about` goes into the header as `firth`.

    The bytes are those that the library of this name writes. Raises `OSError` if the disk is full, or cannot be
    written to.
    """
    kinds = list(WRITTEN)
    whole = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    names = sorted(whole, key=lambda name: (kinds.index(whole[name].dtype.name), name))
    header: dict[str, Any] = {"__metadata__": {"firth": about}} if about else {}
    end = 0
    for name in names:
        begin, end = end, end + whole[name].nbytes
        kind, shape = WRITTEN[whole[name].dtype.name], list(whole[name].shape)
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}
    written = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    written += b" " * (-len(written) % ALIGNMENT)
    with path.open("wb") as file:
        file.write(len(written).to_bytes(8, "little") + written)
        for name in names:
            file.write(whole[name].astype(DTYPES[WRITTEN[whole[name].dtype.name]], copy=False).data)


def write_tensor(path: Path, name: str, array: Float32) -> None:
    """Write one float32 array as a safetensors file with one tensor of this name. Raises as `write_tensors`."""
    write_tensors(path, {name: np.asarray(array, "<f4")})


def map_tensor(path: Path, name: str) -> Float32:
    """Map the float32 tensor of this name in a safetensors file: read-only, and at once, whatever its size.

    Raises `FormatError` if there is none, or the file is cut short or has sizes that do not fit.
    """
    header, start = _header(path)
    if name not in header:
        raise FormatError(
            f"{path} has no tensor {name!r} that can be read: it has {shortened(', '.join(header) or 'none')[1:-1]}"
        )
    if not isinstance(header[name], dict) or header[name].get("dtype") != "F32":
        raise FormatError(f"{path}: the tensor {name!r} is not of float32 numbers")
    return _mapped(path, name, header[name], start)


def map_tensors(path: Path) -> dict[str, Array]:
    """Map all tensors of a safetensors file whose numbers NumPy knows, bfloat16 as float32. Raises as `map_tensor`."""
    header, start = _header(path)
    return {name: _mapped(path, name, entry, start) for name, entry in header.items()}


def about_of(path: Path) -> str:
    """What `write_tensors` was given as `about`; '' if nothing. Raises `FormatError` if it cannot be read."""
    metadata = _whole_header(path)[0].get("__metadata__")
    return str(metadata.get("firth", "")) if isinstance(metadata, dict) else ""


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """What a safetensors file says of each tensor, and where the data begin."""
    header, start = _whole_header(path)
    return {name: entry for name, entry in header.items() if name != "__metadata__"}, start


def _whole_header(path: Path) -> tuple[dict[str, Any], int]:
    """All that a safetensors file says before the data, and where these begin."""
    size = path.stat().st_size
    with path.open("rb") as file:
        header_size = int.from_bytes(file.read(8), "little")
        if size < 8 or header_size > min(LONGEST_HEADER_BYTES, size - 8):
            raise FormatError(f"{path} is not a safetensors file, or cut short")
        try:
            return dict(json.loads(file.read(header_size)).items()), 8 + header_size
        except (ValueError, AttributeError, RecursionError) as error:
            raise FormatError(f"{path} has no tensor that can be read: {error!r}") from error


def _mapped(path: Path, name: str, entry: Any, data_start: int) -> Array:
    try:
        shape = tuple(entry["shape"])
        start, end = entry["data_offsets"]
        kind = DTYPES.get(entry["dtype"])
        sizes = (*shape, start, end)
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path} has no tensor {name!r} that can be read: {error!r}") from error
    if kind is None or not all(type(n) is int and n >= 0 for n in sizes):
        raise FormatError(f"{path}: the tensor {name!r} is of numbers that firth does not read, or has no size")
    numbers = np.dtype(kind)
    if end - start != numbers.itemsize * math.prod(shape) or data_start + end > path.stat().st_size:
        raise FormatError(f"{path}: the tensor {name!r} does not fit the file: it is cut short, or altered")
    if math.prod(shape) == 0:
        return np.zeros(shape, numbers)
    found = mapped(path, numbers, shape, data_start + start)
    if entry["dtype"] == "BF16":  # the upper half of a float32
        return (found.astype("<u4") << 16).view("<f4")
    return found


def sha256_of_mapped(array: Float32, path: Path) -> str:
    """The SHA-256 of the file that an array was mapped from, as it was then, whatever has become of the path since."""
    memory = getattr(array.base, "_mmap", None)
    if memory is None or len(memory) != getattr(array.base, "offset", 0) + array.nbytes:  # not from the beginning
        return sha256_of(path)
    digest = hashlib.sha256(memory).hexdigest()
    advise_unneeded(array)
    return digest
