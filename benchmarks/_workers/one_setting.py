"""Train gensim as asked, line after line, in the environment of the peers: the worker of `compare/settings.py`.

A line is a JSON object with a corpus, settings of gensim's names, and where the vectors go; the answer is one, too.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from gensim.models import FastText, Word2Vec

LONGEST = 10_000  # tokens of a sentence that gensim reads

corpora = {}
for line in sys.stdin:
    asked = json.loads(line)
    if asked["corpus"] not in corpora:
        with Path(asked["corpus"]).open() as file:
            sentences = [words.split() for words in file]
        corpora[asked["corpus"]] = [s[i : i + LONGEST] for s in sentences for i in range(0, len(s), LONGEST)]
    sentences, settings = corpora[asked["corpus"]], asked["settings"]
    kind = FastText if "bucket" in settings else Word2Vec
    model = kind(workers=1, **settings)
    model.build_vocab(sentences)
    began = time.process_time()
    model.train(sentences, total_examples=model.corpus_count, epochs=model.epochs)
    seconds = time.process_time() - began
    vectors = model.wv.vectors
    np.savez(asked["vectors"], words=np.array(model.wv.index_to_key), vectors=vectors)
    print(json.dumps({"seconds": seconds, "longest": float(np.linalg.norm(vectors, axis=1).max())}), flush=True)
