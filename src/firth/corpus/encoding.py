"""From a source to an encoded corpus: read once, in bounded memory, on all threads.

Every word gets a provisional id when it is first met (`firth.corpus.numbering`); when all have been met, ids by falling
count replace these.

A text in files is kept in a cache under a fingerprint of its content. Its encoding can be interrupted at any time, and
then goes on from the last point at which everything was on the disk.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from firth.arrays import Int32, Int64
from firth.config import TextConfig
from firth.corpus.corpus import VERSION, Corpus, is_encoded, write_about, write_words
from firth.corpus.numbering import NUMBERS, Parts, number_text, number_tokens
from firth.corpus.sources import as_source
from firth.corpus.tables import column_of
from firth.corpus.tokenizing import Source
from firth.cpu import usable_threads
from firth.errors import CorpusError, FormatError, StopTraining
from firth.jit import target
from firth.kernels.text.scanner import SENTENCE_END_NUMBER, translate
from firth.reporting.events import Reading
from firth.storage.caches import user_cache
from firth.storage.files import UNFINISHED, advise_unneeded, atomic_folder, file_lock, remove_abandoned
from firth.storage.kept import remove_old_corpora, touch
from firth.threads import map_ahead

CHUNK_TOKENS = 1 << 19
TRANSLATING_THREADS = 4
"""Threads that put ids in the place of numbers, at most: one thread writes what they do."""
MONTH_SECONDS = 30 * 24 * 3600
"""An interrupted encoding that nobody has gone on with for so long is thrown away."""
TABLES_BYTES = 128 << 20
"""Memory for the tables of words, of all threads together, by default."""


def default_cache() -> Path:
    """The folder where encoded corpora are kept for the next training on the same text."""
    return user_cache() / "corpora"


def encode(
    source: Any,
    folder: str | Path | None = None,
    *,
    column: str | None = None,
    config: TextConfig | None = None,
    cache: str | Path | None = None,
    report: Callable[[Reading], None] = lambda _: None,
    threads: int | None = None,
    tables_bytes: int = TABLES_BYTES,
) -> Corpus:
    """Read a source once, and return its encoding. A `Corpus`, or the folder of one, is returned as it is.

    An interrupted encoding for the cache, even a killed one, continues from the last point saved the next time.

    Parameters
    ----------
    source
        Text or tokens, as for `train`.
    column
        The name of a column, if the source is a table: a CSV, JSON lines, Parquet or Arrow file, or a data frame.
        `firth.column` has more options.
    folder
        Where to write the encoding. Without it, that of files is kept in `cache` and found again by a fingerprint of
        their content; that of anything else is temporary, and removed with the `Corpus`.
    config
        How text becomes tokens: the default `TextConfig` if none is given.
    cache
        A folder for encodings; by default firth's folder among the user's caches.
    report
        A function that is called with every event of the reading.
    threads
        Threads to use, by default one for each processor. They change the time it takes and nothing else.
    tables_bytes
        Memory for the tables of distinct words, in bytes, of all threads together (128 MB, enough for some two million
        words). When they take more, they are written to disk and merged from there, with the same result.

    Returns
    -------
    Corpus

    Raises
    ------
    OutputExistsError
        If `folder` exists.
    SourceError
        If the source cannot be read.
    CorpusError
        For text without a word.

    Examples
    --------
    >>> firth.encode(["the king and the queen", "a man with an axe"])
    Corpus(10 tokens, 9 words, 2 sentences)
    """
    if isinstance(source, Corpus):
        return source
    if isinstance(source, str | Path) and is_encoded(source):
        return _found(Path(source), report)
    config, threads = config or TextConfig(), threads or usable_threads()
    source = column_of(source, column)
    found = as_source(source) if not hasattr(source, "batches") else source
    if folder is not None:
        return _write(found, Path(folder), config, found.fingerprint(config, threads), report, threads, tables_bytes)
    cache = default_cache() if cache is None else Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    remove_abandoned(cache)
    remove_abandoned(cache, f".*.{NUMBERS}", MONTH_SECONDS)
    fingerprint = found.fingerprint(config, threads)
    if fingerprint is None:
        return for_once(cache, lambda folder: _write(found, folder, config, None, report, threads, tables_bytes))
    kept = cache / f"{fingerprint[:32]}-{VERSION}"
    touch(kept)
    try:
        return _found(kept, report)
    except FormatError:
        remove_old_corpora(cache)
        return _write(found, kept, config, fingerprint, report, threads, tables_bytes, cached=True)


def _found(folder: Path, report: Callable[[Reading], None]) -> Corpus:
    """The corpus in a folder, of which nothing needs to be read."""
    corpus = Corpus(folder)
    report(Reading(0, None, len(corpus), corpus.files, is_kept=True))
    return corpus


def for_once(cache: Path, write: Callable[[Path], Corpus]) -> Corpus:
    """A corpus that `write` makes in a folder of the cache; its files go with the `Corpus`, or with the process."""
    with ExitStack() as stack:
        temporary = Path(tempfile.mkdtemp(prefix=".once-", suffix=UNFINISHED, dir=cache))
        stack.callback(shutil.rmtree, temporary, ignore_errors=True)
        stack.enter_context(file_lock(temporary))
        corpus = write(temporary / "corpus")
        weakref.finalize(corpus, stack.pop_all().close)
    return corpus


def _write(
    source: Source,
    folder: Path,
    config: TextConfig,
    fingerprint: str | None,
    report: Callable[[Reading], None],
    threads: int,
    tables_bytes: int,
    *,
    cached: bool = False,
) -> Corpus:
    """Encode a source into a folder. If that is one of the cache, what stood there is replaced, and an interrupted
    encoding goes on.
    """
    with atomic_folder(folder, overwrite=cached) as temporary, ExitStack() as stack:
        work = stack.enter_context(_work_folder(folder) if cached else _work_folder_for_once(temporary))
        if target.is_enabled():
            words, parts = number_text(source, config, work, report, threads, tables_bytes, save=cached)
        else:
            words, parts = number_tokens(source, config, work, report)
        if not len(words.counts):
            raise CorpusError(f"there is not one word in {source.name}")
        with ThreadPoolExecutor(1, thread_name_prefix="firth-words") as beside:
            words_written = beside.submit(write_words, temporary, words.words, words.counts)
            tokens, starts = _write_ids(work / NUMBERS, words.id_of, parts, temporary, threads)
            words_written.result()
        write_about(temporary, tokens, starts, len(words.counts), source.name, fingerprint, source.files_read)
    return Corpus(folder)


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    """A folder for the numbers of a text that stays when the process is killed or interrupted, and is found again.

    It goes when the work is done, or has failed. While another process has it, this one gets a folder of its own.
    """
    work = folder.with_name(f".{folder.name}.{NUMBERS}")
    work.mkdir(exist_ok=True)
    with file_lock(work, alone=True) as is_ours:
        if not is_ours:
            with _work_folder_for_once(folder.parent) as own:
                yield own
            return
        try:
            yield work
        except StopTraining:  # an interruption, as Ctrl-C is
            raise
        except Exception:
            shutil.rmtree(work, ignore_errors=True)
            raise
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _work_folder_for_once(parent: Path) -> Iterator[Path]:
    """A folder for the numbers of a text that nobody can go on with."""
    with tempfile.TemporaryDirectory(prefix=".once-", suffix=UNFINISHED, dir=parent) as folder:
        yield Path(folder)


class Piece(NamedTuple):
    """Some of a file of numbers: a scanner's, so many, after so many others."""

    scanner: int
    length: int
    before: int


