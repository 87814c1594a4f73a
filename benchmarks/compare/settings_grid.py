"""The map of settings: which points it has, what the two programs are given at each, and where results are kept."""

from __future__ import annotations

import json
import random
from typing import Any

from benchmarks._lib.results import RESULTS

KEPT = RESULTS / "settings"
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


def settings_of(point: dict[str, Any], epochs: int, min_count: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Those of firth, and of gensim."""
    settings = USUAL | point
    of_firth, of_gensim = KINDS[settings["kind"]]
    same = {"vector_size": settings["vector_size"], "sample": settings["sample"], "epochs": epochs}
    tree = "hierarchical" in settings["kind"]
    ours = of_firth | same | {
        "window": settings["window"], "negative": settings["negative"], "noise_exponent": settings["noise_exponent"],
        "learning_rate": settings["learning_rate"], "shrink_windows": settings["shrink"],
        "min_count": min_count, "lowercase": False, "strip_punctuation": False,
    }  # fmt: skip
    if of_gensim is None:
        return ours, None
    whole = settings["window"] == "sentence"
    theirs = of_gensim | same | {
        "window": 1000 if whole else settings["window"], "shrink_windows": settings["shrink"] and not whole,
        "negative": 0 if tree else settings["negative"], "ns_exponent": settings["noise_exponent"],
        "alpha": settings["learning_rate"], "min_alpha": 0.0001, "min_count": min_count,
    }  # fmt: skip
    return ours, theirs


def key_of(program: str, point: dict[str, Any], seed: int) -> str:
    """What a result is kept under."""
    return json.dumps([program, sorted(point.items(), key=lambda item: item[0]), seed])


def read_results(program: str) -> dict[str, Any]:
    """What is kept of a program."""
    path = KEPT / f"{program}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def write_results(program: str, more: dict[str, Any]) -> None:
    """Add results to those that are there, a line each."""
    KEPT.mkdir(parents=True, exist_ok=True)
    found = read_results(program) | more
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(found[key])}" for key in sorted(found))
    path = KEPT / f"{program}.json"
    path.with_suffix(".tmp").write_text(f"{{\n{lines}\n}}\n")
    path.with_suffix(".tmp").rename(path)
