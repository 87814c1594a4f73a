"""Are the defaults good for small corpora too? wiki100 cut to 1, 10 and 100 MB; epochs, learning rates, window sizes.

A star marks what firth does by itself. One seed: differences of .01 mean nothing.
"""

import sys

from common import DATA, WORK, arguments, cut, machine, peers_python, run, wiki100, words_of

CHOICES = {
    1: [{"epochs": e} for e in (5, 20, 50, 100, 200)] + [{"learning_rate": r} for r in (0.01, 0.05)] + [{"window": 10}],
    10: [{"epochs": e} for e in (3, 6, 12, 25, 50)] + [{"learning_rate": r} for r in (0.01, 0.05)] + [{"window": 10}],
    100: [{"epochs": e} for e in (2, 5, 10)] + [{"learning_rate": r} for r in (0.01, 0.05)] + [{"window": 10}],
}

options = arguments(__doc__, largest=100)
gensim = peers_python()
print(machine())
for megabytes, choices in CHOICES.items():
    if megabytes > options.largest:
        continue
    corpus = cut(wiki100(), megabytes)
    print(f"{megabytes} MB, {words_of(corpus) / 1e6:.2f} M words")
    for choice in [{}, *choices]:
        vectors = WORK / "defaults.bin"
        found = run(sys.executable, "one_choice.py", corpus, vectors, *(f"{k}={v}" for k, v in choice.items()))
        scores = run(gensim, "one_evaluation.py", vectors, DATA)
        name = ", ".join(f"{k} {v}" for k, v in choice.items()) or f"* ({found['epochs']} epochs)"
        print(f"  {name:22} " + ", ".join(f"{k} {v:.3f}" for k, v in scores.items()), flush=True)
