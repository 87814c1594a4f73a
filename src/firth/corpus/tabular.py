"""Files that hold tables or markup, known by how they begin and by their names: as text, names and tags are words."""

from __future__ import annotations

import re
from pathlib import Path

from firth.config import TextConfig
from firth.corpus.decoding import LOOKED_AT, Text
from firth.errors import SourceError

PARQUET, ARROW = b"PAR1", b"ARROW1"
_NAME = re.compile(r"\.(csv|tsv|jsonl?|ndjson)(?:\.(?:gz|bz2|xz|zst))?\Z", re.IGNORECASE)
_OBJECT = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"[^"\n]*"\s*:')
_ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[")
_CELLS = re.compile(rb"[^\r\n]*[,;\t|]")
"""How rows begin: an object of JSON, an array, the names of more columns than one."""
NO_TEXT = bytes(4)
"""No text has these, not in UTF-16 or UTF-32 either."""
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml\s|!doctype\s+html|html[\s>]|mediawiki\s)", re.IGNORECASE)


def is_table(content: Text) -> bool:
    """Whether a file is a Parquet or Arrow table."""
    return content.start.startswith((PARQUET, ARROW))


def is_json(start: bytes) -> bool:
    """Whether rows that begin so are lines of JSON, and not of CSV."""
    return start[:LOOKED_AT].lstrip()[:1] in {b"{", b"["}


def refuse_table(content: Text, name: str) -> None:
    """Raise `SourceError` for a Parquet or Arrow file: read as text, it would be nonsense."""
    if is_table(content):
        raise SourceError(
            f"{name} is a table: name its column, firth.column({Path(name).name!r}, 'text') or --column text"
        )


def is_name_of_rows(name: str) -> bool:
    """Whether a file is called as those of CSV and JSON are."""
    return _NAME.search(name) is not None


def what_rows(content: Text, name: str, config: TextConfig) -> str | None:
    """What to say of a file that holds rows of CSV or JSON; None for any other.

    JSON is known by its beginning. CSV is known by its name, and is text where tokens have a separator.
    """
    ending = match[1].lower() if (match := _NAME.search(name)) else ""
    if _OBJECT.match(content.start) or (ending.startswith("json") and _ARRAY.match(content.start)):
        kind = "JSON"
    elif ending in {"csv", "tsv"} and config.separator is None and _CELLS.match(content.start):
        kind = "CSV"
    else:
        return None
    return (
        f"{name} holds rows of {kind}: name the column to learn from, column='text' or --column text (or give the file"
        " another name, to learn from all that is in it)"
    )


def what_else(content: Text, name: str) -> str | None:
    """What to say of a file of XML or HTML, and of one that looks like no text at all; None for any other."""
    if _MARKUP.match(content.start):
        return f"{name} holds XML or HTML, whose tags would be words: make text of it first"
    if NO_TEXT in content.start:
        return f"{name} has NUL bytes at its beginning, as no text has, but files of other programs do"
    return None
