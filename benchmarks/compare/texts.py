"""How near are texts to what people say? STS-B and SICK: Pearson's r of cosines with judgments, by ways to weigh words.

    FIRTH_STS_DATA=FOLDER python -m benchmarks.compare.texts

FOLDER holds `sts-dev.csv` and `sts-test.csv` of the STS Benchmark and SICK's `SICK_test_annotated.txt`; their licenses
keep them out of this repository (a copy of each is in github.com/kawine/usif). Components are those of the set's own
texts, as in the papers. The models are trained on `wiki100` and `wiki200`, with several seeds.
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import firth
from benchmarks._lib.corpora import DATA, wiki300
from benchmarks._lib.results import Cell, Column, arguments, counted, finish, spread

WAYS: dict[str, dict[str, Any]] = {
    "mean": {"weights": "mean"},
    "SIF, nothing removed": {"weights": "sif", "remove": 0},
    "SIF": {"weights": "sif"},
    "SIF, 10 components": {"weights": "sif", "remove": 10},
    "uSIF, nothing removed": {"weights": "usif", "remove": 0},
    "uSIF": {"weights": "usif"},
}
FOLDER = Path(os.environ.get("FIRTH_STS_DATA", DATA))
FILES = {"STS-B dev": "sts-dev.csv", "STS-B test": "sts-test.csv", "SICK test": "SICK_test_annotated.txt"}


def pairs_in(path: Path) -> Iterator[tuple[str, str, float]]:
    """Two texts, and how near they are."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if path.suffix == ".txt":  # SICK: names first, and the score behind the texts
            names = next(rows)
            places = [names.index(name) for name in ("sentence_A", "sentence_B", "relatedness_score")]
        else:
            places = [5, 6, 4]
        for row in rows:
            first, second, score = (row[place] for place in places)
            yield first, second, float(score)


def pearson(texts: firth.TextVectors, path: Path) -> float:
    """The correlation of cosines with judgments; a pair with a text of unknown words has the cosine 0."""
    first, second, scores = zip(*pairs_in(path), strict=True)
    vectors = texts.fit_transform([*first, *second]).astype(np.float64)
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    cosines = (units[: len(scores)] * units[len(scores) :]).sum(axis=1)
    return float(np.corrcoef(cosines, scores)[0, 1])


def main() -> None:
    options = arguments(__doc__, vector_size=100, seeds=3)
    paths = {name: FOLDER / file for name, file in FILES.items()}
    if missing := [str(path) for path in paths.values() if not path.is_file()]:
        raise SystemExit(f"{missing[0]} is not there: set FIRTH_STS_DATA to the folder of these files")
    settings = {"vector_size": options.vector_size, "epochs": 5, "progress": False}
    models = [firth.train(wiki300(), seed=seed, **settings) for seed in range(1, options.seeds + 1)]
    rows: list[list[Cell]] = []
    for way, parameters in WAYS.items():
        found = [[pearson(firth.TextVectors(model, **parameters), path) for model in models] for path in paths.values()]
        rows.append([way, *map(spread, found)])
        print(rows[-1], flush=True)
    what = (
        f"Pearson's r of cosines with judgments; skip-gram on `wiki100` and `wiki200`, {options.vector_size} dimensions"
    )
    columns = [Column("texts"), *(Column(name, 3) for name in paths)]
    finish("texts", what, columns, rows, save=options.save, note=f"Median of {counted(options.seeds, 'seed')}.")


if __name__ == "__main__":
    main()
