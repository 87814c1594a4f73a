"""Books as people have them: where sentences end, and the punctuation of all of Unicode.

A text whose lines are no sentences, or whose punctuation is not ASCII's, is rewritten before it is split: each sentence
becomes a line, and what separates words becomes a space. From there on it is read as any other text is
(`firth.corpus.tokenizing`).
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from functools import cache

from firth.config import TextConfig

_LINE_END = re.compile("\r\n?|\x85|\u2028")
_PARAGRAPH_END = re.compile(r"(?<![^\S\n])[^\S\n]*\n[^\S\n]*(?:\n[^\S\n]*)+")
_SENTENCE_END = re.compile(
    r"(?<![.!?…।؟])[.!?…।؟]+[\"'’”»)\]]*(?=\s)"  # with white space behind it
    "|[。！？｡]+[」』”’）]*"  # without, too
)
"""Both begin where a run of such characters does: tried at each of them, a long run would take time without end."""
_WORD_BEFORE = re.compile(r"[\w.]*\Z")
_INITIAL = re.compile(r"(?:.*\.)?[^\W\d_]")
_BEFORE_CUT = re.compile(r".*(?:[^\W_]\s+|[。！？｡」』](?![。！？｡」』”’）])\s*|\n[^\S\n]*\n\s*)(?=\S)", re.DOTALL)
"""As much of a text as can be rewritten whatever comes behind it: up to a token before which no sentence may end, or
surely does.
"""
MOST_WAITING = 1 << 22
"""Characters that wait for such a token."""
_APOSTROPHE = re.compile(r"['’ʼ＇](?<=[^\W_].)(?=[^\W_])")
_NO_LETTERS = re.compile(r"[^\w\s]+|_+")
_UNSEEN = dict.fromkeys(map(ord, "\xad\ufeff"))
"""Soft hyphens, and marks of byte order in the middle of a text."""
_TITLES = re.compile(
    "mr|mrs|ms|dr|st|prof|rev|fr|hon|capt|cpt|col|gen|gov|lt|maj|sgt|messrs|mme|mlle|jr|sr|vs|viz|cf|e[.]g|i[.]e|vol|fig"
)
"""Words with a full stop after which a sentence goes on."""


def is_prose(config: TextConfig) -> bool:
    """Whether text is to be rewritten."""
    return config.sentences != "line" or config.unicode_punctuation


def rewritten(text: str, config: TextConfig) -> str:
    """A whole text, a sentence a line.

    >>> rewritten("He--the cook--left.\\nWhen?", TextConfig(sentences="punctuation", unicode_punctuation=True))
    'He  the cook  left \\n When '
    """
    return _without_punctuation(_with_sentences(text, config.sentences), config)


def as_lines(text: str, config: TextConfig) -> str:
    """A text that stands by itself, without a mark of byte order at its beginning, rewritten if it is to be."""
    text = text.removeprefix("\ufeff")
    return rewritten(text, config) if is_prose(config) else text


class Prose:
    """Rewrites a text that comes in pieces, cut anywhere, as if it were whole."""

    def __init__(self, config: TextConfig):
        self.config = config
        self.waiting = ""

    def rewrite(self, piece: bytes, *, final: bool = False) -> bytes:
        """Some more of the text, in UTF-8; the end of what is there waits for what comes next, but for the `final`
        piece.
        """
        text = self.waiting + piece.decode("utf-8")
        cut = len(text)
        end = len(text.rstrip())  # no cut lies in white space at the end: looked for there, it would take long
        if not final and (safe := _BEFORE_CUT.match(text, 0, end)):
            cut = safe.end()
        elif not final and cut < MOST_WAITING:
            cut = 0
        self.waiting = text[cut:]
        return rewritten(text[:cut], self.config).encode("utf-8") if cut else b""


def _with_sentences(text: str, sentences: str) -> str:
    """The text with a line end where a sentence ends, and nowhere else."""
    text = _LINE_END.sub("\n", text).replace("\u2029", "\n\n")
    if sentences == "line":
        return text
    if sentences == "file":
        return text.replace("\n", " ")
    paragraphs = [paragraph.replace("\n", " ") for paragraph in _PARAGRAPH_END.split(text)]
    if sentences == "punctuation":
        paragraphs = [_SENTENCE_END.sub(_ended, paragraph) for paragraph in paragraphs]
    return "\n".join(paragraphs)


def _ended(mark: re.Match[str]) -> str:
    """The mark, and a line end if a sentence ends with it: not where the next word begins small, nor after an initial
    or a title.
    """
    text, begin, end = mark.string, mark.start(), mark.end()
    if mark[0][0] not in "。！？｡" and text[end : end + 64].lstrip().lstrip("\"'“‘«(")[:1].islower():
        return mark[0]
    if mark[0] == ".":
        word = _WORD_BEFORE.search(text[max(0, begin - 16) : begin])[0].lower()  # type: ignore[index]
        if _TITLES.fullmatch(word) or _INITIAL.fullmatch(word):
            return mark[0]
    return mark[0] + "\n"


@cache
def _punctuation() -> dict[int, str]:
    """A space for each character of Unicode's punctuation, and for the symbols that are ASCII's."""
    every = map(chr, range(sys.maxunicode + 1))
    of_unicode = [c for c in every if unicodedata.category(c).startswith("P")]
    return {ord(c): " " for c in (*of_unicode, *string.punctuation)}


def _without_punctuation(text: str, config: TextConfig) -> str:
    """The text with spaces for punctuation; apostrophes within words are dropped, or kept as ASCII's."""
    if not config.unicode_punctuation:
        return text
    text = text.translate(_UNSEEN) if not text.isascii() else text
    spaces = _punctuation()
    kept = "\ue000" if config.keep_apostrophes else ""  # one of the private use area, which no text needs
    text = _APOSTROPHE.sub(kept, text.replace(kept, " ") if kept else text)
    text = _NO_LETTERS.sub(lambda some: some[0].translate(spaces), text)
    return text.replace(kept, "'") if kept else text
