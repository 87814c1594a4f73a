"""How probable sentences are to a model of hierarchical softmax: each word by its context, along its path in the tree.

Mikolov et al. 2013, "Distributed representations", eq. 3; Taddy 2015, "Document classification by inversion of
distributed language representations", eq. 2, has the sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from firth.arrays import Float32, Float64, Int64
from firth.training.huffman import huffman_tree


class SentenceScores:
    """The log probabilities of sentences by input vectors (V, d), output vectors (V, d) of nodes, and counts (V,)."""

    def __init__(
        self, inputs: Float32, outputs: Float32, counts: Int64, *, window: int, is_skip_gram: bool, is_mean: bool
    ):
        self.inputs, self.outputs = inputs, outputs
        self.window, self.is_skip_gram, self.is_mean = window, is_skip_gram, is_mean
        self.tree = huffman_tree(counts)

    def __call__(self, sentences: Iterable[Sequence[int]]) -> Float32:
        """The log probability of each sentence, given as the rows of its words: (n,) float32."""
        return np.array([self._of_sentence(words) for words in sentences], np.float32)

    def _of_sentence(self, words: Sequence[int]) -> float:
        """The sum over center words, each with all words that the window reaches."""
        inputs = self.inputs[list(words)].astype(np.float64)
        total = 0.0
        for center, word in enumerate(words):
            start = max(0, center - self.window)
            around = np.delete(inputs[start : center + self.window + 1], center - start, axis=0)
            total += self._of_word(word, around if self.is_skip_gram else self._together(around))
        return total

    def _together(self, around: Float64) -> Float64:
        """What CBOW makes of the vectors (m, d) of context words: (1, d)."""
        total: Float64 = around.sum(axis=0, keepdims=True)
        return total / len(around) if self.is_mean and len(around) else total

    def _of_word(self, word: int, contexts: Float64) -> float:
        """The sum over contexts (m, d) of the log probability of a word: of each turn on the path to it."""
        codes = self.tree.codes[self.tree.starts[word] : self.tree.starts[word + 1]]
        signs = np.where(codes >= 0, 1.0, -1.0)
        nodes = self.outputs[np.maximum(codes, ~codes)].astype(np.float64)
        return -float(np.logaddexp(0, -(contexts @ nodes.T) * signs).sum())
