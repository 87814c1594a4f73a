"""Trained again every day: how many passes over new text alone a model bears, and how far each way of training drifts.

Sessions of a shop (UCI Online Retail); the hit rate asks for the last item of each, held out, among the ten nearest to
the one before. New text is a share of the sessions, or of each session's end; or some paragraphs of Wikipedia more. One
seed: hit rates differ by up to .006 between seeds.
"""

import itertools
import lzma
import warnings
from collections.abc import Callable
from typing import Any

import firth
from benchmarks._lib.corpora import DATA, wiki100
from benchmarks._lib.results import Cell, Column, arguments, finish

PASSES = (1, 2, 5, 10, 20, 50)
SPLITS = [(kind, share) for share in (0.05, 0.2, 0.5, 0.8) for kind in ("new sessions", "the end of each session")]
USUAL: dict[str, Any] = {"lowercase": False, "strip_punctuation": False, "progress": False}
Sessions = list[list[str]]
PARAGRAPHS, NEW_PARAGRAPHS = 60_000, 3_000


def sessions() -> tuple[Sessions, list[tuple[str, str]]]:
    """Sessions without their last items; and these items, with those before them."""
    with lzma.open(DATA / "online-retail-sessions.txt.xz", "rt") as file:
        found = [line.rstrip("\n").split("\t") for line in file]
    found = [session for session in found if len(session) > 2]
    asked = [(session[-2], session[-1]) for session in found if session[-2] != session[-1]]
    return [session[:-1] for session in found], asked


def split(found: Sessions, kind: str, share: float) -> tuple[Sessions, Sessions]:
    """Yesterday's, and what is new today."""
    if kind == "new sessions":
        first = round(len(found) * (1 - share))
        return found[:first], found[first:]
    cuts = [len(session) - max(1, round(len(session) * share)) for session in found]
    old = [session[:cut] for session, cut in zip(found, cuts, strict=True) if cut > 1]
    new = [session[max(0, cut - 1) :] for session, cut in zip(found, cuts, strict=True)]
    return old, [session for session in new if len(session) > 1]


def hit_rate(model: firth.WordVectors, asked: list[tuple[str, str]]) -> float:
    """How often the next item is among the ten nearest; items that are not known are misses."""
    known = [(a, b) for a, b in asked if a in model and b in model]
    answers = model.most_similar([a for a, _ in known])
    return sum(b in dict(found) for (_, b), found in zip(known, answers, strict=True)) / len(asked)


def passes(name: str, old: Any, new: Any, score: Callable[[firth.Word2Vec], float], **settings: Any) -> list[Cell]:
    """Scores of a model of the old text, after so many passes over the new."""
    base = firth.train(old, **settings)
    scores = [score(base), *(score(base.train_more(new, epochs=n, progress=False)) for n in PASSES)]
    size = sum(map(len, new)) if isinstance(new[0], list) else sum(len(line.split()) for line in new)
    row: list[Cell] = [name, 100 * size / (size + int(base.vocabulary.counts.sum())), *scores]
    print(row, flush=True)
    return row


def drifts(found: Sessions, asked: list[tuple[str, str]]) -> list[list[Cell]]:
    """How far today's model is from yesterday's, by the way it was trained."""
    old, new = split(found, "new sessions", 0.05)
    yesterday, refit = (firth.train(old, seed=seed, **USUAL) for seed in (1, 2))
    anew, started = firth.train(found, **USUAL), firth.train(found, start=yesterday, **USUAL)
    ways = {
        "yesterday's itself": yesterday,
        "yesterday's text, another seed, aligned": firth.align(refit, yesterday),
        "trained anew": anew,
        "trained anew, aligned": firth.align(anew, yesterday),
        "started from yesterday's, on all text": started,
        "started from yesterday's, on all text, aligned": firth.align(started, yesterday),
        "train_more on the new sessions (default: one pass)": yesterday.train_more(new, progress=False),
        "train_more, frozen": yesterday.train_more(new, frozen=True, progress=False),
        "train_more, 50 passes": yesterday.train_more(new, epochs=50, progress=False),
    }
    return [
        [name, hit_rate(model, asked), *firth.drift(model, yesterday).means().values()] for name, model in ways.items()
    ]


def main() -> None:
    options = arguments(__doc__)
    warnings.simplefilter("ignore", firth.FirthWarning)  # of too many passes, which is what is measured
    found, asked = sessions()
    columns = [Column("today's model"), *(Column(name, 3) for name in ("hit rate @10", "cosine", "kept", "answered"))]
    what = "Sessions, 95% of them yesterday's; all shared items"
    finish("daily", what, columns, drifts(found, asked), save=options.save)
    rows = [
        passes(kind, *split(found, kind, share), lambda model: hit_rate(model, asked), **USUAL)
        for kind, share in SPLITS
    ]
    with wiki100().open(encoding="utf-8") as file:
        text = list(itertools.islice(file, PARAGRAPHS + NEW_PARAGRAPHS))
    test = DATA / "wordsim353.tsv"
    rows.append(
        passes(
            "Wikipedia (WordSim-353)",
            text[:PARAGRAPHS],
            text[PARAGRAPHS:],
            lambda model: firth.evaluate(model, test).spearman,
            progress=False,
        )
    )
    columns = [Column("new text"), Column("% new", 0), *(Column(f"{n} passes", 3) for n in (0, *PASSES))]
    finish("daily-passes", "Hit rates @10 after passes over the new text alone", columns, rows, save=options.save)


if __name__ == "__main__":
    main()
