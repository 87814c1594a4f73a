"""Vectors as lines of decimals: for each number the fewest digits that give back the same float32."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import IO

import numpy as np

ROWS_AT_A_TIME = 1024


def decimal_lines(vectors: np.ndarray, separator: bytes) -> Iterator[bytes]:
    """Some rows of a (n, d) float32 array at a time, in order: a line each, with its end; a byte between numbers."""
    import orjson  # only who writes text needs it

    apart = bytes.maketrans(b",", separator)
    for start in range(0, len(vectors), ROWS_AT_A_TIME):
        rows = np.ascontiguousarray(vectors[start : start + ROWS_AT_A_TIME], np.float32)
        if np.isfinite(rows).all():
            lists = orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY)  # [[0.5,1.0],[0.1,2.5]]
            first, *others, _, _ = lists.translate(apart, delete=b"[").split(b"]")  # 0.5 1.0] 0.1 2.5]]
            yield b"\n".join([first, *(line[1:] for line in others), b""])
        else:  # of which JSON knows nothing
            yield b"".join(separator.join(b"%.9g" % number for number in row) + b"\n" for row in rows.tolist())


def write_decimals(words: Sequence[str], vectors: np.ndarray, file: IO[bytes]) -> None:
    """Write a line a word, its numbers behind it, all separated by spaces."""
    lines = chain.from_iterable(map(bytes.splitlines, decimal_lines(vectors, b" ")))
    for word, line in zip(words, lines, strict=True):
        file.write(b"%s %s\n" % (word.encode(), line))
