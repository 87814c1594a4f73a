"""Train fastText once with subwords: one_fasttext CORPUS EPOCHS THREADS OUTPUT MODEL.

It runs in the environment of the peers. It has no seed. Reading is timed too: there is no way to do it apart.
"""

import json
import sys
import time
from pathlib import Path

import fasttext
import numpy as np
from gensim.models import KeyedVectors

from benchmarks._lib.corpora import SETTINGS

corpus, epochs, threads, output, model = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
cpu, wall = time.process_time(), time.perf_counter()
trained = fasttext.train_unsupervised(
    corpus,
    model=model,
    dim=SETTINGS["vector_size"],
    ws=SETTINGS["window"],
    neg=SETTINGS["negative"],
    t=SETTINGS["sample"],
    minCount=SETTINGS["min_count"],
    minn=3,
    maxn=6,
    lr=0.025,
    epoch=epochs,
    thread=threads,
    verbose=0,
)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
vectors = KeyedVectors(SETTINGS["vector_size"])
vectors.add_vectors(trained.words, np.array([trained[word] for word in trained.words]))
vectors.save_word2vec_format(output, binary=True)
with Path(corpus).open("rb") as file:
    words = sum(len(line.split()) for line in file) * epochs
print(json.dumps({"words_per_cpu_second": words / cpu, "words_per_second": words / wall}))
