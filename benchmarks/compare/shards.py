"""What do shards cost in quality? wiki100, five epochs, by so many shards with 48 exchanges an epoch, or fewer."""

from __future__ import annotations

import statistics

import firth
from benchmarks._lib.corpora import DATA, wiki100
from benchmarks._lib.results import Cell, Column, arguments, finish

SEEDS = (1, 2, 3)
TRAININGS: list[tuple[int, int | None]] = [(1, None), (8, None), (32, None), (8, 12), (8, 4)]
"""Shards, and exchanges in an epoch where it is not the default."""


def scores(shards: int, exchanges: int | None, seed: int) -> list[float]:
    """The loss of the last epoch, and what the vectors come to on the test sets."""
    corpus = firth.encode(wiki100())
    length = None if exchanges is None else len(corpus) // (shards * exchanges)
    model = firth.train(corpus, shards=shards, period_tokens=length, epochs=5, seed=seed, progress=False)
    pairs = [firth.evaluate(model, DATA / name).spearman for name in ("wordsim353.tsv", "simlex999.txt")]
    return [model.history[-1].loss, *pairs, firth.evaluate(model, DATA / "questions-words.txt").add]


def main() -> None:
    options = arguments(__doc__)
    rows: list[list[Cell]] = []
    for shards, exchanges in TRAININGS:
        found = [scores(shards, exchanges, seed) for seed in SEEDS]
        means = [statistics.mean(column) for column in zip(*found, strict=True)]
        spread = " ".join(f"{of_seed[-1]:.3f}" for of_seed in found)
        rows.append([shards, 0 if shards == 1 else exchanges or 48, *means, spread])
        print(rows[-1], flush=True)
    names = ("loss", "WordSim-353", "SimLex-999", "analogies")
    columns = [Column("shards", 0), Column("exchanges an epoch", 0), *(Column(name, 3) for name in names)]
    title = "`wiki100`, five epochs; means of three seeds, and the analogies of each"
    finish("shards", title, [*columns, Column("of each seed")], rows, save=options.save)


if __name__ == "__main__":
    main()
