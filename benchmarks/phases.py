"""Where a block's time goes: the phases of the first half of a round, one after the other, on one core; and the walk.

Each line adds a phase to those before it, on the same blocks of wiki100; so a phase's time is the difference.
"""

import time

import numpy as np

import firth
from common import arguments, machine, wiki100
from firth import rounds
from firth.config import TrainingConfig
from firth.crew import Crew, Targets
from firth.kernels import skipgram as kernels
from firth.kernels.blocks import ALONE, copy_rows
from firth.kernels.compiler import compiled
from firth.kernels.noise import draw_noise_word
from firth.kernels.prefetch import prefetch_row
from firth.kernels.products import TILE_ROWS
from firth.kernels.rounds import add_rows
from firth.planning import OUTPUT_ROWS, Tokens, initial_parameters, plan_epoch
from firth.team import Team

PHASES = (
    "find windows",
    "draw noise",
    "weigh pairs",
    "weigh noise",
    "gather rows",
    "scores",
    "gradients",
    "input rows",
    "output rows",
    "add",
)


@compiled
def run_phases(  # noqa: PLR0912
    last_phase, blocks, stretch, plan, parameters, noise, scratch, pairs, changes
):
    centres, B, K = plan.block_centres, plan.block_centres, plan.noise_words
    windows, context_rows, before = scratch.windows, 0, 0
    for i in range(blocks):
        first, block = stretch.first + i * centres, i % plan.round_blocks
        input_words, output_words = changes.input_words[block], changes.output_words[block]
        if last_phase >= 0:
            changes.input_count[block], before = kernels.find_windows(
                stretch, first, first + B, plan, scratch.windows, input_words, parameters.inputs, None
            )
        used = changes.input_count[block]
        context_rows += used
        if last_phase >= 1:
            for j in range(B):
                output_words[j] = stretch.tokens[first + j]
                prefetch_row(parameters.outputs, output_words[j])
            for j in range(K):
                counter = stretch.positions[first] * K + j
                output_words[B + j] = draw_noise_word(noise, plan.noise_key, counter)
                prefetch_row(parameters.outputs, output_words[B + j])
        if last_phase >= 2:
            kernels.weigh_windows(B, used, before, windows)
            windows.tokens_of[B // TILE_ROWS :, 1] = used
        if last_phase >= 3:
            kernels.weigh_noise(used, B, plan, windows.token_weights, pairs, output_words)
        if last_phase >= 4:
            copy_rows(parameters.inputs, input_words, used, scratch.X)
            copy_rows(parameters.outputs, output_words, B + K, pairs.Z)
        if last_phase >= 5:
            kernels.score_bands(scratch.X, pairs.Z, windows.tokens_of, pairs.S)
        if last_phase >= 6:
            kernels.scores_to_gradients(used, np.float32(0.0), pairs)
        inputs, outputs = scratch.X.shape[0], pairs.Z.shape[0]
        if last_phase >= 7:
            rows = changes.input_rows[block * inputs : (block + 1) * inputs]
            kernels.weigh_bands(pairs.S, used, windows.centres_of, B, pairs.Z, rows)
        if last_phase >= 8:
            rows = changes.output_rows[block * outputs : (block + 1) * outputs]
            kernels.weigh_transposed_bands(pairs.S, scratch.X, windows.tokens_of, rows)
        if last_phase >= 9 and block == plan.round_blocks - 1:
            add_rows(
                changes.input_words, changes.input_count, changes.input_rows, None, plan.round_blocks,
                changes.input_owner, parameters.inputs, None, ALONE, scratch.mine,
            )  # fmt: skip
            add_rows(
                changes.output_words, changes.output_count, changes.output_rows, changes.output_scales,
                plan.round_blocks, changes.output_owner, parameters.outputs, None, ALONE, scratch.mine,
            )  # fmt: skip
    return context_rows


options = arguments(__doc__, repeats=7)
corpus = firth.encode(wiki100())
vocabulary, config = corpus.vocabulary(5), TrainingConfig()
tokens = Tokens(corpus.ids, corpus.sentence_starts, vocabulary.counts)
parameters = initial_parameters(len(vocabulary), config.vector_size, 1)
for array in parameters:
    array[:, : config.vector_size] = np.random.default_rng(0).normal(0, 0.2, (len(vocabulary), config.vector_size))
plan = plan_epoch(tokens, config, 0, 5)
targets = Targets.of(tokens, config)
crew = Crew(Team(1), config, plan, parameters, targets)
space = crew.spaces[0]

print(machine())
began, walked = time.process_time(), 0
for stretch, _ in rounds.Walk(tokens, config, 0, plan):
    walked += stretch.last - stretch.first
walk = (time.process_time() - began) / walked * 1e9
print(f"walk: {walk:.1f} ns a kept token; {walked / len(corpus):.3f} of the tokens are kept")

stretch, _ = next(iter(rounds.Walk(tokens, config, 0, plan)))
blocks = (stretch.last - stretch.first) // plan.block_centres
before = 0.0
for phase, name in enumerate(PHASES):
    seconds = []
    for _ in range(options.repeats):
        began = time.process_time()
        rows = run_phases(
            phase, blocks, stretch, plan, parameters, targets.noise, space.scratch, space.pairs, crew.changes
        )
        seconds.append(time.process_time() - began)
    least = min(seconds[1:]) / blocks * 1e6
    print(f"{name:12} {least - before:5.2f} µs a block, in all {least:5.2f}")
    before = least
used, columns, width = rows / blocks, OUTPUT_ROWS, parameters.inputs.shape[1]
product = 2 * used * columns * width
print(
    f"{used:.1f} context rows, {columns} output rows, width {width}: {product / 1e3:.0f} kFLOP a product, three a block"
)
square = np.random.default_rng(0).random((1024, 1024), np.float32)
began = time.process_time()
for _ in range(10):
    square @ square
print(f"NumPy's own matrix product: {10 * 2 * 1024**3 / (time.process_time() - began) / 1e9:.0f} GFLOP / cpu-s")
