"""Train firth once: one_firth CORPUS SEED EPOCHS THREADS [OUTPUT [SETTINGS]]. Reading is not timed, as for gensim.

SETTINGS are JSON, and go before the usual ones. EPOCHS of 0 are firth's own choice, by the size of the corpus.
"""

import hashlib
import json
import sys
import time

import firth
from benchmarks._lib.corpora import SETTINGS
from benchmarks._lib.processes import own_peak

corpus, seed, epochs, threads = sys.argv[1], *map(int, sys.argv[2:5])
encoded = firth.encode(corpus)
settings = SETTINGS | json.loads(sys.argv[6] if len(sys.argv) > 6 else "{}")
# so that the kernels are compiled, or loaded
firth.train(["one two three"] * 100, **settings | {"min_count": 1, "epochs": 1, "sample": 0, "validation": 0})
cpu, wall = time.process_time(), time.perf_counter()
model = firth.train(encoded, seed=seed, epochs=epochs or None, threads=threads, progress=False, **settings)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
if len(sys.argv) > 5:
    model.export(sys.argv[5], format="word2vec binary", overwrite=True)
last = model.history[-1]
words = int(encoded.counts.sum()) * last.epoch
print(
    json.dumps(
        {
            "words_per_cpu_second": words / cpu,
            "words_per_second": words / wall,
            "sha256": hashlib.sha256(model.vectors.tobytes() + model.output_vectors.tobytes()).hexdigest(),
            "epochs": last.epoch,
            "loss": last.loss,
            "validation_loss": last.validation_loss,
            "model_bytes": 2 * model.vectors.nbytes,
            "peak_bytes": own_peak(),
        }
    )
)
