"""How many machines pay? The time of a period on 2 to 64 machines, by what its parts take here; two tables, a picture.

`docs/design/cluster.md` has the formula. What it is computed from is measured first, in two minutes, on two raylets of
this machine; with `--from-results`, it is taken from what was kept the last time.
"""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._lib.drawing import Panel, draw
from benchmarks._lib.internals import combining_seconds, padded_width, timed_periods
from benchmarks._lib.processes import run
from benchmarks._lib.raylets import raylets
from benchmarks._lib.results import RESULTS, Cell, Column, Result, arguments, finish
from firth.cluster.host import CONCURRENCY_GROUPS, Host
from firth.cluster.peers import WITH_CALL_BYTES
from firth.training.shards import usual_periods

CORES = 16
"""Of a machine."""
WORDS, ROWS, VECTOR_SIZE, GIGABITS = 1e9, 250_000, 300, 25.0
"""Of an epoch; of the vocabulary; of a vector; of the network, a second. Those of the picture."""
MACHINES = 2, 4, 8, 16, 32, 64
COPIERS = 4
"""Cores that copy as fast as the memory of a machine lets them: a guess."""
TRAINING, OVERLAP = 0.85, 0.75
"""The part of a period that is to be training; and that which hides an exchange."""
CHANGE, FLOAT, DOUBLE = 2, 4, 8
"""Bytes of a number that is moved, and of others."""
SIZES = ((70_000, 100), (250_000, 100), (250_000, 300), (1_000_000, 300))
NETWORKS = 10.0, 25.0, 100.0
PERIOD_MACHINES = 8
CALLS = 2
"""Of the driver in a period, for each machine: that it trains, and that it combines."""
CONSTANTS = "cluster-constants"
SMALL_BYTES = 1000
"""Of an array whose bytes take no time."""


@dataclass(frozen=True)
class Constants:
    """What was measured on one core, or on two raylets that share two."""

    words_100: float  # a second, at a vector size of 100
    words_300: float
    threads: float  # how many times one thread's words 16 threads train
    moment_100: float  # seconds a row
    moment_300: float
    combine_100: float
    combine_300: float
    directions_100: float  # seconds, of inputs or outputs
    directions_300: float
    memory: float  # bytes a second: arrays added, or copied
    store: float  # bytes a second: written into the object store
    transfer: float  # bytes a second: from one object store into another
    latency: float  # seconds of a period in which nothing is done
    call: float  # seconds of the driver for a call of a machine
    handed: float  # seconds of a machine for an array that it gives, and one that it gets
    carried: float  # bytes a second, of arrays that a machine gives and gets with the calls
    stored: float  # seconds for two larger arrays, which go through the object stores, beside what their bytes take
    processor: float  # seconds of processors, on both sides, for a byte moved from one object store into another

    def of_size(self, name: str, vector_size: int) -> float:
        """A constant for a vector size."""
        return float(getattr(self, f"{name}_{vector_size}"))


UNITS = {
    "words": ("words that a core trains a second, millions", 1e6),
    "threads": (f"words of {CORES} threads, times those of one", 1.0),
    "moment": ("moments, µs a row", 1e-6),
    "combine": ("combining, µs a row", 1e-6),
    "directions": ("eigenvectors of a moment, ms", 1e-3),
    "memory": ("arrays added or copied, GB/s", 1e9),
    "store": ("written into the object store, GB/s", 1e9),
    "transfer": ("from one object store to another, GB/s", 1e9),
    "latency": ("a period in which nothing is done, ms", 1e-3),
    "call": ("the driver, ms a call", 1e-3),
    "handed": ("a machine, ms an array that it gives and one that it gets", 1e-3),
    "carried": ("arrays given and got with the calls, GB/s", 1e9),
    "stored": ("through the object stores, ms more for two arrays", 1e-3),
    "processor": ("and of processors, s a GB", 1e-9),
}
"""How the constants are shown: with which name, and divided by what."""


