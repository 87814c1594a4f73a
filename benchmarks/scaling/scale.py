"""Cost as work grows: seconds and memory by corpus size, vector size, vocabulary and threads, the rest held fixed.

Corpora are wiki100 cut, or repeated, from text to model, one epoch. For the rest, 5 million words drawn by Zipf's law.
"""

import sys
from pathlib import Path
from typing import Any

from benchmarks._lib.corpora import WORK, cut, wiki100
from benchmarks._lib.drawing import Panel, draw
from benchmarks._lib.processes import run
from benchmarks._lib.results import Column, arguments, finish

MEGABYTES = 1, 10, 100, 1000
VECTOR_SIZES = 50, 100, 200, 300, 500
VOCABULARIES = 10_000, 30_000, 100_000, 300_000, 1_000_000
THREADS = 1, 2, 4
KINDS = ("corpus, MB", "vector size", "vocabulary", "threads")


def of_size(megabytes: int) -> Path:
    """wiki100 cut, or repeated."""
    if megabytes <= 100:
        return cut(wiki100(), megabytes)
    path = WORK / f"wiki100-{megabytes}.txt"
    if not path.exists():
        with path.open("wb") as file:
            for _ in range(megabytes // 100):
                file.write(wiki100().read_bytes())
    return path


def points(largest: int) -> list[tuple[str, int, tuple[object, ...]]]:
    """What grows, how large it is, and what the worker is asked for."""
    found: list[tuple[str, int, tuple[object, ...]]] = []
    found += [(KINDS[0], size, (of_size(size), 0, 100, 2)) for size in MEGABYTES if size <= largest]
    found += [(KINDS[1], size, ("zipf", 70_000, size, 1)) for size in VECTOR_SIZES]
    found += [(KINDS[2], words, ("zipf", words, 100, 1)) for words in VOCABULARIES]
    found += [(KINDS[3], threads, ("zipf", 70_000, 100, threads)) for threads in THREADS]
    return found


def picture(rows: list[dict[str, Any]]) -> None:
    """Seconds and megabytes, a panel for each kind."""
    panels = []
    for kind in KINDS:
        some = [row for row in rows if row["kind"] == kind]
        series = {
            "seconds": [(row["size"], row["wall"]) for row in some],
            "megabytes": [(row["size"], row["peak_mb"]) for row in some],
        }
        panels.append(Panel("seconds by the clock, and megabytes", kind, series, log=True))
    draw("scale", panels)


def main() -> None:
    options = arguments(__doc__, largest=1000, only=";".join(KINDS))
    run(sys.executable, "one_scale", "zipf", 1_000, 100, 1)  # so that the kernels are compiled
    rows: list[dict[str, Any]] = []
    for kind, size, asked in points(options.largest):
        if kind in options.only.split(";"):
            rows.append({"kind": kind, "size": size, **run(sys.executable, "one_scale", *asked)})
            print(rows[-1], flush=True)
    if options.save:
        picture(rows)
    columns = [Column("what grows"), Column("to", 0), Column("seconds", 2), Column("million words / s", 2)]
    columns.append(Column("MB", 0))
    cells = [[r["kind"], r["size"], r["wall"], r["words"] / r["wall"] / 1e6, r["peak_mb"]] for r in rows]
    finish("scale", "Cost as work grows, one epoch", columns, cells, save=options.save)


if __name__ == "__main__":
    main()
