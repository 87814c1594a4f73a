"""The map of settings: firth beside gensim at settings that people choose, and at some that they should not.

One setting at a time is moved away from the usual ones, on eight corpora; then combinations are drawn at random, the
same ones every time. For each: how it ended, how good it is, and the ratio of speeds by processor time of one thread.

`--steps gensim` or `--steps firth` trains with that one alone; what was found is kept in `results/`, and what gensim
was found to do is not measured again. `--steps table` writes `docs/settings-map.md` from it.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import lzma
import math
import os
import random
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import firth
from common import DATA, ROOT, WORK, cut, machine, peers_python, wiki100

RESULTS = Path(__file__).parent / "results"
TABLE = ROOT / "docs" / "settings-map.md"
SEEDS = 3
USUAL = {
    "kind": "skip-gram", "window": 5, "shrink": True, "negative": 5, "learning_rate": 0.025, "sample": 1e-3,
    "noise_exponent": 0.75, "vector_size": 100,
}  # fmt: skip
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "skip-gram": ({}, {"sg": 1}),
    "cbow": ({"architecture": "cbow"}, {"sg": 0}),
    "cbow, word2vec.c's gradient": ({"architecture": "cbow", "context_gradient": "word2vec.c"}, {"sg": 0}),
    "cbow, sum": ({"architecture": "cbow", "context": "sum"}, {"sg": 0, "cbow_mean": 0}),
    "hierarchical softmax": ({"objective": "hierarchical-softmax"}, {"sg": 1, "hs": 1}),
    "hierarchical softmax, cbow": (
        {"objective": "hierarchical-softmax", "architecture": "cbow", "context_gradient": "word2vec.c"},
        {"sg": 0, "hs": 1},
    ),
    "subwords": ({"max_n": 6, "buckets": 100_000}, {"sg": 1, "min_n": 3, "max_n": 6, "bucket": 100_000}),
    "shared vectors": ({"shared_vectors": True}, None),
}
"""Settings of firth, and of gensim, which has no shared vectors."""
ONE_AT_A_TIME: tuple[dict[str, Any], ...] = (
    {},
    *({"window": w} for w in (2, 10, 20, 40, "sentence")),
    *({"window": w, "shrink": False} for w in (5, 10, 40)),
    *({"negative": k} for k in (1, 15, 30)),
    *({"learning_rate": r} for r in (0.01, 0.05, 0.1)),
    *({"sample": s} for s in (0, 1e-5, 1e-2)),
    *({"noise_exponent": e} for e in (-0.5, 0, 1)),
    *({"vector_size": d} for d in (50, 300)),
    *({"kind": kind} for kind in KINDS if kind != "skip-gram"),
    *({"kind": kind, "window": 20} for kind in ("cbow", "cbow, sum", "hierarchical softmax")),
    {"window": 10, "negative": 15},
)
RANDOM = 60


# ── corpora ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclasses.dataclass
class Corpus:
    """Sentences in a text file, tokens by spaces; and how vectors learned from them are scored."""

    path: Path
    epochs: int
    min_count: int
    score: Any  # from words and vectors (n, d) to what each measure comes to


def _small_text(name: str, source: Any) -> tuple[Path, list[tuple[str, str]]]:
    """A text as firth reads it: what it drops and lower-cases is not to tell the two programs apart. And from each 20th
    sentence, which is left out, the neighbors that are not among the hundred most frequent words: no test set fits it.
    """
    corpus = firth.encode(source)
    words = corpus.vocabulary(1).words
    frequent, starts = set(words[:100]), corpus.sentence_starts.tolist()
    ids = corpus.ids.tolist()
    sentences = [[words[i] for i in ids[a:b]] for a, b in itertools.pairwise(starts) if b > a]
    neighbors = [
        (before, after)
        for sentence in sentences[::20]
        for before, after in itertools.pairwise(sentence)
        if before != after and not {before, after} & frequent
    ]
    return _write(name, (sentence for i, sentence in enumerate(sentences) if i % 20)), neighbors


def _write(name: str, sentences: Iterable[list[str]]) -> Path:
    path = WORK / f"settings-{name}.txt"
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in sentences))
    return path


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _score_words(words: list[str], vectors: np.ndarray) -> dict[str, float]:
    path = WORK / f"settings-scored-{os.getpid()}.txt"
    with path.open("w") as file:
        file.write(f"{len(words)} {vectors.shape[1]}\n")
        for word, row in zip(words, vectors.tolist(), strict=True):
            file.write(f"{word} {' '.join(f'{x:.6g}' for x in row)}\n")
    model = firth.load(path)
    return {
        "WordSim": firth.evaluate(model, DATA / "wordsim353.tsv").spearman,
        "SimLex": firth.evaluate(model, DATA / "simlex999.txt").spearman,
        "analogies": firth.evaluate(model, DATA / "questions-words.txt").add,
    }


def _share_of_group(words: list[str], vectors: np.ndarray, groups: int, nearest: int) -> dict[str, float]:
    """How many of each item's nearest items are of its group."""
    cosines = _unit(vectors) @ _unit(vectors).T
    np.fill_diagonal(cosines, -2)
    group = np.array([int(word[1:]) % groups for word in words])
    return {"of the group": float((group[np.argsort(-cosines, 1)[:, :nearest]] == group[:, None]).mean())}


