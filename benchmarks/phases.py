"""Where a block's time goes, phase by phase, on one core, by the processor's own counter; and the walk.

Whole rounds of wiki100 are computed and added, as one thread does it, save that nothing is learnt: the rate is zero.
"""

import time

import numpy as np

from common import arguments, machine
from firth import rounds
from firth.config import TrainingConfig
from firth.crew import Crew, Targets
from firth.kernels import skipgram as kernels
from firth.kernels.ahead import (
    Ahead,
    ask_for_outputs,
    draw_ahead,
    expect,
    expect_nothing,
    is_expected,
    take_noise_words,
)
from firth.kernels.blocks import ALONE, UNUSED, copy_rows
from firth.kernels.compiler import compiled
from firth.kernels.limits import forget_limits, squares_to_ratios
from firth.kernels.products import TILE_ROWS
from firth.kernels.rounds import add_rows
from firth.planning import plan_epoch
from firth.team import Team
from inside import now, tokens_and_parameters

PHASES = (
    "find windows",
    "noise words",
    "weigh pairs",
    "weigh noise",
    "gather rows",
    "draw ahead",
    "scores",
    "gradients",
    "input rows",
    "output rows",
    "ratios",
    "add",
)


@compiled
def note(cycles, phase, since):
    """Add what has gone by to a phase; return what the time is now."""
    time = now()
    cycles[phase] += time - since
    return time


@compiled
def run_phases(blocks, stretch, plan, parameters, noise, scratch, pairs, changes, cycles):
    B, windows, context_rows = plan.block_centres, scratch.windows, 0
    ahead = Ahead(stretch.tokens, parameters, None, scratch.noise_words, scratch.noise_bits, scratch.places)
    expect_nothing(ahead)
    for i in range(blocks):
        time = now()
        first, block = stretch.first + i * B, i % plan.round_blocks
        input_words, output_words = changes.input_words[block], changes.output_words[block]
        asks = not is_expected(first, ahead)
        changes.input_count[block], before = kernels.find_windows(
            stretch, first, first + B, plan, windows, input_words, parameters.inputs, None, asks
        )
        used = changes.input_count[block]
        context_rows += used
        time = note(cycles, 0, time)
        for j in range(plan.first_noise):
            output_words[j] = stretch.tokens[first + j] if j < B else UNUSED
        take_noise_words(first, stretch, plan, noise, ahead, output_words[plan.first_noise :])
        if asks:
            ask_for_outputs(output_words, ahead)
        expect(first + B, first, stretch, plan, noise, ahead)
        time = note(cycles, 1, time)
        kernels.weigh_windows(B, used, before, windows)
        for tile in range(plan.first_noise // TILE_ROWS, windows.tokens_of.shape[0]):
            windows.tokens_of[tile, 0], windows.tokens_of[tile, 1] = 0, used
        time = note(cycles, 2, time)
        kernels.weigh_noise(used, B, plan, windows.token_weights, pairs, output_words)
        time = note(cycles, 3, time)
        copy_rows(parameters.inputs, input_words, used, scratch.X)
        copy_rows(parameters.outputs, output_words, pairs.Z.shape[0], pairs.Z)
        time = note(cycles, 4, time)
        draw_ahead(plan, noise, ahead)
        time = note(cycles, 5, time)
        kernels.score_bands(scratch.X, pairs.Z, windows.tokens_of, pairs.S, ahead)
        time = note(cycles, 6, time)
        inputs, outputs = scratch.X.shape[0], pairs.Z.shape[0]
        of_inputs, of_outputs = block * inputs, block * outputs
        kernels.scores_to_gradients(
            pairs.S, pairs.W, used, np.float32(0.0), scratch.input_errors, scratch.output_errors
        )
        time = note(cycles, 7, time)
        input_rows = changes.input_rows[of_inputs : of_inputs + inputs]
        input_ratios, output_ratios = changes.input_ratios[of_inputs:], changes.output_ratios[of_outputs:]
        kernels.weigh_bands(
            pairs.S, used, windows.centres_of, plan.first_noise, pairs.Z, input_rows, input_ratios, ahead
        )
        time = note(cycles, 8, time)
        output_rows = changes.output_rows[of_outputs : of_outputs + outputs]
        kernels.weigh_transposed_bands(pairs.S, scratch.X, windows.tokens_of, output_rows, output_ratios, ahead)
        time = note(cycles, 9, time)
        squares_to_ratios(used, scratch.input_errors, input_ratios)
        squares_to_ratios(outputs, scratch.output_errors, output_ratios)
        time = note(cycles, 10, time)
        if block == plan.round_blocks - 1:
            forget_limits(scratch.input_limits)
            forget_limits(scratch.output_limits)
            add_rows(
                changes.input_words, changes.input_count, changes.input_rows, None, changes.input_ratios, None,
                scratch.input_limits, plan.round_blocks, changes.input_marks, parameters.inputs, None, ALONE, scratch,
            )  # fmt: skip
            add_rows(
                changes.output_words, changes.output_count, changes.output_rows, changes.output_scales,
                changes.output_ratios, None, scratch.output_limits, plan.round_blocks, changes.output_marks,
                parameters.outputs, None, ALONE, scratch,
            )  # fmt: skip
            note(cycles, 11, time)
    return context_rows


options = arguments(__doc__, repeats=7)
tokens, parameters = tokens_and_parameters()
config = TrainingConfig()
plan = plan_epoch(tokens, config, 0, 5)
targets = Targets.of(tokens, config)
crew = Crew(Team(1), config, plan, parameters, targets)
space = crew.spaces[0]

print(machine())
began, walked = time.process_time(), 0
for stretch, _ in rounds.Walk(tokens, config, 0, plan):
    walked += stretch.last - stretch.first
walk = (time.process_time() - began) / walked * 1e9
print(f"walk: {walk:.1f} ns a kept token; {walked / len(tokens.ids):.3f} of the tokens are kept")

stretch, _ = next(iter(rounds.Walk(tokens, config, 0, plan)))
blocks = (stretch.last - stretch.first) // plan.block_centres
found = []
for _ in range(options.repeats):
    cycles = np.zeros(len(PHASES), np.int64)
    began = time.process_time()
    rows = run_phases(
        blocks, stretch, plan, parameters, targets.noise, space.scratch, space.pairs, crew.changes, cycles
    )
    found.append(cycles / cycles.sum() * (time.process_time() - began) / blocks * 1e6)
whole = np.median(found[1:], axis=0)  # the first has to compile
for name, microseconds in zip(PHASES, whole, strict=True):
    print(f"{name:12} {microseconds:5.2f} µs a block")
print(f"{'all':12} {whole.sum():5.2f}")
used, columns, width = rows / blocks, len(space.pairs.Z), parameters.inputs.shape[1]
product = 2 * used * columns * width
print(
    f"{used:.1f} context rows, {columns} output rows, width {width}: {product / 1e3:.0f} kFLOP a product, three a block"
)
square = np.random.default_rng(0).random((1024, 1024), np.float32)
began = time.process_time()
for _ in range(10):
    square @ square
print(f"NumPy's own matrix product: {10 * 2 * 1024**3 / (time.process_time() - began) / 1e9:.0f} GFLOP / cpu-s")
