"""WordSim-353, SimLex-999 and analogies beside gensim, the same settings, several seeds; gensim scores both."""

import sys

from common import DATA, WORK, arguments, machine, peers_python, run, spread, wiki100

options = arguments(__doc__, seeds=3, epochs=5)
corpus, gensim = wiki100(), peers_python()
scores: dict[str, dict[str, list[float]]] = {"gensim": {}, "firth": {}}
for seed in range(1, options.seeds + 1):
    for name, python in (("gensim", gensim), ("firth", sys.executable)):
        vectors = WORK / f"{name}-{seed}-{options.epochs}.bin"
        if not (name == "gensim" and vectors.exists()):  # gensim's are kept: they take a quarter of an hour
            run(python, f"one_{name}.py", corpus, seed, options.epochs, 1, vectors)
        found = run(gensim, "one_evaluation.py", vectors, DATA)
        print(f"{name}, seed {seed}: " + ", ".join(f"{k} {v:.3f}" for k, v in found.items()), flush=True)
        for test, value in found.items():
            scores[name].setdefault(test, []).append(value)

print(machine())
for test in scores["firth"]:
    print(f"{test:12}  gensim {spread(scores['gensim'][test])}  firth {spread(scores['firth'][test])}")
