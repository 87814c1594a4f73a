"""Standardise and split: from bytes of text to tokens.

Text goes through here in blocks of UTF-8 bytes, cut at white space. `standardize` says, for a line, what becomes of it;
`split_block` does the same for whole blocks, and `scanning.py` in compiled loops: the tests compare all three.

The steps, in this order: ASCII punctuation is dropped, the text is split (at Unicode white space, or at the
separator asked for), and each token is lower-cased by all the rules of Unicode. A line is a sentence, however it
ends: as on Unix, on Windows or on old Macs. For other sentences and other punctuation, the text is rewritten first
(`firth.prose`).
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import string
import sys
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Any, NamedTuple, cast

from firth.config import TextConfig
from firth.errors import SourceError, shortened
from firth.prose import Prose, is_prose, rewritten

BLOCK_BYTES = 1 << 19
ZSTD_PIECE_BYTES = 1 << 10
"""Packed bytes that are unpacked at a time: of one letter without end, each three bytes may be 128 KB."""
LOOKED_AT = 4096
FEWEST_TO_TELL = 64
"""Bytes at a text's beginning that tell UTF-16 from UTF-8, and how few do not."""
LONGEST_TOKEN_BYTES = 1 << 25
"""What has no white space for longer is no text; a small packed file may hold gigabytes of it."""
START_BYTES = 512
"""Bytes at a file's beginning that tell what it is: a tar archive's first header."""
DAMAGE = (EOFError, OSError, lzma.LZMAError, zlib.error)
"""What is raised where a file cannot be read."""
SENTENCE_END = b"\xff"
"""Stands among the raw tokens where a line ends; no UTF-8 text has this byte."""

_UNICODE_SPACE = re.compile(rb"\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80")
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_SEPARATORS_AS_SPACE = bytes.maketrans(b"\x1c\x1d\x1e\x1f", b"    ")


class Block(NamedTuple):
    """Some of a source's text: valid UTF-8, cut after a token; and the bytes of the source read so far."""

    text: bytes
    bytes_read: int


def standardize(line: str, config: TextConfig | None = None) -> list[str]:
    """The tokens of one line of text.

    Parameters
    ----------
    line
        A line, without its line end.
    config
        How text becomes tokens: the default `TextConfig` if none is given.

    Returns
    -------
    list of str

    Examples
    --------
    >>> firth.standardize("We'll GO, Élan!")
    ['well', 'go', 'élan']
    """
    config = config or TextConfig()
    line = rewritten(line, config) if is_prose(config) else line
    words = line.translate(str.maketrans("", "", dropped_punctuation(config))).split(config.separator)
    if config.separator is not None:
        words = [stripped for word in words if (stripped := word.strip())]
    return [word.lower() for word in words] if config.lowercase else words


def tokenize(lines: Iterable[str], config: TextConfig | None = None) -> list[list[str]]:
    """`standardize` for many lines: the same, several times as fast.

    Raises `TypeError` for one string in place of many.
    """
    if isinstance(lines, str):
        raise TypeError(f"wanted a list of lines, not one string, {shortened(lines)}: pass its lines, or [line]")
    config, lines = config or TextConfig(), list(lines)
    if is_prose(config) or config.separator is not None or any("\n" in line for line in lines):
        return [standardize(line, config) for line in lines]
    whole = "\n".join(lines).translate(str.maketrans("", "", dropped_punctuation(config)))
    return [line.split() for line in (whole.lower() if config.lowercase else whole).split("\n")] if lines else []


def split_block(block: bytes, config: TextConfig) -> list[bytes]:
    """The raw tokens of a block of valid UTF-8, with `SENTENCE_END` after each line.

    Tokens that differ as bytes may still be one word: it is `word_of` that lower-cases by all of Unicode.
    """
    dropped = dropped_punctuation(config).encode()
    if config.separator is not None:
        mark = config.separator.encode()
        lines = block.translate(None, dropped).replace(b"\r", b"\n").split(b"\n")
        ended = [raw for line in lines[:-1] for raw in (*line.split(mark), SENTENCE_END)]
        return ended + lines[-1].split(mark)
    block = block.translate(_LOWER if config.lowercase else None, dropped)
    if not block.isascii():
        block = _UNICODE_SPACE.sub(b" ", block)
    block = block.translate(_SEPARATORS_AS_SPACE)
    return block.replace(b"\r", b"\n").replace(b"\n", b" " + SENTENCE_END + b" ").split()


