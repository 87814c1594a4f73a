"""How good after 30, 60, 120 and 300 seconds of one processor: firth and gensim on wiki100; a table and a picture.

Each program trains as much as it can in the time, by its own speed: whole epochs, or one on the beginning of the corpus
where there is no time for a whole one. The seconds are those it did take, training alone.
"""

import sys

from common import DATA, WORK, arguments, cut, machine, peers_python, run, wiki100, words_of
from drawing import Panel, draw

BUDGETS = 30, 60, 120, 300
ROOM = 0.97
"""Of the time is aimed at: the last epoch must be done."""

options = arguments(__doc__, seed=1)
corpus, gensim = wiki100(), peers_python()
megabytes, words = corpus.stat().st_size / 1e6, words_of(corpus)
print(machine())
rows: list[dict] = []
for program, python in (("firth", sys.executable), ("gensim", gensim)):
    run(python, f"one_{program}.py", cut(corpus, 1), 1, 1, 1)
    speed = run(python, f"one_{program}.py", cut(corpus, 10), 1, 1, 1, cpu=True)["words_per_cpu_second"]
    for budget in BUDGETS:
        epochs = speed * budget * ROOM / words
        text = corpus if epochs >= 1 else cut(corpus, round(megabytes * epochs, 1))
        vectors = WORK / f"{program}-{budget}-seconds.bin"
        found = run(python, f"one_{program}.py", text, options.seed, max(1, int(epochs)), 1, vectors, cpu=True)
        seconds = words_of(text) * max(1, int(epochs)) / found["words_per_cpu_second"]
        speed = found["words_per_cpu_second"]
        scores = run(gensim, "one_evaluation.py", vectors, DATA)
        rows.append({"program": program, "seconds": round(seconds, 1), "epochs": round(epochs, 2), **scores})
        print(rows[-1], flush=True)
tests = [name for name in rows[0] if name not in {"program", "seconds", "epochs"}]
draw(
    "budget",
    [
        Panel(
            test,
            "seconds of one processor",
            {
                program: [(row["seconds"], row[test]) for row in rows if row["program"] == program]
                for program in ("firth", "gensim")
            },
        )
        for test in tests
    ],
)
