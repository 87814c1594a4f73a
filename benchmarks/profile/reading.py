"""Reading: from a source to the encoded corpus, MB a second, on one and two threads; plain ASCII and mixed text, and
tokens in Python's lists, and in a column of a Parquet file.

The mixed text is made of the plain one: words with capitals, in Cyrillic, with accents, with punctuation around them.
"""

import random
import sys
from pathlib import Path

from benchmarks._lib.corpora import WORK, cut, wiki100
from benchmarks._lib.processes import run
from benchmarks._lib.results import Cell, Column, arguments, finish, spread

CYRILLIC = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопярстувщхыз")


def disguised(word: str, draw: random.Random) -> str:
    """A word as it is, or as other writers have it."""
    kind, marked = draw.random(), draw.random() < 0.1
    if kind < 0.15:
        other = word.capitalize()
    elif kind < 0.25:
        other = word.translate(CYRILLIC).capitalize()
    else:
        other = word.replace("e", "é").replace("a", "Ä") if kind < 0.30 else word
    return other + draw.choice([",", ".", ";", " —", "’s", "\u2009"]) if marked else other


def mixed(plain: Path) -> Path:
    """Half as much text of all kinds, made once."""
    path = WORK / f"mixed-{plain.stem}.txt"
    if not path.exists():
        draw = random.Random(1)
        text = plain.read_text("ascii")
        path.write_text(" ".join(disguised(word, draw) for word in text[: 45 * len(text) // 100].split(" ")), "utf-8")
    return path


def row(name: str, path: Path, kind: str, repeats: int) -> list[Cell]:
    """Megabytes a second on one thread and on two, and memory."""
    size = path.stat().st_size / 1e6
    one, two = ([run(sys.executable, "one_reading", path, t, kind) for _ in range(repeats)] for t in (1, 2))
    return [
        name,
        size,
        spread(size / found["cpu"] for found in one),
        spread(size / found["wall"] for found in two),
        spread(a["wall"] / b["wall"] for a, b in zip(one, two, strict=True)),
        max(found["peak"] for found in two) / 1e6 if kind == "text" else None,  # not of the lists
    ]


def main() -> None:
    options = arguments(__doc__, repeats=5, megabytes=100)
    plain = wiki100() if options.megabytes == 100 else cut(wiki100(), options.megabytes)
    few = cut(plain, min(30, options.megabytes))
    rows = [
        row("plain ASCII", plain, "text", options.repeats),
        row("mixed: capitals, Cyrillic, accents, punctuation", mixed(plain), "text", options.repeats),
        row("lists of tokens", few, "lists", options.repeats),
        row("a Parquet file's column of lists", few, "column", options.repeats),
    ]
    columns = [
        Column(""),
        Column("MB", 0),
        Column("MB / cpu-s, one thread", 0),
        Column("MB/s by the clock, two threads", 0),
        Column("two threads to one", 2),
        Column("peak, MB", 0),
    ]
    what = "From a source to the encoded corpus: fingerprint, tokens, counts, ids, all written and flushed"
    finish("reading", what, columns, rows, save=options.save)


if __name__ == "__main__":
    main()
