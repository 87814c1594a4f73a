"""Why two threads are not twice one: chunk after chunk of one training, each in one of four ways, in turn.

one        one thread
two        two threads of one training, as firth has it
racing     two trainings of one thread each, side by side, that change the same parameters: nothing is claimed, nobody
           waits, and what comes out is anybody's guess. No trainer whose threads share these parameters, in
           rounds or not, can have less to do
apart      the same, each with parameters of its own: what the machine has to give

Racing is the bound of two: what racing takes more than apart is the rows, which half the time were last changed by the
other core. How long a word takes from core to core is measured beside it, for the system moves its processors about.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

import numpy as np

from benchmarks._lib import internals
from benchmarks._lib.results import Cell, Column, arguments, finish
from firth.threads import ThreadPool

NEAR = 150
"""Nanoseconds for a word to go to another core that shares a cache, at most."""
WAYS = ("one", "two", "racing", "apart")
FIRST = 8
"""Chunks that are left out: the machine warms up."""
Found = dict[tuple[bool, str], list[float]]


def nanoseconds_to_the_other(pool: ThreadPool) -> float:
    """For a word, from core to core."""
    began = time.perf_counter()
    turns = internals.take_turns(pool)
    return (time.perf_counter() - began) / turns * 1e9


def measure(options: Any) -> tuple[Found, float]:
    """Microseconds a round, by whether the cores are near and by way; and the rows handed over in one."""
    setup = internals.set_up({}, options.megabytes)
    size, found = internals.round_size(setup), {(near, way): [] for near in (True, False) for way in WAYS}
    own = internals.new_parameters(setup.config, len(setup.parameters.outputs))
    with ThreadPool(1) as alone, ThreadPool(2) as pool, ThreadPoolExecutor(2) as executor:
        first, second, other = (
            internals.new_group(setup, alone, of) for of in (setup.parameters, setup.parameters, own)
        )
        both = internals.new_group(setup, pool)

        def side_by_side(group: Any, chunk: Any, middle: int) -> None:
            halves = chunk._replace(last=middle), chunk._replace(first=middle)
            list(executor.map(lambda of, half: of.train(half, setup.plan), (first, group), halves))

        run = {
            "one": lambda chunk, _: first.train(chunk, setup.plan),
            "two": lambda chunk, _: both.train(chunk, setup.plan),
            "racing": lambda chunk, middle: side_by_side(second, chunk, middle),
            "apart": lambda chunk, middle: side_by_side(other, chunk, middle),
        }
        turn = cycle(WAYS)
        nanoseconds_to_the_other(pool)  # compiles
        for repeat in range(options.repeats):
            for number, chunk in enumerate(internals.chunks(setup, repeat)):
                rounds = (chunk.last - chunk.first) // size
                before = nanoseconds_to_the_other(pool)
                way = next(turn)
                began = time.perf_counter()
                run[way](chunk, chunk.first + rounds // 2 * size)
                seconds = time.perf_counter() - began
                near = {nanoseconds < NEAR for nanoseconds in (before, nanoseconds_to_the_other(pool))}
                if len(near) == 1 and number >= FIRST and rounds > 0:
                    found[near.pop(), way].append(seconds / rounds * 1e6)
            next(turn)  # another way for the same part of the text, the next time
        handed = internals.rows_handed_over(first, setup, next(internals.chunks(setup)), rounds=400)
    return found, handed


def main() -> None:
    options = arguments(__doc__, repeats=3, megabytes=100)
    found, handed = measure(options)
    rows: list[list[Cell]] = []
    for near, where in ((True, "near each other"), (False, "far from each other")):
        if all(len(found[near, way]) > 3 for way in WAYS):
            one = float(np.median(found[near, "one"]))
            for way in WAYS:
                low, middle, high = np.percentile(found[near, way], [25, 50, 75]).tolist()
                rows.append([where, way, [middle, low, high], one / middle])
    columns = [Column("the cores"), Column("way"), Column("µs a round: median, and half of them", 1)]
    columns.append(Column("times one", 2))
    note = f"{handed:.0f} rows go from one thread to the other in a round."
    finish("threads", "Two threads, in four ways", columns, rows, save=options.save, note=note)


if __name__ == "__main__":
    main()
