"""What do shards cost in quality? By so many shards, and so many exchanges an epoch, on wiki100 and with wiki200."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

import firth
from benchmarks._lib.corpora import DATA, wiki100, wiki300
from benchmarks._lib.results import Cell, Column, arguments, finish
from firth.errors import DivergenceError

SEEDS = (1, 2, 3)
TRAININGS: dict[str, list[tuple[int, int, float]]] = {
    "wiki100": [
        (1, 0, 0), (2, 4, 0), (4, 8, 0), (8, 48, 0), (8, 12, 0), (8, 12, 0.5), (8, 6, 0.75), (8, 4, 0),
        (16, 12, 0), (16, 4, 0.75), (32, 12, 0),
    ],
    "wiki100 + wiki200": [(1, 0, 0), (2, 4, 0), (8, 12, 0), (8, 4, 0.75), (16, 4, 0.75), (32, 12, 0), (32, 4, 0.75)],
}  # fmt: skip
"""Of each text: shards, exchanges in an epoch, and the overlap."""
TEXTS: dict[str, Callable[[], Path | str]] = {"wiki100": wiki100, "wiki100 + wiki200": wiki300}


def scores(corpus: firth.Corpus, shards: int, exchanges: int, overlap: float, seed: int) -> list[float]:
    """The loss of the last epoch, and what the vectors come to on the test sets; nothing if the training diverged."""
    length = len(corpus) // (shards * exchanges) if exchanges else None
    settings = {"shards": shards, "period_tokens": length, "overlap": overlap, "epochs": 5, "seed": seed}
    try:
        model = firth.train(corpus, progress=False, **settings)
    except DivergenceError:
        return []
    pairs = [firth.evaluate(model, DATA / name).spearman for name in ("wordsim353.tsv", "simlex999.txt")]
    found = [model.history[-1].loss, *pairs, firth.evaluate(model, DATA / "questions-words.txt").add]
    print(shards, exchanges, overlap, seed, found, flush=True)
    return found


def main() -> None:
    options = arguments(__doc__)
    rows: list[list[Cell]] = []
    for text, trainings in TRAININGS.items():
        corpus = firth.encode(TEXTS[text]())
        for shards, exchanges, overlap in trainings:
            found = [scores(corpus, shards, exchanges, overlap, seed) for seed in SEEDS]
            means = [statistics.mean(column) for column in zip(*found, strict=True)] if all(found) else [None] * 4
            spread = " ".join(f"{of_seed[-1]:.3f}" if of_seed else "diverged" for of_seed in found)
            rows.append([text, shards, exchanges, overlap, *means, spread])
    names = ("loss", "WordSim-353", "SimLex-999", "analogies")
    columns = [
        Column("shards", 0),
        Column("exchanges an epoch", 0),
        Column("overlap", 2),
        *(Column(name, 3) for name in names),
    ]
    title = "Five epochs; means of three seeds, and the analogies of each"
    finish("shards", title, [Column("text"), *columns, Column("of each seed")], rows, save=options.save)


if __name__ == "__main__":
    main()
