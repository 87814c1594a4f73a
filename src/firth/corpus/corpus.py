"""The encoded corpus: the ids of its tokens in files on disk, mapped into memory as they are needed.

An encoding holds *all* words of the text, so one serves every `min_count` and `max_vocabulary`: ids are given by
falling count, and a vocabulary is their beginning. A folder of it is

    corpus.json            what this is: counts of everything, the fingerprint of the text, and how it was split
    ids.i32                the token ids, little-endian int32
    sentence_starts.i64    where each sentence starts, and the number of tokens at the end, int64
    counts.i64             how often each word occurs, int64
    words.jsonl            the words, one JSON string a line, in UTF-8
    phrases.json           the phrases that have been joined, if any has
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Int32, Int64
from firth.config import SPLITTING, TextConfig
from firth.corpus.word_list import WORDS_AT_A_TIME, PackedStrings
from firth.errors import ConfigError, CorpusError, FormatError, shortened
from firth.history import name_of
from firth.html_table import facts_table
from firth.phrases import FILE as PHRASES
from firth.phrases import Phrases
from firth.storage.files import advise_unneeded, sha256_of
from firth.vocabulary import Vocabulary

FORMAT = "firth corpus"
VERSION = 1
TOKENS_AT_A_TIME = 1 << 22
FIRST_SHOWN = 12
"""Words that a notebook shows of it."""
GLIMPSED = (slice(1 << 16), slice(-(1 << 16), None))
"""Of an array, by `Corpus.glimpse`."""


class Corpus:
    """An encoded corpus in a folder, memory-mapped. `encode` makes one.

    The attributes `ids` (tokens,) int32, `sentence_starts` (sentences + 1,) int64 and `counts` (words,) int64 are
    described in `docs/files.md`; they are read-only. An encoding holds *all* words of the text, so it serves every
    `min_count`.

    Parameters
    ----------
    folder
        The folder of an encoding.

    Raises
    ------
    FormatError
        If a file is missing or cut short.
    """

    def __init__(self, folder: Path):
        """Map the folder's files. Raises `FormatError` if they are not all there and whole."""
        self.folder = folder
        self.about = _read_about(folder)
        self.maps: list[np.memmap[Any, Any]] = []
        self.ids: Int32 = self._map("ids.i32", "<i4", "tokens")
        self.sentence_starts: Int64 = self._map("sentence_starts.i64", "<i8", "sentence_starts")
        self.counts: Int64 = self._map("counts.i64", "<i8", "words")
        if not (folder / "words.jsonl").is_file():
            raise FormatError(f"{folder} lacks the file words.jsonl")

    def _map(self, name: str, dtype: str, count: str) -> Any:
        path, wanted = self.folder / name, self.about[count]
        if not path.is_file():
            raise FormatError(f"{self.folder} lacks the file {name}")
        size = path.stat().st_size
        if size != wanted * np.dtype(dtype).itemsize:
            raise FormatError(f"{path} holds {size:,} bytes, not the {wanted:,} numbers it should: it is cut short")
        mapped = np.memmap(path, dtype=dtype, mode="r", shape=(wanted,))
        self.maps.append(mapped)
        return np.asarray(mapped)

    def advise_unneeded(self) -> None:
        """Give back the memory of what has been read; it is mapped again when it is needed again."""
        advise_unneeded(*self.maps)

    @property
    def fingerprint(self) -> str:
        """What tells this corpus from others: that of its text, or else of its ids."""
        return str(self.about.get("fingerprint") or sha256_of(self.folder / "ids.i32"))

    def glimpse(self) -> str:
        """A hash of the beginnings and ends of its arrays, which tells damaged copies of a corpus from whole ones."""
        ends = (array[part] for array in (self.ids, self.sentence_starts, self.counts) for part in GLIMPSED)
        return hashlib.sha256(b"".join(part.tobytes() for part in ends)).hexdigest()

    def __len__(self) -> int:
        """The number of tokens."""
        return len(self.ids)

    @property
    def sentences(self) -> int:
        """The number of sentences that are not empty."""
        return len(self.sentence_starts) - 1

    @property
    def files(self) -> int:
        """How many files it was read from, those in archives counted; 0 if it was none, or nobody knows."""
        files = self.about.get("files")
        return files if type(files) is int else 0

    @property
    def splitting(self) -> dict[str, Any] | None:
        """The settings by which its text became words; none where it was lists of tokens, which are taken as they are.
        None where nobody knows, as of an encoding by an older version.
        """
        splitting: dict[str, Any] | None = self.about.get("splitting")
        return splitting

    @cached_property
    def phrases(self) -> Phrases | None:
        """The phrases that have been joined in it, if any has."""
        return Phrases.load(self.folder / PHRASES) if (self.folder / PHRASES).is_file() else None

    def check(self) -> None:
        """Read all numbers once, and raise `FormatError` if they do not fit each other: what trains does not look."""
        starts, counts = self.sentence_starts, self.counts
        if starts[0] != 0 or starts[-1] != len(self) or not (np.diff(starts) > 0).all():
            raise FormatError(f"{self.folder}/sentence_starts.i64 does not fit the {len(self):,} tokens")
        if counts[-1] < 1 or not (np.diff(counts) <= 0).all() or counts.sum() != len(self):
            raise FormatError(f"{self.folder}/counts.i64 does not fit the {len(self):,} tokens")
        for first in range(0, len(self), TOKENS_AT_A_TIME):
            ids = self.ids[first : first + TOKENS_AT_A_TIME]
            if ids.min() < 0 or ids.max() >= len(counts):
                raise FormatError(f"{self.folder}/ids.i32 has ids that no word has: it is damaged")
            self.advise_unneeded()

    def vocabulary(self, min_count: int = 1, max_vocabulary: int | None = None) -> Vocabulary:
        """The vocabulary of the corpus.

        Parameters
        ----------
        min_count
            Words that occur less often are left out.
        max_vocabulary
            Keep at most this many words, the most frequent ones.

        Returns
        -------
        Vocabulary

        Raises
        ------
        CorpusError
            If that leaves fewer than two words; the message says what would keep some.
        """
        size = int(np.searchsorted(-self.counts, -min_count, side="right"))
        size = min(size, max_vocabulary or size)
        if size < 2:
            raise CorpusError(self._why_so_few(min_count, max_vocabulary, size))
        return Vocabulary(self.words(size), self.counts[:size], self.about.get("integers") is True)

    def words(self, size: int) -> list[str]:
        """The words of the ids below `size`, the most frequent first.

        Parameters
        ----------
        size
            How many.

        Raises
        ------
        FormatError
            If they cannot be read.
        """
        path = self.folder / "words.jsonl"
        try:
            with path.open(encoding="utf-8", newline="\n") as file:
                words: list[str] = json.loads("[" + ",".join(itertools.islice(file, size)) + "]")
        except (OSError, ValueError, RecursionError) as error:
            raise FormatError(f"{path} cannot be read: {error}") from error
        if len(words) != size or not all(type(word) is str for word in words):
            raise FormatError(f"{path} does not have {size:,} words, one a line: it is cut short, or altered")
        return words

    def _why_so_few(self, min_count: int, max_vocabulary: int | None, size: int) -> str:
        found = f"the text has {len(self):,} words, {len(self.counts):,} different ones"
        if len(self.counts) < 2:
            return f"{found}: vectors need at least two"
        if max_vocabulary is not None and max_vocabulary < 2:
            return f"max_vocabulary={max_vocabulary} keeps {size} of them: vectors need at least two"
        second = int(self.counts[1])
        kept = int((self.counts >= second).sum())
        hint = f"min_count={second} would keep {kept:,}"
        if second > 1:
            hint += f", min_count=1 all {len(self.counts):,}"
        return f"{found}, but min_count={min_count} keeps {size or 'none'} of them: {hint}"

    def _repr_html_(self) -> str:
        first = self.words(min(FIRST_SHOWN, len(self.counts)))
        facts = {"source": name_of(str(self.about.get("source") or "not known")), "files": self.files}
        facts |= {"sentences": self.sentences, "tokens": len(self), "words": len(self.counts)}
        return facts_table(type(self).__name__, facts | {"most frequent": " ".join(first)})

    def __repr__(self) -> str:
        return f"Corpus({len(self):,} tokens, {len(self.counts):,} words, {self.sentences:,} sentences)"


