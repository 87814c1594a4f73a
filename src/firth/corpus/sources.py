"""What people train on: files, folders, streams, strings, lists of tokens. Each becomes batches of raw tokens."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import json
import os
import stat
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol, TypeGuard

import numpy as np

from firth.config import TextConfig
from firth.corpus.archives import is_archive, texts_in
from firth.corpus.decoding import BLOCK_BYTES, read_blocks
from firth.corpus.paths import expand
from firth.corpus.prose import as_lines
from firth.corpus.tabular import is_name_of_rows, refuse_table, what_else, what_rows
from firth.corpus.tokenizing import SENTENCE_END, Block, split_block, word_of
from firth.corpus.word_list import Lines
from firth.errors import FirthWarning, SourceError, shortened
from firth.missing_values import is_hole, text_of
from firth.storage.files import sha256_of
from firth.storage.packed import Content
from firth.threads import map_ahead

BATCH_TOKENS = 1 << 17
PIECE_BYTES = 1 << 24
"""Bytes of a file that one thread hashes at a time."""


class Batch(NamedTuple):
    """Raw tokens, `SENTENCE_END` among them, and how many bytes of the source have been read so far."""

    tokens: list[Any]
    bytes_read: int


class Source(Protocol):
    """Something that tokens come from."""

    name: str
    total_bytes: int | None
    files_read: int

    def fingerprint(self, config: TextConfig, threads: int = 1) -> str | None:
        """A hash of the content and of how it is split, or None for what can be read only once."""

    def splitting(self, config: TextConfig) -> TextConfig | None:
        """How its text is split; None where each line is a token as it is, and an empty one the end of a sentence."""

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        """All text, in order."""

    def spelled(self, words: Iterable[str]) -> Iterable[str]:
        """What words of its text mean."""

    def batches(self, config: TextConfig) -> Iterator[Batch]:
        """All tokens, in order: what `blocks` has, split by Python, slowly."""

    def word_of(self, raw: Any, config: TextConfig) -> str:
        """The word a raw token stands for; '' if none."""


class TextSource:
    """What the sources of text have in common: blocks of text, whose tokens are bytes, not yet lower-cased."""

    name: str
    total_bytes: int | None = None
    files_read = 0
    has_warned = False

    def fingerprint(self, config: TextConfig, threads: int = 1) -> str | None:
        return None

    def splitting(self, config: TextConfig) -> TextConfig | None:
        return config

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        """All text, in order."""
        raise NotImplementedError

    def spelled(self, words: Iterable[str]) -> Iterable[str]:
        return words

    def _check_is_text(self, content: Content, name: str, config: TextConfig, *, is_named: bool = False) -> None:
        """Raise `SourceError` for a table that the user named; warn, once, of what may be one, or is hardly text."""
        refuse_table(content, name)
        rows = what_rows(content, name, config)
        if rows and is_named and is_name_of_rows(name):
            raise SourceError(rows)
        if (told := rows or what_else(content, name)) and not self.has_warned:
            self.has_warned = True
            warnings.warn(f"{told}. It is read as text", FirthWarning, stacklevel=2)

    def batches(self, config: TextConfig) -> Iterator[Batch]:
        for block in self.blocks(config):
            yield Batch(split_block(block.text, config), block.bytes_read)

    def word_of(self, raw: bytes, config: TextConfig) -> str:
        return word_of(raw, config)


class TextFiles(TextSource):
    """Text files, packed or not, one after the other; a sentence ends with its line and with its file."""

    def __init__(self, paths: Iterable[Path], found: Collection[Path] = ()):
        """Look at the files' sizes. Those `found` in folders were not named: among them may be what is no text."""
        self.paths = tuple(paths)
        self.named = {str(path) for path in self.paths}.difference(map(str, found))
        self.name = str(self.paths[0]) if len(self.paths) == 1 else f"{len(self.paths)} files"
        for path in self.paths:
            _check_readable(path)
        self.can_be_read_again = all(path.is_file() for path in self.paths)  # as pipes and devices cannot
        if self.can_be_read_again:
            self.total_bytes = sum(path.stat().st_size for path in self.paths)

    def fingerprint(self, config: TextConfig, threads: int = 1) -> str | None:
        """A hash of the files' content and of how it is split."""
        if not self.can_be_read_again:
            return None
        archives = {"archives": True} if any(map(_is_archive, self.paths)) else {}  # of old, they were read as text
        return content_fingerprint(self.paths, config, threads, **archives)

    def texts(self) -> Iterator[tuple[str, Content, Callable[[], int]]]:
        """Each text with its name, and what tells how many bytes of the files have been read."""
        bytes_before = self.files_read = 0
        for path in self.paths:
            with at_rest(path) as size, path.open("rb") as file:
                bytes_read = functools.partial(_place_in, file, bytes_before)
                for name, content in texts_in(file, str(path)):
                    self.files_read += 1
                    yield name, content, bytes_read
            bytes_before += size

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        for name, content, bytes_read in self.texts():
            self._check_is_text(content, name, config, is_named=name in self.named)
            for block in read_blocks(content, name, config):
                yield Block(block, bytes_read())


