"""A text as provisional ids: every word gets one when it is first met. Progress is saved, to go on from."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from firth.arrays import Array
from firth.config import TextConfig
from firth.corpus.external_merge import merge_tables
from firth.corpus.scanning import NO_WORD, Scanner, Words, merge, scan
from firth.corpus.tokenizing import SENTENCE_END, Block, Source
from firth.errors import FormatError
from firth.kernels.text.scanner import SENTENCE_END_NUMBER
from firth.reporting.events import Reading
from firth.storage.files import atomic_file, sha256_of
from firth.storage.system import flush_open, remove_file
from firth.storage.tensors import map_tensors, write_tensors
from firth.vocabulary import Interner, Vocabulary

NUMBERS, STATE = "numbers.i32", "state.json"
BLOCKS_BETWEEN_SAVES = 512
"""Blocks of text after which everything is saved, to go on from there: some seconds of work."""
Parts = list[tuple[int, int]]
"""Whose numbers the file of numbers holds, part by part: the scanner's index, and how many."""


@dataclass
class Numbering:
    """How far the numbering of a text has come."""

    blocks: int = 0
    tokens: int = 0
    parts: Parts = field(default_factory=list)
    tables: list[str] = field(default_factory=list)  # the SHA-256 of the file of each scanner's table
    full: list[str] = field(default_factory=list)  # and of tables that were spilled, whose scanners came before; the
    # file of progress keeps this older name

    def save(self, folder: Path, scanners: list[Scanner]) -> None:
        """Save it, with the scanners' tables; what was saved before is valid until all is written."""
        before = list(folder.glob("table-*"))
        for index, scanner in enumerate(scanners):
            write_tensors(self.table(folder, index), scanner.saved())
        self.tables = [sha256_of(self.table(folder, index)) for index in range(len(scanners))]
        with atomic_file(folder / STATE, overwrite=True) as temporary:
            temporary.write_text(json.dumps(asdict(self)), "utf-8", newline="\n")
        for path in before:
            remove_file(path)

    def table(self, folder: Path, index: int) -> Path:
        """The file of a scanner's table."""
        return folder / f"table-{self.blocks}-{index}.safetensors"

    def spill(self, folder: Path, scanners: list[Scanner]) -> None:
        """Write the scanners' tables to disk, for good."""
        for scanner in scanners:
            path = self.spilled_table(folder, len(self.full))
            write_tensors(path, scanner.saved())
            self.full.append(sha256_of(path))

    def spilled_table(self, folder: Path, index: int) -> Path:
        """The file of a table that was spilled."""
        return folder / f"full-{index}.safetensors"

    def is_whole(self, folder: Path) -> bool:
        """Whether all that this tells of is there, as it was written."""
        found = [sha256_of(self.table(folder, index)) for index in range(len(self.tables))]
        full = [sha256_of(self.spilled_table(folder, index)) for index in range(len(self.full))]
        enough = (folder / NUMBERS).stat().st_size >= 4 * self.tokens
        known = all(scanner < len(self.full) + len(self.tables) for scanner, _ in self.parts)
        counts = all(type(n) is int and n >= 0 for n in (self.blocks, self.tokens, *itertools.chain(*self.parts)))
        return (
            found == self.tables
            and full == self.full
            and enough
            and known
            and counts
            and self.tokens == sum(count for _, count in self.parts)
        )

    @staticmethod
    def load(folder: Path, splitting: TextConfig | None) -> tuple[Numbering, list[Scanner]]:
        """What was saved in a folder; the beginning, if nothing was, or not all of it is whole."""
        try:
            found = Numbering(**json.loads((folder / STATE).read_text("utf-8")))
            if found.is_whole(folder):
                tables = [_copied(map_tensors(found.table(folder, index))) for index in range(len(found.tables))]
                return found, [Scanner.restored(splitting, table) for table in tables]
        except (OSError, ValueError, TypeError, IndexError, RecursionError, FormatError):
            pass
        return Numbering(), []