def write_words(folder: Path, words: Iterable[str], counts: Int64) -> None:
    """Write the words, and how often each occurs."""
    with (folder / "counts.i64").open("wb") as file:
        for first in range(0, len(counts), WORDS_AT_A_TIME):
            file.write(counts[first : first + WORDS_AT_A_TIME].astype("<i8", copy=False).data)
            advise_unneeded(counts)
    with (folder / "words.jsonl").open("wb") as file:
        file.writelines(as_json_lines(words))


def as_json_lines(words: Iterable[str]) -> Iterator[bytes | memoryview]:
    """Each word as a JSON string, on a line of its own; some at a time."""
    if isinstance(words, PackedStrings):
        yield from (some.as_json() for some in words.pieces())
        return
    words = iter(words)
    while some := list(itertools.islice(words, WORDS_AT_A_TIME)):
        yield json.dumps(some, separators=("\n", ":"), ensure_ascii=False)[1:-1].encode() + b"\n"


def write_about(
    folder: Path,
    tokens: int,
    starts: int,
    words: int,
    source: str,
    fingerprint: str | None,
    files: int,
    splitting: dict[str, Any] | None,
    integers: bool = False,
) -> None:
    """Complete a folder that holds all else: write what it is, and of how much; how its text was split, where that is
    known; and that its tokens were whole numbers, if they were.
    """
    about = {
        "format": FORMAT,
        "version": VERSION,
        "source": source,
        "fingerprint": fingerprint,
        "tokens": tokens,
        "sentence_starts": starts,
        "words": words,
        "files": files,
    }
    about |= {"splitting": splitting} if splitting is not None else {}
    about |= {"integers": True} if integers else {}
    (folder / "corpus.json").write_text(json.dumps(about, indent=1), "utf-8", newline="\n")


