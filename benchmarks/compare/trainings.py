"""firth beside the peers: words a processor-second of one thread, in turn, and scores; several kinds of training.

usual       skip-gram and CBOW with negative sampling
hierarchy   hierarchical softmax, both architectures
subwords    character n-grams, beside fastText
papers      settings that papers use, on 10 MB
sessions    whole sessions of items, as shops have them

gensim's gradient in CBOW is word2vec.c's; firth has that, at the same settings, and the exact one, its default.
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks._lib.corpora import DATA, WORK, cut, wiki100
from benchmarks._lib.processes import peers_python, python_of, run
from benchmarks._lib.results import Cell, Column, arguments, counted, finish, spread

TREE = {"objective": "hierarchical-softmax"}
AS_IN_C = {"architecture": "cbow", "context_gradient": "word2vec.c"}
SCORES = ("WordSim-353", "SimLex-999", "analogies")


class Training(NamedTuple):
    """A row of a table: who trains, and with which settings, by that program's names."""

    name: str
    program: str
    settings: dict | str


class Group(NamedTuple):
    """Trainings on one corpus; firth's are compared with the peer's before them."""

    corpus: str
    epochs: int
    trainings: tuple[Training, ...]


def beside_gensim(name: str, settings: dict) -> tuple[Training, ...]:
    """The same settings for both, which have the same names for these."""
    whole = settings.get("window") == "sentence"
    theirs = settings | ({"window": 1000, "shrink_windows": False} if whole else {})
    return Training(f"gensim: {name}", "gensim", theirs), Training(f"firth: {name}", "firth", settings)


GROUPS = {
    "usual": Group(
        "wiki100",
        5,
        (
            Training("gensim, skip-gram", "gensim", {"sg": 1}),
            Training("firth, skip-gram", "firth", {}),
            Training("gensim, CBOW", "gensim", {"sg": 0}),
            Training("firth, CBOW, word2vec.c's gradient", "firth", AS_IN_C),
            Training("firth, CBOW", "firth", {"architecture": "cbow"}),
        ),
    ),
    "hierarchy": Group(
        "wiki100",
        5,
        (
            Training("gensim, skip-gram", "gensim", {"sg": 1, "hs": 1, "negative": 0}),
            Training("firth, skip-gram", "firth", TREE),
            Training("gensim, CBOW", "gensim", {"sg": 0, "hs": 1, "negative": 0}),
            Training("firth, CBOW, word2vec.c's gradient", "firth", TREE | AS_IN_C),
            Training("firth, CBOW", "firth", TREE | {"architecture": "cbow"}),
        ),
    ),
    "subwords": Group(
        "wiki100",
        1,
        (
            Training("fastText (reading included)", "fasttext", "skipgram"),
            Training("firth", "firth", {"max_n": 6}),
        ),
    ),
    "papers": Group(
        "10 MB",
        2,
        (
            *beside_gensim("usual", {}),
            *beside_gensim(
                "vector size 300, window 10, 10 negatives", {"vector_size": 300, "window": 10, "negative": 10}
            ),
            *beside_gensim(
                "vector size 300, window 10, 15 negatives", {"vector_size": 300, "window": 10, "negative": 15}
            ),
            *beside_gensim("20 negatives", {"negative": 20}),
        ),
    ),
    "sessions": Group(
        "sessions",
        2,
        beside_gensim(
            "vector size 64, whole sessions of 20 items",
            {"vector_size": 64, "window": "sentence", "sample": 0, "min_count": 1},
        ),
    ),
}


def corpus_of(name: str) -> Path:
    """A corpus by its name in a group."""
    return {"wiki100": wiki100, "10 MB": lambda: cut(wiki100(), 10), "1 MB": lambda: cut(wiki100(), 1)}.get(
        name, sessions
    )()


def sessions() -> Path:
    """20,000 sessions of 20 items, each from one of 100 groups of 50 items: drawn as a shop's might be, by rank."""
    WORK.mkdir(exist_ok=True)
    path = WORK / "sessions.txt"
    rng = np.random.default_rng(0)
    ranks = np.minimum(rng.geometric(0.06, (20_000, 20)) - 1, 49)
    items = ranks * 100 + rng.integers(0, 100, 20_000)[:, None]
    path.write_text("\n".join(" ".join(f"i{item}" for item in session) for session in items.tolist()) + "\n")
    return path


def train(training: Training, corpus: Path, seed: int, epochs: int, *, scored: bool) -> dict[str, float]:
    """Train once, in a process of its own, and score the vectors."""
    vectors, python = WORK / "trainings.bin", python_of(training.program)
    if training.program == "fasttext":
        result = run(python, "one_fasttext", corpus, epochs, 1, vectors, training.settings, cpu=True)
    else:
        settings = json.dumps(training.settings)
        result = run(python, f"one_{training.program}", corpus, seed, epochs, 1, vectors, settings, cpu=True)
    scores = run(peers_python(), "one_evaluation", vectors, DATA) if scored else {}
    return {"speed": result["words_per_cpu_second"] / 1e3} | scores


def rows_of(group: Group, corpus: Path, seeds: int, epochs: int) -> list[list[Cell]]:
    """A row a training: its name, its speed, how many times its peer's that is, and its scores."""
    found: dict[str, dict[str, list[float]]] = {training.name: {} for training in group.trainings}
    ratios: dict[str, list[float]] = {}
    for seed in range(1, seeds + 1):
        peer = 0.0
        for training in group.trainings:
            measured = train(training, corpus, seed, epochs, scored=group.corpus != "sessions")
            for what, value in measured.items():
                found[training.name].setdefault(what, []).append(value)
            if training.program == "firth":
                ratios.setdefault(training.name, []).append(measured["speed"] / peer)
            else:
                peer = measured["speed"]
            print(f"seed {seed}, {training.name}: {measured}", file=sys.stderr, flush=True)
    return [
        [
            name,
            spread(values["speed"]),
            spread(ratios[name]) if name in ratios else None,
            *(spread(values[score]) if score in values else None for score in SCORES),
        ]
        for name, values in found.items()
    ]


def main() -> None:
    options = arguments(__doc__, seeds=3, epochs=0, only=",".join(GROUPS), corpus="")
    for name in options.only.split(","):
        group = GROUPS[name]
        epochs = options.epochs or group.epochs
        corpus = corpus_of(options.corpus or group.corpus)
        columns = [Column(""), Column("thousand words / cpu-s", 0), Column("times the peer", 1)]
        columns += [Column(score, 3) for score in SCORES]
        rows = rows_of(group, corpus, options.seeds, epochs)
        often = f"{counted(epochs, 'epoch')}, one thread, processor time, {counted(options.seeds, 'seed')}, in turn"
        finish(f"trainings-{name}", f"`{corpus.stem}`, {often}", columns, rows, save=options.save)


if __name__ == "__main__":
    main()
