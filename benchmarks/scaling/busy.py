"""Two threads and one on a machine that has other things to do: a process that never rests on every core.

A thread that the system takes the core from must not make the others wait: two threads should take no longer than one.
"""

import os
import subprocess
import sys
import time

import firth
from benchmarks._lib.corpora import SETTINGS, cut, wiki100
from benchmarks._lib.results import Cell, Column, arguments, finish, spread


def seconds(encoded: firth.Corpus, threads: int) -> float:
    """Of one epoch, by the clock."""
    began = time.perf_counter()
    firth.train(encoded, epochs=1, threads=threads, progress=False, **SETTINGS)
    return time.perf_counter() - began


def main() -> None:
    options = arguments(__doc__, repeats=5, megabytes=10)
    encoded = firth.encode(cut(wiki100(), options.megabytes))
    seconds(encoded, 2)
    quiet = [(seconds(encoded, 1), seconds(encoded, 2)) for _ in range(options.repeats)]
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        busy = [(seconds(encoded, 1), seconds(encoded, 2)) for _ in range(options.repeats)]
    finally:
        for other in others:
            other.kill()
    rows: list[list[Cell]] = [
        [name, spread(one for one, _ in times), spread(two for _, two in times)]
        for name, times in (("nobody else", quiet), (f"{len(others)} processes that never rest", busy))
    ]
    columns = [Column(""), Column("one thread, s", 2), Column("two threads, s", 2)]
    what = f"One epoch of {options.megabytes} MB of `wiki100`"
    finish("busy", what, columns, rows, save=options.save)


if __name__ == "__main__":
    main()
