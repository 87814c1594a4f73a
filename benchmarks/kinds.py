"""Other kinds of training beside the peers': words a processor-second of one thread, and the three scores, on wiki100.

cbow, hierarchy (hierarchical softmax, for both architectures) and subwords; several seeds of each. gensim's gradient in
CBOW is word2vec.c's; firth has that, at the same settings, and the exact one, at a learning rate of its own.
"""

import json
import sys

from common import DATA, WORK, arguments, machine, peers_python, run, spread, wiki100

TREE = {"objective": "hierarchical-softmax"}
AS_IN_C = {"architecture": "cbow", "context_gradient": "word2vec.c"}
KINDS = {
    "cbow": (
        ("gensim", {"sg": 0}),
        ("firth, word2vec.c's gradient", AS_IN_C),
        ("firth, exact", {"architecture": "cbow"}),
    ),
    "hierarchy": (
        ("gensim, skip-gram", {"sg": 1, "hs": 1, "negative": 0}),
        ("firth, skip-gram", TREE),
        ("gensim, CBOW", {"sg": 0, "hs": 1, "negative": 0}),
        ("firth, CBOW, word2vec.c's gradient", TREE | AS_IN_C),
        ("firth, CBOW, exact", TREE | {"architecture": "cbow"}),
    ),
    "subwords": (
        ("fasttext", "skipgram"),
        ("firth", {"max_n": 6}),
    ),
}


def train(name: str, settings: object, seed: int, epochs: int) -> dict[str, float]:
    """Train once, in a process of its own, and score the vectors."""
    vectors = WORK / "kinds.bin"
    if name == "fasttext":
        result = run(peers_python(), "one_fasttext.py", wiki100(), epochs, 1, vectors, settings, cpu=True)
    else:
        program = (peers_python(), "one_gensim.py") if name.startswith("gensim") else (sys.executable, "one_firth.py")
        result = run(*program, wiki100(), seed, epochs, 1, vectors, json.dumps(settings), cpu=True)
    scores = run(peers_python(), "one_evaluation.py", vectors, DATA)
    return {"thousand words / cpu-s": result["words_per_cpu_second"] / 1e3} | scores


options = arguments(__doc__.splitlines()[0], seeds=3, epochs=5, only=0)
print(machine())
for number, (kind, runs) in enumerate(KINDS.items(), start=1):
    if options.only not in {0, number}:
        continue
    found: dict[str, dict[str, list[float]]] = {name: {} for name, _ in runs}
    for seed in range(1, options.seeds + 1):
        for name, settings in runs:
            for what, value in train(name, settings, seed, options.epochs).items():
                found[name].setdefault(what, []).append(value)
            print(f"seed {seed}, {name}: " + ", ".join(f"{w} {v[-1]:.3f}" for w, v in found[name].items()), flush=True)
    columns = list(next(iter(found.values())))
    print(f"| {kind}, {options.epochs} epochs | {' | '.join(columns)} |\n| --- |{' ---: |' * len(columns)}")
    for name, values in found.items():
        shown = (spread(values[column], 3 if max(values[column]) < 1 else 0) for column in columns)
        print(f"| {name} | {' | '.join(shown)} |")
