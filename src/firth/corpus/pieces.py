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
import itertools
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from firth.arrays import Int32, Int64
from firth.config import TextConfig
from firth.corpus.archives import is_archive
from firth.corpus.cutting import Part, Piece
from firth.corpus.decoding import TextRange, read_blocks
from firth.corpus.numbering import number_text
from firth.corpus.paths import path_of
from firth.corpus.rows import RowColumn
from firth.corpus.scanning import NO_WORD
from firth.corpus.tables import FileColumn, ListColumn, TextColumn
from firth.corpus.text_files import TextFiles, chunk_digest, how_read, stamp_of
from firth.corpus.tokenizing import Block, Source
from firth.corpus.translating import CHUNK_TOKENS, IDS, write_ids
from firth.corpus.word_list import PackedStrings
from firth.errors import FormatError, SourceError
from firth.reporting.events import Reading
from firth.storage.files import UNFINISHED, atomic_file, atomic_folder
from firth.storage.packed import Content
from firth.storage.tensors import map_tensors, write_tensors
from firth.threads import map_ahead

FORMAT, VERSION = "firth piece", 1
ABOUT, NUMBERS, WORDS = "piece.json", "numbers.i32", "words.safetensors"
SAMPLED_WORDS = 512
"""Words of a piece that tell where its words lie among all."""
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
    """

    tokens: int
    sentences: int
    words: int
    files: int
    is_lists: bool
    how: dict[str, Any]
    digests: list[list[Any]]
    sample: list[str]


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
    stamps = stamps_of(piece.parts)
    key = hashlib.sha256(json.dumps([VERSION, piece.as_json(), repr(config), stamps]).encode()).hexdigest()
    about = _about(folder)
    if about is not None and about["key"] == key:
        return _encoded(about)
    with atomic_folder(folder, overwrite=about is not None) as new:
        encoded = _encode(piece, config, new, threads, report, tables_bytes)
        if stamps_of(piece.parts) != stamps:
            raise SourceError(f"{source_of(piece).name} changed while it was read: try again when it is at rest")
        (new / ABOUT).write_text(json.dumps({"format": FORMAT, "key": key, **asdict(encoded)}), "utf-8")
    return encoded


def load_piece(folder: str | Path) -> EncodedPiece:
    """What `encode_piece` returned for a folder. Raises `FormatError` if it is none of an encoded piece."""
    about = _about(Path(folder))
    if about is None:
        raise FormatError(f"{folder} is not an encoded piece: it lacks {ABOUT}, or that is of another version of firth")
    return _encoded(about)


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
    numbers = np.memmap(folder / NUMBERS, "<i4", "r") if (folder / NUMBERS).stat().st_size else np.empty(0, "<i4")
    if len(numbers) != load_piece(folder).tokens or len(ids) != len(table_of(folder)[1]):
        raise FormatError(f"{folder} is damaged: encode the piece again")
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


def stamps_of(parts: Sequence[Part]) -> list[Any]:
    """What tells whether the files are as they were. Raises `SourceError` for one that is not as it was when cut."""
    found = []
    for part in parts:
        path = path_of(part.path)
        try:
            size, version = stamp_of(path)
        except SourceError as error:
            raise SourceError(
                f"{error}. Each machine reads pieces of the text by itself: the file must be there on all of them"
            ) from error
        if size != part.size:
            raise SourceError(
                f"{path} has {size:,} bytes, not the {part.size:,} that it had when it was cut into pieces: has it"
                " changed, or is another file here?"
            )
        found.append([size, version])
    return found


def _encode(
    piece: Piece, config: TextConfig, folder: Path, threads: int, report: Callable[[Reading], None], tables_bytes: int
) -> EncodedPiece:
    """Write all of an encoded piece but what it says of itself."""
    parts = piece.parts
    chunks = [(part, chunk) for part in parts for chunk in range(part.first_chunk, part.last_chunk)]
    digests = map_ahead(threads, lambda some: chunk_digest(path_of(some[0].path), some[1]), chunks)
    hashed = [[part.file, digest] for (part, _), digest in zip(chunks, digests, strict=True)]
    source = source_of(piece)
    with tempfile.TemporaryDirectory(prefix=".once-", suffix=UNFINISHED, dir=folder) as work:
        found, numbered = number_text(source, config, Path(work), report, threads, tables_bytes, save=False)
        words: Any = found.words
        order = words.by_count(np.zeros(len(words), np.int64))  # which all have: so by code points
        places = np.empty(len(order) + 1, np.int32)
        places[order], places[NO_WORD] = np.arange(len(order)), NO_WORD
        in_order = words.at(order)
        write_tensors(
            folder / WORDS, {"letters": in_order.letters, "starts": in_order.starts, "counts": found.counts[order]}
        )
        id_of = [places[ids] for ids in found.id_of]
        tokens, starts = write_ids(Path(work) / NUMBERS, id_of, numbered, folder, threads)
        (folder / IDS).rename(folder / NUMBERS)
    return EncodedPiece(
        tokens=tokens,
        sentences=starts - 1,
        words=len(in_order),
        files=source.files_read,
        is_lists=source.splitting(config) is None,
        how=source.how_read(),
        digests=hashed,
        sample=_sampled(in_order),
    )


def _sampled(words: PackedStrings) -> list[str]:
    """Some of the words, evenly spaced; all, if they are few."""
    if not len(words):
        return []
    return list(words.at(np.unique(np.linspace(0, len(words) - 1, SAMPLED_WORDS).astype(np.int64))))


def source_of(piece: Piece) -> TextPiece | RowColumn | FileColumn:
    """A piece as a source."""
    paths = [path_of(part.path) for part in piece.parts]
    if piece.kind == "text":
        return TextPiece(piece.parts)
    if piece.kind == "rows":
        return RowColumn(_text_files(piece.parts), **piece.options)
    kind = TextColumn if piece.kind == "texts" else ListColumn
    groups = [None if part.begin is None else range(part.begin, part.end or 0) for part in piece.parts]
    return kind(paths, piece.options["column"], piece.options["skip_nulls"], groups)


class TextPiece(Source):
    """Files of text, and lines of some, one after the other."""

    def __init__(self, parts: Sequence[Part]):
        self.parts = parts
        self.name = str(path_of(parts[0].path)) if len(parts) == 1 else f"{len(parts)} files"
        self.total_bytes = sum(part.size if part.begin is None else (part.end or 0) - part.begin for part in parts)

    def how_read(self) -> dict[str, Any]:
        """What a fingerprint has of how the files are read. What is an archive is never cut."""
        return how_read(any(is_archive(path_of(part.path)) for part in self.parts if part.begin is None))

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        """All text, in order."""
        self.files_read = bytes_before = 0
        for is_whole, some in itertools.groupby(self.parts, lambda part: part.begin is None):
            for files in [_text_files(list(some))] if is_whole else map(TextLines, some):
                for block in files.blocks(config):
                    yield block._replace(bytes_read=bytes_before + block.bytes_read)
                self.files_read += files.files_read
                bytes_before += files.total_bytes or 0


class TextLines(Source):
    """Some lines of a file that is text as it is."""

    def __init__(self, part: Part):
        self.part = part
        self.path = path_of(part.path)
        self.name = str(self.path)
        self.begin, self.end = part.begin or 0, part.end or 0
        self.total_bytes = self.end - self.begin
        self.files_read = int(self.begin == 0)

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        """All text, in order."""
        with self.path.open("rb") as file:
            self._check(file, config)
            for block in read_blocks(lines := TextRange(file, self.begin, self.end), self.name, config):
                yield Block(block, lines.place - self.begin)

    def _check(self, file: IO[bytes], config: TextConfig) -> None:
        """Raise `SourceError` where the file begins as no text does, or the lines begin in the middle of one."""
        if self.begin == 0:
            _text_files([self.part]).check_is_text(Content(file, self.name), self.name, config)
            return
        file.seek(self.begin - 1)
        if file.read(1) != b"\n":
            raise SourceError(
                f"{self.name} has no line end where it had one when it was cut into pieces: has it changed, or is"
                " another file here?"
            )


def _text_files(parts: Sequence[Part]) -> TextFiles:
    paths = [path_of(part.path) for part in parts]
    return TextFiles(paths, [path for path, part in zip(paths, parts, strict=True) if not part.is_named])
