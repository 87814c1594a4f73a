"""From provisional ids to ids, and to the starts of sentences: both in files, some tokens at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from firth.arrays import Int32, Int64
from firth.corpus.numbering import Parts
from firth.errors import FormatError
from firth.kernels.text.scanner import SENTENCE_END_NUMBER, translate
from firth.storage.files import advise_unneeded
from firth.threads import map_ahead

CHUNK_TOKENS = 1 << 19
TRANSLATING_THREADS = 4
"""Threads that put ids in the place of numbers, at most: one thread writes what they do."""
IDS, STARTS = "ids.i32", "sentence_starts.i64"


class Stretch(NamedTuple):
    """Some of a file of numbers: a scanner's, so many, after so many others."""

    scanner: int
    length: int
    before: int


def write_ids(numbers_path: Path, id_of: list[Int32], parts: Parts, folder: Path, threads: int) -> tuple[int, int]:
    """Write the token ids and the sentence starts; return how many of each. Threads translate, and this one writes."""

    def translated(stretch: Stretch) -> tuple[Int32, Int64]:
        """The ids of a stretch, and how many of them stand before each end of a sentence."""
        read = np.fromfile(numbers_path, "<i4", stretch.length, offset=4 * stretch.before)
        numbers, of_scanner = read.astype(np.int32, copy=False), id_of[stretch.scanner]
        if len(numbers) < stretch.length or numbers.min() < 0 or numbers.max() >= len(of_scanner):
            raise FormatError(f"{numbers_path} is damaged: begin anew (it is removed)")
        ends = np.empty(np.count_nonzero(numbers == SENTENCE_END_NUMBER), np.int64)
        ids, ended = translate(numbers, of_scanner, ends)
        advise_unneeded(of_scanner)
        return numbers[:ids], ends[:ended]

    tokens = last_end = 0
    starts = 1
    with (folder / IDS).open("wb") as ids_file, (folder / STARTS).open("wb") as starts_file:
        starts_file.write(np.zeros(1, "<i8").data)
        for ids, of_stretch in map_ahead(min(threads, TRANSLATING_THREADS), translated, _stretches(parts)):
            ends = of_stretch + tokens
            ends = ends[int(len(ends) > 0 and ends[0] == last_end) :]  # no sentence is empty
            ids_file.write(ids.astype("<i4", copy=False).data)
            starts_file.write(ends.astype("<i8", copy=False).data)
            tokens, starts = tokens + len(ids), starts + len(ends)
            last_end = int(ends[-1]) if len(ends) else last_end
    return tokens, starts


def _stretches(parts: Parts) -> Iterator[Stretch]:
    """The parts, in stretches of a bounded size."""
    before = 0
    for scanner, count in parts:
        for first in range(0, count, CHUNK_TOKENS):
            yield Stretch(scanner, min(CHUNK_TOKENS, count - first), before + first)
        before += count
