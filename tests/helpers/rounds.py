"""Training in rounds on made-up tokens, by the kernels and by the reference."""

import dataclasses
import hashlib

import numpy as np
import pytest

from firth.jit import target
from firth.kernels.machine import rng
from firth.kernels.word2vec.blocks import SubwordRows
from firth.training import reference, rounds, schedule
from firth.training.sampling import as_thresholds, keep_probabilities
from firth.training.train import ngrams_of
from firth.training.workers import Targets
from firth.vectors.subwords import Composition

COMPILES = pytest.mark.long if target.is_enabled() else ()
"""Of a test that needs kernels which no other test needs: to compile them takes ten seconds."""
needs_threads = pytest.mark.skipif(not target.is_enabled(), reason="with the compiler off there is one thread")


def random_corpus(seed=0, words=30, sentences=40):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 25, sentences)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    ids = np.minimum(rng.geometric(0.1, starts[-1]) - 1, words + 4).astype(np.int32)  # some past the vocabulary
    counts = np.maximum(np.bincount(ids, minlength=words)[:words], 1)
    return schedule.Tokens(ids, starts, counts)


def with_subword_rows(tokens, config):
    """The tokens, and n-grams of their words; how many different ones."""
    if not config.max_n:
        return tokens, 0
    found = Composition([f"word{i % 7}{i}" for i in range(len(tokens.counts))], ngrams_of(config))
    return dataclasses.replace(tokens, subword_rows=SubwordRows(found.starts, found.rows)), len(found.used)


def first_parameters(tokens, config, ngrams):
    return schedule.initial_parameters(
        len(tokens.counts), config.vector_size, config.seed, shared=config.shared_vectors, ngrams=ngrams
    )


def train(tokens, config, *, epochs=2, threads=1):
    tokens, ngrams = with_subword_rows(tokens, config)
    parameters = first_parameters(tokens, config, ngrams)
    events = list(rounds.train(tokens, config, parameters, epochs=epochs, threads=threads))
    return parameters, events


def train_reference(tokens, config, epochs=2):
    tokens, ngrams = with_subword_rows(tokens, config)
    start = first_parameters(tokens, config, ngrams)
    inputs, outputs = (p[:, : config.vector_size].astype(float) for p in start)
    outputs = inputs if config.shared_vectors else outputs
    losses = []
    for number in range(epochs):
        epoch = reference_epoch(tokens, config, number, epochs)
        losses.append(
            reference.train_epoch(tokens.ids.tolist(), tokens.sentence_starts.tolist(), inputs, outputs, epoch)
        )
    return inputs, outputs, losses


def reference_epoch(tokens, config, number, epochs):
    noise, tree = Targets.of(tokens, config)
    return reference.Epoch(
        config=config,
        plan=schedule.plan_epoch(tokens, config, number, epochs),
        noise=noise,
        tree=tree,
        keep=as_thresholds(keep_probabilities(tokens.counts, config.sample)).tolist(),
        subword_rows=tokens.subword_rows,
        rate_scales=schedule.row_rate_scales(tokens, config),
        keep_key=int(rng.stream_key(config.seed, number, rng.SUBSAMPLING)),
    )


def sha256(parameters):
    return hashlib.sha256(b"".join(p.tobytes() for p in parameters)).hexdigest()
