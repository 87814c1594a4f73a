"""Why two threads are not twice one: stretch after stretch of one training, each in one of four ways, in turn.

one        one thread
two        two threads of one training, as firth has it
racing     two trainings of one thread each, side by side, that change the same parameters: nothing is claimed, nobody
           waits, and what comes out is anybody's guess. No trainer whose threads share these parameters, round by
           round or not at all in step, can have less to do
apart      the same, each with parameters of its own: what the machine has to give

Racing is the bound of two: what racing takes more than apart is the rows, which half the time were last changed by the
other core. How long a word takes from core to core is measured beside it, for the system moves its processors about.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import numpy as np

import firth
from common import arguments, cut, machine, wiki100
from firth.config import TrainingConfig
from firth.crew import Crew, Targets
from firth.kernels.blocks import UNUSED
from firth.kernels.compiler import compiled
from firth.kernels.synchrony import take_ticket, wait_until
from firth.planning import Tokens, initial_parameters, plan_epoch
from firth.rounds import Walk
from firth.team import Pace, Team

TURNS = 10_000
NEAR = 150
"""Nanoseconds for a word to go to another core that shares a cache, at most."""


class Steady(Pace):
    """All threads work, whatever is faster."""

    def shares(self, units):  # type: ignore[no-untyped-def]
        yield self.threads, units


@compiled
def take_turns(thread, threads, counters):  # type: ignore[no-untyped-def]
    """Add one to the same counter, every thread in its turn."""
    for turn in range(TURNS):
        if turn % threads == thread:
            wait_until(counters, 0, turn)
            take_ticket(counters, 0)


def nanoseconds_to_the_other(team):
    counters = np.zeros(8, np.int64)
    began = time.perf_counter()
    team.run(lambda thread: take_turns(thread, 2, counters))
    return (time.perf_counter() - began) / TURNS * 1e9


def rows_handed_over(crew, stretch, plan, rounds):
    """Rows that a round gives from one of two threads to the other, blocks dealt out in turn: copied, or added."""
    words = len(crew.parameters.outputs)
    last_changed = {"input": np.full(words, -1), "output": np.full(words, -1)}
    size, handed = plan.block_centres * plan.round_blocks, 0
    for first in range(stretch.first, stretch.first + rounds * size, size):
        crew.train(stretch._replace(first=first, last=first + size), plan)
        for kind, owners in last_changed.items():
            words, counts = (getattr(crew.changes, f"{kind}_{what}") for what in ("words", "count"))
            of_block = [row[:n][row[:n] != UNUSED] for row, n in zip(words, counts, strict=True)]
            thread = np.repeat(np.arange(len(of_block)) % 2, [len(of) for of in of_block])
            found = np.concatenate(of_block)
            copied = np.unique(np.stack([found, thread]), axis=1)
            handed += int((owners[copied[0]] == 1 - copied[1]).sum())
            owners[found] = thread  # the last to find a change owns the row
            handed += int((owners[found] != thread).sum())
    return handed / rounds


options = arguments(__doc__.splitlines()[0], repeats=3, megabytes=100)
corpus = firth.encode(cut(wiki100(), options.megabytes))
config, vocabulary = TrainingConfig(), corpus.vocabulary(5)
tokens = Tokens(corpus.ids, corpus.sentence_starts, vocabulary.counts)
plan = plan_epoch(tokens, config, 0, 1)
targets = Targets.of(tokens, config)
shared, own = (initial_parameters(len(vocabulary), config.vector_size, 1) for _ in range(2))
size = plan.block_centres * plan.round_blocks
ways = ("one", "two", "racing", "apart")
found = {(near, way): [] for near in (True, False) for way in ways}
with Team(1) as alone, Team(2) as team, ThreadPoolExecutor(2) as pool:
    first, second, other = (Crew(alone, config, plan, parameters, targets) for parameters in (shared, shared, own))
    both = Crew(team, config, plan, shared, targets)
    for crew in (first, second, other, both):
        crew.pace = Steady(crew.team.threads)

    def side_by_side(crew, stretch, middle):
        halves = stretch._replace(last=middle), stretch._replace(first=middle)
        for done in [pool.submit(of.train, half, plan) for of, half in zip((first, crew), halves, strict=True)]:
            done.result()

    run = {
        "one": lambda stretch, _: first.train(stretch, plan),
        "two": lambda stretch, _: both.train(stretch, plan),
        "racing": lambda stretch, middle: side_by_side(second, stretch, middle),
        "apart": lambda stretch, middle: side_by_side(other, stretch, middle),
    }
    turn = cycle(ways)
    nanoseconds_to_the_other(team)  # compiles
    for repeat in range(options.repeats):
        for number, (stretch, _) in enumerate(Walk(tokens, config, repeat, plan)):
            rounds = (stretch.last - stretch.first) // size
            before = nanoseconds_to_the_other(team)
            way = next(turn)
            began = time.perf_counter()
            run[way](stretch, stretch.first + rounds // 2 * size)
            seconds = time.perf_counter() - began
            near = {nanoseconds < NEAR for nanoseconds in (before, nanoseconds_to_the_other(team))}
            if len(near) == 1 and number >= 8 and stretch.last - stretch.first >= rounds * size > 0:
                found[near.pop(), way].append(seconds / rounds * 1e6)
        next(turn)  # another way for the same part of the text, the next time
    stretch, _ = next(iter(Walk(tokens, config, 0, plan)))
    handed = rows_handed_over(first, stretch, plan, rounds=400)
print(machine())
print(f"rows handed over in a round: {handed:.0f}")
for near, where in ((True, "the cores near each other"), (False, "far from each other")):
    if not all(len(found[near, way]) > 3 for way in ways):
        print(f"{where}: too seldom to tell")
        continue
    print(f"{where}, µs a round:")
    one = np.median(found[near, "one"])
    for way in ways:
        low, middle, high = np.percentile(found[near, way], [25, 50, 75])
        print(f"  {way:7} {middle:6.1f} (half of them {low:.1f} to {high:.1f}): {one / middle:.2f} times one")
