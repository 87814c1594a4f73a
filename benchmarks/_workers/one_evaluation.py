"""Score vectors with gensim's evaluation, whoever trained them: one_evaluation VECTORS.bin DATA."""

import json
import sys

from gensim.models import KeyedVectors

vectors = KeyedVectors.load_word2vec_format(sys.argv[1], binary=True)
data = sys.argv[2]
print(
    json.dumps(
        {
            "WordSim-353": float(vectors.evaluate_word_pairs(f"{data}/wordsim353.tsv", restrict_vocab=None)[1][0]),
            "SimLex-999": float(vectors.evaluate_word_pairs(f"{data}/simlex999.txt", restrict_vocab=None)[1][0]),
            "analogies": vectors.evaluate_word_analogies(f"{data}/questions-words.txt", restrict_vocab=30000)[0],
        }
    )
)