def word_of(raw: bytes, config: TextConfig) -> str:
    """The word that a raw token stands for; '' if it is none."""
    word = raw.decode("utf-8")
    if config.separator is not None:
        word = word.strip()
    return word.lower() if config.lowercase else word


def dropped_punctuation(config: TextConfig) -> str:
    """The characters that are taken out of a text before it is split."""
    if not config.strip_punctuation or config.unicode_punctuation:
        return ""
    return "".join(c for c in string.punctuation if c not in (config.separator or ""))


class Content:
    """A file's content, of which the first bytes can be looked at before it is read."""

    def __init__(self, file: IO[bytes], name: str):
        """Read the first bytes. Raises `SourceError` if that cannot be done."""
        self.file = file if hasattr(file, "peek") else cast("IO[bytes]", io.BufferedReader(cast(Any, file)))
        self.start = b""
        while len(self.start) < START_BYTES and (more := _read(self.file, name, START_BYTES - len(self.start))):
            self.start += more
        self._unread = self.start

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or all that are left; fewer at the end."""
        if not self._unread:
            return self.file.read(size)
        first = self._unread if size < 0 else self._unread[:size]
        self._unread = self._unread[len(first) :]
        if len(first) == size:
            return first
        return first + self.file.read(size if size < 0 else size - len(first))


class _Raw(io.RawIOBase):
    """Content as a file that can be buffered."""

    def __init__(self, content: Content):
        self.content = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        some = self.content.read(len(buffer))
        buffer[: len(some)] = some
        return len(some)


def as_file(content: Content) -> IO[bytes]:
    """Content as an open file, for what reads lines of one."""
    return io.BufferedReader(_Raw(content))


def decompressed(file: IO[bytes] | Content, name: str) -> Content:
    """The file's content, unpacked if it begins as gzip, bzip2, xz or zstd files do, whatever its name."""
    file = file if isinstance(file, Content) else Content(file, name)
    packed = cast("IO[bytes]", file)
    if file.start.startswith(b"\x1f\x8b"):
        return Content(cast("IO[bytes]", gzip.GzipFile(fileobj=packed)), name)
    if re.match(rb"BZh[1-9]1AY&SY", file.start):
        return Content(cast("IO[bytes]", bz2.BZ2File(packed)), name)
    if file.start.startswith(b"\xfd7zXZ\x00"):
        return Content(cast("IO[bytes]", lzma.LZMAFile(packed)), name)
    if file.start.startswith(b"\x28\xb5\x2f\xfd"):
        return Content(_unpacked_zstd(packed, name), name)
    return file


def _unpacked_zstd(file: IO[bytes], name: str) -> IO[bytes]:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd

            return cast("IO[bytes]", zstd.ZstdFile(file))
        import zstandard
    except ImportError as error:
        raise SourceError(f"{name} is packed with zstd, and reading that needs: pip install zstandard") from error
    return cast("IO[bytes]", io.BufferedReader(_ZstdFrames(file, zstandard)))


