"""What firth itself has written, which is no text: it is left out of folders, globs and archives."""

from __future__ import annotations

import re
from pathlib import Path

OWN = {
    "model.json": "a model",
    "corpus.json": "an encoded corpus",
    "state.json": "a checkpoint",
    "piece.json": "a piece of an encoding",
}
"""The file that says what one of firth's own folders is."""
OWN_FILES = {
    r"(model|corpus|state|piece)\.json": rb'\s*\{\s*"format": "firth ',
    r"phrases\.json": rb'\{"format": "firth ',
    r"vocabulary\.json": rb'\{"words": \[',
    r"words\.jsonl": rb'"',
    r"(ids|joined|numbers|places-\d+)\.i32|(sentence_starts|counts)\.i64": rb"",
    r"(vectors|output|subwords|(best-)?(in|out)puts|words|table-\d+-\d+|full-\d+)\.safetensors": rb".{6}\0\0\{",
    r"(.*/)?kernels/[0-9a-f]{16}/[^/]*": rb"",
}
"""What the files in such folders are called, and how they begin: an archive may have them in any order."""
OWN_BEGINNING = b'"format": "firth '
OWN_BEGINNING_BYTES = 64


def own_kind(folder: Path) -> str | None:
    """What one of firth's own folders is; None for any other folder."""
    for name, kind in OWN.items():
        try:
            with (folder / name).open("rb") as file:
                if OWN_BEGINNING in file.read(OWN_BEGINNING_BYTES):
                    return kind
        except OSError:
            continue
    return kind_by_name(folder.parent.name, folder.name)


def kind_by_name(parent: str, name: str) -> str | None:
    """What a folder of this name, in one of that name, is of firth's; None for any other."""
    return "a cache" if parent == "kernels" and re.fullmatch("[0-9a-f]{16}", name) else None


def is_own_file(name: str, start: bytes) -> bool:
    """Whether a file in an archive, by its name there and its beginning, is one of a folder of firth's own."""
    names = (name, name.rpartition("/")[2])
    return any(
        any(re.fullmatch(pattern, n) for n in names) and re.match(beginning, start, re.DOTALL)
        for pattern, beginning in OWN_FILES.items()
    )
