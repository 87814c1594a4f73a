"""Negatives: an alias table, from which a word is drawn in two looks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.arrays import Float32, Float64, Int32, UInt32
from firth.jit.kernel import compiled
from firth.kernels.linalg.rows import axpy
from firth.kernels.machine.prefetch import prefetch_row
from firth.kernels.machine.rng import draw, high_half, low_half, scale
from firth.kernels.word2vec.blocks import clear


class Noise(NamedTuple):
    """An alias table (Walker 1977): word n itself with probability threshold/2**32, else its alias.

    Both stand in one array, so that a look at them is one at memory.
    """

    table: UInt32  # (V, 2) threshold and alias
    probabilities: Float32  # (V,) each word's probability


@compiled
def prefetch_negative(noise: Noise, bits: np.uint64) -> None:
    """Have what `negative_of` looks at on its way from memory."""
    prefetch_row(noise.table, scale(high_half(bits), noise.table.shape[0]))


@compiled
def draw_negative(noise: Noise, key: np.uint64, counter: int) -> int:
    """A word from the noise distribution."""
    return negative_of(noise, draw(key, counter))


@compiled
def negative_of(noise: Noise, bits: np.uint64) -> int:
    """The word of the noise distribution that 64 random bits stand for."""
    word = scale(high_half(bits), noise.table.shape[0])
    alias = np.int64(noise.table[word, 1])  # looked up in any case: no branch, which nobody could foretell
    return word if low_half(bits) < noise.table[word, 0] else alias  # type: ignore[return-value]


@compiled
def sum_of_mean(noise: Noise, rows: Float32, part: int, parts: int, sums: Float32) -> None:
    """sums[part] = what one of some parts of the vocabulary adds to the mean of all words' rows, as they are drawn."""
    words = rows.shape[0]
    clear(sums, part, part + 1)
    for word in range(words * part // parts, words * (part + 1) // parts):
        axpy(sums, part, noise.probabilities[word], rows, word)


@compiled
def fill_alias_table(scaled: Float64, probability: Float64, alias: Int32, stack: Int32) -> None:
    """Vose's method (1991, "A linear algorithm for generating random numbers with a given distribution").

    `scaled` is n × each word's probability and is used up; `stack` is n words of working space: words with
    less than their share grow from its front, words with more from its back.
    """
    n = scaled.shape[0]
    small = 0
    large = n
    for word in range(n):
        if scaled[word] < 1.0:
            stack[small] = word
            small += 1
        else:
            large -= 1
            stack[large] = word
    while small > 0 and large < n:
        small -= 1
        poor = stack[small]
        rich = stack[large]
        probability[poor] = scaled[poor]
        alias[poor] = rich
        scaled[rich] = (scaled[rich] + scaled[poor]) - 1.0
        if scaled[rich] < 1.0:
            large += 1
            stack[small] = rich
            small += 1
    for i in range(small):  # what rounding left over
        probability[stack[i]] = 1.0
        alias[stack[i]] = stack[i]
    for i in range(large, n):
        probability[stack[i]] = 1.0
        alias[stack[i]] = stack[i]
