"""Sources in memory: strings of text, and lists of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

import numpy as np

from firth.config import TextConfig
from firth.corpus.decoding import BLOCK_BYTES
from firth.corpus.prose import as_lines
from firth.corpus.tokenizing import SENTENCE_END, Batch, Block, Source
from firth.corpus.word_list import PackedStrings
from firth.errors import SourceError, shortened
from firth.missing_values import is_hole, is_whole_number, text_of

BATCH_TOKENS = 1 << 17


class Texts(Source):
    """Strings of text, each one line or several."""

    name = "the texts"

    def __init__(self, texts: Iterable[Any]):
        self.texts = texts

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        waiting: list[bytes] = []
        size = bytes_read = 0
        for number, text in enumerate(self.documents(config), start=1):
            waiting.append(_encoded(as_lines(text, config), f"item {number:,}"))
            size += len(waiting[-1])
            if size >= BLOCK_BYTES:
                bytes_read += size
                yield Block(b"\n".join([*waiting, b""]), bytes_read)
                waiting, size = [], 0
        yield Block(b"\n".join([*waiting, b""]), bytes_read + size)

    def documents(self, config: TextConfig) -> Iterator[str]:
        for number, text in enumerate(self.texts, start=1):
            if not isinstance(text, str):
                raise SourceError(
                    f"item {number:,} is {kind_of(text)}, where those before it are strings of text:"
                    " pass only strings, or only lists of tokens"
                )
            yield text


class TokenLists(Source):
    """Lists of tokens, each a sentence, a session, a walk. Tokens are taken as they are, and known by their text.

    They are read as lines of a text, an empty one after each sentence. So that a token is one line whatever is in it,
    a tab and a line end are written as a tab and one more character; such that the order of tokens stays.
    """

    name = "the token lists"

    def __init__(self, sentences: Iterable[Any], before: int = 0):
        self.sentences = sentences
        self.before = before  # how many sentences have been read already, of which these go on

    def splitting(self, config: TextConfig) -> TextConfig | None:
        return None

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        for texts in self._texts():
            yield Block(_as_lines(texts), 0)

    def spelled(self, words: Iterable[str]) -> Iterable[str]:
        if isinstance(words, PackedStrings) and not any((some.letters == ord("\t")).any() for some in words.pieces()):
            return words
        return (word.replace(LINE_END_WRITTEN, "\n").replace(TAB_WRITTEN, "\t") for word in words)

    def batches(self, config: TextConfig) -> Iterator[Batch]:
        for texts in self._texts():
            yield Batch([text or SENTENCE_END for text in texts], 0)

    def word_of(self, raw: str, config: TextConfig) -> str:
        _encoded(raw, f"the token {shortened(raw)}")
        return raw

    def documents(self, config: TextConfig) -> Iterator[list[Any]]:
        return map(list, self._sentences())

    def _sentences(self) -> Iterator[Iterable[Any]]:
        """The sentences, each an iterable of tokens."""
        for number, sentence in enumerate(self.sentences, start=self.before + 1):
            if type(sentence) is not list and not is_token_list(sentence):
                raise SourceError(
                    f"item {number:,} is {kind_of(sentence)}, where a list of tokens was meant{NO_TOKEN_LISTS}"
                )
            yield sentence

    def _texts(self) -> Iterator[list[str]]:
        """The tokens' texts, '' after each sentence, `BATCH_TOKENS` or so at a time."""
        tokens: list[Any] = []
        ends: list[int] = []
        number, self.has_integers = self.before, True
        for number, sentence in enumerate(self._sentences(), start=self.before + 1):
            tokens.extend(sentence)
            ends.append(len(tokens))
            tokens.append("")
            if len(tokens) >= BATCH_TOKENS:
                yield self._texts_of(tokens, ends, number)
                tokens, ends = [], []
        if tokens:
            yield self._texts_of(tokens, ends, number)

    def _texts_of(self, tokens: list[Any], ends: list[int], last: int) -> list[str]:
        """The texts of the tokens of some sentences; notes whether all of these are whole numbers."""
        self.has_integers = self.has_integers and _are_whole_numbers(tokens, len(ends))
        return _texts_of(tokens, ends, last)


TAB_WRITTEN, LINE_END_WRITTEN = "\t\1", "\t\2"
NO_TOKEN_LISTS = " (a string is not one: its tokens would be single letters; a set is not one: it has no order)"


def is_token_list(sentence: Any) -> TypeGuard[Iterable[Any]]:
    """Whether this is a sentence of tokens, which have an order."""
    if isinstance(sentence, str | bytes | bytearray | set | frozenset | dict) or is_hole(sentence):
        return False
    return isinstance(sentence, Iterable) and getattr(sentence, "ndim", 1) > 0


def kind_of(value: Any) -> str:
    """What a value is, for a message: its type, or that it is missing."""
    if is_hole(value):
        return f"a missing value ({shortened(value)})"
    article = "an" if type(value).__name__[0] in "aeiou" else "a"
    return f"{article} {type(value).__name__}"


def _is_plain(kind: type) -> bool:
    """Whether every token of this type has a text, and is known by it."""
    return kind is str or kind is bool or _is_integer(kind)


def _is_integer(kind: type) -> bool:
    """Whether every token of this type is a whole number."""
    return issubclass(kind, int | np.integer) and not issubclass(kind, bool | np.timedelta64)


def _are_whole_numbers(tokens: list[Any], ends: int) -> bool:
    """Whether the tokens of some sentences are, among which '' stands at each of so many ends."""
    types = list(map(type, tokens))
    kinds = set(types) - {str}
    floats = {kind for kind in kinds if issubclass(kind, float | np.floating)}
    if types.count(str) > ends or not all(map(_is_integer, kinds - floats)):
        return False
    return not floats or all(is_whole_number(token) for token in tokens if type(token) in floats)


def _texts_of(tokens: list[Any], ends: list[int], last: int) -> list[str]:
    """The texts of the tokens of some sentences, of which `last` is the last one's number; '' where one ends."""
    kinds = set(map(type, tokens))
    if all(map(_is_plain, kinds)) and tokens.count("") == len(ends):
        return tokens if kinds == {str} else list(map(str, tokens))
    texts: list[str] = []
    for number, end in enumerate(ends, start=last - len(ends) + 1):
        texts += [text_of_token(token, number) for token in tokens[len(texts) : end]]
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


def text_of_token(token: Any, sentence: int) -> str:
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
            problem = kind_of(token)
    text = "" if problem else text_of(token)
    if not text:
        raise SourceError(f"sentence {sentence:,} holds {problem or 'an empty string'} where a token was meant")
    return text


def _encoded(text: str, where: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SourceError(f"{where} holds half a character (a lone surrogate), which no file can: {error}") from error
