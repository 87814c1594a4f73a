"""The encoded corpus: the ids of its tokens in files on disk, mapped into memory as they are needed.

An encoding holds *all* words of the text, so one serves every `min_count` and `max_vocabulary`: ids are given by
falling count, and a vocabulary is their beginning. A folder of it is

    corpus.json            what this is: counts of everything, and the fingerprint of the text
    ids.i32                the token ids, little-endian int32
    sentence_starts.i64    where each sentence starts, and the number of tokens at the end, int64
    counts.i64             how often each word occurs, int64
    words.jsonl            the words, one JSON string a line
"""

from __future__ import annotations

import itertools
import json
import mmap
import shutil
import tempfile
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import platformdirs

from firth.config import TextConfig
from firth.errors import CorpusError, FormatError
from firth.files import UNFINISHED, held, new_folder, remove_abandoned
from firth.kernels import compiler
from firth.kernels.scanner import SENTENCE_END_NUMBER, translate
from firth.scanning import Scanner, Words, merge, scan
from firth.sources import Source, TextSource, as_source
from firth.team import usable_threads
from firth.text import SENTENCE_END
from firth.vocabulary import Vocabulary

FORMAT = "firth corpus"
VERSION = 1
CHUNK_TOKENS = 1 << 21

Int32 = np.ndarray[Any, np.dtype[np.int32]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Reading:
    """How far the reading of a source has come."""

    bytes_read: int
    total_bytes: int | None
    tokens: int


class Corpus:
    """An encoded corpus in a folder. Use `encode` to make one."""

    def __init__(self, folder: Path):
        """Map the folder's files. Raises `FormatError` if they are not all there and whole."""
        self.folder = folder
        self.about = _read_about(folder)
        self._maps: list[np.memmap[Any, Any]] = []
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
        self._maps.append(mapped)
        return np.asarray(mapped)

    def release_pages(self) -> None:
        """Give back the memory of what has been read; it is mapped again where it is looked at again."""
        if hasattr(mmap, "MADV_DONTNEED"):
            for mapped in self._maps:
                mapped._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]

    def __len__(self) -> int:
        """The number of tokens."""
        return len(self.ids)

    @property
    def sentences(self) -> int:
        """The number of sentences that are not empty."""
        return len(self.sentence_starts) - 1

    def vocabulary(self, min_count: int = 1, max_vocabulary: int | None = None) -> Vocabulary:
        """The words that occur `min_count` times or more, the `max_vocabulary` most frequent of them.

        Raises `CorpusError`, with what would keep some, if that leaves fewer than two.
        """
        size = int(np.searchsorted(-self.counts, -min_count, side="right"))
        size = min(size, max_vocabulary or size)
        if size < 2:
            raise CorpusError(self._why_so_few(min_count, max_vocabulary, size))
        with (self.folder / "words.jsonl").open(encoding="ascii") as file:
            words = json.loads("[" + ",".join(itertools.islice(file, size)) + "]")
        return Vocabulary(words, self.counts[:size])

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

    def __repr__(self) -> str:
        return f"Corpus({len(self):,} tokens, {len(self.counts):,} words, {self.sentences:,} sentences)"


def default_cache() -> Path:
    """The folder where encoded corpora are kept for the next training on the same text."""
    return Path(platformdirs.user_cache_path("firth")) / "corpora"


def encode(
    source: Any,
    folder: str | Path | None = None,
    *,
    config: TextConfig | None = None,
    cache: str | Path | None = None,
    report: Callable[[Reading], None] = lambda _: None,
    threads: int | None = None,
) -> Corpus:
    """Read a source once, and return its encoding.

    With `folder`, the encoding is written there (`OutputExistsError` if it exists). Without, the encoding of files
    is kept in `cache` (by default the user's cache folder) and found again by a fingerprint of their content; that
    of anything else is temporary, and goes with the `Corpus`. `threads` (by default, all processors) change the time it
    takes and nothing else. A `Corpus`, or the folder of one, is returned as is.

    Raises `SourceError` for what cannot be read, `CorpusError` for text without a word.
    """
    if isinstance(source, Corpus):
        return source
    if isinstance(source, str | Path) and is_encoded(source):
        return Corpus(Path(source))
    config, threads = config or TextConfig(), threads or usable_threads()
    found = as_source(source) if not hasattr(source, "batches") else source
    if folder is not None:
        return _write(found, Path(folder), config, found.fingerprint(config), report, threads)
    cache = default_cache() if cache is None else Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    remove_abandoned(cache)
    fingerprint = found.fingerprint(config)
    if fingerprint is None:
        return _write_for_once(found, cache, config, report, threads)
    kept = cache / f"{fingerprint[:32]}-{VERSION}"
    try:
        return Corpus(kept)
    except FormatError:
        return _write(found, kept, config, fingerprint, report, threads, overwrite=True)


def _write_for_once(
    source: Source, cache: Path, config: TextConfig, report: Callable[[Reading], None], threads: int
) -> Corpus:
    """Encode what has no fingerprint; the files go with the `Corpus`, or with the process."""
    with ExitStack() as stack:
        temporary = Path(tempfile.mkdtemp(prefix=".once-", suffix=UNFINISHED, dir=cache))
        stack.callback(shutil.rmtree, temporary, ignore_errors=True)
        stack.enter_context(held(temporary))
        corpus = _write(source, temporary / "corpus", config, None, report, threads)
        weakref.finalize(corpus, stack.pop_all().close)
    return corpus


