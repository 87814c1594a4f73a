"""Cost as work grows: seconds and memory by corpus size, vector size, vocabulary and threads, the rest held fixed.

Corpora are wiki100 cut, or repeated, from text to model, one epoch. For the rest, 5 million words drawn by Zipf's law.
"""

import sys

from common import WORK, arguments, cut, machine, run, wiki100
from drawing import Panel, draw

MEGABYTES = 1, 10, 100, 1000
VECTOR_SIZES = 50, 100, 200, 300, 500
VOCABULARIES = 10_000, 30_000, 100_000, 300_000, 1_000_000
THREADS = 1, 2, 4

options = arguments(__doc__, largest=1000)


def of_size(megabytes):
    if megabytes <= 100:
        return cut(wiki100(), megabytes)
    path = WORK / f"wiki100-{megabytes}.txt"
    if not path.exists():
        with path.open("wb") as file:
            for _ in range(megabytes // 100):
                file.write(wiki100().read_bytes())
    return path


def measured(what, value, *settings):
    found = run(sys.executable, "one_scale.py", *settings)
    rows.append({"what": what, "value": value, **found})
    print(rows[-1], flush=True)


rows: list[dict] = []
print(machine())
run(sys.executable, "one_scale.py", "zipf", 1_000, 100, 1)  # so that the kernels are compiled
for megabytes in MEGABYTES:
    if megabytes <= options.largest:
        measured("corpus, MB", megabytes, of_size(megabytes), 0, 100, 2)
for size in VECTOR_SIZES:
    measured("vector size", size, "zipf", 70_000, size, 1)
for words in VOCABULARIES:
    measured("vocabulary", words, "zipf", words, 100, 1)
for threads in THREADS:
    measured("threads", threads, "zipf", 70_000, 100, threads)
panels = []
for what in ("corpus, MB", "vector size", "vocabulary", "threads"):
    of_kind = [row for row in rows if row["what"] == what]
    panels.append(
        Panel(
            "seconds by the clock, and megabytes",
            what,
            {
                "seconds": [(row["value"], row["wall"]) for row in of_kind],
                "megabytes": [(row["value"], row["peak_mb"]) for row in of_kind],
            },
            log=True,
        )
    )
draw("scale", panels)
