"""How evenly the phases of a round are split over up to 64 threads: one core does the work of each, one after another.

A round takes as long as the thread that computes longest and then the one that adds longest. What comes out is how much
faster than one thread so many would be if nothing were lost on the way between their cores: neither rows and bitmaps
that come from another core, nor the time in which threads find out that all are done.
"""

from typing import Any

from benchmarks._lib.internals import ADD, COMPUTE, cycles_of_threads, set_up
from benchmarks._lib.results import Cell, Column, arguments, finish

KINDS: dict[str, tuple[dict[str, Any], int, int]] = {
    "skip-gram": ({}, 0, 16),
    "skip-gram, 1,024 centers": ({}, 1024, 64),
    "CBOW": ({"architecture": "cbow"}, 0, 8),
    "CBOW, 2,048 centers": ({"architecture": "cbow"}, 2048, 64),
}
"""Settings, the centers of a round where more are asked for, and the most threads that find a block to compute."""
ROUND_CENTERS = "batch_size"


def main() -> None:
    options = arguments(__doc__, rounds=100, repeats=5, most=64, megabytes=100)
    rows: list[list[Cell]] = []
    for name, (settings, centers, most) in KINDS.items():
        setup = set_up(settings | ({ROUND_CENTERS: centers} if centers else {}), options.megabytes)
        one = 0.0
        for threads in (2**power for power in range(7) if 2**power <= min(most, options.most)):
            found = cycles_of_threads(setup, threads, options.rounds, options.repeats)
            slowest = found.max(axis=2).mean(axis=0)
            even = found.mean(axis=(0, 2)) / slowest
            one = one or float(slowest.sum())
            adding = float(slowest[ADD] / slowest.sum())
            rows.append([name, threads, float(even[COMPUTE]), float(even[ADD]), one / float(slowest.sum()), adding])
            print(rows[-1], flush=True)
    columns = [
        Column("round"),
        Column("threads", 0),
        Column("computing, mean to slowest", 2),
        Column("adding, mean to slowest", 2),
        Column("times one thread, at most", 1),
        Column("adding's part", 2),
    ]
    finish("balance", "How evenly threads share a round", columns, rows, save=options.save)


if __name__ == "__main__":
    main()
