"""Encoding in pieces, from beginning to end: what one machine after the other does, and what they exchange.

Everything here works on a folder that all workers see, and each step is a function that takes and returns little. Where
machines have disks of their own, the same steps are called one by one (`encode_piece`, `table_of`, `deal`, `Owner`,
`first_ids`, `translate_piece`), and the words, counts and ids that they give travel as arrays; `assemble` needs the
folders of all where it is called.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from firth.arrays import Int64
from firth.config import TextConfig, splitting_of
from firth.corpus.corpus import Corpus, as_json_lines, is_encoded, write_about
from firth.corpus.cutting import PIECE_BYTES, Piece, cut
from firth.corpus.fingerprints import fingerprint_of
from firth.corpus.in_memory import TokenLists
from firth.corpus.pieces import (
    ABOUT,
    WORDS,
    EncodedPiece,
    check_unchanged,
    encode_piece,
    has_file,
    load_piece,
    table_of,
    translate_piece,
)
from firth.corpus.sources import as_source
from firth.corpus.tables import column_of
from firth.corpus.tokenizing import Source
from firth.corpus.translating import IDS, STARTS
from firth.corpus.word_list import WORDS_AT_A_TIME, PackedStrings
from firth.corpus.word_ranges import Histogram, Owner, boundaries_of, deal, first_ids, ids_of
from firth.errors import ConfigError, CorpusError, FormatError, SourceError
from firth.reporting.events import Reading
from firth.storage.files import advise_unneeded, atomic_folder, folder_for_once, refuse_to_overwrite
from firth.storage.tensors import write_tensors

PLACES = "places-{:06}.i32"
"""The file of the places of a piece's words among those of an owner."""
STARTS_AT_A_TIME = 1 << 20
COPIED_BYTES = 1 << 22


