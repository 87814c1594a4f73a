"""Rows of CSV and JSON lines as a stranger might send them. What is read is what Python's csv and json find in them."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import firth
from firth.config import TextConfig
from firth.corpus import decoding
from firth.corpus.rows import DELIMITERS, RowColumn
from firth.corpus.tables import column
from firth.corpus.tokenizing import SENTENCE_END
from firth.errors import CorpusError, FirthWarning
from firth.jit import target
from tests.strangers import archives
from tests.strangers.choices import choose

COLUMN = "text"


def in_tar(content: bytes) -> bytes:
    """A tar archive that holds a file of rows."""
    return archives.tar_of({"rows": content})


def in_zip(content: bytes) -> bytes:
    """A zip archive that holds a file of rows."""
    return archives.zip_of({"rows": content}, zipfile.ZIP_STORED)


PLAIN: dict[str, Any] = {"strip_punctuation": False, "lowercase": False}


class How(NamedTuple):
    """How rows are sent, and how they are read."""

    wrapped: Callable[[bytes], bytes]
    config: TextConfig
    delimiter: str | None
    quotes: bool
    skip_nulls: bool
    is_stream: bool
    block_bytes: int
    is_encoded: bool


OPTIONS = How(  # type: ignore[call-arg]  # of each, those there are
    (*archives.PACKINGS, in_tar, in_zip),
    (
        TextConfig(**PLAIN),
        TextConfig(**PLAIN, errors="replace"),
        TextConfig(**PLAIN, errors="ignore"),
        TextConfig(**PLAIN, encoding="latin-1"),
        TextConfig(**PLAIN, encoding="utf-16"),
        TextConfig(),
    ),
    (None, *DELIMITERS),
    (True, False),
    (True, False),
    (False, True),
    (decoding.BLOCK_BYTES, 1, 7, 64),
    (False, True),
)


def read_csv(content: bytes, folder: Path) -> None:
    """A column of CSV: the cells that Python's csv finds."""
    _read(content, folder, is_json=False)


def read_json_lines(content: bytes, folder: Path) -> None:
    """A column of JSON lines: the values that Python's json finds."""
    _read(content, folder, is_json=True)


def _read(content: bytes, folder: Path, *, is_json: bool) -> None:
    """Read a column, and compare it where the rows are of the kind that is looked at."""
    chosen, rows = choose(content, *OPTIONS)
    how = How(*chosen)
    path = folder / "rows"
    path.write_bytes(how.wrapped(rows))
    with mock.patch.object(decoding, "BLOCK_BYTES", how.block_bytes), warnings.catch_warnings():
        warnings.simplefilter("ignore", FirthWarning)  # of rows within cells
        values = list(_source(path, how)._read(how.config))
        if how.is_encoded and target.is_enabled():
            _compare_encoded(path, how, folder)
    if archives._may_hold_others(rows):
        return
    text = rows.decode(how.config.encoding, how.config.errors).removeprefix("\ufeff")
    if is_json == (text.encode("utf-8", "replace").lstrip()[:1] in {b"{", b"["}):
        wanted = [_of_json_lines(text)] if is_json else list(_of_csv(text, how))
        assert any(found is None or repr(found) == repr(values) for found in wanted), (values, wanted)


def _source(path: Path, how: How) -> RowColumn:
    table = io.BytesIO(path.read_bytes()) if how.is_stream else path
    source = column(table, COLUMN, skip_nulls=how.skip_nulls, delimiter=how.delimiter, quotes=how.quotes)
    assert isinstance(source, RowColumn)
    return source


def _compare_encoded(path: Path, how: How, folder: Path) -> None:
    """The compiled loops count the words that Python finds."""
    source = _source(path, how)
    tokens = [token for batch in source.batches(how.config) for token in batch.tokens if token != SENTENCE_END]
    counts = Counter(filter(None, (source.word_of(token, how.config) for token in tokens)))
    try:
        corpus = firth.encode(_source(path, how), cache=folder / "cache", config=how.config, threads=1)
    except CorpusError:
        assert not counts
        return
    assert dict(zip(corpus.words(len(corpus.counts)), corpus.counts.tolist(), strict=True)) == counts


