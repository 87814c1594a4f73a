"""fastText's files, both ways: firth reads what fastText writes, fastText and gensim read what firth writes.

The greatest difference of any number, for words of the vocabulary and unseen ones. (The word for a sentence's end is
left out: it has no n-grams in fastText, but has in gensim.)
"""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import firth
from benchmarks._lib.corpora import cut, wiki100
from benchmarks._lib.processes import peers_python
from benchmarks._lib.results import Cell, Column, arguments, finish
from firth.vectors.subwords import SENTENCE_END

UNSEEN = ["kingdomish", "überall", "naïvely", "qwertyuiop"]
TRAIN = """
import sys, fasttext
fasttext.train_unsupervised(sys.argv[1], dim=50, epoch=1, bucket=200_000, verbose=0).save_model(sys.argv[2])
"""
ASK = """
import json, sys, fasttext
from gensim.models.fasttext import load_facebook_vectors
words = json.loads(sys.argv[2])
model, vectors = fasttext.load_model(sys.argv[1]), load_facebook_vectors(sys.argv[1])
print(json.dumps({"fastText": [model[w].tolist() for w in words], "gensim": [vectors[w].tolist() for w in words]}))
"""


def ask(path: Path, words: list[str]) -> dict[str, list[list[float]]]:
    """The vectors of words, as others read them."""
    command = [str(peers_python()), "-c", ASK, str(path), json.dumps(words)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main() -> None:
    options = arguments(__doc__, megabytes=5)
    rows: list[list[Cell]] = []
    with tempfile.TemporaryDirectory() as folder:
        text = cut(wiki100(), options.megabytes)
        theirs, ours = Path(folder) / "theirs.bin", Path(folder) / "ours.bin"
        subprocess.run([str(peers_python()), "-c", TRAIN, str(text), str(theirs)], check=True)
        firth.train(text, vector_size=50, max_n=6, buckets=200_000, epochs=1, progress=False).export(ours)
        for name, path in (("fastText", theirs), ("firth", ours)):
            found = firth.load(path)
            words = [word for word in (*found.words[:2000], *UNSEEN) if word != SENTENCE_END]
            for reader, vectors in ask(path, words).items():
                rows.append([name, f"firth and {reader}", len(words), f"{np.abs(found[words] - vectors).max():.0e}"])
    columns = [Column("written by"), Column("read by"), Column("words", 0), Column("greatest difference")]
    finish("fasttext-files", "fastText's files, both ways", columns, rows, save=options.save)


if __name__ == "__main__":
    main()