class Workers(Protocol):
    """Who does the work: threads, processes, or machines that see the same folder."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterable[Any]:
        """The results of a function for all items, in their order, or the error of the first that fails.

        The function can be pickled: it is one of a module, some of whose arguments may be given already. What it takes
        and returns is small and can be pickled, too.
        """
        ...


def encode_in_pieces(
    source: Any,
    folder: str | Path,
    config: TextConfig | None,
    workers: Workers,
    *,
    column: str | None = None,
    piece_bytes: int = PIECE_BYTES,
    owners: int = 1,
    threads: int = 1,
    work: str | Path | None = None,
    readers: Workers | None = None,
    report: Callable[[Reading], None] = lambda _: None,
) -> Corpus:
    """Encode a source in files as `encode` does, to the same bytes, by workers that see the same files and folders.

    Memory is needed for the words of one piece, or of one owner, at a time.

    Parameters
    ----------
    source
        Paths, globs, folders or lists of paths, or a column of tables in files.
    folder
        Where to write the encoding.
    config
        How text becomes tokens: the default `TextConfig` if it is None.
    workers
        Who does the work: anything with a method `map` like that of `concurrent.futures.Executor`. The workers must see
        the files of the source, and the folder of `work`, under the same paths as this process.
    column
        The name of a column, if the source is a table.
    piece_bytes
        How much of the source a worker reads at a time, in bytes.
    owners
        In how many ranges words are put together. It changes the time it takes and nothing else; more owners are for
        more words than one worker has memory for.
    threads
        How many threads each worker uses.
    work
        A folder for what is passed on, by default one beside `folder` that is removed at the end. One that is given
        stays: if the work was interrupted, pieces that it has are not read again.
    readers
        Who encodes the pieces, if it is not `workers`: they need not see the folders, if they put what is to be there.
    report
        A function that is called with an event when a piece has been read, in their order.

    Returns
    -------
    Corpus

    Raises
    ------
    OutputExistsError
        If `folder` exists.
    SourceError
        If the source is not in files, or a file cannot be read, or changes meanwhile.
    CorpusError
        For text without a word.
    ConfigError
        If `piece_bytes` or `owners` is less than one.
    """
    if isinstance(source, Corpus):
        return source
    if isinstance(source, str | Path) and is_encoded(source):
        return Corpus(Path(source))
    folder, config = Path(folder), config or TextConfig()
    refuse_to_overwrite(folder, overwrite=False)
    if owners < 1:
        raise ConfigError(f"owners={owners} leaves words without one: wanted at least 1")
    source = column_of(source, column)
    found = source if isinstance(source, Source) else as_source(source)
    pieces = cut(found, config, piece_bytes)
    with _work_folder(folder, work) as place:
        places = [place / f"piece-{number:06}" for number in range(len(pieces))]
        encoded = _encode_all(list(zip(pieces, places, strict=True)), config, readers or workers, threads, report)
        check_unchanged(zip(pieces, encoded, strict=True))
        boundaries = boundaries_of([piece.sample for piece in encoded], owners)
        ranges = [place / f"range-{number:06}" for number in range(owners)]
        sums = partial(sum_range, pieces=places, boundaries=boundaries)
        histograms = list(workers.map(sums, list(enumerate(ranges))))
        for of_range, histogram, first in zip(ranges, histograms, first_ids(histograms), strict=True):
            ids_of(histogram, first).astype("<i4").tofile(of_range / IDS)
        list(workers.map(partial(translate_by_ranges, ranges=ranges), list(enumerate(places))))
        return assemble(folder, found.name, config, places, ranges)


def _encode_all(
    pieces: list[tuple[Piece, Path]],
    config: TextConfig,
    workers: Workers,
    threads: int,
    report: Callable[[Reading], None],
) -> list[EncodedPiece]:
    """Have all pieces encoded, each into its folder."""
    done: list[EncodedPiece] = []
    bytes_read = tokens = files = 0
    total_bytes = sum(piece.bytes for piece, _ in pieces)
    for (piece, _), encoded in zip(
        pieces, workers.map(partial(encode_into, config=config, threads=threads), pieces), strict=True
    ):
        done.append(encoded)
        bytes_read, tokens, files = bytes_read + piece.bytes, tokens + encoded.tokens, files + encoded.files
        report(Reading(bytes_read, total_bytes, tokens, files))
    return done


def encode_into(piece: tuple[Piece, Path], config: TextConfig, threads: int) -> EncodedPiece:
    """`encode_piece` of a piece and its folder."""
    return encode_piece(*piece, config, threads=threads)


def sum_range(owner: tuple[int, Path], pieces: Sequence[Path], boundaries: Sequence[str]) -> Histogram:
    """Sum the counts of an owner's words over all pieces, and write them to its folder; return its histogram.

    Parameters
    ----------
    owner
        Its number, and its folder, which is made or written anew.
    pieces
        The folders of all encoded pieces.
    boundaries
        The first word of each owner but the first.
    """
    number, folder = owner
    words = Owner()
    for piece, of_piece in enumerate(pieces):
        words.add(piece, *deal(*table_of(of_piece), boundaries)[number])
    write_range(words, folder)
    return words.histogram()


def write_range(owner: Owner, folder: Path) -> None:
    """Write an owner's words, their counts, and where those of each piece are among them, to a folder; their ids, too,
    if they are known.
    """
    folder.mkdir(exist_ok=True)
    (folder / ABOUT).write_text('{"format": "firth range"}', "utf-8", newline="\n")  # so that it is known for no text
    words = owner.words
    write_tensors(folder / WORDS, {"letters": words.letters, "starts": words.starts, "counts": owner.counts})
    for piece in owner.numbers:
        owner.places_of(piece).astype("<i4").tofile(folder / PLACES.format(piece))
    if owner.ids is not None:
        owner.ids.astype("<i4").tofile(folder / IDS)


def translate_by_ranges(piece: tuple[int, Path], ranges: Sequence[Path]) -> None:
    """`translate_piece` of a piece's number and folder, by what the folders of all owners tell of its words."""
    number, folder = piece
    of_ranges = [_numbers(place / IDS)[_numbers(place / PLACES.format(number))] for place in ranges]
    translate_piece(folder, np.concatenate(of_ranges))


