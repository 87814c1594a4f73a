"""Are the defaults good for small corpora too? wiki100 cut to 1, 10 and 100 MB; epochs, learning rates, window sizes.

A star marks what firth does by itself. One seed: differences of .01 mean nothing. No test set fits Shakespeare, or the
manual of Python that is the demo's text: there it is the loss of a tenth of the sentences, held out.
"""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks._lib.corpora import DATA, WORK, cut, wiki100
from benchmarks._lib.processes import peers_python, run
from benchmarks._lib.results import Cell, Column, arguments, finish
from firth.corpus.python_docs import python_docs

EPOCHS = {1: (5, 20, 50, 100, 200), 10: (3, 6, 12, 25, 50), 100: (2, 5, 10)}
OTHERS: list[dict[str, Any]] = [{"learning_rate": 0.01}, {"learning_rate": 0.05}, {"window": 10}]
HELD_OUT: list[dict[str, Any]] = [{"epochs": e} for e in (5, 10, 20, 50, 100)] + OTHERS[:2]
TESTS = ("WordSim-353", "SimLex-999", "analogies")


def train(corpus: Path, choice: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Train with the defaults except for a choice; return the choice's name, and what was found."""
    settings = {name: value for name, value in choice.items() if name != "epochs"}
    options = (corpus, 1, choice.get("epochs", 0), 1, WORK / "defaults.bin", json.dumps(settings))
    found = run(sys.executable, "one_firth", *options)
    shown = ", ".join(f"{name} {value}" for name, value in choice.items() if name != "validation")
    return shown or f"* ({found['epochs']} epochs)", found


def main() -> None:
    options = arguments(__doc__, largest=100)
    held_out: list[list[Cell]] = []
    for text in (DATA / "shakespeare.txt", Path(python_docs())):
        for choice in [{}, *HELD_OUT]:
            name, found = train(text, {"validation": 0.1} | choice)
            held_out.append([text.stem, name, found["validation_loss"], found["loss"]])
            print(held_out[-1], flush=True)
    columns = [Column("text"), Column("setting"), Column("held out", 3), Column("learned", 3)]
    finish("defaults-held-out", "Mean loss of a pair; one seed", columns, held_out, save=options.save)
    rows: list[list[Cell]] = []
    for megabytes, epochs in EPOCHS.items():
        if megabytes > options.largest:
            continue
        for choice in [{}, *({"epochs": e} for e in epochs), *OTHERS]:
            name, _ = train(cut(wiki100(), megabytes), choice)
            scores = run(peers_python(), "one_evaluation", WORK / "defaults.bin", DATA)
            rows.append([megabytes, name, *scores.values()])
            print(rows[-1], flush=True)
    columns = [Column("MB", 0), Column("setting"), *(Column(test, 3) for test in TESTS)]
    finish("defaults", "`wiki100` cut; * is what firth does by itself; one seed", columns, rows, save=options.save)


if __name__ == "__main__":
    main()