def ranges_of_sentences(starts: Int64) -> list[tuple[int, int]]:
    """Ranges of sentences, each of some millions of tokens, or of one sentence."""
    edges = np.searchsorted(starts, np.arange(0, int(starts[-1]), TOKENS_AT_A_TIME), side="left")
    edges = np.unique(np.append(edges, len(starts) - 1))
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def is_encoded(folder: str | Path) -> bool:
    """Whether this is the path of an encoded corpus; a text in place of a path is none."""
    try:
        return (Path(folder) / "corpus.json").is_file()
    except OSError:  # too long for a path
        return False


def _read_about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / "corpus.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise FormatError(f"{folder} is not an encoded corpus: {error}") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise FormatError(f"{folder} is not an encoded corpus")
    if about.get("version") != VERSION:
        raise FormatError(
            f"{folder} is an encoded corpus of version {about.get('version')}, this firth reads {VERSION}"
        )
    for name in ("tokens", "sentence_starts", "words"):
        if type(about.get(name)) is not int or about[name] < 1:
            raise FormatError(f"{folder}/corpus.json does not say how many {name} there are")
    _check_splitting(about.get("splitting"), folder)
    return about


def _check_splitting(splitting: Any, folder: Path) -> None:
    """Raise `FormatError` for what are no settings of a text's words, if anything is said of them."""
    if splitting is None:
        return
    try:
        if set(splitting) - set(SPLITTING):
            raise ConfigError(f"no such settings: {shortened(splitting)}")
        TextConfig(**splitting)
    except (ConfigError, TypeError) as error:
        raise FormatError(f"{folder}/corpus.json does not say how the text was split: {error}") from error
