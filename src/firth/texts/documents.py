"""From texts as people have them to lists of words, some texts at a time."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from firth.config import TextConfig
from firth.corpus.columnar import FileColumn
from firth.corpus.events import Sessions
from firth.corpus.in_memory import is_token_list, kind_of, text_of_token
from firth.corpus.rows import RowColumn
from firth.corpus.sources import UNORDERED, as_source
from firth.corpus.text_files import TextFiles
from firth.corpus.tokenizing import Document, Source, standardize, tokenize
from firth.errors import SourceError, shortened
from firth.phrases import Phrases

BATCH_TEXTS = 1024
BATCH_SIZE = 1 << 20
"""Texts that are looked at together, and how long they are in all (characters, or tokens), at most but for the last."""
_LINE_END = re.compile("[\r\n]+")


def documents_of(texts: Any, config: TextConfig) -> Iterator[Document]:
    """Texts, each a string or a list of tokens: the items of an iterable, the lines of a file, the rows of a column.

    Raises `SourceError` for what holds no texts, and with the text's number where one is neither, or not as the first.
    """
    if isinstance(texts, Path) or hasattr(texts, "read"):
        return as_source(texts).documents(config)
    if isinstance(texts, Source):
        return texts.documents(config)
    if isinstance(texts, str):
        raise SourceError(
            f"wanted a list of texts, not one string, {shortened(texts)}: pass [text], or for a file pathlib.Path(name)"
        )
    if hasattr(texts, "column_names") or (hasattr(texts, "columns") and hasattr(texts, "__getitem__")):
        raise SourceError(f"{kind_of(texts)} is a table: pass its column of texts, such as table['text']")
    if isinstance(texts, UNORDERED | bytes | bytearray | dict) or not isinstance(texts, Iterable):
        raise SourceError(f"wanted a list of texts, in an order, not {kind_of(texts)}")
    if (dimensions := getattr(texts, "ndim", 1)) != 1:
        raise SourceError(
            f"wanted a list of texts, not an array of {dimensions} dimensions: texts are strings, or lists of tokens"
        )
    return _checked((value.as_py() for value in texts) if hasattr(texts, "to_pylist") else texts)  # Arrow's


def identified(texts: Any, config: TextConfig) -> Iterator[tuple[Any, Document]]:
    """The same texts, each with its id; None for what has none."""
    if isinstance(texts, Source):
        return texts.identified(config)
    return zip(itertools.repeat(None), documents_of(texts, config))


def _checked(texts: Iterable[Any]) -> Iterator[Document]:
    are_strings: bool | None = None
    for number, text in enumerate(texts, start=1):
        is_string = isinstance(text, str)
        if not is_string and not is_token_list(text):
            raise SourceError(
                f"text {number:,} is {kind_of(text)}: wanted strings, or lists of tokens; '' stands for a text that is"
                " missing"
            )
        if are_strings is None:
            are_strings = is_string
        if is_string != are_strings:
            raise SourceError(f"text {number:,} is {kind_of(text)}: pass only strings, or only lists of tokens")
        yield text if is_string else list(text)


def can_be_read_again(texts: Any) -> bool:
    """Whether texts are there a second time when they have been read once."""
    if isinstance(texts, Path):
        texts = as_source(texts)
    if isinstance(texts, Sessions):
        return texts.can_be_read_again
    if isinstance(texts, Source):
        files = texts.texts if isinstance(texts, RowColumn) else texts
        return isinstance(files, FileColumn) or (isinstance(files, TextFiles) and files.can_be_read_again)
    return not (hasattr(texts, "read") or isinstance(texts, Iterator))


class TextBatch(NamedTuple):
    """Some texts, and their ids."""

    ids: list[Any]
    texts: list[Document]


def batches(documents: Iterable[tuple[Any, Document]]) -> Iterator[TextBatch]:
    """The same texts with their ids, some of them together."""
    batch, size = TextBatch([], []), 0
    for id, document in documents:
        batch.ids.append(id)
        batch.texts.append(document)
        size += len(document)
        if len(batch.texts) == BATCH_TEXTS or size >= BATCH_SIZE:
            yield batch
            batch, size = TextBatch([], []), 0
    if batch.texts:
        yield batch


def words_of(batch: list[Document], config: TextConfig, phrases: Phrases | None, before: int) -> list[list[str]]:
    """The words of each text: strings are split as `config` says, tokens are taken as they are; phrases are joined.

    Raises `SourceError` for what is no token, with the text's number, after those `before`.
    """
    if not isinstance(batch[0], str):
        found = [[_word(token, number) for token in text] for number, text in enumerate(batch, before + 1)]
    elif config.separator is not None:  # a line end separates, too
        lines = [_LINE_END.split(str(text).removeprefix("\ufeff")) for text in batch]
        found = [[word for line in some for word in standardize(line, config)] for some in lines]
    else:
        found = tokenize([str(text).removeprefix("\ufeff") for text in batch], config)
    return [phrases.join(words) for words in found] if phrases is not None else found


def _word(token: Any, number: int) -> str:
    return token if type(token) is str and token else text_of_token(token, number)