@dataclass(frozen=True)
class Cluster:
    """Machines with a shard each, and what they train."""

    machines: int
    rows: int
    vector_size: int
    gigabits: float  # of the network, a second
    in_store: bool  # whether what is moved goes through Ray's object stores, as today
    overlap: float = 0.0  # the part of a period that is trained while changes are exchanged
    cores: int = CORES


# ── the formula ──────────────────────────────────────────────────────────────────────────────────────────────────────


def words_per_second(constants: Constants, cluster: Cluster) -> float:
    """Of all machines."""
    return cluster.machines * constants.threads * constants.of_size("words", cluster.vector_size)


def exchange_seconds(constants: Constants, cluster: Cluster) -> float:
    """Of an exchange: what a machine copies, moves and computes, and what all wait for."""
    machines, size = cluster.machines, cluster.vector_size
    copied = copied_bytes(cluster) / (constants.memory * min(COPIERS, cluster.cores))
    computed = computed_seconds(constants, cluster) / cluster.cores
    directions = constants.of_size("directions", size) * (1 if machines > 1 else 2)  # two machines find one each
    called = constants.latency + CALLS * machines * constants.call
    return copied + moving_seconds(constants, cluster) + computed + directions + called


def copied_bytes(cluster: Cluster) -> float:
    """By each machine in its memory: subtracted, copied, added; with an overlap, changes three times more."""
    parameters = 2 * cluster.rows * padded_width(cluster.vector_size) * FLOAT
    changes = 2 * cluster.rows * cluster.vector_size * CHANGE
    return 3.5 * parameters + (1.5 + 3 * bool(cluster.overlap)) * changes


def computed_seconds(constants: Constants, cluster: Cluster) -> float:
    """Of processors, for the rows that a machine combines."""
    size, own_rows = cluster.vector_size, 2 * cluster.rows / cluster.machines
    return own_rows * (constants.of_size("moment", size) + constants.of_size("combine", size))


def moving_seconds(constants: Constants, cluster: Cluster) -> float:
    """For changes to go to those who combine them, and back, and for moments and directions."""
    machines, size = cluster.machines, cluster.vector_size
    changes = 2 * cluster.rows * size * CHANGE
    moved, moments = 2 * (machines - 1) / machines * changes, (machines - 1) * size**2 * DOUBLE
    rate = cluster.gigabits * 1e9 / 8
    handed = hand_overs(machines) * constants.handed
    if not cluster.in_store:
        return handed + (moved + moments) / rate
    handed += moments / min(rate, constants.carried)
    if changes / machines <= WITH_CALL_BYTES:
        return handed + moved / min(rate, constants.carried)
    written = 0.0 if machines == 1 else changes / constants.store
    return handed + written + moved / min(rate, constants.transfer) + 2 * (machines - 1) * constants.stored


def hand_overs(machines: int) -> int:
    """Of the machine that has the most in a period, as many as it gets: changes for each other machine, and what its
    rows change by; the directions that it finds from the moments of all, and its own moments.
    """
    return 3 * (machines - 1) + 1 if machines > 1 else 0


def taken_seconds(constants: Constants, cluster: Cluster) -> float:
    """By which an exchange puts off the training beside it: its processors' seconds, as a part of all cores."""
    machines, size = cluster.machines, cluster.vector_size
    moved = 2 * (machines - 1) / machines * 2 * cluster.rows * size * CHANGE
    of_arrays = 2 * (machines - 1) * constants.stored + hand_overs(machines) * constants.handed
    moving = moved * constants.processor + of_arrays + constants.of_size("directions", size)
    return (copied_bytes(cluster) / constants.memory + moving + computed_seconds(constants, cluster)) / cluster.cores


