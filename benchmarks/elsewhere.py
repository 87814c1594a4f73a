"""firth beside gensim at the settings that papers and shops use: processor time of one thread, in turn, and scores.

10 MB of wiki100, and sessions of 20 items of 200 kinds. Both start from a file; reading is not timed.
"""

import json
import sys
from statistics import median

import numpy as np

from common import DATA, WORK, arguments, cut, machine, peers_python, run, spread, wiki100

SETTINGS = {
    "usual": {},
    "vector size 300, window 10, 10 negatives": {"vector_size": 300, "window": 10, "negative": 10},
    "vector size 300, window 10, 15 negatives": {"vector_size": 300, "window": 10, "negative": 15},
    "window 5, 20 negatives": {"negative": 20},
}
SESSIONS = {"vector_size": 64, "window": "sentence", "sample": 0, "min_count": 1}


def sessions() -> str:
    """20,000 sessions of 20 items, each from one of 100 groups of 50 items: drawn as a shop's might be, by rank."""
    path = WORK / "elsewhere-sessions.txt"
    rng = np.random.default_rng(0)
    ranks = np.minimum(rng.geometric(0.06, (20_000, 20)) - 1, 49)
    items = ranks * 100 + rng.integers(0, 100, 20_000)[:, None]
    path.write_text("\n".join(" ".join(f"i{item}" for item in session) for session in items.tolist()) + "\n")
    return str(path)


def of_gensim(settings: dict) -> dict:
    """The same settings by gensim's names."""
    whole = settings.get("window") == "sentence"
    return settings | ({"window": 1000, "shrink_windows": False} if whole else {})


options = arguments(__doc__.splitlines()[0], repeats=3, epochs=2)
text, shop = cut(wiki100(), 10), sessions()
points = [(name, text, settings) for name, settings in SETTINGS.items()]
points.append(("vector size 64, whole sessions of 20 items", shop, SESSIONS))
print(machine())
print("| settings | gensim, k words / cpu-s | firth | ratio | gensim's scores | firth's |")
print("| --- | ---: | ---: | ---: | --- | --- |")
for name, corpus, settings in points:
    found: dict[str, list[float]] = {"gensim": [], "firth": []}
    scores: dict[str, list[list[float]]] = {"gensim": [], "firth": []}
    for seed in range(1, options.repeats + 1):
        for program, speeds in found.items():
            vectors = WORK / f"elsewhere-{program}.bin"
            python, script = (
                (peers_python(), "one_gensim.py") if program == "gensim" else (sys.executable, "one_firth.py")
            )
            these = of_gensim(settings) if program == "gensim" else settings
            result = run(python, script, corpus, seed, options.epochs, 1, vectors, json.dumps(these), cpu=True)
            speeds.append(result["words_per_cpu_second"] / 1e3)
            if corpus == text:
                scores[program].append(list(run(peers_python(), "one_evaluation.py", vectors, DATA).values()))
    ratios = [ours / theirs for ours, theirs in zip(found["firth"], found["gensim"], strict=True)]
    shown = [" / ".join(f"{median(of):.3f}" for of in zip(*scores[p], strict=True)) or "–" for p in found]
    print(
        f"| {name} | {spread(found['gensim'], 0)} | {spread(found['firth'], 0)} | {spread(ratios, 1)} | {shown[0]} |"
        f" {shown[1]} |",
        flush=True,
    )
