"""How much faster are two machines than one? Real trainings on raylets of one CPU each, all on this machine.

The text is trained on in two shards: by one raylet, and by two, which must come to the same bits; with several numbers
of exchanges an epoch. The clock runs from the end of the first period, when all is compiled, to the end of the last.
Beside it, what the machine has to give: one process that trains without Ray, and two of them that share nothing.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import firth
from benchmarks._lib.corpora import SETTINGS, cut, wiki100, wiki300
from benchmarks._lib.internals import timed_periods
from benchmarks._lib.processes import run
from benchmarks._lib.raylets import raylets
from benchmarks._lib.results import Cell, Column, arguments, finish, spread
from firth.reporting.events import Progress
from firth.training.shards import usual_periods

SHARDS = 2
ALL = 300
"""Megabytes of wiki100 and wiki200 together."""


class Training(NamedTuple):
    """Words a second by the clock; seconds in which an exchange is waited for; and what identifies the vectors."""

    speed: float
    exchange: float
    digest: str


class Kind(NamedTuple):
    """Of training: the exchanges of an epoch, and the overlap."""

    exchanges: int
    overlap: float


def train_on(count: int, corpus: firth.Corpus, kind: Kind, epochs: int) -> Training:
    """Train on so many raylets."""
    ends: list[tuple[float, int]] = []

    def note(event: Any) -> None:
        if isinstance(event, Progress):
            ends.append((time.perf_counter(), (event.epoch - 1) * event.epoch_tokens + event.tokens))

    of_period = {"period_tokens": len(corpus) // (SHARDS * kind.exchanges), "overlap": kind.overlap}
    settings = SETTINGS | {"shards": SHARDS, "epochs": epochs} | of_period
    with raylets(count) as address, timed_periods() as periods:
        model = firth.train(corpus, nodes="all", ray=address, progress=note, **settings)
    (began, before), (ended, after) = ends[0], ends[-1]
    exchange = statistics.median(period.seconds - period.training for period in periods[1:])
    return Training((after - before) / (ended - began), exchange, hashlib.sha256(model.vectors.tobytes()).hexdigest())


def speeds_without_ray(text: object, epochs: int) -> tuple[float, float]:
    """Words a second of a process, and of two at once together."""

    def speed(seed: int) -> float:
        found = run(sys.executable, "one_firth", text, seed, epochs, 1)
        return float(found["words_per_second"])

    with ThreadPoolExecutor(2) as executor:
        return speed(1), sum(executor.map(speed, (1, 2)))


def main() -> None:
    options = arguments(__doc__, megabytes=ALL, exchanges="12,4", overlap=0.75, epochs=2, repeats=3)
    text = wiki300() if options.megabytes >= ALL else cut(wiki100(), options.megabytes)
    corpus = firth.encode(text)
    kinds = [Kind(int(number), 0) for number in options.exchanges.split(",")]
    kinds.append(Kind(usual_periods(SHARDS, options.overlap), options.overlap))
    found: dict[tuple[Kind, int], list[Training]] = {(kind, count): [] for kind in kinds for count in (1, 2)}
    apart: list[tuple[float, float]] = []
    for _ in range(options.repeats):
        apart.append(speeds_without_ray(text, options.epochs))
        print(f"without Ray: {apart[-1][0] / 1e6:.2f} and {apart[-1][1] / 1e6:.2f} million words a second", flush=True)
        for (kind, count), trainings in found.items():
            trainings.append(train_on(count, corpus, kind, options.epochs))
            print(f"{kind}, {count} raylets: {trainings[-1]}", flush=True)
    if any(len({t.digest for count in (1, 2) for t in found[kind, count]}) > 1 for kind in kinds):
        sys.exit("one raylet and two do not come to the same bits")
    show(found, apart, options)


def millions(speeds: Iterable[float]) -> Cell:
    """Words a second, in millions."""
    return spread(speed / 1e6 for speed in speeds)


def show(found: dict[tuple[Kind, int], list[Training]], apart: list[tuple[float, float]], options: Any) -> None:
    """A row for each kind of training, with its speed over that of one in the same turn."""
    times_of_two = spread(two / one for one, two in apart)
    rows: list[list[Cell]] = [
        ["one process, without Ray", None, None, millions(one for one, _ in apart), None, None],
        ["two that share nothing", None, None, millions(two for _, two in apart), None, times_of_two],
    ]
    for (kind, count), trainings in found.items():
        times = spread(t.speed / one.speed for t, one in zip(trainings, found[kind, 1], strict=True))
        name, speeds = f"{count} raylet{'s' * (count > 1)}", millions(t.speed for t in trainings)
        rows.append([name, *kind, speeds, spread(t.exchange for t in trainings), times if count > 1 else None])
    columns = [
        Column(""),
        Column("exchanges an epoch", 0),
        Column("overlap", 2),
        Column("million words / s", 2),
        Column("seconds of an exchange that are waited for", 2),
        Column("times one", 2),
    ]
    text = "`wiki100` and `wiki200`" if options.megabytes >= ALL else f"{options.megabytes} MB of `wiki100`"
    what = f"Training by raylets of one CPU each on one machine: {text}, {SHARDS} shards"
    finish("cluster", what, columns, rows, save=options.save)


if __name__ == "__main__":
    main()
