"""Encoding in pieces, beside encoding at once."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

FILES = ["ids.i32", "sentence_starts.i64", "counts.i64", "words.jsonl", "corpus.json"]


class OneAfterTheOther:
    """The least that workers can be."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return [function(item) for item in items]


def bytes_of(folder: Path) -> dict[str, bytes]:
    """What an encoded corpus consists of."""
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    return {name: (folder / name).read_bytes() for name in FILES}
