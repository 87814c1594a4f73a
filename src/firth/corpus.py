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
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import platformdirs

from firth.config import TextConfig
from firth.errors import CorpusError, FormatError
from firth.files import new_folder
from firth.sources import Source, as_source
from firth.text import SENTENCE_END
from firth.vocabulary import Vocabulary

FORMAT = "firth corpus"
VERSION = 1
CHUNK_TOKENS = 1 << 21
SENTENCE_END_ID = 0

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
) -> Corpus:
    """Read a source once, and return its encoding.

    With `folder`, the encoding is written there (`OutputExistsError` if it exists). Without, the encoding of files
    is kept in `cache` (by default the user's cache folder) and found again by a fingerprint of their content; that
    of anything else is temporary, and goes with the `Corpus`. A `Corpus`, or the folder of one, is returned as is.

    Raises `SourceError` for what cannot be read, `CorpusError` for text without a word.
    """
    if isinstance(source, Corpus):
        return source
    if isinstance(source, str | Path) and is_encoded(source):
        return Corpus(Path(source))
    config = config or TextConfig()
    found = as_source(source) if not hasattr(source, "batches") else source
    if folder is not None:
        return _write(found, Path(folder), config, found.fingerprint(config), report)
    cache = default_cache() if cache is None else Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    fingerprint = found.fingerprint(config)
    if fingerprint is None:
        temporary = tempfile.TemporaryDirectory(prefix="once-", dir=cache)
        try:
            corpus = _write(found, Path(temporary.name) / "corpus", config, None, report)
        except BaseException:
            temporary.cleanup()
            raise
        weakref.finalize(corpus, temporary.cleanup)
        return corpus
    kept = cache / f"{fingerprint[:32]}-{VERSION}"
    try:
        return Corpus(kept)
    except FormatError:
        return _write(found, kept, config, fingerprint, report, overwrite=True)


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


class _RawIds(dict[Any, int]):
    """An id for each raw token, given when it is first asked for."""

    def __missing__(self, raw: Any) -> int:
        self[raw] = number = len(self)
        return number


def _write(
    source: Source,
    folder: Path,
    config: TextConfig,
    fingerprint: str | None,
    report: Callable[[Reading], None],
    *,
    overwrite: bool = False,
) -> Corpus:
    with new_folder(folder, overwrite=overwrite) as temporary:
        raw_path = temporary / "raw.i32"
        with raw_path.open("wb") as raw_file:
            raw_ids, raw_counts = _write_raw_ids(source, config, raw_file, report)
        words, counts, id_of_raw = _canonical(source, config, raw_ids, raw_counts)
        if not words:
            raise CorpusError(f"there is not one word in {source.name}")
        del raw_ids
        tokens, starts = _write_ids(raw_path, id_of_raw, temporary)
        raw_path.unlink()
        counts.astype("<i8").tofile(temporary / "counts.i64")
        with (temporary / "words.jsonl").open("w", encoding="ascii") as file:
            file.writelines(json.dumps(word) + "\n" for word in words)
        about = {
            "format": FORMAT,
            "version": VERSION,
            "source": source.name,
            "fingerprint": fingerprint,
            "tokens": tokens,
            "sentence_starts": starts,
            "words": len(words),
        }
        (temporary / "corpus.json").write_text(json.dumps(about, indent=1), "utf-8")
    return Corpus(folder)


def _write_raw_ids(
    source: Source, config: TextConfig, file: IO[bytes], report: Callable[[Reading], None]
) -> tuple[_RawIds, Int64]:
    """Write a provisional id for every raw token; return these ids, and how often each occurs."""
    raw_ids = _RawIds({SENTENCE_END: SENTENCE_END_ID})
    counts = np.zeros(1, np.int64)
    tokens = 0
    for batch in source.batches(config):
        ids = np.fromiter(map(raw_ids.__getitem__, batch.tokens), np.dtype("<i4"), len(batch.tokens))
        ids.tofile(file)
        seen = np.bincount(ids, minlength=len(counts))
        seen[: len(counts)] += counts
        counts = seen
        tokens += len(ids)
        report(Reading(batch.bytes_read, source.total_bytes, tokens))
    return raw_ids, counts


def _canonical(
    source: Source, config: TextConfig, raw_ids: _RawIds, raw_counts: Int64
) -> tuple[list[str], Int64, Int32]:
    """The words by falling count, their counts, and the id of each raw token: -1 for what is no word."""
    counts: dict[str, int] = {}
    word_of_raw = [""] * len(raw_ids)
    for raw, number in raw_ids.items():
        if number == SENTENCE_END_ID:
            continue
        word = source.word_of(raw, config)
        if word:
            word_of_raw[number] = word
            counts[word] = counts.get(word, 0) + int(raw_counts[number])
    vocabulary = Vocabulary.from_counts(counts)
    ids = np.array([vocabulary.ids.get(word, -1) for word in word_of_raw], np.int32)
    return vocabulary.words, vocabulary.counts, ids


def _write_ids(raw_path: Path, id_of_raw: Int32, folder: Path) -> tuple[int, int]:
    """Write the token ids and the sentence starts; return how many of each."""
    tokens, starts, last_end = 0, 1, 0
    with (
        raw_path.open("rb") as raw_file,
        (folder / "ids.i32").open("wb") as ids_file,
        (folder / "sentence_starts.i64").open("wb") as starts_file,
    ):
        np.zeros(1, "<i8").tofile(starts_file)
        while len(raw := np.fromfile(raw_file, "<i4", CHUNK_TOKENS)):
            ids = id_of_raw[raw]
            is_word = ids >= 0
            ends = tokens + np.cumsum(is_word)[raw == SENTENCE_END_ID]
            ends = ends[np.diff(ends, prepend=last_end) > 0]  # empty lines end no sentence
            ids[is_word].astype("<i4").tofile(ids_file)
            ends.astype("<i8").tofile(starts_file)
            tokens += int(is_word.sum())
            starts += len(ends)
            last_end = int(ends[-1]) if len(ends) else last_end
    return tokens, starts
