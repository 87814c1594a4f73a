"""Train firth once: one_firth.py CORPUS SEED EPOCHS THREADS [OUTPUT [SETTINGS]]. Reading is not timed, as for gensim.

SETTINGS are JSON, and go before the usual ones.
"""

import hashlib
import json
import resource
import sys
import time

import firth
from common import SETTINGS

corpus, seed, epochs, threads = sys.argv[1], *map(int, sys.argv[2:5])
encoded = firth.encode(corpus)
words = int(encoded.counts.sum()) * epochs
settings = SETTINGS | json.loads(sys.argv[6] if len(sys.argv) > 6 else "{}")
firth.train(
    ["one two three"] * 100, **settings | {"min_count": 1, "epochs": 1}
)  # so that the kernels are compiled, or loaded
cpu, wall = time.process_time(), time.perf_counter()
model = firth.train(encoded, seed=seed, epochs=epochs, threads=threads, progress=False, **settings)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
if len(sys.argv) > 5:
    model.export(sys.argv[5], format="word2vec binary", overwrite=True)
print(
    json.dumps(
        {
            "words_per_cpu_second": words / cpu,
            "words_per_second": words / wall,
            "sha256": hashlib.sha256(model.vectors.tobytes() + model.output_vectors.tobytes()).hexdigest(),
            "loss": model.history[-1].loss,
            "model_bytes": 2 * model.vectors.nbytes,
            "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    )
)
