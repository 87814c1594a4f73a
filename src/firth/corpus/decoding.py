"""Bytes of a file as blocks of UTF-8 text, each cut after a token."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO, TypeAlias

from firth.config import TextConfig
from firth.corpus.prose import Prose, is_prose
from firth.errors import SourceError
from firth.storage.packed import START_BYTES, Content, read_some

BLOCK_BYTES = 1 << 19
LOOKED_AT = 4096
FEWEST_TO_TELL = 64
"""Bytes at a text's beginning that tell UTF-16 from UTF-8, and how few do not."""
LONGEST_TOKEN_BYTES = 1 << 25
"""What has no white space for longer is no text; a small packed file may hold gigabytes of it."""


class TextRange:
    """Some lines of a file that is text as it is, read as if all of the file were, up to the words of an error.

    They begin after a line end, which the file's encoding does not use for anything else, and end with one, or with the
    file. Where the file begins like text of another encoding, it is not cut.
    """

    def __init__(self, file: IO[bytes], begin: int, end: int):
        file.seek(begin)
        self.start = b"" if begin else file.read(START_BYTES)
        self.file = file
        self.begin = begin
        self.place = file.seek(begin)
        self.end = end

    def read(self, size: int) -> bytes:
        """So many bytes; fewer at the end, and where a read of the whole file would end."""
        data = self.file.read(min(size - self.place % size, self.end - self.place))
        self.place += len(data)
        return data

    def lines_before(self) -> int:
        """How many lines the file has before these; for an error, after which nothing more is read."""
        self.file.seek(0)
        sizes = (min(BLOCK_BYTES, self.begin - first) for first in range(0, self.begin, BLOCK_BYTES))
        return sum(self.file.read(size).count(b"\n") for size in sizes)


Text: TypeAlias = Content | TextRange
"""What is read of a text whose beginning is known."""


def read_blocks(file: IO[bytes] | Text, name: str, config: TextConfig) -> Iterator[bytes]:
    """A file's text as blocks of valid UTF-8, each cut after a token, the last one ended by a line end.

    However long a line is, none of it is lost. Raises `SourceError`, with the line, for bytes that are not of
    the encoding (unless `config.errors` allows them), for a packed file that is cut short, and for a token without end.
    """
    if is_prose(config):
        prose, plain = Prose(config), read_plain(file, name, config)
        yield from (prose.rewrite(block) for block in plain)
        yield prose.rewrite(b"", final=True) + b"\n"
    else:
        yield from read_plain(file, name, config)


def read_plain(file: IO[bytes] | Text, name: str, config: TextConfig) -> Iterator[bytes]:
    """As `read_blocks`, of the text as it is: its lines are those of the file."""
    decoder = _Decoder(name, config, file if isinstance(file, TextRange) else None)
    mark = None if config.separator is None else config.separator.encode()
    kept: list[bytes] = []
    while data := read_some(file, name, BLOCK_BYTES):
        cut = last_cut(data, mark)
        _refuse_endless(kept, data[: first_end(data, mark)], name, config)
        if cut == 0:
            kept.append(data)
            continue
        yield decoder.utf8(b"".join([*kept, data[:cut]]))
        kept = [data[cut:]]
    _refuse_endless(kept, b"", name, config)
    yield decoder.utf8(b"".join(kept), final=True) + b"\n"


def _refuse_endless(kept: list[bytes], rest: bytes, name: str, config: TextConfig) -> None:
    """Raise `SourceError` if a token is too long, of which these bytes are known; wherever blocks are cut."""
    most = (len(kept) + 1) * BLOCK_BYTES  # which is quicker to find
    if most > LONGEST_TOKEN_BYTES and sum(map(len, kept)) + len(rest) > LONGEST_TOKEN_BYTES:
        between = "white space" if config.separator is None else f"{config.separator!r}"
        raise SourceError(
            f"{name} has a token of more than {LONGEST_TOKEN_BYTES >> 20} MB: is it text, with {between} between its"
            " tokens? Where something else is, say so: separator=','"
        )