def _next_in_ten(words: list[str], vectors: np.ndarray, pairs: list[tuple[str, str]]) -> dict[str, float]:
    """How often what comes next is among the ten nearest to what was before."""
    number = {word: i for i, word in enumerate(words)}
    places = np.array([(number[a], number[b]) for a, b in pairs if a in number and b in number])
    unit, hits = _unit(vectors), 0
    for some in np.array_split(places, max(1, len(places) // 1000)):
        cosines = unit[some[:, 0]] @ unit.T
        cosines[np.arange(len(some)), some[:, 0]] = -2
        hits += int(((cosines > cosines[np.arange(len(some)), some[:, 1]][:, None]).sum(1) < 10).sum())
    return {"next in ten": hits / len(pairs)}


def _sessions() -> tuple[Path, list[tuple[str, str]]]:
    with lzma.open(DATA / "online-retail-sessions.txt.xz", "rt") as file:
        sessions = [[item.replace(" ", "_") for item in line.rstrip("\n").split("\t")] for line in file]
    last = [(session[-2], session[-1]) for session in sessions if len(session) > 2]
    return _write("sessions", (session[:-1] for session in sessions)), last


def _items(name: str, items: int, groups: int, length: int, sentences: int) -> Path:
    rng = np.random.default_rng(0)

    def drawn() -> Iterator[list[str]]:
        for _ in range(sentences):
            group = rng.integers(groups)
            yield [f"i{n * groups + group}" for n in rng.integers(0, items // groups, length)]

    return _write(name, drawn())


def corpora() -> dict[str, Corpus]:
    """All of the map's, written out once."""
    WORK.mkdir(exist_ok=True)
    ten = cut(wiki100(), 10)
    line = WORK / "settings-line.txt"
    line.write_text(ten.read_text().replace("\n", " ") + "\n")
    sessions, last = _sessions()

    manual, of_manual = _small_text("manual", firth.python_docs())
    shakespeare, of_shakespeare = _small_text("shakespeare", DATA / "shakespeare.txt")
    return {
        "manual": Corpus(manual, 3, 5, lambda w, v: _next_in_ten(w, v, of_manual)),
        "shakespeare": Corpus(shakespeare, 5, 5, lambda w, v: _next_in_ten(w, v, of_shakespeare)),
        "10 MB": Corpus(ten, 2, 5, _score_words),
        "one line": Corpus(line, 2, 5, _score_words),
        "sessions": Corpus(sessions, 3, 1, lambda w, v: _next_in_ten(w, v, last)),
        "groups": Corpus(_items("groups", 2000, 20, 200, 500), 5, 1, lambda w, v: _share_of_group(w, v, 20, 10)),
        "baskets": Corpus(_items("baskets", 14, 2, 50, 1000), 5, 1, lambda w, v: _share_of_group(w, v, 2, 6)),
    }


# ── the grid ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def points() -> list[dict[str, Any]]:
    """All settings of the map, each with its corpus: one at a time, then combinations."""
    found: list[dict[str, Any]] = []
    for corpus in ("manual", "shakespeare", "10 MB", "sessions", "groups"):
        found += [{"corpus": corpus} | change for change in ONE_AT_A_TIME]
    for change in ({}, {"window": 10}, {"window": 40}, {"kind": "cbow"}):
        found.append({"corpus": "one line"} | change)
    for change in ({}, {"window": 40}, {"window": "sentence"}, {"window": "sentence", "kind": "cbow"}, {"sample": 0}):
        found.append({"corpus": "baskets"} | change)
    rng = random.Random(0)
    for _ in range(RANDOM):
        drawn = {
            "corpus": rng.choice(["manual", "shakespeare", "10 MB", "sessions", "groups", "baskets"]),
            "kind": rng.choice(list(KINDS)),
            "window": rng.choice([2, 5, 10, 20, 40, "sentence"]),
            "shrink": rng.choice([True, False]),
            "negative": rng.choice([1, 5, 15, 30]),
            "learning_rate": round(0.01 * 10 ** rng.random(), 4),
            "sample": rng.choice([0, 1e-5, 1e-4, 1e-3, 1e-2]),
            "noise_exponent": rng.choice([-0.5, 0, 0.5, 0.75, 1]),
            "vector_size": rng.choice([50, 100, 200, 300]),
            "random": True,
        }
        found.append(drawn)
    return found


def cost_of(point: dict[str, Any]) -> float:
    """About how many times the usual settings' work this is: how many seeds are worth it."""
    settings = USUAL | point
    window = 100 if settings["window"] == "sentence" else settings["window"]
    pairs = 2 * window if settings["window"] == "sentence" or not settings["shrink"] else window + 1
    of_pairs = pairs * (1 + settings["negative"]) if "cbow" not in settings["kind"] else pairs + settings["negative"]
    return of_pairs / 36 * settings["vector_size"] / 100 * {"10 MB": 3, "one line": 3}.get(settings["corpus"], 1)


def settings_of(point: dict[str, Any], corpus: Corpus) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Those of firth, and of gensim."""
    settings = USUAL | point
    of_firth, of_gensim = KINDS[settings["kind"]]
    same = {"vector_size": settings["vector_size"], "sample": settings["sample"], "epochs": corpus.epochs}
    tree = "hierarchical" in settings["kind"]
    ours = of_firth | same | {
        "window": settings["window"], "negative": settings["negative"], "noise_exponent": settings["noise_exponent"],
        "learning_rate": settings["learning_rate"], "shrink_windows": settings["shrink"],
        "min_count": corpus.min_count, "lowercase": False, "strip_punctuation": False,
    }  # fmt: skip
    if of_gensim is None:
        return ours, None
    whole = settings["window"] == "sentence"
    theirs = of_gensim | same | {
        "window": 1000 if whole else settings["window"], "shrink_windows": settings["shrink"] and not whole,
        "negative": 0 if tree else settings["negative"], "ns_exponent": settings["noise_exponent"],
        "alpha": settings["learning_rate"], "min_alpha": 0.0001, "min_count": corpus.min_count,
    }  # fmt: skip
    return ours, theirs


# ── one training ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Gensim:
    """A process of the peers' environment that trains what it is asked for."""

    def __init__(self) -> None:
        worker = Path(__file__).parent / "one_setting.py"
        self.process = subprocess.Popen(
            [peers_python(), worker],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def train(self, corpus: Corpus, settings: dict[str, Any], seed: int) -> tuple[dict[str, Any], list[str], Any]:
        vectors = WORK / "settings-gensim.npz"
        asked = {"corpus": str(corpus.path), "settings": settings | {"seed": seed}, "vectors": str(vectors)}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        found = json.loads(self.process.stdout.readline())
        with np.load(vectors, allow_pickle=False) as arrays:
            return found, arrays["words"].tolist(), arrays["vectors"]


def train_firth(corpus: Corpus, settings: dict[str, Any], seed: int) -> tuple[dict[str, Any], list[str], Any]:
    """One training, its encoding not timed; or the error it ended with."""
    encoded = firth.encode(corpus.path, config=firth.TrainingConfig(lowercase=False, strip_punctuation=False))
    began = time.process_time()
    try:
        model = firth.train(encoded, seed=seed, threads=1, progress=False, **settings)
    except firth.FirthError as error:
        return {"error": str(error)}, [], None
    seconds = time.process_time() - began
    losses = [result.loss for result in model.history]
    longest = max(float(np.linalg.norm(of, axis=1).max()) for of in (model.vectors, model.output_vectors))
    return {"seconds": seconds, "losses": losses, "longest": longest}, model.words, model.vectors


def key_of(program: str, point: dict[str, Any], seed: int) -> str:
    """What a result is kept under."""
    return json.dumps([program, sorted(point.items(), key=lambda item: item[0]), seed])


def read_results(program: str) -> dict[str, Any]:
    path = RESULTS / f"settings-{program}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def write_results(program: str, more: dict[str, Any]) -> None:
    """Add results to those that are there, a line each."""
    RESULTS.mkdir(exist_ok=True)
    found = read_results(program) | more
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(found[key])}" for key in sorted(found))
    path = RESULTS / f"settings-{program}.json"
    path.with_suffix(".tmp").write_text(f"{{\n{lines}\n}}\n")
    path.with_suffix(".tmp").rename(path)


def run(program: str, only: str, most_cost: float, seeds: int) -> None:
    """Train all points with one program, those of the first seed first, and keep what is found."""
    of, gensim = corpora(), Gensim() if program == "gensim" else None
    known = read_results(program)
    for seed in range(1, seeds + 1):
        for point in points():
            if only and only != point["corpus"]:
                continue
            if cost_of(point) > most_cost / (1 if seed == 1 else 4):
                continue
            key = key_of(program, point, seed)
            if program == "gensim" and key in known:
                continue
            corpus = of[point["corpus"]]
            ours, theirs = settings_of(point, corpus)
            if program == "firth":
                found, words, vectors = train_firth(corpus, ours, seed)
            elif theirs is not None:
                found, words, vectors = gensim.train(corpus, theirs, seed)
            else:
                continue
            if "error" not in found:
                finite = bool(np.isfinite(vectors).all())
                found["scores"] = corpus.score(words, vectors) if finite else {}
            print(program, seed, point, found, flush=True)
            write_results(program, {key: found | {"machine": machine()}})


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclasses.dataclass
class Row:
    """What the map has of one point: three scores, or fewer, of each program, and the ratio of the speeds."""

    point: dict[str, Any]
    ours: list[dict[str, Any]]
    theirs: list[dict[str, Any]]

    @property
    def name(self) -> str:
        return ", ".join(f"{k} {v}" for k, v in self.point.items() if k not in {"corpus", "random"}) or "usual"

    @property
    def ended(self) -> str:
        """How firth's trainings ended: well, with an error, or in silence with a loss of more than knowing nothing."""
        errors = [result["error"] for result in self.ours if "error" in result]
        if errors:
            return "error"
        if "hierarchical" in (USUAL | self.point)["kind"]:
            return "well"
        nothing = (1 + (USUAL | self.point)["negative"]) * math.log(2)
        return "well" if all(result["losses"][-1] <= nothing for result in self.ours) else "loss"

    def scores(self, results: list[dict[str, Any]]) -> list[float]:
        """The mean of the measures, for each seed."""
        return [
            float(np.mean([value for value in result["scores"].values() if not math.isnan(value)]))
            for result in results
            if result.get("scores")
        ]

    @property
    def behind(self) -> float:
        """By how much the best of gensim's seeds' spread is missed; 0 where firth is within it, or above."""
        ours, theirs = self.scores(self.ours), self.scores(self.theirs)
        if not ours or not theirs:
            return 0.0
        spread = max(max(ours) - min(ours), max(theirs) - min(theirs), LEAST_SPREAD)
        return max(0.0, median(theirs) - median(ours) - spread)

    @property
    def ratio(self) -> float | None:
        ours = [result["seconds"] for result in self.ours if "seconds" in result]
        theirs = [result["seconds"] for result in self.theirs]
        return median(theirs) / median(ours) if ours and theirs else None


LEAST_SPREAD = 0.01
"""Where there is one seed only, or seeds are alike by chance."""


def rows() -> list[Row]:
    results = {program: read_results(program) for program in ("firth", "gensim")}

    def found(program: str, point: dict[str, Any]) -> list[dict[str, Any]]:
        keys = (key_of(program, point, seed) for seed in range(1, SEEDS + 1))
        return [results[program][key] for key in keys if key in results[program]]

    every = [Row(point, found("firth", point), found("gensim", point)) for point in points()]
    return [row for row in every if row.ours]


def shown(values: list[float]) -> str:
    if not values:
        return "–"
    return f"{median(values):.3f}" + (f" ({min(values):.3f}–{max(values):.3f})" if len(values) > 1 else "")


def why(point: dict[str, Any]) -> str:
    """What firth does otherwise than gensim at a point where it is behind, as far as it is known."""
    settings = USUAL | point
    kind, corpus = settings["kind"], settings["corpus"]
    reasons = {
        "context words learn at the end of a block of 32 centres, not after each": kind == "hierarchical softmax, cbow",
        "all context words of a centre see its path as it was before them, and so learn less than one by one": (
            kind == "hierarchical softmax"
        ),
        "context words share the bound on their sum, so each moves less the more they are": kind == "cbow, sum",
        "so small a text is learnt by heart, by firth sooner: at a fifth of the learning rate its score is 0.023": (
            corpus == "shakespeare"
        ),
        "both fall before they rise with more passes (or only fall, in CBOW), and firth falls further": (
            corpus == "sessions"
        ),
        "more pairs share a round and its noise words: with half as many for each noise word, window 40 has 0.258": (
            corpus == "10 MB" and settings["window"] in (40, "sentence")
        ),
        "hardly begun in so few passes: what pairs learn in a round, others see a round later": (
            settings["sample"] == 1e-5 or settings["learning_rate"] < 0.015 or settings["negative"] == 1
        ),
    }
    return next((reason for reason, holds in reasons.items() if holds), "not known")


def write_table() -> None:
    every = rows()
    behind = [row for row in every if row.behind > 0]
    lines = [
        "# The map of settings",
        "",
        "Written by `python benchmarks/settings.py --steps table`; do not edit. A score is the mean of what its corpus"
        " is scored by (word pairs and analogies; the share of neighbors of the right group; the next item in the first"
        " ten): the median of up to three seeds, least and greatest. The last column is gensim's processor time over"
        " firth's, both with one thread. Points of more than ten times the usual work have one seed; two, of sessions"
        " in whole sentences, were left out with gensim, which would take hours.",
        "",
        f"Machine: {next(iter(read_results('firth').values()))['machine']}; 2026-11-28. {len(every)} points:"
        f" {sum(row.ended == 'well' for row in every)} ended well,"
        f" {sum(row.ended == 'error' for row in every)} with an error, {sum(row.ended == 'loss' for row in every)} in"
        " silence with a loss above that of knowing nothing. At"
        f" {len(behind)} firth's score is below gensim's by more than the spread of the seeds.",
    ]
    if behind:
        lines += ["", "## Where firth is behind, and why", ""]
        lines += ["| corpus, settings | firth | gensim | why |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {row.point['corpus']}: {row.name} | {shown(row.scores(row.ours))} | {shown(row.scores(row.theirs))} |"
            f" {why(row.point)} |"
            for row in behind
        ]
    for corpus in dict.fromkeys(row.point["corpus"] for row in every):
        for is_random in (False, True):
            some = [
                row for row in every if row.point["corpus"] == corpus and row.point.get("random", False) == is_random
            ]
            if not some:
                continue
            lines += ["", f"## {corpus}{', random combinations' if is_random else ''}", ""]
            lines += [
                "| settings | ended | firth | gensim | behind | speed |",
                "| --- | --- | --- | --- | --- | ---: |",
            ]
            for row in some:
                ratio = f"{row.ratio:.1f}" if row.ratio else "–"
                short = f"{row.behind:.3f}" if row.behind > 0 else ""
                lines.append(
                    f"| {row.name} | {row.ended} | {shown(row.scores(row.ours))} | {shown(row.scores(row.theirs))} |"
                    f" {short} | {ratio} |"
                )
    TABLE.write_text("\n".join(lines) + "\n")
    print("\n".join(lines[:6]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", default="gensim,firth,table", help="which of gensim, firth and table (all)")
    parser.add_argument("--only", default="", help="one corpus")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="the first so many (3)")
    parser.add_argument(
        "--most-cost", type=float, default=600, help="leave out what takes more than so many usual ones"
    )
    options = parser.parse_args()
    for step in options.steps.split(","):
        write_table() if step == "table" else run(step, options.only, options.most_cost, options.seeds)