def _of_csv(text: str, how: How) -> Iterator[list[str] | None]:
    """The cells that are not empty, by each delimiter that may have been meant."""
    text = re.sub(r"\A(?:[^\S\r\n]*(?:\r\n|\r|\n))+", "", text)
    delimiters = how.delimiter or DELIMITERS
    if told := re.match(r"sep=([^\r\n])(?:\r\n|\r|\n|\Z)", text):
        delimiters, text = how.delimiter or told[1], text[told.end() :]
    quoting: Any = csv.QUOTE_MINIMAL if how.quotes else csv.QUOTE_NONE
    for mark in delimiters:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, quoting=quoting, strict=True)
        try:
            yield [row[COLUMN] for row in rows if row[COLUMN]]
        except (csv.Error, KeyError):
            continue


def _of_json_lines(text: str) -> list[Any] | None:
    """The values that are there; None where Python cannot say."""
    found = []
    for line in text.split("\n"):
        if not line.strip(" \t\r\v\f"):
            continue
        try:
            value = json.loads(line.removeprefix("\ufeff")).get(COLUMN)
        except RecursionError:
            return None
        if isinstance(value, list) and any(isinstance(token, list | dict) for token in value):
            return None  # which no corpus can have for a token
        if value is not None and not (isinstance(value, float) and math.isnan(value)):
            found.append(value)
    return found


# ── whole ones, to begin with ────────────────────────────────────────────────────────────────────────────────────────

QUOTED_WITH_HOLES = '\ufeffsep=;\r\n"id";"text"\r\n1;"a ""quoted"" man;\r\nand the king"\r\n2;\r\n3;b\r\n'
WITH_HOLES = '\ufeff{"text": null}\n{"id": 2}\n{"text": NaN}\n{"te\\u0078t": "the king", "text": "the queen"}\n'
REFUSED = {QUOTED_WITH_HOLES: {"quotes", "skip_nulls"}, WITH_HOLES: {"skip_nulls"}}
"""Options that these do not bear."""
CSV = (
    "id,text,stars\n1,the king,5\n2,the queen,4\n",
    QUOTED_WITH_HOLES,
    "\n\ntext\tn\rthe king\t1\r\rthe queen\t2\r",
    'n|text\n1|Élan "and" the king\n2|ΑΣ ΣΑΣ\n',
    "text\nthe king\n \nthe queen\n",
)
JSON_LINES = (
    '{"text": "the king\\nand the queen", "n": [1, {"a": null}]}\n\n {"n": 1, "text": "\\u00e9lan \\ud83d\\ude00"}',
    '{"text": ["New York", 17, 3.0, 2.5, true, -0, 9007199254740993, 1208925819614629174706177]}\r\n{"text": []}\n',
    WITH_HOLES,
    '{"text": "a", "deep": ' + "[" * 300 + "]" * 300 + "}\n",
)


def whole_csv(_: Path) -> list[bytes]:
    """CSV with every delimiter and line end, quotes and holes, sent and read in every way."""
    return _sent(CSV)


def whole_json_lines(_: Path) -> list[bytes]:
    """JSON lines of text, of lists of ids, and of holes, sent and read in every way."""
    return _sent(JSON_LINES)


def _sent(texts: Sequence[str]) -> list[bytes]:
    """Each text, in every way that its kind of rows can be sent and read."""
    made = []
    for text in texts:
        for option, values in OPTIONS._asdict().items():
            if option in REFUSED.get(text, ()):
                continue
            for place, value in enumerate(values):
                chosen = OPTIONS._make([0] * len(OPTIONS))._replace(**{option: place})
                if option == "delimiter" and value and not _is_column_of(text, value):
                    continue
                encoding = value.encoding if option == "config" else "utf-8"
                rows = text.removeprefix("\ufeff") if encoding == "latin-1" else text
                made.append(bytes(chosen) + rows.encode(encoding, "replace"))
    return list(dict.fromkeys(made))


def _is_column_of(text: str, delimiter: str) -> bool:
    """Whether some line names the column, with this delimiter around it."""
    return any(COLUMN in line.replace('"', "").split(delimiter) for line in re.split(r"[\r\n]+", text))
