"""The map of settings as a page: what was found at each point, where firth is behind gensim, and why."""

from __future__ import annotations

import dataclasses
import math
from statistics import median
from typing import Any

import numpy as np

from benchmarks.compare.settings_grid import SEEDS, USUAL, key_of, points, read_results


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
        "context words learn at the end of a block of 32 centers, not after each one": kind
        == "hierarchical softmax, cbow",
        "all context words of a center see its path as it was before them, and so learn less than in turn": (
            kind == "hierarchical softmax"
        ),
        "context words share the bound on their sum: the more of them, the less each moves": kind == "cbow, sum",
        "a text this small is memorized, by firth sooner: at a fifth of the learning rate, it scores 0.023": (
            corpus == "shakespeare"
        ),
        "with more epochs, both scores fall before they rise (in CBOW they only fall), and firth's falls further": (
            corpus == "sessions"
        ),
        "more pairs share a round and its negatives: with half as many pairs per negative, window 40 has 0.258": (
            corpus == "10 MB" and settings["window"] in (40, "sentence")
        ),
        "few updates: training has hardly begun, and each update is seen only in the next round": (
            settings["sample"] == 1e-5 or settings["learning_rate"] < 0.015 or settings["negative"] == 1
        ),
    }
    return next((reason for reason, holds in reasons.items() if holds), "not known")


def page() -> str:
    """`docs/settings-map.md`."""
    every = rows()
    behind = [row for row in every if row.behind > 0]
    lines = [
        "# The map of settings",
        "",
        "Written by `python -m benchmarks.tables` from what `python -m benchmarks.compare.settings` found; do not edit."
        " The usual settings, with one or more changed (the first column), on several corpora, in firth and gensim.",
        "",
        "- *firth*, *gensim*: the mean of the corpus's scores (word pairs and analogies; the fraction of neighbors in"
        " the right group; how often the next item is among the first ten). Median of up to three seeds, with the least"
        " and the greatest; one seed where a point takes more than ten times the usual work.",
        "- *behind*: by how much firth's score is below gensim's, beyond the spread of the seeds.",
        "- *speed*: gensim's processor time divided by firth's, both on one thread.",
        "",
        "For sessions in whole sentences, two points were not run in gensim: they would take hours.",
        "",
        f"Machine: {next(iter(read_results('firth').values()))['machine']}; 2026-11-28. {len(every)} points:"
        f" {sum(row.ended == 'well' for row in every)} ended well,"
        f" {sum(row.ended == 'error' for row in every)} with an error, {sum(row.ended == 'loss' for row in every)} in"
        f" silence with a loss above that of a model that knows nothing. At {len(behind)}, firth is behind.",
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
    return "\n".join(lines) + "\n"
