"""Words a second beside gensim, on one thread and in turn; and what a second thread gives.

Each run is a process of its own. One thread is compared by processor time, two by wall time; the parameters they come
to must be the same bits.
"""

import sys

from benchmarks._lib.corpora import cut, wiki100
from benchmarks._lib.processes import peers_python, run
from benchmarks._lib.results import Cell, Column, arguments, counted, finish, spread


def main() -> None:
    options = arguments(__doc__, repeats=5, epochs=1, megabytes=100)
    corpus = wiki100() if options.megabytes == 100 else cut(wiki100(), options.megabytes)
    run(sys.executable, "one_firth", corpus, 1, 1, 1)  # encodes the corpus, and fills the disk cache
    ours, theirs, ratios, speedups = [], [], [], []
    for seed in range(1, options.repeats + 1):
        gensim = run(peers_python(), "one_gensim", corpus, seed, options.epochs, 1, cpu=True)
        firth = run(sys.executable, "one_firth", corpus, seed, options.epochs, 1, cpu=True)
        theirs.append(gensim["words_per_cpu_second"] / 1e3)
        ours.append(firth["words_per_cpu_second"] / 1e3)
        ratios.append(ours[-1] / theirs[-1])
        one, two = (run(sys.executable, "one_firth", corpus, seed, options.epochs, threads) for threads in (1, 2))
        if len({found["sha256"] for found in (firth, one, two)}) > 1:
            sys.exit("one thread and two do not come to the same bits")
        speedups.append(two["words_per_second"] / one["words_per_second"])
        print(f"seed {seed}: {ratios[-1]:.2f} times gensim, two threads {speedups[-1]:.2f} times one", flush=True)
    rows: list[list[Cell]] = [
        ["gensim 4.4, `corpus_file`, one worker", spread(theirs), None, None],
        ["firth, one thread", spread(ours), spread(ratios), None],
        ["firth, two threads", None, None, spread(speedups)],
    ]
    columns = [
        Column(""),
        Column("thousand words a second of one processor", 0),
        Column("times gensim", 1),
        Column("times one thread, by the clock", 2),
    ]
    what = f"Training alone, {counted(options.epochs, 'epoch')} of `{corpus.stem}`, {counted(options.repeats, 'seed')}"
    finish("speed", what, columns, rows, save=options.save)


if __name__ == "__main__":
    main()
