"""Two threads and one on a machine that has other things to do: some processes that never rest.

A thread that the system takes the core from must not make the others wait: two threads should take no longer than one.
Beside it, gensim with one worker and with two.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import firth
from benchmarks._lib.corpora import SETTINGS, cut, wiki100
from benchmarks._lib.processes import peers_python, run
from benchmarks._lib.results import Cell, Column, arguments, finish, spread

OTHERS = 0, 1, 2, 4, 8


def firth_seconds(encoded: firth.Corpus, threads: int, epochs: int) -> float:
    """By the clock."""
    began = time.perf_counter()
    firth.train(encoded, epochs=epochs, threads=threads, progress=False, **SETTINGS)
    return time.perf_counter() - began


def gensim_speed(text: Path, workers: int) -> float:
    """Words a second by the clock."""
    return float(run(peers_python(), "one_gensim", text, 1, 1, workers)["words_per_second"])


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Within this, so many other processes never rest."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main() -> None:
    options = arguments(__doc__, repeats=5, megabytes=10, epochs=5, gensim="yes")
    text = cut(wiki100(), options.megabytes)
    encoded = firth.encode(text)
    firth_seconds(encoded, 2, 1)
    rows: list[list[Cell]] = []
    for count in OTHERS:
        with busy(count):
            times = [
                tuple(firth_seconds(encoded, threads, options.epochs) for threads in (1, 2))
                for _ in range(options.repeats)
            ]
            of_gensim = [gensim_speed(text, workers) for workers in (1, 2)] if options.gensim == "yes" else None
        ratios = spread(one / two for one, two in times)
        row: list[Cell] = [count, spread(one for one, _ in times), spread(two for _, two in times), ratios]
        rows.append([*row, of_gensim[1] / of_gensim[0] if of_gensim else None])
        print(rows[-1], flush=True)
    columns = [
        Column("processes that never rest", 0),
        Column("one thread, s", 2),
        Column("two threads, s", 2),
        Column("two threads, times one", 2),
        Column("gensim's two workers, times one", 2),
    ]
    what = f"{options.epochs} epochs of {options.megabytes} MB of `wiki100`, on {os.cpu_count()} cores"
    finish("busy", what, columns, rows, save=options.save)


if __name__ == "__main__":
    main()
