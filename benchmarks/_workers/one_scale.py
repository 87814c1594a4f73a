"""Train one epoch on a text, or on words drawn by Zipf's law: one_scale TEXT|zipf VOCABULARY VECTOR_SIZE THREADS."""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks._lib.processes import own_peak
from firth.config import TrainingConfig
from firth.training import rounds, schedule
from firth.training.train import train

TOKENS, SENTENCE = 5_000_000, 20

source, (vocabulary, vector_size, threads) = sys.argv[1], map(int, sys.argv[2:5])
if source == "zipf":
    weights = 1 / np.arange(1, vocabulary + 1)
    drawn = np.random.default_rng(0).random(TOKENS) * weights.sum()
    ids = np.searchsorted(np.cumsum(weights), drawn).astype(np.int32)
    counts = np.maximum(np.bincount(ids, minlength=vocabulary), 1)
    tokens = schedule.Tokens(ids, np.arange(0, TOKENS + 1, SENTENCE), counts)
    parameters = schedule.initial_parameters(vocabulary, vector_size, 1)
    wall, cpu = time.perf_counter(), time.process_time()
    for event in rounds.train(tokens, TrainingConfig(), parameters, epochs=1, threads=threads):
        done = event.tokens
else:
    with tempfile.TemporaryDirectory() as cache:
        wall, cpu = time.perf_counter(), time.process_time()
        done = int(
            train(Path(source), epochs=1, threads=threads, cache=cache, vector_size=vector_size).vocabulary.counts.sum()
        )
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps({"words": done, "wall": round(wall, 2), "cpu": round(cpu, 2), "peak_mb": round(own_peak() / 1e6)}))
