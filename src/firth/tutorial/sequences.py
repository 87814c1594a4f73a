"""Texts as sequences of ids: the vocabulary, and arrays of one length, padded. Id 0 is padding everywhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

import numpy as np

from firth.arrays import Int32, Int64
from firth.config import TextConfig
from firth.corpus.scanning import Scanner, merge
from firth.corpus.tokenizing import tokenize
from firth.errors import shortened
from firth.jit import target
from firth.kernels.text.scanner import SENTENCE_END_NUMBER
from firth.vocabulary import Interner, by_count_then_word

PADDING, UNKNOWN = "", "[UNK]"
SPECIAL_TOKENS = (PADDING, UNKNOWN)
Text = str | list[str]


class Numbered(NamedTuple):
    """Texts as numbers: their different words, how often each occurs, the number of each token, tokens in each text."""

    words: list[str]
    counts: Int64
    numbers: Int32
    lengths: Int64


def capped_vocabulary(
    texts: Iterable[Text] | Numbered, max_tokens: int, *, reverse_ties: bool = False, config: TextConfig | None = None
) -> list[str]:
    """'' (padding) and '[UNK]', then the most frequent words of the texts: `max_tokens` in all, or fewer.

    A text is a string, or the list of its tokens; `numbered` texts need not be split again.
    Words of equal count are ordered by their code points; in reverse with `reverse_ties`, as TensorFlow's
    TextVectorization orders them. Raises `ValueError` if there is no room for a word.
    """
    if max_tokens <= len(SPECIAL_TOKENS):
        raise ValueError(f"max_tokens must be more than the {len(SPECIAL_TOKENS)} special tokens, not {max_tokens}")
    words, counts, *_ = texts if isinstance(texts, Numbered) else numbered(texts, config)
    order = by_count_then_word(words, counts, reverse_ties=reverse_ties)
    return [*SPECIAL_TOKENS, *(words[i] for i in order[: max_tokens - len(SPECIAL_TOKENS)].tolist())]


def vectorize(
    texts: Iterable[Text] | Numbered, words: Sequence[str], sequence_length: int, *, config: TextConfig | None = None
) -> Int32:
    """The ids of each text's tokens, in an array: cut to one length, or padded with 0.

    Parameters
    ----------
    texts
        Strings, or lists of tokens, or what `numbered` made of either.
    words
        The vocabulary, beginning with '' and '[UNK]'. Words that are not in it get id 1.
    sequence_length
        The length of each sequence.
    config
        How text becomes tokens: the default `TextConfig` if none is given.

    Returns
    -------
    (texts, sequence_length) int32 array

    Raises
    ------
    ValueError
        For a vocabulary that begins otherwise, or a length below 1.
    TypeError
        For one string instead of many, for a set, and for strings mixed with lists.

    Examples
    --------
    >>> firth.vectorize(["Speak, speak!", "the king"], ["", "[UNK]", "the", "king", "speak"], 3)
    array([[4, 4, 0],
           [2, 3, 0]], dtype=int32)
    """
    if tuple(words[:2]) != SPECIAL_TOKENS:
        raise ValueError(f"words must begin with {SPECIAL_TOKENS}, not {tuple(words[:2])}")
    if sequence_length < 1:
        raise ValueError(f"sequence_length must be 1 or more, not {sequence_length}")
    ids = {word: i for i, word in enumerate(words)}
    distinct, _, numbers, lengths = texts if isinstance(texts, Numbered) else numbered(texts, config)
    of_number = np.array([ids.get(word, SPECIAL_TOKENS.index(UNKNOWN)) for word in distinct], np.int32)
    return _padded(of_number[numbers], lengths, sequence_length)


def numbered(texts: Iterable[Text], config: TextConfig | None = None) -> Numbered:
    """Number the tokens of texts. Raises `TypeError` for texts that are strings and lists, for one string in place of
    many, whose letters would be texts, and for a set, whose order is another in every process.
    """
    if isinstance(texts, str | bytes):
        raise TypeError(f"wanted a list of texts, not one string, {shortened(texts)}: pass its lines, or [text]")
    if isinstance(texts, set | frozenset):
        raise TypeError("wanted a list of texts, not a set, which has no order")
    config, texts = config or TextConfig(), list(texts)
    kinds = {issubclass(kind, str) for kind in set(map(type, texts))}
    if len(kinds) > 1:
        raise TypeError("texts are strings, or lists of tokens: not some of both")
    if True in kinds and target.is_enabled():
        joined = "\n".join([*cast("list[str]", texts), ""])
        if joined.count("\n") == len(texts) and (content := _utf8(joined)) is not None:
            return _scanned(content, config)
    tokens = cast("list[list[str]]", texts) if True not in kinds else tokenize(cast("list[str]", texts), config)
    ids = Interner()
    lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
    numbers = np.fromiter(map(ids.__getitem__, itertools.chain.from_iterable(tokens)), np.int32, lengths.sum())
    return Numbered(list(ids), np.bincount(numbers, minlength=len(ids)), numbers, lengths)


def _utf8(text: str) -> bytes | None:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # half a character, which no file can hold
        return None


def _scanned(content: bytes, config: TextConfig) -> Numbered:
    """Number the tokens of lines, each with a line end."""
    scanner = Scanner(config)
    raw = scanner.scan(content)
    words, counts, (id_of,) = merge([scanner])
    numbers = id_of[raw]
    ends = np.flatnonzero(raw == SENTENCE_END_NUMBER)
    lengths = np.diff(ends, prepend=-1) - 1
    return Numbered(list(words), counts, numbers[numbers >= 0], lengths)


def _padded(tokens: Int32, lengths: Int64, length: int) -> Int32:
    """Sequences, given end to end, as rows of one length."""
    kept = np.minimum(lengths, length)
    rows = np.repeat(np.arange(len(lengths)), kept)
    columns = np.arange(len(rows)) - np.repeat(np.cumsum(kept) - kept, kept)
    padded = np.zeros((len(lengths), length), np.int32)
    padded[rows, columns] = tokens[(np.cumsum(lengths) - lengths)[rows] + columns]
    return padded


def pad_sequences(sequences: Iterable[Sequence[int]], length: int | None = None) -> Int32:
    """Sequences of ids as one array, (n, length) int32: cut there, or padded with 0 at the end.

    Without `length`, that of the longest.
    """
    rows = [np.asarray(sequence, np.int32) for sequence in sequences]
    lengths = np.array([len(row) for row in rows], np.int64)
    if length is None:
        length = int(lengths.max(initial=0))
    return _padded(np.concatenate([np.zeros(0, np.int32), *rows]), lengths, length)
