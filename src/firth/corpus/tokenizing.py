"""Standardize and split: from bytes of text to tokens.

Text goes through here in blocks of UTF-8 bytes, cut at white space. `standardize` says, for a line, what becomes of it;
`split_block` does the same for whole blocks, and `scanning.py` in compiled loops: the tests compare all three.

The steps, in this order: ASCII punctuation is dropped, the text is split (at Unicode white space, or at the
separator asked for), and each token is lower-cased by all the rules of Unicode. A line is a sentence, however it
ends: as on Unix, on Windows or on old Macs. For other sentences and other punctuation, the text is rewritten first
(`firth.corpus.prose`).
"""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from firth.config import TextConfig
from firth.corpus.prose import is_prose, rewritten
from firth.errors import shortened

SENTENCE_END = b"\xff"
"""Stands among the raw tokens where a line ends; no UTF-8 text has this byte."""

_UNICODE_SPACE = re.compile(rb"\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80")
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_SEPARATORS_AS_SPACE = bytes.maketrans(b"\x1c\x1d\x1e\x1f", b"    ")


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


class Block(NamedTuple):
    """Some of a source's text: valid UTF-8, cut after a token; and the bytes of the source read so far."""

    text: bytes
    bytes_read: int


Document: TypeAlias = str | list[Any]
"""A text: a string, or a list of tokens."""


class Batch(NamedTuple):
    """Raw tokens, `SENTENCE_END` among them, and how many bytes of the source have been read so far."""

    tokens: list[Any]
    bytes_read: int


class Source:
    """Something that tokens come from. Here it is text; classes of it say where theirs are something else."""

    name: str
    total_bytes: int | None = None
    files_read = 0
    has_integers = False
    """Whether all tokens read so far were whole numbers, and not text."""
    id_name: str | None = None
    """The column of its texts' ids, such as that of sessions; None where they have none."""

    def fingerprint(self, config: TextConfig, threads: int = 1) -> str | None:
        """A hash of the content and of how it is split, or None for what can be read only once."""
        return None

    def splitting(self, config: TextConfig) -> TextConfig | None:
        """How its text is split; None where each line is a token as it is, and an empty one the end of a sentence."""
        return config

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        """All text, in order."""
        raise NotImplementedError

    def documents(self, config: TextConfig) -> Iterator[Document]:
        """Its texts one by one, as they are: each line of files, each item of a list, each row of a column."""
        raise NotImplementedError

    def identified(self, config: TextConfig) -> Iterator[tuple[Any, Document]]:
        """The same, each with its id; None where they have none."""
        return zip(itertools.repeat(None), self.documents(config))

    def spelled(self, words: Iterable[str]) -> Iterable[str]:
        """What words of its text mean."""
        return words

    def batches(self, config: TextConfig) -> Iterator[Batch]:
        """All tokens, in order: what `blocks` has, split by Python, slowly."""
        for block in self.blocks(config):
            yield Batch(split_block(block.text, config), block.bytes_read)

    def word_of(self, raw: Any, config: TextConfig) -> str:
        """The word a raw token stands for; '' if none."""
        return word_of(raw, config)