def _copied(arrays: dict[str, Array]) -> dict[str, Array]:
    return {name: np.array(array) for name, array in arrays.items()}


def number_text(
    source: Source,
    config: TextConfig,
    folder: Path,
    report: Callable[[Reading], None],
    threads: int,
    tables_bytes: int,
    *,
    save: bool,
) -> tuple[Words, Parts]:
    """Write a number for every token of a source's text; return what words they are, not `spelled` by the source yet.

    Goes on from what the folder has; with `save`, keeps it such that another process can go on.
    """
    splitting = source.splitting(config)
    numbering, scanners = Numbering.load(folder, splitting)
    scanners += [Scanner(splitting) for _ in range(threads - len(scanners))]
    path = folder / NUMBERS
    path.touch()
    os.truncate(path, 4 * numbering.tokens)
    blocks = source.blocks(config)
    for block in itertools.islice(blocks, numbering.blocks):
        report(Reading(block.bytes_read, source.total_bytes, numbering.tokens, source.files_read))
    first = next(blocks, None)

    def are_full() -> bool:
        return sum(scanner.table_bytes for scanner in scanners) > tables_bytes

    def until_full(first: Block) -> Iterator[Block]:
        yield first
        for _ in range(BLOCKS_BETWEEN_SAVES - 1):
            if are_full() or (block := next(blocks, None)) is None:
                return
            yield block

    with path.open("ab") as file:
        while first is not None:
            for found in scan(until_full(first), scanners[:threads]):
                file.write(np.ascontiguousarray(found.numbers, "<i4").data)
                numbering.parts.append((len(numbering.full) + found.scanner, len(found.numbers)))
                numbering.blocks += 1
                numbering.tokens += len(found.numbers)
                report(Reading(found.bytes_read, source.total_bytes, numbering.tokens, source.files_read))
            first = next(blocks, None)
            if are_full():
                numbering.spill(folder, scanners)
                scanners = [Scanner(splitting) for _ in range(threads)]
            if save and first is not None:
                file.flush()
                flush_open(file.fileno())
                numbering.save(folder, scanners)
    if numbering.full:
        numbering.spill(folder, scanners)
        lowercase = scanners[0].lowercase
        scanners.clear()  # their memory is needed
        tables = [numbering.spilled_table(folder, index) for index in range(len(numbering.full))]
        words = merge_tables(tables, folder, lowercase=lowercase)
    else:
        words = merge(scanners)
    return words, numbering.parts


def number_tokens(
    source: Source, config: TextConfig, folder: Path, report: Callable[[Reading], None]
) -> tuple[Words, Parts]:
    """Write a number for every raw token of any source; return what words they are."""
    numbers = Interner({SENTENCE_END: SENTENCE_END_NUMBER})
    number_counts = np.zeros(1, np.int64)
    tokens = 0
    with (folder / NUMBERS).open("wb") as file:
        for batch in source.batches(config):
            found = np.fromiter(map(numbers.__getitem__, batch.tokens), np.dtype("<i4"), len(batch.tokens))
            file.write(found.data)
            seen = np.bincount(found, minlength=len(number_counts))
            seen[: len(number_counts)] += number_counts
            number_counts = seen
            tokens += len(found)
            report(Reading(batch.bytes_read, source.total_bytes, tokens, source.files_read))
    counts: dict[str, int] = {}
    word_of_number = [""] * len(numbers)
    for raw, number in numbers.items():
        if number != SENTENCE_END_NUMBER and (word := source.word_of(raw, config)):
            word_of_number[number] = word
            counts[word] = counts.get(word, 0) + int(number_counts[number])
    vocabulary = Vocabulary.from_counts(counts)
    ids = np.array([vocabulary.ids.get(word, NO_WORD) for word in word_of_number], np.int32)
    return Words(vocabulary.words, vocabulary.counts, [ids]), [(0, tokens)]
