"""How evenly up to 64 threads share the two phases of a round: one core does the work of each, one after another.

For each round, one core computes the blocks of each of so many threads and adds the share of each, by the processor's
own counter. A round takes as long as the thread that computes longest and then the one that adds longest. What comes
out is how much faster than one thread so many would be if nothing were lost on the way between their cores: neither
rows and marks that come from another core, nor the time in which threads find out that all are done.

Nothing is learnt: the rate is zero, so that a round can be done several times, of which the fastest counts.
"""

import numpy as np

from common import arguments, machine
from firth.config import TrainingConfig
from firth.crew import Crew, Targets
from firth.kernels.ahead import Ahead, expect_nothing
from firth.kernels.blocks import is_measured
from firth.kernels.compiler import compiled
from firth.kernels.rounds import (
    add_share,
    as_marker,
    compute_changes,
    first_block,
    first_centre,
    first_of_next,
    forget_marks,
    whole_rounds,
)
from firth.planning import plan_epoch, row_steps
from firth.rounds import Walk
from firth.team import Team
from inside import now, tokens_and_parameters

COMPUTE, ADD = 0, 1


@compiled
def run_round(
    number, threads, totals, stretch, plan, parameters, steps, noise, scratch, pairs, hidden, changes, cycles
):
    """Note in cycles (2, threads) what each of some threads would take for its part of the two phases of a round."""
    ahead = Ahead(stretch.tokens, parameters, None, scratch.noise_words, scratch.noise_bits, scratch.places)
    size = plan.block_centres * plan.round_blocks
    for turn in range(threads + 1):
        thread = turn % threads  # the first turn is there to have all code in the caches, and is done once more
        marker, behind = as_marker(thread, threads), first_block(thread + 1, threads, plan)
        expect_nothing(ahead)
        since = now()
        forget_marks(marker, changes)
        for block in range(first_block(thread, threads, plan), behind):
            first = first_centre(stretch, number, block, plan)
            next_first = first_of_next(stretch, number, block, behind, threads, plan)
            compute_changes(
                block, plan.round_blocks, first, next_first, 0.0, is_measured(number, block, plan), False, marker,
                stretch, plan, parameters, None, noise, None, scratch, pairs, hidden, None, None, changes, ahead,
            )  # fmt: skip
        cycles[COMPUTE, thread] = now() - since
    for turn in range(threads + 1):
        thread = turn % threads
        since = now()
        add_share(
            thread, threads, False, size, plan.round_blocks, totals, plan, parameters, None, steps, scratch, None,
            changes,
        )  # fmt: skip
        cycles[ADD, thread] = now() - since


def cycles_of(settings, threads, options):
    """Cycles of each thread in each phase of some rounds, (rounds, 2, threads)."""
    config = TrainingConfig(**settings)
    plan = plan_epoch(tokens, config, 0, 5)
    targets = Targets.of(tokens, config)
    crew = Crew(Team(1), config, plan, parameters, targets, steps=row_steps(tokens, config))
    space, totals = crew.spaces[0], np.zeros(2)
    changes = crew.changes._replace(
        input_marks=np.zeros((threads, crew.changes.input_marks.shape[1]), np.int64),
        output_marks=np.zeros((threads, crew.changes.output_marks.shape[1]), np.int64),
    )
    stretch, _ = next(iter(Walk(tokens, config, 0, plan)))
    found = []
    for number in range(min(options.rounds, whole_rounds(stretch, plan))):
        times = np.zeros((options.repeats, 2, threads), np.int64)
        for cycles in times:
            run_round(
                number, threads, totals, stretch, plan, parameters, crew.steps, targets.noise, space.scratch,
                space.pairs, space.hidden, changes, cycles,
            )  # fmt: skip
        found.append(times.min(axis=0) / (plan.round_blocks * plan.block_centres))
    return np.array(found)


options = arguments(__doc__.splitlines()[0], rounds=100, repeats=5)
tokens, parameters = tokens_and_parameters()
print(machine())
print("mean of all threads to the slowest, in each phase; how much faster than one thread, at most; and adding's part")
for settings, counts in (
    ({}, (1, 2, 4, 8, 16)),
    ({"round_centres": 1024}, (1, 2, 4, 8, 16, 32, 64)),
    ({"architecture": "cbow"}, (1, 2, 4, 8)),
    ({"architecture": "cbow", "round_centres": 2048}, (1, 2, 4, 8, 16, 32, 64)),
):
    one = None
    for threads in counts:
        found = cycles_of(settings, threads, options)
        slowest = found.max(axis=2).mean(axis=0)
        even = found.mean(axis=(0, 2)) / slowest
        one = slowest.sum() if one is None else one
        print(
            f"{settings or 'as usual'}: {threads:2} threads: computing {even[COMPUTE]:.2f}, adding {even[ADD]:.2f};"
            f" {one / slowest.sum():5.1f} times; {slowest[ADD] / slowest.sum():.2f}"
        )
