"""Books as a stranger might send them: however a text is cut, its sentences are those of the text as a whole."""

from __future__ import annotations

import io
import itertools
import re
import string
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from firth.config import TextConfig
from firth.corpus import decoding
from firth.corpus.decoding import read_blocks
from firth.corpus.prose import Prose, is_prose, rewritten
from tests.strangers.choices import choose

MOST_PIECES = 64
SENTENCES = ("line", "paragraph", "punctuation", "file")
PUNCTUATION = (
    {},
    {"unicode_punctuation": True},
    {"unicode_punctuation": True, "keep_apostrophes": True},
)
ERRORS = ("replace", "strict", "ignore")
PIECES = (1, 2, 3, 5, 16, 100)

Sentences = Sequence[Sequence[str]]


def read_prose(content: bytes, folder: Path) -> None:
    """A text in blocks and in pieces: the sentences of the whole, and those that the slow way below finds."""
    (sentences, punctuation, errors, piece), raw = choose(content, SENTENCES, PUNCTUATION, ERRORS, PIECES)
    config = TextConfig(sentences=sentences, errors=errors, **punctuation)
    size = max(piece, len(raw) // MOST_PIECES)
    with mock.patch.object(decoding, "BLOCK_BYTES", size):
        in_blocks = b"".join(read_blocks(io.BytesIO(raw), "the text", config)).decode("utf-8")
    text = raw.decode("utf-8", errors).removeprefix("\ufeff")
    whole = rewritten(text, config) if is_prose(config) else text
    wanted = sentences_of(whole)
    assert sentences_of(in_blocks) == wanted
    assert not is_prose(config) or sentences_of(in_pieces(text, size, config)) == wanted
    _compare_with_slow(text, wanted, config)


def sentences_of(text: str) -> Sentences:
    """The tokens of each line that has any."""
    return [tokens for line in re.split("[\r\n]", text) if (tokens := line.split())]


def in_pieces(text: str, size: int, config: TextConfig) -> str:
    """A text that comes in pieces, cut anywhere between characters."""
    prose = Prose(config)
    rewrote = [prose.rewrite(text[at : at + size].encode("utf-8")) for at in range(0, len(text), size)]
    return b"".join([*rewrote, prose.rewrite(b"", final=True)]).decode("utf-8")


def _compare_with_slow(text: str, found: Sentences, config: TextConfig) -> None:
    """The same sentences; where full stops end them, the same letters in the same order."""
    lines = re.split("\r\n|[\r\n]" if not is_prose(config) else "\r\n|[\r\n\x85\u2028]", text)
    if is_prose(config):
        lines = [line for some in lines for line in some.replace("\u2029", "\n\n").split("\n")]
    if config.sentences == "line":
        texts = lines
    elif config.sentences == "paragraph":
        groups = itertools.groupby(lines, key=lambda line: bool(line.strip()))
        texts = [" ".join(some) for has_words, some in groups if has_words]
    else:
        texts = [" ".join(lines)]
    wanted = [words for some in texts if (words := _without_punctuation(some, config).split())]
    if config.sentences == "punctuation":
        assert _letters(found) == _letters(wanted)
    else:
        assert found == wanted


def _letters(sentences: Sentences) -> str:
    return "".join(itertools.chain.from_iterable(sentences))


def _without_punctuation(text: str, config: TextConfig) -> str:
    """The text, character by character."""
    if not config.unicode_punctuation:
        return text
    text = text.replace("\xad", "").replace("\ufeff", "")
    if config.keep_apostrophes:
        text = text.replace("\ue000", " ")
    kept = "'" if config.keep_apostrophes else ""
    out = []
    for before, character, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if character in "'’ʼ＇" and before.isalnum() and after.isalnum():
            out.append(kept)
        elif character in string.punctuation or unicodedata.category(character).startswith("P"):
            out.append(" ")
        else:
            out.append(character)
    return "".join(out)


# ── whole ones, to begin with ────────────────────────────────────────────────────────────────────────────────────────

BOOKS = (
    "\ufeffMr. St. John--he is J. R.'s cook--left.\r\nWhen?  “I don’t know!” he\r\n\r\nsaid. "
    "And he\xadre\u2029we are… Then",
    "他说：「你好。」我们走吧！走\u3000了。\n \n第二章 e.g. one_two’s\x85three\u2028four?!\rfive",
    "a" + "\n \n" * 700 + "b. " + "." * 700 + "c " + "。”" * 700 + " " * 700 + "'" * 700 + "_" * 700,
)


def whole_prose(_: Path) -> list[bytes]:
    """Books in all modes."""
    ways = itertools.product(range(len(SENTENCES)), range(len(PUNCTUATION)))
    return [bytes([*way, 0, 3]) + text.encode("utf-8") for way in ways for text in BOOKS]
