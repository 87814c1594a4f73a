"""A tokenizer of Hugging Face's that splits texts as firth does: what `tokenizer.json` says.

Its steps are those of `firth.corpus.tokenizing` and `firth.corpus.prose`, written as regular expressions that
Oniguruma (the library tokenizers) and JavaScript read alike.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

from firth.config import TextConfig
from firth.corpus.tokenizing import dropped_punctuation
from firth.errors import FirthError, shortened

BYTE_ORDER_MARK, SOFT_HYPHEN, PRIVATE = "\ufeff", "\xad", "\ue000"
_TEXT_BEGIN, _TEXT_END = r"(?<![\s\S])", r"(?![\s\S])"
_SPACE = "[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
"""White space as Python has it."""
_SEPARATORS_OF_ASCII = "[\x1c-\x1f]"
"""White space in Python, and not in Unicode."""
_APOSTROPHE_IN_WORD = r"(?<=[\p{L}\p{N}])['’ʼ＇](?=[\p{L}\p{N}])"
_CASED = r"[\p{Lu}\p{Ll}\p{Lt}ªºⅠ-ⅿⒶ-ⓩ]"
"""Unicode's Cased without what is Case_Ignorable, too."""
_FINAL_SIGMA = rf"(?<={_CASED}\p{{Case_Ignorable}}*)Σ(?!\p{{Case_Ignorable}}*{_CASED})"
"""Where Python makes ς of it, and a lower-casing by characters σ."""


def unknown_token(words: Sequence[str]) -> str:
    """What stands for unknown words: [UNK], or with more brackets where that is a word."""
    token, taken = "[UNK]", set(words)
    while token in taken:
        token = f"[{token}]"
    return token


def tokenizer(words: Sequence[str], config: TextConfig) -> dict[str, Any]:
    """A tokenizer in JSON's types: the unknown token has id 0, and then come the words.

    Raises `FirthError` for a separator that it cannot have.
    """
    unknown = unknown_token(words)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": _normalizers(config)},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": _pre_tokenizers(config)},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {word: i for i, word in enumerate([unknown, *words])},
            "unk_token": unknown,
        },
    }


def _normalizers(config: TextConfig) -> list[dict[str, Any]]:
    """What becomes of a text before it is split."""
    steps = [_replace(_TEXT_BEGIN + BYTE_ORDER_MARK)]
    if config.unicode_punctuation:
        steps += _unicode_punctuation(keep_apostrophes=config.keep_apostrophes)
    elif dropped := dropped_punctuation(config):
        steps.append(_replace(_class_of(dropped)))
    if config.separator is None:
        steps.append(_replace(_SEPARATORS_OF_ASCII, " "))
    if config.lowercase:
        steps += [_replace(_FINAL_SIGMA, "ς"), {"type": "Lowercase"}]
    return steps


def _unicode_punctuation(*, keep_apostrophes: bool) -> list[dict[str, Any]]:
    """Spaces for punctuation; an apostrophe within a word is dropped, or kept as ASCII's."""
    symbols = "".join(c for c in string.punctuation if c in "$+<=>^`|~")  # all others of ASCII's are punctuation
    steps = [_replace(f"[{SOFT_HYPHEN}{BYTE_ORDER_MARK}]")]
    if keep_apostrophes:
        steps += [_replace(PRIVATE, " "), _replace(_APOSTROPHE_IN_WORD, PRIVATE)]
    else:
        steps.append(_replace(_APOSTROPHE_IN_WORD))
    steps.append(_replace(rf"[\p{{P}}{symbols}]", " "))
    return [*steps, _replace(PRIVATE, "'")] if keep_apostrophes else steps


def _pre_tokenizers(config: TextConfig) -> list[dict[str, Any]]:
    """What splits a text into words."""
    separator = config.separator
    if separator is None:
        return [{"type": "WhitespaceSplit"}]
    if config.lowercase and (separator.lower() != separator or separator.upper() != separator):
        raise FirthError(
            f"a folder of static embeddings lower-cases a text before it is split, and the separator"
            f" {shortened(separator)} has letters: firth splits first"
        )
    edges = f"{_TEXT_BEGIN}{_SPACE}+|{_SPACE}+{_TEXT_END}"
    return [_split({"Regex": "[\r\n]+"}), _split({"String": separator}), _split({"Regex": edges})]


def _replace(pattern: str, content: str = "") -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}


def _split(pattern: dict[str, str]) -> dict[str, Any]:
    return {"type": "Split", "pattern": pattern, "behavior": "Removed", "invert": False}


def _class_of(characters: str) -> str:
    """A regular expression for any one of some characters."""
    return "[" + "".join(f"\\{c}" if c in r"\[]^-" else c for c in characters) + "]"
