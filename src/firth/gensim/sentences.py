"""Sentences in files, one a line, words separated by white space: as `corpus_file`, or to iterate over."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from firth.config import TextConfig
from firth.corpus.tokenizing import Source
from firth.errors import SourceError, shortened
from firth.formats.reading import unpacked

MAX_WORDS_IN_BATCH = 10_000
"""Words of a line that `LineSentence` takes for one sentence."""


class LineSentence:
    """The sentences of a file, packed or not: lists of words.

    Parameters
    ----------
    source
        The path of a file, or an open file, of text or bytes.
    max_sentence_length
        Longer lines are cut into sentences of so many words.
    limit
        Only the first lines, so many.
    """

    def __init__(self, source: Any, max_sentence_length: int = MAX_WORDS_IN_BATCH, limit: int | None = None):
        self.source = source
        self.max_sentence_length = max_sentence_length
        self.limit = limit

    @property
    def path(self) -> Path | None:
        """The file, where all of it is meant, and lines are as long as they are."""
        whole = self.limit is None and self.max_sentence_length == MAX_WORDS_IN_BATCH
        return Path(self.source) if whole and isinstance(self.source, str | Path) else None

    def __iter__(self) -> Iterator[list[str]]:
        if isinstance(self.source, str | Path):
            with unpacked(Path(self.source)) as file:
                yield from self._sentences(file)
            return
        if hasattr(self.source, "seek"):
            self.source.seek(0)
        yield from self._sentences(self.source)

    def _sentences(self, lines: Iterable[Any]) -> Iterator[list[str]]:
        for line in itertools.islice(lines, self.limit):
            words = (line.decode("utf-8") if isinstance(line, bytes) else line).split()
            for start in range(0, len(words), self.max_sentence_length):
                yield words[start : start + self.max_sentence_length]


class PathLineSentences:
    """The sentences of all files of a folder, in the order of their names; or of one file.

    Parameters
    ----------
    source
        The path of the folder.
    max_sentence_length, limit
        As for `LineSentence`, for each file.
    """

    def __init__(self, source: Any, max_sentence_length: int = MAX_WORDS_IN_BATCH, limit: int | None = None):
        self.source = source
        self.max_sentence_length = max_sentence_length
        self.limit = limit
        path = Path(source)
        if not path.exists():
            raise SourceError(f"there is no file or folder {shortened(str(source))}")
        files = sorted(entry for entry in path.iterdir() if entry.is_file()) if path.is_dir() else [path]
        self.input_files = [str(file) for file in files]

    def __iter__(self) -> Iterator[list[str]]:
        for file in self.input_files:
            yield from LineSentence(file, self.max_sentence_length, self.limit)


def source_of(sentences: Any, corpus_file: Any) -> Any:
    """What firth reads of the two arguments of which gensim takes one. Raises `SourceError` for both, none, or text."""
    if (sentences is None) == (corpus_file is None):
        raise SourceError(
            "give either sentences (lists of words) or corpus_file, the path of a text, one sentence a line"
        )
    if corpus_file is not None:
        return Path(corpus_file)
    if isinstance(sentences, LineSentence) and sentences.path is not None:
        return sentences.path
    return lists_of(sentences)


def one_by_one(sentences: Any) -> Iterable[Any]:
    """What to go through for sentences: themselves, or the rows of a source of firth's."""
    return sentences.documents(TextConfig()) if isinstance(sentences, Source) else sentences


def lists_of(sentences: Any) -> Iterable[Any]:
    """Sentences as they come, of `firth.column` too. Raises `SourceError` for one string, and while they come, for
    a string among them.
    """
    if isinstance(sentences, str | bytes | Path):
        raise SourceError(
            f"sentences are lists of words, and {shortened(sentences)} is one string: for a file, corpus_file=PATH"
        )
    return _Sentences(sentences)


class _Sentences:
    """Sentences as they come, none of them a string: gensim would take its letters for words, firth would split it."""

    def __init__(self, sentences: Any):
        self.sentences = sentences

    def __iter__(self) -> Iterator[Any]:
        for sentence in one_by_one(self.sentences):
            if isinstance(sentence, str):
                raise SourceError(
                    f"each sentence is a list of words, not a string, {shortened(sentence)}: split it, text.split()"
                )
            yield sentence
