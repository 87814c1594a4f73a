"""A piece of a source, encoded by itself: what one of many machines does, which needs to see that piece's files alone.

A folder of an encoded piece is

    piece.json             what this is: an `EncodedPiece`, and what it was made of
    words.safetensors      its words by code points, a line each (`letters`, `starts`), and their `counts`
    numbers.i32            for each token, the place of its word among these
    sentence_starts.i64    as in a corpus, of the piece's own tokens
    ids.i32                the ids of the tokens, once they are known: see `translate_piece`
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Int32, Int64
from firth.config import TextConfig
from firth.corpus.cutting import Part, Piece
from firth.corpus.fingerprints import chunk_digest
from firth.corpus.numbering import number_text
from firth.corpus.paths import path_of
from firth.corpus.piece_sources import FileOfPart, source_of
from firth.corpus.scanning import NO_WORD
from firth.corpus.text_files import stamp_of
from firth.corpus.tokenizing import Source
from firth.corpus.translating import CHUNK_TOKENS, IDS, STARTS, write_ids
from firth.corpus.word_list import PackedStrings
from firth.errors import FormatError, SourceError
from firth.reporting.events import Reading
from firth.storage.files import atomic_file, atomic_folder, folder_for_once
from firth.storage.system import rename
from firth.storage.tensors import map_tensors, write_tensors
from firth.threads import map_ahead

FORMAT, VERSION = "firth piece", 1
ABOUT, NUMBERS, WORDS = "piece.json", "numbers.i32", "words.safetensors"
SAMPLED_WORDS = 512
"""Words of a piece that tell where its words lie among all."""
STAMPING_THREADS = 8
"""Files that are looked at at a time: over a network, each takes its while."""
TABLES_BYTES = 128 << 20
"""Memory for the tables of words of one piece, of all threads together."""


@dataclass(frozen=True)
class EncodedPiece:
    """What is to be known of a piece's encoding, without its folder.

    Parameters
    ----------
    tokens, sentences, words, files
        How many it has; of words, distinct ones.
    is_lists
        Whether it holds lists of tokens, and not text.
    how
        What the fingerprint has of how its files are read.
    digests
        The number of the file, and the SHA-256, of each chunk that it hashed for the fingerprint.
    sample
        Some of its words, as evenly spaced by code points as can be.
    has_integers
        Whether all its tokens are whole numbers, and not text.
    stamps
        For each part, the size of the file, and what else tells whether it has changed.
    """

    tokens: int
    sentences: int
    words: int
    files: int
    is_lists: bool
    how: dict[str, Any]
    digests: list[list[Any]]
    sample: list[str]
    has_integers: bool = False
    stamps: list[list[Any]] = field(default_factory=list)


def encode_piece(
    piece: Piece,
    folder: str | Path,
    config: TextConfig | None = None,
    *,
    threads: int = 1,
    report: Callable[[Reading], None] = lambda _: None,
    tables_bytes: int = TABLES_BYTES,
) -> EncodedPiece:
    """Encode a piece into a folder, with numbers of its own in the place of ids: those of words by code points.

    The folder is there only when it is whole. If it is there already, made of the same piece of the same files, nothing
    is read; any other that an earlier call left is replaced.

    Parameters
    ----------
    piece
        One of `firth.corpus.cutting.cut`. Its files must be where it says.
    folder
        Where to write.
    config
        How text becomes tokens: that with which the source was cut.
    threads
        How many threads read.
    report
        A function that is called with every event of the reading.
    tables_bytes
        Memory for the tables of words, as for `encode`.

    Returns
    -------
    EncodedPiece

    Raises
    ------
    SourceError
        If a file of the piece cannot be read, is not as it was when it was cut, or changes meanwhile.
    """
    folder, config = Path(folder), config or TextConfig()
    stamps = _stamps(piece.parts)
    key = hashlib.sha256(json.dumps([VERSION, piece.as_json(), repr(config), stamps]).encode()).hexdigest()
    about = _about(folder)
    if about is not None and about["key"] == key and (found := _encoded(about)) and has_file(folder, NUMBERS, found):
        return found
    with atomic_folder(folder, overwrite=(folder / ABOUT).is_file()) as new:
        encoded = _encode(piece, config, new, threads, report, tables_bytes)
        encoded = replace(encoded, stamps=stamps)
        check_unchanged([(piece, encoded), (piece, replace(encoded, stamps=_stamps(piece.parts)))])
        (new / ABOUT).write_text(json.dumps({"format": FORMAT, "key": key, **asdict(encoded)}), "utf-8", newline="\n")
    return encoded


def digests_of(piece: Piece, threads: int = 1) -> list[list[Any]]:
    """The hashes that `encode_piece` tells of a piece, without reading what it holds."""
    return _digests([FileOfPart.of(part) for part in piece.parts], threads)


def load_piece(folder: str | Path) -> EncodedPiece:
    """What `encode_piece` returned for a folder. Raises `FormatError` if it is none of an encoded piece."""
    about = _about(Path(folder))
    if about is None:
        raise FormatError(f"{folder} is not an encoded piece: it lacks {ABOUT}, or that is of another version of firth")
    return _encoded(about)


def has_file(folder: Path, name: str, encoded: EncodedPiece) -> bool:
    """Whether a folder of an encoded piece has all the numbers or ids of its tokens, and its sentence starts."""
    wanted = {name: 4 * encoded.tokens, STARTS: 8 * (encoded.sentences + 1)}
    return all((folder / of).is_file() and (folder / of).stat().st_size == size for of, size in wanted.items())


def table_of(folder: str | Path) -> tuple[PackedStrings, Int64]:
    """The words of an encoded piece by code points, and how often each occurs in it; mapped."""
    found = map_tensors(Path(folder) / WORDS)
    return PackedStrings(found["letters"], found["starts"]), found["counts"]


def translate_piece(folder: str | Path, ids: Int32) -> None:
    """Write the ids of a piece's tokens into its folder, `ids.i32`.

    Parameters
    ----------
    folder
        That of the encoded piece.
    ids
        The id of each word of `table_of`, (words,) int32.

    Raises
    ------
    FormatError
        If the folder does not hold what its encoding wrote.
    """
    folder = Path(folder)
    encoded = load_piece(folder)
    if len(ids) != encoded.words or not has_file(folder, NUMBERS, encoded):
        raise FormatError(f"{folder} is damaged, or has other words than {len(ids):,}: encode the piece again")
    numbers = np.memmap(folder / NUMBERS, "<i4", "r") if encoded.tokens else np.empty(0, "<i4")
    with atomic_file(folder / IDS, overwrite=True) as temporary, temporary.open("wb") as file:
        for first in range(0, len(numbers), CHUNK_TOKENS):
            file.write(ids[numbers[first : first + CHUNK_TOKENS]].astype("<i4", copy=False).data)


def _about(folder: Path) -> dict[str, Any] | None:
    """What a folder says of itself; None if it is none of an encoded piece."""
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        return about if about["format"] == FORMAT and _encoded(about) else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _encoded(about: dict[str, Any]) -> EncodedPiece:
    return EncodedPiece(**{name: value for name, value in about.items() if name not in {"format", "key"}})


def check_visible(piece: Piece) -> None:
    """Raise `SourceError` if this machine does not see a file of a piece as it was when it was cut."""
    _stamps(piece.parts)


def check_unchanged(pieces: Iterable[tuple[Piece, EncodedPiece]]) -> None:
    """Raise `SourceError` for a file that was not the same when one piece of it was read, and when another was.

    Machines with copies of a file may have it with other times: these tell nothing of that.
    """
    known: dict[str, list[Any]] = {}
    for piece, encoded in pieces:
        for part, stamp in zip(piece.parts, encoded.stamps, strict=True):
            if known.setdefault(part.path, stamp) != stamp:
                raise SourceError(f"{path_of(part.path)} changed while it was read: try again when it is at rest")


def _stamps(parts: Sequence[Part]) -> list[list[Any]]:
    """What tells whether the files are as they were. Raises `SourceError` for one that is not as it was when cut."""
    return list(map_ahead(min(len(parts), STAMPING_THREADS), _stamp, parts))


def _stamp(part: Part) -> list[Any]:
    path = path_of(part.path)
    try:
        size, version = stamp_of(path)
    except SourceError as error:
        raise SourceError(
            f"{error}. Each machine reads pieces of the text by itself: the file must be there on all of them"
        ) from error
    if size != part.size:
        raise SourceError(
            f"{path} has {size:,} bytes, not the {part.size:,} that it had when it was cut into pieces: has it changed,"
            " or is another file here?"
        )
    return [size, version]


def _encode(
    piece: Piece, config: TextConfig, folder: Path, threads: int, report: Callable[[Reading], None], tables_bytes: int
) -> EncodedPiece:
    """Write all of an encoded piece but what it says of itself."""
    files = [FileOfPart.of(part) for part in piece.parts]
    source = source_of(piece, files)
    is_lists = source.splitting(config) is None
    with folder_for_once(folder) as work:
        tokens, starts, sample, words = _write_numbers(source, config, folder, work, threads, report, tables_bytes)
    return EncodedPiece(
        tokens=tokens,
        sentences=starts - 1,
        words=words,
        files=source.files_read,
        is_lists=is_lists,
        how=source.how_read(),
        digests=_digests(files, threads),
        sample=sample,
        has_integers=source.has_integers,
    )


def _write_numbers(
    source: Source,
    config: TextConfig,
    folder: Path,
    work: Path,
    threads: int,
    report: Callable[[Reading], None],
    tables_bytes: int,
) -> tuple[int, int, list[str], int]:
    """Write the words and the numbers of a piece; return how many tokens and sentence starts there are, a sample of the
    words, and how many these are. Of what it maps in the folder `work`, nothing is left.
    """
    found, numbered = number_text(source, config, work, report, threads, tables_bytes, save=False)
    words: Any = found.words
    order = words.by_count(np.zeros(len(words), np.int64))  # which all have: so by code points
    places = np.empty(len(order) + 1, np.int32)
    places[order], places[NO_WORD] = np.arange(len(order)), NO_WORD
    in_order = words.at(order)
    write_tensors(
        folder / WORDS, {"letters": in_order.letters, "starts": in_order.starts, "counts": found.counts[order]}
    )
    id_of = [places[ids] for ids in found.id_of]
    tokens, starts = write_ids(work / NUMBERS, id_of, numbered, folder, threads)
    rename(folder / IDS, folder / NUMBERS)
    return tokens, starts, _sampled(in_order), len(in_order)


def _digests(files: list[FileOfPart], threads: int) -> list[list[Any]]:
    """The hash of each chunk that is to be hashed with a piece, and the number of its file."""
    chunks = [(file, chunk) for file in files for chunk in range(file.part.first_chunk, file.part.last_chunk)]
    digests = map_ahead(threads, lambda some: chunk_digest(some[0].path, some[1]), chunks)
    return [[file.part.file, digest] for (file, _), digest in zip(chunks, digests, strict=True)]


def _sampled(words: PackedStrings) -> list[str]:
    """Some of the words, evenly spaced; all, if they are few."""
    if not len(words):
        return []
    return list(words.at(np.unique(np.linspace(0, len(words) - 1, SAMPLED_WORDS).astype(np.int64))))