def is_encoded(folder: str | Path) -> bool:
    """Whether this is the path of an encoded corpus; a text in place of a path is none."""
    try:
        return (Path(folder) / "corpus.json").is_file()
    except OSError:  # too long for a path
        return False


def _read_about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / "corpus.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
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
    return about


def _write(
    source: Source,
    folder: Path,
    config: TextConfig,
    fingerprint: str | None,
    report: Callable[[Reading], None],
    threads: int,
    *,
    overwrite: bool = False,
) -> Corpus:
    with new_folder(folder, overwrite=overwrite) as temporary:
        numbers_path = temporary / "numbers.i32"
        with numbers_path.open("wb") as file:
            if isinstance(source, TextSource) and config.separator is None and compiler.is_enabled():
                words, parts = _number_text(source, config, file, report, threads)
            else:
                words, parts = _number_tokens(source, config, file, report)
        if not words.words:
            raise CorpusError(f"there is not one word in {source.name}")
        tokens, starts = _write_ids(numbers_path, words.id_of, parts, temporary)
        numbers_path.unlink()
        words.counts.astype("<i8").tofile(temporary / "counts.i64")
        lines = json.dumps(words.words, separators=("\n", ":"))[1:-1]
        (temporary / "words.jsonl").write_text(lines + "\n", "ascii", newline="\n")
        about = {
            "format": FORMAT,
            "version": VERSION,
            "source": source.name,
            "fingerprint": fingerprint,
            "tokens": tokens,
            "sentence_starts": starts,
            "words": len(words.words),
        }
        (temporary / "corpus.json").write_text(json.dumps(about, indent=1), "utf-8")
    return Corpus(folder)


Parts = list[tuple[int, int]]
"""Whose numbers the file of numbers holds, part by part: the scanner's index, and how many."""


def _number_text(
    source: TextSource, config: TextConfig, file: IO[bytes], report: Callable[[Reading], None], threads: int
) -> tuple[Words, Parts]:
    """Write a number for every token of a text; return what words they are."""
    scanners = [Scanner(config) for _ in range(threads)]
    parts: Parts = []
    tokens = 0
    for block in scan(source.blocks(config), scanners):
        block.numbers.astype("<i4", copy=False).tofile(file)
        parts.append((block.scanner, len(block.numbers)))
        tokens += len(block.numbers)
        report(Reading(block.bytes_read, source.total_bytes, tokens))
    return merge(scanners), parts


class _Numbers(dict[Any, int]):
    """A number for each raw token, given when it is first asked for."""

    def __missing__(self, raw: Any) -> int:
        self[raw] = number = len(self)
        return number


def _number_tokens(
    source: Source, config: TextConfig, file: IO[bytes], report: Callable[[Reading], None]
) -> tuple[Words, Parts]:
    """Write a number for every raw token of any source; return what words they are."""
    numbers = _Numbers({SENTENCE_END: SENTENCE_END_NUMBER})
    number_counts = np.zeros(1, np.int64)
    tokens = 0
    for batch in source.batches(config):
        found = np.fromiter(map(numbers.__getitem__, batch.tokens), np.dtype("<i4"), len(batch.tokens))
        found.tofile(file)
        seen = np.bincount(found, minlength=len(number_counts))
        seen[: len(number_counts)] += number_counts
        number_counts = seen
        tokens += len(found)
        report(Reading(batch.bytes_read, source.total_bytes, tokens))
    counts: dict[str, int] = {}
    word_of_number = [""] * len(numbers)
    for raw, number in numbers.items():
        if number != SENTENCE_END_NUMBER and (word := source.word_of(raw, config)):
            word_of_number[number] = word
            counts[word] = counts.get(word, 0) + int(number_counts[number])
    vocabulary = Vocabulary.from_counts(counts)
    ids = np.array([vocabulary.ids.get(word, -1) for word in word_of_number], np.int32)
    return Words(vocabulary.words, vocabulary.counts, [ids]), [(0, tokens)]


def _write_ids(numbers_path: Path, id_of: list[Int32], parts: Parts, folder: Path) -> tuple[int, int]:
    """Write the token ids and the sentence starts; return how many of each."""
    ids, ends = np.empty(CHUNK_TOKENS, np.int32), np.empty(CHUNK_TOKENS, np.int64)
    state = np.zeros(4, np.int64)
    starts = 1
    with (
        numbers_path.open("rb") as numbers_file,
        (folder / "ids.i32").open("wb") as ids_file,
        (folder / "sentence_starts.i64").open("wb") as starts_file,
    ):
        np.zeros(1, "<i8").tofile(starts_file)
        for scanner, count in parts:
            for first in range(0, count, CHUNK_TOKENS):
                numbers = np.fromfile(numbers_file, "<i4", min(CHUNK_TOKENS, count - first)).astype(
                    np.int32, copy=False
                )
                translate(numbers, id_of[scanner], ids, ends, state)
                ids[: state[0]].astype("<i4", copy=False).tofile(ids_file)
                ends[: state[1]].astype("<i8", copy=False).tofile(starts_file)
                starts += int(state[1])
    return int(state[2]), starts
