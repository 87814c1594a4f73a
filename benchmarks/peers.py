"""firth beside gensim, fastText (no subwords) and word2vec.c: whole processes, from a text file to saved vectors.

One epoch on the beginning of wiki100, in turn, on one processor and on two. Words a processor-second count everything
a process does: starting, reading, training, saving. `quality.py` and `budget.py` compare what they have learned.
"""

import tempfile
from pathlib import Path

from common import arguments, cost, cut, machine, peers_python, spread, whole_process, wiki100, words_of

options = arguments(__doc__, repeats=3, megabytes=30)
peers_python()
corpus = cut(wiki100(), options.megabytes)
words = words_of(corpus)
found: dict[tuple[str, int], list] = {}
with tempfile.TemporaryDirectory() as folder:
    cost(whole_process("firth", corpus, Path(folder) / "first", 1))  # so that the kernels are compiled
    for seed in range(1, options.repeats + 1):
        for threads in (1, 2):
            for program in ("firth", "gensim", "gensim-sentences", "fasttext", "word2vec.c"):
                output = Path(folder) / f"{program}-{seed}-{threads}"
                found.setdefault((program, threads), []).append(
                    cost(whole_process(program, corpus, output, seed, threads=threads), threads)
                )

print(machine())
print(f"{options.megabytes} MB, {words / 1e6:.1f} M words, one epoch; seconds and megabytes of whole processes")
for (program, threads), costs in found.items():
    ours = found["firth", threads]
    print(
        f"{program:17} {threads} threads: wall {spread([c.wall for c in costs], 1)} s,"
        f" {words / 1e3 / sorted(c.cpu for c in costs)[len(costs) // 2]:,.0f} thousand words / cpu-s,"
        f" peak {max(c.peak for c in costs) / 1e6:.0f} MB;"
        f" firth is {spread([c.wall / o.wall for c, o in zip(costs, ours, strict=True)], 1)} times faster by the clock,"
        f" {spread([c.cpu / o.cpu for c, o in zip(costs, ours, strict=True)], 1)} by the processor"
    )