class TextStream(TextSource):
    """An open binary file, such as standard input; it can be read once."""

    def __init__(self, file: IO[bytes]):
        self.file = file
        self.name = str(getattr(file, "name", "the stream"))

    def texts(self) -> Iterator[tuple[str, Content, Callable[[], int]]]:
        """Each text with its name; how many bytes have been read, nobody knows."""
        self.files_read = 0
        for name, content in texts_in(self.file, self.name):
            self.files_read += 1
            yield name, content, lambda: 0

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        bytes_read = 0
        for name, content, _ in self.texts():
            self._check_is_text(content, name, config)
            for block in read_blocks(content, name, config):
                bytes_read += len(block)
                yield Block(block, bytes_read)


class Texts(TextSource):
    """Strings of text, each one line or several."""

    name = "the texts"

    def __init__(self, texts: Iterable[Any]):
        self.texts = texts

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        waiting: list[bytes] = []
        size = bytes_read = 0
        for number, text in enumerate(self.texts, start=1):
            if not isinstance(text, str):
                raise SourceError(
                    f"item {number:,} is {_kind(text)}, where those before it are strings of text:"
                    " pass only strings, or only lists of tokens"
                )
            waiting.append(_encoded(as_lines(text, config), f"item {number:,}"))
            size += len(waiting[-1])
            if size >= BLOCK_BYTES:
                bytes_read += size
                yield Block(b"\n".join([*waiting, b""]), bytes_read)
                waiting, size = [], 0
        yield Block(b"\n".join([*waiting, b""]), bytes_read + size)


class TokenLists:
    """Lists of tokens, each a sentence, a session, a walk. Tokens are taken as they are, and known by their text.

    They are read as lines of a text, an empty one after each sentence. So that a token is one line whatever is in it,
    a tab and a line end are written as a tab and one more character; such that the order of tokens stays.
    """

    total_bytes: int | None = None
    files_read = 0
    name = "the token lists"

    def __init__(self, sentences: Iterable[Any], before: int = 0):
        self.sentences = sentences
        self.before = before  # how many sentences have been read already, of which these go on

    def fingerprint(self, config: TextConfig, threads: int = 1) -> str | None:
        return None

    def splitting(self, config: TextConfig) -> TextConfig | None:
        return None

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        for texts in self._texts():
            yield Block(_as_lines(texts), 0)

    def spelled(self, words: Iterable[str]) -> Iterable[str]:
        if isinstance(words, Lines) and not any((some.letters == ord("\t")).any() for some in words.pieces()):
            return words
        return (word.replace(LINE_END_WRITTEN, "\n").replace(TAB_WRITTEN, "\t") for word in words)

    def batches(self, config: TextConfig) -> Iterator[Batch]:
        for texts in self._texts():
            yield Batch([text or SENTENCE_END for text in texts], 0)

    def word_of(self, raw: str, config: TextConfig) -> str:
        _encoded(raw, f"the token {shortened(raw)}")
        return raw

    def _texts(self) -> Iterator[list[str]]:
        """The tokens' texts, '' after each sentence, `BATCH_TOKENS` or so at a time."""
        tokens: list[Any] = []
        ends: list[int] = []
        number = self.before
        for number, sentence in enumerate(self.sentences, start=self.before + 1):
            if type(sentence) is not list and not _is_token_list(sentence):
                raise SourceError(f"item {number:,} is {_kind(sentence)}, where a list of tokens was meant{_HINT}")
            tokens.extend(sentence)
            ends.append(len(tokens))
            tokens.append("")
            if len(tokens) >= BATCH_TOKENS:
                yield _texts_of(tokens, ends, number)
                tokens, ends = [], []
        if tokens:
            yield _texts_of(tokens, ends, number)


