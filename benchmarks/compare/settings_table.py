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


def page() -> str:
    """`docs/settings-map.md`."""
    every = rows()
    behind = [row for row in every if row.behind > 0]
    lines = [
        "# The map of settings",
        "",
        "Written by `python -m benchmarks.tables` from what `python -m benchmarks.compare.settings` found; do not edit."
        " A score is the mean of what its corpus is scored by (word pairs and analogies; the share of neighbors of the"
        " right group; the next item in the first ten): the median of up to three seeds, least and greatest. The last"
        " column is gensim's processor time over firth's, both with one thread. Points of more than ten times the usual"
        " work have one seed; two, of sessions in whole sentences, were left out with gensim, which would take hours.",
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
    return "\n".join(lines) + "\n"
