"""firth beside gensim, fastText (no subwords) and word2vec.c: whole processes, from a text file to saved vectors.

One epoch on the beginning of wiki100, in turn, on one processor and on two. Words a processor-second count everything
a process does: starting, reading, training, saving. `quality.py` and `budget.py` compare what they have learned.
"""

import tempfile
from pathlib import Path
from statistics import median

from benchmarks._lib.corpora import cut, wiki100, words_of
from benchmarks._lib.processes import Cost, cost, peers_python, whole_process
from benchmarks._lib.results import Cell, Column, arguments, finish, spread

PROGRAMS = {
    "firth": "firth",
    "gensim": "gensim, `corpus_file`",
    "gensim-sentences": "gensim, sentences",
    "fasttext": "fastText 0.9.3, no subwords",
    "word2vec.c": "word2vec.c (PyPI's `word2vec`)",
}


def main() -> None:
    options = arguments(__doc__, repeats=3, megabytes=30, only=",".join(PROGRAMS))
    peers_python()
    programs = options.only.split(",")
    corpus = cut(wiki100(), options.megabytes)
    found: dict[tuple[str, int], list[Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        cost(whole_process("firth", corpus, Path(folder) / "first", 1))  # so that the kernels are compiled
        for seed in range(1, options.repeats + 1):
            for threads in (1, 2):
                for program in programs:
                    output = Path(folder) / f"{program}-{seed}-{threads}"
                    command = whole_process(program, corpus, output, seed, threads=threads)
                    found.setdefault((program, threads), []).append(cost(command, threads))
    words = words_of(corpus)
    rows = [row(program, found, words) for program in programs]
    what = f"Whole processes on {options.megabytes} MB of `wiki100`, one epoch: starting, reading, training, saving"
    columns = [
        Column(""),
        Column("1 thread, s", 1),
        Column("thousand words / cpu-s", 0),
        Column("firth is faster, by processor", 1),
        Column("by the clock", 1),
        Column("2 threads, s", 1),
        Column("firth is faster, by the clock", 1),
        Column("peak, MB", 0),
    ]
    finish("peers", what, columns, rows, save=options.save)


def row(program: str, found: dict[tuple[str, int], list[Cost]], words: int) -> list[Cell]:
    """What a program took on one thread and on two, and how many times what firth took."""
    one, two, our_one, our_two = found[program, 1], found[program, 2], found["firth", 1], found["firth", 2]
    is_peer = program != "firth"
    return [
        PROGRAMS[program],
        spread(c.wall for c in one),
        words / 1e3 / median(c.cpu for c in one),
        spread(c.cpu / o.cpu for c, o in zip(one, our_one, strict=True)) if is_peer else None,
        spread(c.wall / o.wall for c, o in zip(one, our_one, strict=True)) if is_peer else None,
        spread(c.wall for c in two),
        spread(c.wall / o.wall for c, o in zip(two, our_two, strict=True)) if is_peer else None,
        max(c.peak for c in (*one, *two)) / 1e6,
    ]


if __name__ == "__main__":
    main()