class _ZstdFrames(io.RawIOBase):
    """The content of zstd frames, with an error for one that is cut short (zstandard's own reader has none)."""

    def __init__(self, file: IO[bytes], zstandard: Any):
        self.file = file
        self.zstandard = zstandard
        self.frame: Any = None
        self.packed = b""
        self.unpacked = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.unpacked:
            self.packed = self.packed or self.file.read(ZSTD_PIECE_BYTES)
            if not self.packed:
                if self.frame is not None:
                    raise EOFError("the last zstd frame has no end")
                return 0
            self.frame = self.frame or self.zstandard.ZstdDecompressor().decompressobj()
            try:
                self.unpacked = memoryview(self.frame.decompress(self.packed))
            except self.zstandard.ZstdError as error:
                raise OSError(str(error)) from error
            self.packed = self.frame.unused_data
            if self.frame.eof:
                self.frame = None
        size = min(len(buffer), len(self.unpacked))
        buffer[:size] = self.unpacked[:size]
        self.unpacked = self.unpacked[size:]
        return size


def read_blocks(file: IO[bytes] | Content, name: str, config: TextConfig) -> Iterator[bytes]:
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


def read_plain(file: IO[bytes] | Content, name: str, config: TextConfig) -> Iterator[bytes]:
    """As `read_blocks`, of the text as it is: its lines are those of the file."""
    decoder = _Decoder(name, config)
    mark = None if config.separator is None else config.separator.encode()
    kept: list[bytes] = []
    while data := _read(file, name, BLOCK_BYTES):
        cut = _last_cut(data, mark)
        if cut == 0:
            kept.append(data)
            _refuse_endless(kept, name, config)
            continue
        yield decoder.utf8(b"".join([*kept, data[:cut]]))
        kept = [data[cut:]]
    yield decoder.utf8(b"".join(kept), final=True) + b"\n"


def _refuse_endless(kept: list[bytes], name: str, config: TextConfig) -> None:
    if len(kept) * BLOCK_BYTES > LONGEST_TOKEN_BYTES and sum(map(len, kept)) > LONGEST_TOKEN_BYTES:
        between = "white space" if config.separator is None else f"{config.separator!r}"
        raise SourceError(
            f"{name} has a token of more than {LONGEST_TOKEN_BYTES >> 20} MB: is it text, with {between} between its"
            " tokens? Where something else is, say so: separator=','"
        )


def _read(file: IO[bytes] | Content, name: str, size: int) -> bytes:
    try:
        return file.read(size)
    except DAMAGE as error:
        raise unreadable(name, error) from error


def unreadable(name: str, error: Exception) -> SourceError:
    """What to say of a file that could not be read, because of one of `DAMAGE`."""
    if isinstance(error, OSError) and error.errno is not None:
        return SourceError(f"cannot read {name}: {error.strerror}")
    return SourceError(f"{name} is packed, and damaged or cut short: {error}")


def _last_cut(data: bytes, mark: bytes | None) -> int:
    """Where the last token that is surely whole ends, or 0. Line ends, and ASCII white space, are such places; so are
    marks between tokens, but those of which two may overlap: where they stand depends on all of the line.
    """
    if mark is not None:
        overlaps = any(mark.endswith(mark[:n]) for n in range(1, len(mark)))
        at = -1 if overlaps else data.rfind(mark)
        return max(data.rfind(b"\n") + 1, at + len(mark) if at >= 0 else 0)
    return max(data.rfind(space) + 1 for space in (b"\n", b" ", b"\t", b"\r"))


def _wide_encoding(data: bytes) -> str | None:
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


class _Decoder:
    """Turns bytes of the configured encoding into valid UTF-8, and knows the line it is at."""

    def __init__(self, name: str, config: TextConfig):
        self.name = name
        self.config = config
        self.is_utf8 = codecs.lookup(config.encoding).name in {"utf-8", "utf-8-sig"}
        self.incremental = codecs.getincrementaldecoder(config.encoding)(config.errors)
        self.line = 1
        self.at_start = True

    def utf8(self, data: bytes, *, final: bool = False) -> bytes:
        if self.at_start and self.is_utf8 and self.config.errors == "strict" and (wide := _wide_encoding(data)):
            raise SourceError(f"{self.name} looks like {wide} text, and would be read as UTF-8: say encoding={wide!r}")
        try:
            text = self._decode(data, final=final)
        except UnicodeDecodeError as error:
            line = self.line + bytes(error.object)[: error.start].count(b"\n")
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
