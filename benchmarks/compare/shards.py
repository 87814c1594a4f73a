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
TRAININGS: dict[str, list[tuple[int, int]]] = {
    "wiki100": [(1, 0), (2, 4), (4, 8), (8, 48), (8, 12), (8, 4), (16, 12), (32, 12)],
    "wiki100 + wiki200": [(1, 0), (2, 4), (8, 12), (32, 12)],
}
"""Of each text: shards, and exchanges in an epoch."""
TEXTS: dict[str, Callable[[], Path | str]] = {"wiki100": wiki100, "wiki100 + wiki200": wiki300}


def scores(corpus: firth.Corpus, shards: int, exchanges: int, seed: int) -> list[float]:
    """The loss of the last epoch, and what the vectors come to on the test sets; nothing if the training diverged."""
    length = len(corpus) // (shards * exchanges) if exchanges else None
    try:
        model = firth.train(corpus, shards=shards, period_tokens=length, epochs=5, seed=seed, progress=False)
    except DivergenceError:
        return []
    pairs = [firth.evaluate(model, DATA / name).spearman for name in ("wordsim353.tsv", "simlex999.txt")]
    found = [model.history[-1].loss, *pairs, firth.evaluate(model, DATA / "questions-words.txt").add]
    print(shards, exchanges, seed, found, flush=True)
    return found


def main() -> None:
    options = arguments(__doc__)
    rows: list[list[Cell]] = []
    for text, trainings in TRAININGS.items():
        corpus = firth.encode(TEXTS[text]())
        for shards, exchanges in trainings:
            found = [scores(corpus, shards, exchanges, seed) for seed in SEEDS]
            means = [statistics.mean(column) for column in zip(*found, strict=True)] if all(found) else [None] * 4
            spread = " ".join(f"{of_seed[-1]:.3f}" if of_seed else "diverged" for of_seed in found)
            rows.append([text, shards, exchanges, *means, spread])
    names = ("loss", "WordSim-353", "SimLex-999", "analogies")
    columns = [Column("shards", 0), Column("exchanges an epoch", 0), *(Column(name, 3) for name in names)]
    title = "Five epochs; means of three seeds, and the analogies of each"
    finish("shards", title, [Column("text"), *columns, Column("of each seed")], rows, save=options.save)


if __name__ == "__main__":
    main()
