"""Are the defaults good for small corpora too? wiki100 cut to 1, 10 and 100 MB; epochs, learning rates, window sizes.

A star marks what firth does by itself. One seed: differences of .01 mean nothing. No test set fits Shakespeare, or the
manual of Python that is the demo's text: there it is the loss of a tenth of the sentences, held out.
"""

import sys

from common import DATA, WORK, arguments, cut, machine, peers_python, run, wiki100, words_of

CHOICES = {
    1: [{"epochs": e} for e in (5, 20, 50, 100, 200)] + [{"learning_rate": r} for r in (0.01, 0.05)] + [{"window": 10}],
    10: [{"epochs": e} for e in (3, 6, 12, 25, 50)] + [{"learning_rate": r} for r in (0.01, 0.05)] + [{"window": 10}],
    100: [{"epochs": e} for e in (2, 5, 10)] + [{"learning_rate": r} for r in (0.01, 0.05)] + [{"window": 10}],
}

HELD_OUT = [{"epochs": e} for e in (5, 10, 20, 50, 100)] + [{"learning_rate": r} for r in (0.01, 0.05)]

options = arguments(__doc__, largest=100)
gensim = peers_python()
print(machine())
for text in (DATA / "shakespeare.txt", "python-docs"):
    print(text if isinstance(text, str) else text.stem)
    for choice in [{}, *HELD_OUT]:
        settings = (f"{k}={v}" for k, v in ({"validation": 0.1} | choice).items())
        found = run(sys.executable, "one_choice.py", text, WORK / "defaults.bin", *settings)
        name = ", ".join(f"{k} {v}" for k, v in choice.items()) or f"* ({found['epochs']} epochs)"
        print(f"  {name:22} held out {found['validation_loss']:.3f}, learned {found['loss']:.3f}", flush=True)
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
