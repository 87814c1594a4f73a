"""Why two threads are not twice one: what it costs to hand a row from core to core, and how many rows are handed over.

Two processes at once share nothing but the machine; two threads of one training share the parameters, whose rows half
the time were last changed by the other core. The rows that must change cores are counted on real rounds, blocks dealt
out in turn; what one costs is measured by two threads that change the same rows one after the other. Both together
bound what two threads can come to, with waiting and everything else for nothing.
"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import firth
from common import arguments, cut, machine, spread, wiki100
from firth.aligned import aligned_zeros
from firth.config import TrainingConfig
from firth.crew import Crew, Targets
from firth.kernels.blocks import UNUSED
from firth.kernels.compiler import compiled
from firth.kernels.prefetch import prefetch_row
from firth.kernels.synchrony import take_ticket, wait_until
from firth.planning import Tokens, initial_parameters, plan_epoch
from firth.rounds import Walk
from firth.team import Team

ROWS, TURNS, AHEAD = 400, 4000, 8
ONE = """
import sys, time, firth
corpus, threads = firth.encode(sys.argv[1]), int(sys.argv[2])
firth.train(["one two three"] * 100, min_count=1, epochs=1, progress=False, threads=threads)
input()
began = time.perf_counter()
firth.train(corpus, epochs=1, threads=threads, progress=False)
print(time.perf_counter() - began)
"""


@compiled
def take_turns(thread, threads, counters, rows, which):  # type: ignore[no-untyped-def]
    """Change the same rows, every thread in its turn."""
    for turn in range(TURNS):
        if turn % threads == thread:
            wait_until(counters, 0, turn)
            for i in range(which.shape[0]):
                prefetch_row(rows, which[min(i + AHEAD, which.shape[0] - 1)])
                for column in range(rows.shape[1]):
                    rows[which[i], column] += np.float32(1)
            take_ticket(counters, 0)


def turns(threads):
    """Seconds a row, in turns of so many threads."""
    rows = aligned_zeros(20_000, 112)
    which = np.random.default_rng(1).permutation(len(rows))[:ROWS].astype(np.int32)
    with Team(threads) as team:
        for _ in range(2):  # the first compiles
            counters = np.zeros(8, np.int64)
            began = time.perf_counter()
            team.run(lambda thread, counters=counters: take_turns(thread, threads, counters, rows, which))
            seconds = time.perf_counter() - began
    return seconds / TURNS / ROWS


def handed_over(corpus, rounds):
    """Rows that a round gives from one of two threads to the other: copied, or added to, or added."""
    config = TrainingConfig()
    vocabulary = corpus.vocabulary(5)
    tokens = Tokens(corpus.ids, corpus.sentence_starts, vocabulary.counts)
    plan = plan_epoch(tokens, config, 0, 1)
    parameters = initial_parameters(len(vocabulary), config.vector_size, 1)
    crew = Crew(Team(1), config, plan, parameters, Targets.of(tokens, config))
    stretch, _ = next(iter(Walk(tokens, config, 0, plan)))
    last_changed = {"input": np.full(len(vocabulary), -1), "output": np.full(len(vocabulary), -1)}
    size, handed = plan.block_centres * plan.round_blocks, 0
    for round_first in range(stretch.first, stretch.first + rounds * size, size):
        crew.train(stretch._replace(first=round_first, last=round_first + size), plan)
        for kind, owners in last_changed.items():
            words, counts = (getattr(crew.changes, f"{kind}_{what}") for what in ("words", "count"))
            of_block = [row[:n][row[:n] != UNUSED] for row, n in zip(words, counts, strict=True)]
            found = np.concatenate(of_block)
            thread = np.repeat(np.arange(len(of_block)) % 2, [len(of) for of in of_block])
            handed += int(((owners[found] >= 0) & (owners[found] != thread)).sum())  # copied
            owners[found] = thread  # the last to find a change owns the row
            handed += int((owners[found] != thread).sum())  # changes that the other computed
    return handed / rounds


def seconds_of(path, threads, processes):
    """Wall seconds of training processes that begin at once."""
    command = [sys.executable, "-c", ONE, str(path), str(threads)]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    for process in running:
        process.stdin.write("\n")
        process.stdin.flush()
    return max(float(process.communicate()[0].splitlines()[-1]) for process in running)


options = arguments(__doc__, repeats=5, megabytes=30)
path: Path = cut(wiki100(), options.megabytes)
corpus = firth.encode(path)
tokens = Tokens(corpus.ids, corpus.sentence_starts, corpus.vocabulary(5).counts)
plan = plan_epoch(tokens, TrainingConfig(), 0, 1)
for _ in range(2):  # the first compiles
    rounds, began = 0, time.perf_counter()
    for stretch, _ in Walk(tokens, TrainingConfig(), 0, plan):
        rounds += -(-(stretch.last - stretch.first) // (plan.block_centres * plan.round_blocks))
    walk = (time.perf_counter() - began) / rounds
one, two, apart, costs = [], [], [], []
for _ in range(options.repeats):
    one.append(seconds_of(path, 1, 1))
    two.append(seconds_of(path, 2, 1))
    apart.append(2 * one[-1] / seconds_of(path, 1, 2))
    costs.append((turns(2) - turns(1)) * 1e9)
handed = handed_over(corpus, 400)
print(machine())
print(f"two processes at once: {spread(apart, 2)} times one")
print(f"two threads: {spread([a / b for a, b in zip(one, two, strict=True)], 2)} times one")
print(f"handing a row to the other core: {spread(costs, 1)} ns; rows handed over in a round: {handed:.0f}")
round_seconds, handing = np.median(one) / rounds, handed * np.median(costs) * 1e-9
two_at_best = (round_seconds - walk + handing) / 2 + walk
print(
    f"a round of one thread: {round_seconds * 1e6:.1f} µs, {walk * 1e6:.1f} of it the walk, done by one; so two"
    f" threads can come to {round_seconds / two_at_best:.2f} times one, if none ever waits"
)
