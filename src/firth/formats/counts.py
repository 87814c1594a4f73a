"""How often words occur, in a file of its own: a word and its count a line, as word2vec.c's -save-vocab writes it.

GloVe's vocab_count writes the same, and gensim reads it (`fvocab`). No file is looked for: who wants counts names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from firth.errors import FormatError, shortened
from firth.formats.reading import Errors, Reading, unpacked_text, warn
from firth.formats.text_rows import LONGEST_LINE
from firth.vectors.word_vectors import WordVectors

NAMES_OF_COUNTS = {"count", "counts", "frequency", "freq", "n"}
"""What may stand above the counts, in the first line."""
MOST_DIGITS = 18


def counts_path(path: Path) -> Path:
    """The file of counts that `export` writes beside a file of vectors."""
    return path.with_name(f"{path.name}.counts.txt")


def write_counts(vectors: WordVectors, path: Path) -> None:
    """Write a line for each word: the word, a space, its count."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        pairs = zip(vectors.words, vectors.vocabulary.counts.tolist(), strict=True)
        file.writelines(f"{word} {count}\n" for word, count in pairs)


def read_counts(path: Path, errors: Errors = "strict") -> dict[str, int]:
    """The words of such a file, packed or not, with their counts; of a word that comes twice, the first.

    The count is behind the last space or tab of a line, so words may hold spaces. A first line of names is left out.
    Raises `FormatError` with the line that is wrong.
    """
    if not path.is_file():
        raise FormatError(f"there is no file of counts {path}")
    reading, counts, twice = Reading(errors), dict[str, int](), list[str]()
    with unpacked_text(path) as file:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            text = line.rstrip("\r\n\t ").removeprefix("\ufeff" if number == 1 else "")
            word, _, count = text.rpartition("\t" if "\t" in text else " ")
            if not text or (number == 1 and count.lower() in NAMES_OF_COUNTS):
                continue
            if not word or not (count.isascii() and count.isdecimal()) or len(count) > MOST_DIGITS:
                raise FormatError(
                    f"{path}, line {number:,}: wanted a word, a space or tab, its count; got {shortened(text)}"
                )
            word = reading.text(word.rstrip("\t "), path, f"line {number:,}")
            if counts.setdefault(word, int(count)) != int(count):
                twice.append(word)
    if twice:
        what = f"{len(twice):,} words come again with other counts, such as {shortened(twice[0])}"
        warn(f"{path}: {what}. The count that comes first is taken")
    return counts


def counted(vectors: WordVectors, counts: str | Path | Mapping[str, int], errors: Errors = "strict") -> WordVectors:
    """Vectors with counts from such a file, or from a mapping. Words that have none there count 0, with a warning.

    Raises `FormatError` as `read_counts`, and if the file has none of the words; `ValueError` for such a mapping.
    """
    if not isinstance(counts, str | Path):
        return vectors.with_counts(counts)
    path = Path(counts)
    found = read_counts(path, errors)
    missing = [word for word in vectors.words if word not in found]
    if missing and len(missing) == len(vectors):
        raise FormatError(f"{path} has none of the {len(missing):,} words, such as {shortened(missing[0])}")
    if missing:
        what = f"{len(missing):,} of {len(vectors):,} words are not in it, such as {shortened(missing[0])}"
        warn(f"{path}: {what}: their count is 0")
    return vectors.with_counts(found)
