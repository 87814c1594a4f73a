"""gensim's phrases, in the environment of the peers: one_phrases CORPUS SCORING OUTPUT.json.

The number of pairs that are counted is not limited, for else the counts would not be exact.
"""

import json
import sys
import time
from pathlib import Path

from gensim.models.phrases import Phrases
from gensim.models.word2vec import LineSentence

corpus, scoring, output = sys.argv[1:]
threshold = {"default": 10.0, "npmi": 0.5}[scoring]
sentences = LineSentence(corpus, max_sentence_length=10**9)
began = time.process_time()
found = Phrases(sentences, min_count=5, threshold=threshold, scoring=scoring, max_vocab_size=10**9)
scores = found.export_phrases()
finding = time.process_time() - began
began = time.process_time()
tokens = sum(len(sentence) for sentence in found[sentences])
joining = time.process_time() - began
Path(output).write_text(json.dumps(scores), "utf-8")
print(json.dumps({"finding": finding, "joining": joining, "tokens": tokens}))
