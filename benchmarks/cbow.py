"""CBOW beside gensim's: words a processor-second of one thread, and the three scores, on wiki100, several seeds.

gensim's gradient is word2vec.c's; firth has that, at the same settings, and the exact one, at a learning rate of its
own.
"""

import json
import sys

from common import DATA, WORK, arguments, machine, peers_python, run, spread, wiki100

RUNS = (
    ("gensim", {"sg": 0}),
    ("firth, word2vec.c's gradient", {"architecture": "cbow", "context_gradient": "word2vec.c"}),
    ("firth, exact", {"architecture": "cbow"}),
)

options = arguments(__doc__.splitlines()[0], seeds=3, epochs=5)
corpus, gensim = wiki100(), peers_python()
found: dict[str, dict[str, list[float]]] = {name: {} for name, _ in RUNS}
for seed in range(1, options.seeds + 1):
    for name, settings in RUNS:
        vectors = WORK / f"cbow-{name.partition(',')[0]}.bin"
        program = (gensim, "one_gensim.py") if name == "gensim" else (sys.executable, "one_firth.py")
        result = run(*program, corpus, seed, options.epochs, 1, vectors, json.dumps(settings), cpu=True)
        scores = run(gensim, "one_evaluation.py", vectors, DATA)
        for what, value in ({"thousand words / cpu-s": result["words_per_cpu_second"] / 1e3} | scores).items():
            found[name].setdefault(what, []).append(value)
        print(f"seed {seed}, {name}: " + ", ".join(f"{w} {v[-1]:.3f}" for w, v in found[name].items()), flush=True)

print(machine())
columns = list(found["gensim"])
print(f"| | {' | '.join(columns)} |\n| --- |{' ---: |' * len(columns)}")
for name, values in found.items():
    print(
        f"| {name} | {' | '.join(spread(values[column], 3 if max(values[column]) < 1 else 0) for column in columns)} |"
    )