def training_part(constants: Constants, cluster: Cluster, period_words: float) -> float:
    """The part of a period of so many words that is training."""
    seconds, exchange = period_words / words_per_second(constants, cluster), exchange_seconds(constants, cluster)
    if not cluster.overlap:
        return seconds / (seconds + exchange)
    late = cluster.overlap * seconds
    return seconds / (seconds - late + max(late + taken_seconds(constants, cluster), exchange))


def words_of_period(constants: Constants, cluster: Cluster, part: float = TRAINING) -> float:
    """The words of a period of which so much is training."""
    exchange, odds = exchange_seconds(constants, cluster), part / (1 - part)
    seconds = odds * exchange
    if cluster.overlap:  # the longer one of those that hide all of the exchange, or a part
        seconds = part * exchange / (1 - part * (1 - cluster.overlap))
        seconds = max(seconds, odds * taken_seconds(constants, cluster))
    return seconds * words_per_second(constants, cluster)


# ── what is measured ─────────────────────────────────────────────────────────────────────────────────────────────────


class Arrays:
    """Holds an array on a raylet."""

    def __init__(self, megabytes: int):
        self.array = np.ones(megabytes * 1_000_000 // FLOAT, np.float32)

    def seconds_to_copy(self) -> float:
        """And to add to what was copied."""
        began = time.perf_counter()
        copied = self.array.copy()
        np.add(copied, self.array, out=copied)
        return time.perf_counter() - began

    def seconds_to_write(self) -> float:
        """Into the object store."""
        import ray

        began = time.perf_counter()
        ray.put(self.array)
        return time.perf_counter() - began

    def give(self) -> Any:
        return self.array

    def take(self, array: Any) -> float:
        return float(array[-1])


def busy_seconds() -> float:
    """In which the processors of this machine had something to do, so far: of all processes."""
    fields = Path("/proc/stat").read_text("ascii").splitlines()[0].split()
    user, nice, system, _, _, *interrupts = map(int, fields[1:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def rates(megabytes: int, repeats: int) -> tuple[float, float, float, float]:
    """Bytes a second: added or copied, written into the object store, moved from one to the other. And seconds of
    processors for a byte that is moved.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    size = megabytes * 1_000_000
    with raylets(2) as address:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        there, here = (
            ray.remote(Arrays)
            .options(num_cpus=1, scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False))
            .remote(megabytes)
            for node in ray.nodes()
        )
        memory = min(ray.get(there.seconds_to_copy.remote()) for _ in range(repeats)) / 2
        store = min(ray.get(there.seconds_to_write.remote()) for _ in range(repeats))
        moving, busy = [], busy_seconds()
        for _ in range(repeats):
            array = there.give.remote()
            ray.wait([array], fetch_local=False)
            began = time.perf_counter()
            ray.get(here.take.remote(array))
            moving.append(time.perf_counter() - began)
        processor = (busy_seconds() - busy) / (repeats * size)
    return size / memory, size / store, size / min(moving), processor


class HandsOver(Host):
    """Hands arrays to another, which does the same."""

    def hand(self, attempt: int, arrays: int, size: int) -> float:
        """Seconds for so many of these bytes, and to get as many."""
        value = np.zeros(size, np.uint8)
        began = time.perf_counter()
        self.peers.begin(attempt)
        for number in range(arrays):
            self.peers.give(str(number), self.peers.others, value)
        for number in range(arrays):
            self.peers.get(str(number), self.peers.others)
        self.peers.settle()
        return (time.perf_counter() - began) / arrays


def hand_over_seconds(sizes: Sequence[int], arrays: int = 40, repeats: int = 5) -> list[float]:
    """Seconds for an array of each size that a machine gives, and one that it gets."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    with raylets(2) as address:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        hosts = [
            ray.remote(concurrency_groups=CONCURRENCY_GROUPS)(HandsOver)
            .options(num_cpus=1, scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False))
            .remote()
            for node in ray.nodes()
        ]
        ray.get([host.meet.remote(0, number, hosts) for number, host in enumerate(hosts)])
        found, attempts = [], itertools.count(1)
        for size in sizes:
            turns = [(next(attempts), arrays, size) for _ in range(repeats)]
            found.append(min(max(ray.get([host.hand.remote(*turn) for host in hosts])) for turn in turns))
    return found


def overheads() -> tuple[float, float]:
    """Seconds of a period in which nothing is done, on two raylets; and of the driver, for each call."""
    import firth

    costs = []
    for count in (1, 2, 4):
        seconds: list[float] = []
        with raylets(count, 100_000_000) as address, timed_periods() as periods:
            firth.train(
                [["a", "b", "c", "d"] * 5] * 400,
                shards=4,
                period_tokens=40,
                vector_size=8,
                min_count=1,
                sample=0,
                epochs=1,
                nodes="all",
                ray=address,
                progress=lambda _, seconds=seconds: seconds.append(time.process_time()),
            )
        costs.append((CALLS * count, statistics.median(np.diff(seconds)), min(p.seconds for p in periods[1:])))
    counts, of_driver, by_the_clock = zip(*costs, strict=True)
    return by_the_clock[1], float(np.polyfit(counts, of_driver, 1)[0])


def measured(megabytes: int, repeats: int) -> Constants:
    """All constants, as they are here."""
    trained = ("one_scale", "zipf", ROWS)
    words = [
        max(found["words"] / found["wall"] for found in (run(sys.executable, *trained, size, 1) for _ in range(3)))
        for size in (100, 300)
    ]
    balance = Result.read(RESULTS / "balance.json")
    threads = next(row[4] for row in balance.rows if row[:2] == ["skip-gram", CORES])
    of_100, of_300 = combining_seconds(100), combining_seconds(300)
    memory, store, transfer, processor = rates(megabytes, repeats)
    latency, call = overheads()
    sizes = SMALL_BYTES, WITH_CALL_BYTES // 2, WITH_CALL_BYTES + 1
    small, with_call, stored = hand_over_seconds(sizes)
    return Constants(
        *words,
        float(str(threads)),
        of_100.moment,
        of_300.moment,
        of_100.combine,
        of_300.combine,
        of_100.directions,
        of_300.directions,
        memory,
        store,
        transfer,
        latency,
        call,
        small,
        sizes[1] / (with_call - small),
        stored - small - sizes[2] / transfer,
        processor,
    )


def constant_rows(constants: Constants) -> list[list[Cell]]:
    """A row a constant: its name, the vector size, the number."""
    rows: list[list[Cell]] = []
    for name, value in asdict(constants).items():
        kind, _, size = name.partition("_")
        what, unit = UNITS[kind]
        rows.append([what, size or None, value / unit])
    return rows


def constants_of(result: Result) -> Constants:
    """Those that were kept."""
    names = [field.name for field in fields(Constants)]
    return Constants(
        *(float(str(row[2])) * UNITS[name.partition("_")[0]][1] for name, row in zip(names, result.rows, strict=True))
    )


# ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────────


def of_picture(machines: int, overlap: float = 0, *, in_store: bool = True) -> Cluster:
    """The machines of the table and the picture."""
    return Cluster(machines, ROWS, VECTOR_SIZE, GIGABITS, in_store, overlap)


def simulated(constants: Constants) -> list[list[Cell]]:
    """A row for each number of machines, without an overlap and with one."""
    rows: list[list[Cell]] = []
    for machines in MACHINES:
        rows.append([machines, exchange_seconds(constants, of_picture(machines))])
        for overlap in (0, OVERLAP):
            cluster = of_picture(machines, overlap)
            needed = usual_periods(machines, overlap)  # fewer cost quality: docs/shards.md
            words, part = words_of_period(constants, cluster), training_part(constants, cluster, WORDS / needed)
            rows[-1] += [WORDS / words, needed, 100 * part, machines * part, needed * words / 1e9]
    return rows


def columns_of_simulated() -> list[Column]:
    """The columns of these rows."""
    columns = [Column("machines", 0), Column("seconds of an exchange", 2)]
    for which in ("", f"overlap {OVERLAP}: "):
        columns += [
            Column(f"{which}exchanges an epoch that leave {TRAINING:.0%}", 1),
            Column("that quality needs", 0),
            Column("% training with these", 0),
            Column("times one machine", 1),
            Column(f"billion words an epoch for {TRAINING:.0%}", 1),
        ]
    return columns


def period_rows(constants: Constants) -> list[list[Cell]]:
    """For each size of the parameters: what an exchange moves, and the words of a period on some machines."""
    rows: list[list[Cell]] = []
    for count, size in SIZES:
        moved = 2 * (1 - 1 / PERIOD_MACHINES) * 2 * count * size * CHANGE
        clusters = [Cluster(PERIOD_MACHINES, count, size, gigabits, in_store=True) for gigabits in NETWORKS]
        clusters.append(Cluster(PERIOD_MACHINES, count, size, GIGABITS, in_store=True, overlap=OVERLAP))
        words = [words_of_period(constants, cluster) / PERIOD_MACHINES / 1e6 for cluster in clusters]
        rows.append([f"{count:,} × {size}", moved / 1e6, *words])
    return rows


def picture(constants: Constants) -> None:
    """How many exchanges leave 85%, and what part of the time is training with those that quality needs."""
    exchanges: dict[str, list[tuple[float, float]]] = {}
    parts: dict[str, list[tuple[float, float]]] = {}
    for name, overlap in (("without an overlap", 0), (f"overlap {OVERLAP}", OVERLAP)):
        exchanges[name] = [(n, WORDS / words_of_period(constants, of_picture(n, overlap))) for n in MACHINES]
    for billions, overlap in ((1, OVERLAP), (10, 0), (1, 0)):
        name = f"{billions} billion words" + ", overlap" * bool(overlap)
        words = [billions * 1e9 / usual_periods(n, overlap) for n in MACHINES]
        of = [training_part(constants, of_picture(n, overlap), size) for n, size in zip(MACHINES, words, strict=True)]
        parts[name] = [(n, 100 * part) for n, part in zip(MACHINES, of, strict=True)]
    panels = (
        Panel("exchanges in an epoch of a billion words that leave 85%", "machines", exchanges, log=True),
        Panel("% of the time that is training, with those that quality needs", "machines", parts),
    )
    draw("cluster", panels)


def main() -> None:
    options = arguments(__doc__, megabytes=200, repeats=10, from_results="no")
    if options.from_results == "no":
        constants = measured(options.megabytes, options.repeats)
        names = [Column(""), Column("vector size"), Column("", 3)]
        finish(CONSTANTS, "What the simulation begins with", names, constant_rows(constants), save=options.save)
    else:
        constants = constants_of(Result.read(RESULTS / f"{CONSTANTS}.json"))
    what = f"Simulated: {WORDS / 1e9:.0f} billion words an epoch, {ROWS:,} words of {VECTOR_SIZE} dimensions"
    finish("cluster-simulation", what, columns_of_simulated(), simulated(constants), save=options.save)
    columns = [Column("words × vector size"), Column("MB that a machine sends, and receives, in an exchange", 0)]
    columns += [Column(f"{network:.0f} Gb/s", 0) for network in NETWORKS]
    columns.append(Column(f"{GIGABITS:.0f} Gb/s, overlap {OVERLAP}", 0))
    what = f"Simulated: million words that each of {PERIOD_MACHINES} machines of {CORES} cores trains in a period"
    note = f"Then {TRAINING:.0%} of the time is training."
    finish("cluster-periods", what, columns, period_rows(constants), save=options.save, note=note)
    if options.save:
        picture(constants)


if __name__ == "__main__":
    main()