def assemble(
    folder: str | Path, name: str, config: TextConfig, pieces: Sequence[Path], ranges: Sequence[Path]
) -> Corpus:
    """Write an encoded corpus from what pieces and owners have written: the same bytes as those of `encode`.

    Parameters
    ----------
    folder
        Where to write it.
    name
        What the source is called.
    config
        How text became tokens.
    pieces
        The folders of the encoded pieces, in the order of the text. Of their files, `piece.json`, `ids.i32` (see
        `translate_piece`) and `sentence_starts.i64` are needed.
    ranges
        The folders of all owners' words, in the order of their ranges, with their ids (`write_range`). The places of
        the pieces' words are not needed.

    Returns
    -------
    Corpus

    Raises
    ------
    OutputExistsError
        If `folder` exists.
    SourceError
        If some pieces hold text, and others lists of tokens.
    CorpusError
        If there is not one word.
    FormatError
        If a folder is not whole.
    """
    folder = Path(folder)
    about = [load_piece(piece) for piece in pieces]
    for piece, encoded in zip(pieces, about, strict=True):
        if not has_file(piece, IDS, encoded):
            raise FormatError(f"{piece} has not all ids and sentence starts of its tokens: translate the piece")
    if not sum(piece.words for piece in about):
        raise CorpusError(f"there is not one word in {name}")
    kinds = {piece.is_lists for piece in about if piece.words}
    if len(kinds) > 1:
        raise SourceError(f"{name} holds strings of text in some files, and lists of tokens in others")
    digests = [digest for piece in about for digest in piece.digests]
    how = {key: value for piece in about for key, value in piece.how.items()}
    with atomic_folder(folder) as new:
        tokens, starts = _join(pieces, new)
        words = _write_words(ranges, new, is_lists=True in kinds)
        files = sum(piece.files for piece in about)
        integers = all(piece.has_integers for piece in about if piece.words)
        splitting = {} if True in kinds else splitting_of(config)
        fingerprint = fingerprint_of(digests, config, how)
        write_about(new, tokens, starts, words, name, fingerprint, files, splitting, integers)
    return Corpus(folder)


def _join(pieces: Sequence[Path], folder: Path) -> tuple[int, int]:
    """Write the ids and the sentence starts of all pieces, one after the other; return how many of each."""
    tokens, starts_written = 0, 1
    with (folder / IDS).open("wb") as ids_file, (folder / STARTS).open("wb") as starts_file:
        starts_file.write(np.zeros(1, "<i8").data)
        for piece in pieces:
            with (piece / IDS).open("rb") as file:
                shutil.copyfileobj(file, ids_file, COPIED_BYTES)
            starts = _numbers(piece / STARTS, "<i8")
            for first in range(1, len(starts), STARTS_AT_A_TIME):
                starts_file.write((starts[first : first + STARTS_AT_A_TIME] + tokens).data)
            tokens, starts_written = tokens + int(starts[-1]), starts_written + len(starts) - 1
    return tokens, starts_written


def _write_words(ranges: Sequence[Path], folder: Path, *, is_lists: bool) -> int:
    """Write the words of all owners by their ids, and their counts, some at a time; return how many there are."""
    words = 0
    spelled = TokenLists(()).spelled if is_lists else lambda some: some
    with (folder / "counts.i64").open("wb") as counts_file, (folder / "words.jsonl").open("wb") as words_file:
        for some, counts in _by_id(ranges):
            counts_file.write(counts.astype("<i8", copy=False).data)
            words_file.writelines(as_json_lines(spelled(some)))
            words += len(some)
    return words


def _by_id(ranges: Sequence[Path]) -> Iterator[tuple[PackedStrings, Int64]]:
    """The words of all owners in the order of their ids, and their counts; some at a time."""
    tables = [(_numbers(place / IDS), *table_of(place)) for place in ranges]
    for first in range(0, sum(len(ids) for ids, _, _ in tables), WORDS_AT_A_TIME):
        edges = [np.searchsorted(ids, [first, first + WORDS_AT_A_TIME]).tolist() for ids, _, _ in tables]
        some = [(table, slice(*edge)) for table, edge in zip(tables, edges, strict=True)]
        order = np.argsort(np.concatenate([ids[those] for (ids, _, _), those in some]))
        counts = np.concatenate([counts[those] for (_, _, counts), those in some])
        words = PackedStrings.joined([words.between(those.start, those.stop) for (_, words, _), those in some])
        yield words.at(order), counts[order]
        advise_unneeded(*(words.letters for _, words, _ in tables))


def _numbers(path: Path, dtype: str = "<i4") -> Any:
    """The numbers of a file, mapped."""
    return np.memmap(path, dtype, "r") if path.stat().st_size else np.empty(0, dtype)


@contextmanager
def _work_folder(folder: Path, work: str | Path | None) -> Iterator[Path]:
    """The folder given for work, or one beside that of the corpus, which is removed at the end."""
    if work is not None:
        Path(work).mkdir(parents=True, exist_ok=True)
        yield Path(work)
        return
    with folder_for_once(folder.parent) as temporary:
        yield temporary
