"""Train gensim once, in the environment of the peers: one_gensim CORPUS SEED EPOCHS WORKERS [OUTPUT [SETTINGS]].

SETTINGS are JSON, of gensim's names, and go before the usual ones.
"""

import json
import sys
import time

from gensim.models import Word2Vec

from benchmarks._lib.corpora import SETTINGS

corpus, seed, epochs, workers = sys.argv[1], *map(int, sys.argv[2:5])
names = {"vector_size", "window", "negative", "sample", "min_count"}
settings = {"sg": 1, "alpha": 0.025} | {k: SETTINGS[k] for k in names}
settings |= json.loads(sys.argv[6] if len(sys.argv) > 6 else "{}")
model = Word2Vec(seed=seed, workers=workers, epochs=epochs, **settings)
model.build_vocab(corpus_file=corpus)
cpu, wall = time.process_time(), time.perf_counter()
model.train(corpus_file=corpus, total_words=model.corpus_total_words, total_examples=model.corpus_count, epochs=epochs)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
if len(sys.argv) > 5:
    model.wv.save_word2vec_format(sys.argv[5], binary=True)
words = model.corpus_total_words * epochs
print(json.dumps({"words_per_cpu_second": words / cpu, "words_per_second": words / wall}))