def last_cut(data: bytes, mark: bytes | None) -> int:
    """Behind the last token that is surely whole, and what ends it; or 0."""
    return max(data.rfind(end) + len(end) if end in data else 0 for end in _ends(mark))


def first_end(data: bytes, mark: bytes | None) -> int:
    """Where the first token ends that is surely whole; or the length of all."""
    return min((data.find(end) for end in _ends(mark) if end in data), default=len(data))


def _ends(mark: bytes | None) -> tuple[bytes, ...]:
    """What surely ends a token: line ends, with white space or marks between tokens. Marks of which two may overlap do
    not: where they stand depends on all of the line.
    """
    if mark is None:
        return b"\n", b" ", b"\t", b"\r"
    overlaps = any(mark.endswith(mark[:n]) for n in range(1, len(mark)))
    return (b"\n",) if overlaps else (b"\n", mark)


def wide_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32, if that is what a text begins like: by its mark, or by a zero byte in every other place."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    some = data[:LOOKED_AT]
    if len(some) < FEWEST_TO_TELL:
        return None
    even, odd = some[::2].count(0), some[1::2].count(0)
    if max(even, odd) > 0.4 * len(some) / 2 and min(even, odd) < 0.1 * len(some) / 2:
        return "utf-16-be" if even > odd else "utf-16-le"
    return None


def begins_like_another(file: IO[bytes], config: TextConfig) -> bool:
    """Whether a file in UTF-8 may be refused because of how it begins: as one of another encoding, or a token without
    end.
    """
    some = file.read(BLOCK_BYTES)
    cut = last_cut(some, None if config.separator is None else config.separator.encode())
    return cut == 0 or wide_encoding(some[:cut]) is not None


def is_utf8(config: TextConfig) -> bool:
    """Whether text is read as UTF-8."""
    return codecs.lookup(config.encoding).name in {"utf-8", "utf-8-sig"}


class _Decoder:
    """Turns bytes of the configured encoding into valid UTF-8, and knows the line it is at."""

    def __init__(self, name: str, config: TextConfig, some: TextRange | None = None):
        self.name = name
        self.config = config
        self.is_utf8 = is_utf8(config)
        self.incremental = codecs.getincrementaldecoder(config.encoding)(config.errors)
        self.line = 1
        self.lines_before = some.lines_before if some else lambda: 0
        self.at_start = some is None or some.begin == 0
        self.may_be_wide = some is None and self.is_utf8 and config.errors == "strict"

    def utf8(self, data: bytes, *, final: bool = False) -> bytes:
        if self.at_start and self.may_be_wide and (wide := wide_encoding(data)):
            raise SourceError(f"{self.name} looks like {wide} text, and would be read as UTF-8: say encoding={wide!r}")
        try:
            text = self._decode(data, final=final)
        except UnicodeDecodeError as error:
            line = self.lines_before() + self.line + bytes(error.object)[: error.start].count(b"\n")
            raise SourceError(
                f"{self.name}, line {line:,}: byte 0x{error.object[error.start]:02x} is not {self.config.encoding}"
                " text. Name its encoding (such as encoding='latin-1'), or let such bytes be replaced or ignored"
                " (errors='replace')"
            ) from error
        except UnicodeError as error:
            raise SourceError(f"{self.name}: not {self.config.encoding} text: {error}") from error
        self.line += text.count(b"\n")
        if self.at_start and text:
            text = text.removeprefix(codecs.BOM_UTF8)
            self.at_start = False
        return text

    def _decode(self, data: bytes, *, final: bool) -> bytes:
        if not self.is_utf8:
            text = self.incremental.decode(data, final)
        elif data.isascii():
            return data
        else:
            text = data.decode("utf-8", self.config.errors)
            if self.config.errors == "strict":
                return data
        return text.encode("utf-8", "replace")