TAB_WRITTEN, LINE_END_WRITTEN = "\t\1", "\t\2"
UNORDERED = set | frozenset | type(iter(set()))
"""What has another order in every process."""
_HINT = " (a string is not one: its tokens would be single letters; a set is not one: it has no order)"


def as_source(source: Any) -> Source:
    """The source that the user means.

    A path or glob (as `str` or `Path`), or a list of `Path`; a folder, for all files in it and below; an open
    binary file; an iterable of strings of text, or of lists of tokens. Raises `SourceError` for anything else, for
    files that cannot be read, and for an iterable that yields nothing.
    """
    if isinstance(source, str | os.PathLike):
        return files([source])
    if hasattr(source, "read"):
        if not isinstance(source.read(0), bytes):
            raise SourceError("the open file gives text, not bytes: open it in binary mode ('rb')")
        return TextStream(source)
    if hasattr(source, "column_names") or (hasattr(source, "columns") and hasattr(source, "__getitem__")):
        raise SourceError(f"{_kind(source)} is a table: name its column, firth.column(table, 'text')")
    if isinstance(source, UNORDERED):
        raise SourceError(
            f"{_kind(source)} has no order, so that each run would learn from its sentences in another: pass a list,"
            " such as sorted(…)"
        )
    if isinstance(source, bytes | bytearray | dict) or not isinstance(source, Iterable):
        raise SourceError(
            f"cannot train on {_kind(source)}: wanted a path, an open binary file, an iterable of strings,"
            " or an iterable of token lists"
        )
    items = iter(source)
    first = next(items, items)
    if first is items:
        raise SourceError("the source yields nothing: is it empty, or a generator that has been used up already?")
    everything = itertools.chain([first], items)
    if isinstance(first, os.PathLike):
        return files(everything)
    if isinstance(first, str):
        if os.path.isfile(first):  # noqa: PTH113  (unlike Path's, it takes a long text for no file)
            raise SourceError(
                f"a list of strings is text to learn, but {shortened(first)} is a file: for files, pass pathlib.Path"
                " objects"
            )
        return Texts(everything)
    if _is_token_list(first):
        return TokenLists(everything)
    raise SourceError(f"item 1 is {_kind(first)}: wanted strings of text, or lists of tokens{_HINT}")


def files(paths: Iterable[str | os.PathLike[str]]) -> TextFiles:
    """Several files, folders and globs, in this order."""
    if isinstance(paths, UNORDERED):
        raise SourceError(f"{_kind(paths)} of paths has no order: pass a list, such as sorted(…)")
    expanded = [(expand(given), Path(given).is_dir()) for given in paths]
    found = {path for below, is_folder in expanded if is_folder for path in below}
    return TextFiles((path for those, _ in expanded for path in those), found)