def _write_ids(numbers_path: Path, id_of: list[Int32], parts: Parts, folder: Path, threads: int) -> tuple[int, int]:
    """Write the token ids and the sentence starts; return how many of each. Threads translate, and this one writes."""

    def translated(piece: Piece) -> tuple[Int32, Int64]:
        """The ids of a piece, and how many of them stand before each end of a sentence."""
        read = np.fromfile(numbers_path, "<i4", piece.length, offset=4 * piece.before)
        numbers, of_scanner = read.astype(np.int32, copy=False), id_of[piece.scanner]
        if len(numbers) < piece.length or numbers.min() < 0 or numbers.max() >= len(of_scanner):
            raise FormatError(f"{numbers_path} is damaged: begin anew (it is removed)")
        ends = np.empty(np.count_nonzero(numbers == SENTENCE_END_NUMBER), np.int64)
        ids, ended = translate(numbers, of_scanner, ends)
        advise_unneeded(of_scanner)
        return numbers[:ids], ends[:ended]

    tokens = last_end = 0
    starts = 1
    with (folder / "ids.i32").open("wb") as ids_file, (folder / "sentence_starts.i64").open("wb") as starts_file:
        starts_file.write(np.zeros(1, "<i8").data)
        for ids, of_piece in map_ahead(min(threads, TRANSLATING_THREADS), translated, _pieces(parts)):
            ends = of_piece + tokens
            ends = ends[int(len(ends) > 0 and ends[0] == last_end) :]  # no sentence is empty
            ids_file.write(ids.astype("<i4", copy=False).data)
            starts_file.write(ends.astype("<i8", copy=False).data)
            tokens, starts = tokens + len(ids), starts + len(ends)
            last_end = int(ends[-1]) if len(ends) else last_end
    return tokens, starts


def _pieces(parts: Parts) -> Iterator[Piece]:
    """The parts, in pieces of a bounded size."""
    before = 0
    for scanner, count in parts:
        for first in range(0, count, CHUNK_TOKENS):
            yield Piece(scanner, min(CHUNK_TOKENS, count - first), before + first)
        before += count
