"""The map of settings: firth beside gensim at settings that people choose, and at some that they should not.

One setting at a time is moved away from the usual ones, on eight corpora; then combinations are drawn at random, the
same ones every time. For each: how it ended, how good it is, and the ratio of speeds by processor time of one thread.

`--programs gensim` or `--programs firth` trains with that one alone; what was found is kept in `results/settings`, and
what gensim was found to do is not measured again. `python -m benchmarks.tables` writes `docs/settings-map.md` from it.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import lzma
import os
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import firth
from benchmarks._lib.corpora import DATA, ROOT, WORK, cut, wiki100
from benchmarks._lib.processes import peers_python, worker
from benchmarks._lib.results import machine
from benchmarks.compare.settings_grid import SEEDS, cost_of, key_of, points, read_results, settings_of, write_results
from firth.corpus.python_docs import python_docs

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


def _fraction_of_group(words: list[str], vectors: np.ndarray, groups: int, nearest: int) -> dict[str, float]:
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

    manual, of_manual = _small_text("manual", python_docs())
    shakespeare, of_shakespeare = _small_text("shakespeare", DATA / "shakespeare.txt")
    return {
        "manual": Corpus(manual, 3, 5, lambda w, v: _next_in_ten(w, v, of_manual)),
        "shakespeare": Corpus(shakespeare, 5, 5, lambda w, v: _next_in_ten(w, v, of_shakespeare)),
        "10 MB": Corpus(ten, 2, 5, _score_words),
        "one line": Corpus(line, 2, 5, _score_words),
        "sessions": Corpus(sessions, 3, 1, lambda w, v: _next_in_ten(w, v, last)),
        "groups": Corpus(_items("groups", 2000, 20, 200, 500), 5, 1, lambda w, v: _fraction_of_group(w, v, 20, 10)),
        "baskets": Corpus(_items("baskets", 14, 2, 50, 1000), 5, 1, lambda w, v: _fraction_of_group(w, v, 2, 6)),
    }


# ── one training ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Gensim:
    """A process of the peers' environment that trains what it is asked for."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            worker(peers_python(), "one_setting"),
            cwd=ROOT,
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
            ours, theirs = settings_of(point, corpus.epochs, corpus.min_count)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", default="gensim,firth", help="which of gensim and firth (both)")
    parser.add_argument("--only", default="", help="one corpus")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="the first so many (3)")
    parser.add_argument(
        "--most-cost", type=float, default=600, help="leave out what takes more than so many usual ones"
    )
    options = parser.parse_args()
    for program in options.programs.split(","):
        run(program, options.only, options.most_cost, options.seeds)


if __name__ == "__main__":
    main()
