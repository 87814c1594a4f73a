"""Words a second beside gensim, on one thread and in turn; and what a second thread gives.

Each run is a process of its own. One thread is compared by processor time, two by wall time.
"""

import sys

from common import arguments, machine, peers_python, run, spread, wiki100

options = arguments(__doc__, repeats=5, epochs=1)
corpus, gensim = wiki100(), peers_python()
run(sys.executable, "one_firth.py", corpus, 1, 1, 1)  # encodes the corpus, and fills the disk cache

ours, theirs, ratios, speedups = [], [], [], []
for seed in range(1, options.repeats + 1):
    theirs.append(run(gensim, "one_gensim.py", corpus, seed, options.epochs, 1, cpu=True)["words_per_cpu_second"])
    ours.append(run(sys.executable, "one_firth.py", corpus, seed, options.epochs, 1, cpu=True)["words_per_cpu_second"])
    ratios.append(ours[-1] / theirs[-1])
    one, two = (run(sys.executable, "one_firth.py", corpus, seed, options.epochs, threads) for threads in (1, 2))
    speedups.append(two["words_per_second"] / one["words_per_second"])
    print(f"seed {seed}: {ratios[-1]:.2f} times gensim, two threads {speedups[-1]:.2f} times one", flush=True)

print(machine())
print(f"gensim 4.4, corpus_file, 1 worker: {spread([x / 1e3 for x in theirs], 0)} thousand words / cpu-s")
print(f"firth, 1 thread:                   {spread([x / 1e3 for x in ours], 0)} thousand words / cpu-s")
print(f"ratio:                             {spread(ratios, 2)}")
print(f"two threads to one, wall time:     {spread(speedups, 2)}")
