"""Vectors as lines of decimals: for each number the fewest digits that give back the same float32."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import IO, Any

import numpy as np

ROWS_AT_A_TIME = 1024
DIGITS = "S32"
"""What NumPy itself makes float32 numbers into: bytes of their digits."""


def decimal_lines(vectors: np.ndarray, separator: bytes) -> Iterator[bytes]:
    """Some rows of a (n, d) float32 array at a time, in order: a line each, with its end; a byte between numbers."""
    shortest = _writer()
    for start in range(0, len(vectors), ROWS_AT_A_TIME):
        rows = np.ascontiguousarray(vectors[start : start + ROWS_AT_A_TIME], np.float32)
        if np.isfinite(rows).all():
            yield shortest(rows, separator)
        else:  # of which JSON knows nothing
            yield b"".join(separator.join(b"%.9g" % number for number in row) + b"\n" for row in rows.tolist())


def _writer() -> Callable[[np.ndarray, bytes], bytes]:
    """What makes lines of finite numbers: orjson; NumPy, which takes twenty times longer, where it is missing."""
    try:
        import orjson  # only who writes text needs it
    except ImportError:
        return _by_numpy

    def by_orjson(rows: np.ndarray, separator: bytes) -> bytes:
        apart = bytes.maketrans(b",", separator)
        lists = orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY)  # [[0.5,1.0],[0.1,2.5]]
        first, *others, _, _ = lists.translate(apart, delete=b"[").split(b"]")  # 0.5 1.0] 0.1 2.5]]
        return b"\n".join([first, *(line[1:] for line in others), b""])

    return by_orjson


def _by_numpy(rows: np.ndarray, separator: bytes) -> bytes:
    lines = b"".join(separator.join(line) + b"\n" for line in rows.astype(DIGITS).tolist())
    return lines.replace(b"e-0", b"e-").replace(b"e+0", b"e+")


def json_writer() -> Callable[[dict[str, Any]], bytes]:
    """What makes JSON of an object with float32 arrays in it: lists of numbers, null for one that is not finite."""
    try:
        import orjson
    except ImportError:
        return functools.partial(
            _json_by_python, json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_listed)
        )
    return functools.partial(orjson.dumps, option=orjson.OPT_SERIALIZE_NUMPY)


def _json_by_python(encoder: json.JSONEncoder, value: dict[str, Any]) -> bytes:
    return encoder.encode(value).encode()


def _listed(row: np.ndarray) -> list[float | None]:
    """Numbers that Python writes with the digits that the float32 numbers have."""
    return [
        float(digits) if is_finite else None
        for digits, is_finite in zip(row.astype(DIGITS).tolist(), np.isfinite(row).tolist(), strict=True)
    ]


def write_decimals(words: Sequence[str], vectors: np.ndarray, file: IO[bytes]) -> None:
    """Write a line a word, its numbers behind it, all separated by spaces."""
    lines = chain.from_iterable(map(bytes.splitlines, decimal_lines(vectors, b" ")))
    for word, line in zip(words, lines, strict=True):
        file.write(b"%s %s\n" % (word.encode(), line))
