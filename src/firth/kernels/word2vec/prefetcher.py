"""What the block that a thread computes next will need: prefetched a few rows at a time, between the tiles of the
products of the block before it. So rows come from memory while the processor multiplies.

Which block that is, is a guess where there are more threads. A wrong one costs time, and changes nothing: the rows of a
block that was not expected are prefetched when it begins.
"""

from __future__ import annotations

from typing import NamedTuple

from firth.arrays import Int32, Int64, UInt64
from firth.jit.kernel import compiled
from firth.kernels.linalg.products import between_tiles
from firth.kernels.machine.prefetch import prefetch_row
from firth.kernels.machine.rng import draw
from firth.kernels.word2vec.blocks import Chunk, Parameters, Plan, Scratch, SubwordRows, prefetch_vectors
from firth.kernels.word2vec.negatives import Noise, negative_of, prefetch_negative

FIRST, CONTEXT, CONTEXTS_END, CENTER, CENTERS_END, NEGATIVE, NEGATIVES_END = range(7)
"""Cursors: the first center of the next block, or `NOWHERE`; and from where to where there are still rows to
prefetch, among the tokens, as context words and as centers, and among the negatives.
"""
CURSORS = 7
NOWHERE = -1


class PrefetchQueue(NamedTuple):
    """The next block, and how far it has been prefetched: of one thread."""

    tokens: Int32  # of the chunk
    parameters: Parameters
    subword_rows: SubwordRows | None
    negatives: Int32  # (K,) drawn already
    bits: UInt64  # (K,) what they are drawn by
    cursors: Int64  # (CURSORS,)


@compiled
def queue_of(
    tokens: Int32, parameters: Parameters, subword_rows: SubwordRows | None, scratch: Scratch
) -> PrefetchQueue:
    """That of the thread that has this scratch, on a chunk of tokens."""
    return PrefetchQueue(tokens, parameters, subword_rows, scratch.negatives, scratch.negative_bits, scratch.cursors)


@compiled
def draw_bits(first: int, chunk: Chunk, plan: Plan, bits: UInt64) -> None:
    """Random bits for the negatives of the block of centers from `first` on."""
    counter = chunk.positions[first] * plan.negatives
    for n in range(plan.negatives):  # with nothing else, so that all are drawn at once
        bits[n] = draw(plan.negatives_key, counter + n)


@compiled
def is_scheduled(first: int, queue: PrefetchQueue) -> bool:
    """Whether the block of centers from `first` on was expected, and so its rows are on their way."""
    return bool(queue.cursors[FIRST] == first)


@compiled
def prefetch_outputs(words: Int32, queue: PrefetchQueue) -> None:
    """Prefetch the output rows of all these words now."""
    for i in range(words.shape[0]):
        prefetch_row(queue.parameters.outputs, max(words[i], 0))


@compiled
def take_negatives(first: int, chunk: Chunk, plan: Plan, noise: Noise, queue: PrefetchQueue, words: Int32) -> None:
    """The negatives of the block of centers from `first` on; if that block was expected, they have been drawn."""
    if not is_scheduled(first, queue):
        draw_bits(first, chunk, plan, queue.bits)
        for n in range(plan.negatives):
            words[n] = negative_of(noise, queue.bits[n])
        return
    for n in range(plan.negatives):
        words[n] = queue.negatives[n]


@compiled
def schedule_nothing(cursors: Int64) -> None:
    """No block is known to come next: nothing is prefetched."""
    for place in range(CURSORS):
        cursors[place] = 0
    cursors[FIRST] = NOWHERE


@compiled
def schedule_block(first: int, after: int, chunk: Chunk, plan: Plan, noise: Noise, queue: PrefetchQueue) -> None:
    """The block of centers from `first` on is to come next, after that from `after` on: prefetch where its negatives
    are drawn from. Where no center is left, nothing is expected.
    """
    schedule_nothing(queue.cursors)
    if first >= chunk.last:
        return
    cursors, last = queue.cursors, min(first + plan.block_centers, chunk.last)
    cursors[FIRST] = first
    known = after + plan.block_centers + plan.window if first == after + plan.block_centers else 0
    cursors[CONTEXT] = max(first - plan.window, known)
    cursors[CONTEXTS_END] = min(last + plan.window, chunk.tokens.shape[0])
    cursors[CENTER], cursors[CENTERS_END] = first, last
    draw_bits(first, chunk, plan, queue.bits)
    for n in range(plan.negatives):
        prefetch_negative(noise, queue.bits[n])


@compiled
def draw_next_negatives(plan: Plan, noise: Noise, queue: PrefetchQueue) -> None:
    """Draw the negatives of the block that is expected."""
    if queue.cursors[FIRST] != NOWHERE:
        for n in range(plan.negatives):
            queue.negatives[n] = negative_of(noise, queue.bits[n])
        queue.cursors[NEGATIVES_END] = plan.negatives


@compiled
def prefetch_some(rows: int, queue: PrefetchQueue) -> None:
    """Prefetch so many more of the rows that the next block needs."""
    cursors, outputs = queue.cursors, queue.parameters.outputs
    for _ in range(rows):
        if cursors[CONTEXT] < cursors[CONTEXTS_END]:
            prefetch_vectors(queue.parameters.inputs, queue.tokens[cursors[CONTEXT]], queue.subword_rows)
            cursors[CONTEXT] += 1
        elif cursors[CENTER] < cursors[CENTERS_END]:
            prefetch_row(outputs, queue.tokens[cursors[CENTER]])
            cursors[CENTER] += 1
        elif cursors[NEGATIVE] < cursors[NEGATIVES_END]:
            prefetch_row(outputs, queue.negatives[cursors[NEGATIVE]])
            cursors[NEGATIVE] += 1


between_tiles.kernels[PrefetchQueue] = prefetch_some
