"""Encoding in pieces, beside encoding at once."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from firth.config import TextConfig
from firth.corpus.assembling import encode_in_pieces
from firth.corpus.corpus import Corpus

FILES = ["ids.i32", "sentence_starts.i64", "counts.i64", "words.jsonl", "corpus.json"]


class OneAfterTheOther:
    """The least that workers can be."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return [function(item) for item in items]


def in_pieces(source: Any, folder: Path, config: TextConfig | None = None, **options: Any) -> Corpus:
    """`encode_in_pieces` by one worker."""
    return encode_in_pieces(source, folder, config, OneAfterTheOther(), **options)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """What an encoded corpus consists of."""
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    return {name: (folder / name).read_bytes() for name in FILES}