def content_fingerprint(paths: Sequence[Path], config: TextConfig, threads: int, **how: Any) -> str:
    """A hash of the files' content, of how text is split, and of how else they are read."""
    settings = {field.name: getattr(config, field.name) for field in dataclasses.fields(TextConfig)}
    pieces = [
        (number, path, first)
        for number, path in enumerate(paths)
        for first in range(0, path.stat().st_size + 1, PIECE_BYTES)
    ]
    hashes = map_ahead(threads, lambda piece: sha256_of(piece[1], piece[2], PIECE_BYTES), pieces)
    of_pieces = [[number, digest] for (number, _, _), digest in zip(pieces, hashes, strict=True)]
    told = json.dumps([settings | how, of_pieces], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


@contextmanager
def at_rest(path: Path) -> Iterator[int]:
    """Gives a file's size. Raises `SourceError` at the end if the file has changed meanwhile; a pipe does so always."""
    before = path.stat()
    yield before.st_size
    if not stat.S_ISREG(before.st_mode):
        return
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SourceError(f"{path} changed while it was read: try again when it is at rest")


def _place_in(file: IO[bytes], before: int) -> int:
    """How many bytes of several files have been read, by the place in this one and the bytes of those before it."""
    return before + (file.tell() if file.seekable() else 0)


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return is_archive(file, str(path))


def _check_readable(path: Path) -> None:
    """Raise `SourceError` for a file that cannot be opened. A pipe is not: its writer would be left alone when it is
    closed again.
    """
    try:
        if not stat.S_ISFIFO(path.stat().st_mode):
            path.open("rb").close()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error


def _is_token_list(sentence: Any) -> TypeGuard[Iterable[Any]]:
    if isinstance(sentence, str | bytes | bytearray | set | frozenset | dict) or is_hole(sentence):
        return False
    return isinstance(sentence, Iterable) and getattr(sentence, "ndim", 1) > 0


def _kind(value: Any) -> str:
    if is_hole(value):
        return f"a missing value ({shortened(value)})"
    article = "an" if type(value).__name__[0] in "aeiou" else "a"
    return f"{article} {type(value).__name__}"


def _is_plain(kind: type) -> bool:
    """Whether every token of this type has a text, and is known by it."""
    return kind is str or (issubclass(kind, int | np.integer) and not issubclass(kind, np.timedelta64))


def _texts_of(tokens: list[Any], ends: list[int], last: int) -> list[str]:
    """The texts of the tokens of some sentences, of which `last` is the last one's number; '' where one ends."""
    kinds = set(map(type, tokens))
    if all(map(_is_plain, kinds)) and tokens.count("") == len(ends):
        return tokens if kinds == {str} else list(map(str, tokens))
    texts: list[str] = []
    for number, end in enumerate(ends, start=last - len(ends) + 1):
        texts += [_text_of_token(token, number) for token in tokens[len(texts) : end]]
        texts.append("")
    return texts


def _as_lines(texts: list[str]) -> bytes:
    """Each text as a line in UTF-8."""
    lines = "\n".join(texts)
    if "\t" in lines or lines.count("\n") >= len(texts):
        lines = "\n".join(text.replace("\t", TAB_WRITTEN).replace("\n", LINE_END_WRITTEN) for text in texts)
    try:
        return lines.encode("utf-8") + b"\n"
    except UnicodeEncodeError:
        return b"".join(_encoded(text, f"the token {shortened(text)}") for text in texts)  # names the one


def _text_of_token(token: Any, sentence: int) -> str:
    """The text a token is known by. Holes, '' and what cannot be hashed are surely mistakes."""
    problem = None
    if is_hole(token):
        problem = "a missing value"
    elif isinstance(token, bytes):
        problem = "bytes (decode them first)"
    else:
        try:
            hash(token)
        except TypeError:
            problem = _kind(token)
    text = "" if problem else text_of(token)
    if not text:
        raise SourceError(f"sentence {sentence:,} holds {problem or 'an empty string'} where a token was meant")
    return text


def _encoded(text: str, where: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SourceError(f"{where} holds half a character (a lone surrogate), which no file can: {error}") from error
