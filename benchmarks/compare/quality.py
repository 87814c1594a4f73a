"""WordSim-353, SimLex-999 and analogies beside the peers, the same settings, several seeds; gensim scores them all.

fastText (no subwords) and word2vec.c have no seed: on one thread they have one result. Peers' results are kept, as they
take an hour: remove them from the folder of benchmarks to have them trained anew.
"""

import json
import sys

from benchmarks._lib.corpora import DATA, WORK, cut, wiki100
from benchmarks._lib.processes import cost, peers_python, run, whole_process
from benchmarks._lib.results import Cell, Column, arguments, finish, spread

COLUMNS = (
    Column("WordSim-353", 3),
    Column("SimLex-999", 3),
    Column("analogies", 3),
    Column("cpu-s", 0),
    Column("peak, MB", 0),
)


def main() -> None:
    options = arguments(__doc__, seeds=3, epochs=5, megabytes=100, only="gensim,fasttext,word2vec.c,firth")
    corpus = wiki100() if options.megabytes == 100 else cut(wiki100(), options.megabytes)
    rows: list[list[Cell]] = []
    for program in options.only.split(","):
        found: dict[str, list[float]] = {column.name: [] for column in COLUMNS}
        for seed in range(1, options.seeds + 1 if program in {"gensim", "firth"} else 2):
            vectors = WORK / f"{program}-{corpus.stem}-{seed}-{options.epochs}.bin"
            kept = vectors.with_suffix(".json")
            if program == "firth" or not kept.exists():
                spent = cost(whole_process(program, corpus, vectors, seed, epochs=options.epochs), 1)
                scores = run(peers_python(), "one_evaluation", vectors, DATA)
                kept.write_text(json.dumps(scores | {"cpu-s": spent.cpu, "peak, MB": spent.peak / 1e6}))
            result = json.loads(kept.read_text())
            print(f"{program}, seed {seed}: {result}", file=sys.stderr, flush=True)
            for column in COLUMNS:
                found[column.name].append(result[column.name])
        rows.append([program, *(spread(values) for values in found.values())])
    what = f"`{corpus.stem}`, {options.epochs} epochs, whole processes on one thread; analogies among 30,000 words"
    finish("quality", what, [Column(""), *COLUMNS], rows, save=options.save)


if __name__ == "__main__":
    main()
