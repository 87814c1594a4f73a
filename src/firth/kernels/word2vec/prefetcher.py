"""What the block that a thread computes next will need: asked for a few rows at a time, between the tiles of the
products of the block before it. So rows come from memory while the processor multiplies.

Which block that is, is a guess where there are more threads. A wrong one costs time, and changes nothing: the rows of a
block that was not expected are asked for when it begins.
"""

from __future__ import annotations

from typing import NamedTuple

from firth.arrays import Int32, Int64, UInt64
from firth.jit.kernel import compiled
from firth.kernels.linalg.products import between_tiles
from firth.kernels.machine.prefetch import prefetch_row
from firth.kernels.machine.rng import draw
from firth.kernels.word2vec.blocks import Chunk, Parameters, Parts, Plan, Scratch, ask_for
from firth.kernels.word2vec.negatives import Noise, ask_for_noise_word, noise_word_of

FIRST, CONTEXT, CONTEXTS_END, CENTER, CENTERS_END, NOISE, NOISE_END = range(7)
"""Places: the first center of the next block, or `NOWHERE`; and from where to where there is still something to ask
for, among the tokens, as context words and as centers, and among the noise words.
"""
PLACES = 7
NOWHERE = -1


class Ahead(NamedTuple):
    """The next block, and how far it has been asked for: of one thread."""

    tokens: Int32  # of the chunk
    parameters: Parameters
    parts: Parts | None
    noise_words: Int32  # (K,) drawn already
    bits: UInt64  # (K,) what they are drawn by
    places: Int64  # (PLACES,)


@compiled
def ahead_of(tokens: Int32, parameters: Parameters, parts: Parts | None, scratch: Scratch) -> Ahead:
    """That of the thread that works in this space, on a chunk of tokens."""
    return Ahead(tokens, parameters, parts, scratch.noise_words, scratch.noise_bits, scratch.places)


@compiled
def draw_bits(first: int, chunk: Chunk, plan: Plan, bits: UInt64) -> None:
    """Random bits for the noise words of the block of centers from `first` on."""
    counter = chunk.positions[first] * plan.noise_words
    for n in range(plan.noise_words):  # with nothing else, so that all are drawn at once
        bits[n] = draw(plan.noise_key, counter + n)


@compiled
def is_expected(first: int, ahead: Ahead) -> bool:
    """Whether the block of centers from `first` on was expected, and so its rows are on their way."""
    return bool(ahead.places[FIRST] == first)


@compiled
def ask_for_outputs(words: Int32, ahead: Ahead) -> None:
    """Ask for the output rows of all these words now."""
    for i in range(words.shape[0]):
        prefetch_row(ahead.parameters.outputs, max(words[i], 0))


@compiled
def take_noise_words(first: int, chunk: Chunk, plan: Plan, noise: Noise, ahead: Ahead, words: Int32) -> None:
    """The noise words of the block of centers from `first` on; if that block was expected, they have been drawn."""
    if not is_expected(first, ahead):
        draw_bits(first, chunk, plan, ahead.bits)
        for n in range(plan.noise_words):
            words[n] = noise_word_of(noise, ahead.bits[n])
        return
    for n in range(plan.noise_words):
        words[n] = ahead.noise_words[n]


@compiled
def expect_nothing(places: Int64) -> None:
    """No block is known to come next: nothing is asked for."""
    for place in range(PLACES):
        places[place] = 0
    places[FIRST] = NOWHERE


@compiled
def expect(first: int, after: int, chunk: Chunk, plan: Plan, noise: Noise, ahead: Ahead) -> None:
    """The block of centers from `first` on is to come next, after that from `after` on: ask for where its noise words
    are drawn from. Where no center is left, nothing is expected.
    """
    expect_nothing(ahead.places)
    if first >= chunk.last:
        return
    places, last = ahead.places, min(first + plan.block_centers, chunk.last)
    places[FIRST] = first
    known = after + plan.block_centers + plan.window if first == after + plan.block_centers else 0
    places[CONTEXT] = max(first - plan.window, known)
    places[CONTEXTS_END] = min(last + plan.window, chunk.tokens.shape[0])
    places[CENTER], places[CENTERS_END] = first, last
    draw_bits(first, chunk, plan, ahead.bits)
    for n in range(plan.noise_words):
        ask_for_noise_word(noise, ahead.bits[n])


@compiled
def draw_ahead(plan: Plan, noise: Noise, ahead: Ahead) -> None:
    """Draw the noise words of the block that is expected."""
    if ahead.places[FIRST] != NOWHERE:
        for n in range(plan.noise_words):
            ahead.noise_words[n] = noise_word_of(noise, ahead.bits[n])
        ahead.places[NOISE_END] = plan.noise_words


@compiled
def ask(rows: int, ahead: Ahead) -> None:
    """Ask for so many more of the rows that the next block needs."""
    places, outputs = ahead.places, ahead.parameters.outputs
    for _ in range(rows):
        if places[CONTEXT] < places[CONTEXTS_END]:
            ask_for(ahead.parameters.inputs, ahead.tokens[places[CONTEXT]], ahead.parts)
            places[CONTEXT] += 1
        elif places[CENTER] < places[CENTERS_END]:
            prefetch_row(outputs, ahead.tokens[places[CENTER]])
            places[CENTER] += 1
        elif places[NOISE] < places[NOISE_END]:
            prefetch_row(outputs, ahead.noise_words[places[NOISE]])
            places[NOISE] += 1


between_tiles.kernels[Ahead] = ask
