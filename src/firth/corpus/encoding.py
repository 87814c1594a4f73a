"""From a source to an encoded corpus: read once, in bounded memory, on all threads.

Every word gets a provisional id when it is first met (`firth.corpus.numbering`); when all have been met, ids by falling
count replace these.

A text in files is kept in a cache under a fingerprint of its content. Its encoding can be interrupted at any time, and
then goes on from the last point at which everything was on the disk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from firth.config import TextConfig, splitting_of
from firth.corpus.corpus import VERSION, Corpus, is_encoded, write_about, write_words
from firth.corpus.numbering import NUMBERS, number_text, number_tokens
from firth.corpus.sources import as_source
from firth.corpus.tables import column_of
from firth.corpus.tokenizing import Source
from firth.corpus.translating import write_ids
from firth.cpu import usable_threads
from firth.errors import ClusterError, CorpusError, FormatError, StopTraining
from firth.jit import target
from firth.reporting.events import Reading
from firth.storage import system
from firth.storage.caches import user_cache
from firth.storage.files import UNFINISHED, atomic_folder, folder_for_once, remove_abandoned
from firth.storage.kept import remove_old_corpora, touch
from firth.storage.locks import file_lock

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
        return found_in(Path(source), report)
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
    with suppress(FormatError):  # whose traceback would hold open what is replaced now
        return found_in(kept, report)
    remove_old_corpora(cache)
    return _write(found, kept, config, fingerprint, report, threads, tables_bytes, cached=True)


def found_in(folder: Path, report: Callable[[Reading], None]) -> Corpus:
    """The corpus in a folder, of which nothing needs to be read."""
    corpus = Corpus(folder)
    report(Reading(0, None, len(corpus), corpus.files, is_kept=True))
    return corpus


def for_once(cache: Path, write: Callable[[Path], Corpus]) -> Corpus:
    """A corpus that `write` makes in a folder of the cache; its files go with the `Corpus`, or with the process."""
    with ExitStack() as stack:
        temporary = Path(tempfile.mkdtemp(prefix=".once-", suffix=UNFINISHED, dir=cache))
        stack.callback(system.remove_folder, temporary)
        stack.enter_context(file_lock(temporary))
        corpus = write(temporary / "corpus")
        system.when_unmapped(corpus.maps, stack.pop_all().close)
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
        work = stack.enter_context(work_folder(folder) if cached else folder_for_once(temporary))
        by = source.splitting(config)
        sizes = _write_numbers(source, temporary, work, config, report, threads, tables_bytes, save=cached)
        splitting = splitting_of(by) if by else {}
        write_about(temporary, *sizes, source.name, fingerprint, source.files_read, splitting, source.has_integers)
    return Corpus(folder)


def _write_numbers(
    source: Source,
    folder: Path,
    work: Path,
    config: TextConfig,
    report: Callable[[Reading], None],
    threads: int,
    tables_bytes: int,
    *,
    save: bool,
) -> tuple[int, int, int]:
    """Write all of an encoding but what it is; return how many tokens, sentence starts and words it has.

    Of what it maps in the folder `work`, nothing is left when it returns: that folder is to be removed.
    """
    if target.is_enabled():
        words, parts = number_text(source, config, work, report, threads, tables_bytes, save=save)
        words = words._replace(words=source.spelled(words.words))
    else:
        words, parts = number_tokens(source, config, work, report)
    if not len(words.counts):
        raise CorpusError(f"there is not one word in {source.name}")
    with ThreadPoolExecutor(1, thread_name_prefix="firth-words") as beside:
        words_written = beside.submit(write_words, folder, words.words, words.counts)
        tokens, starts = write_ids(work / NUMBERS, words.id_of, parts, folder, threads)
        words_written.result()
    return tokens, starts, len(words.counts)


@contextmanager
def work_folder(folder: Path) -> Iterator[Path]:
    """A folder for the numbers of a text that stays when the process is killed or interrupted, and is found again.

    It goes when the work is done, or has failed. While another process has it, this one gets a folder of its own.
    """
    work = folder.with_name(f".{folder.name}.{NUMBERS}")
    work.mkdir(exist_ok=True)
    with file_lock(work, alone=True) as is_ours:
        if not is_ours:
            with folder_for_once(folder.parent) as own:
                yield own
            return
        try:
            yield work
        except (StopTraining, ClusterError):  # interruptions, as Ctrl-C is
            raise
        except Exception:
            system.remove_folder(work)
            raise
        system.remove_folder(work)
