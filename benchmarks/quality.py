"""WordSim-353, SimLex-999 and analogies beside the peers, the same settings, several seeds; gensim scores them all.

fastText (no subwords) and word2vec.c have no seed: on one thread they have one result. Peers' results are kept, as they
take an hour: remove them from the folder of benchmarks to have them trained anew.
"""

import json
import sys

from common import DATA, WORK, arguments, cost, machine, peers_python, run, spread, whole_process, wiki100

options = arguments(__doc__.splitlines()[0], seeds=3, epochs=5)
print(machine())
columns = ["WordSim-353", "SimLex-999", "analogies", "cpu-s", "peak MB"]
print(f"| {options.epochs} epochs | {' | '.join(columns)} |\n| --- |{' ---: |' * len(columns)}")
for program in ("gensim", "fasttext", "word2vec.c", "firth"):
    found: dict[str, list[float]] = {column: [] for column in columns}
    for seed in range(1, options.seeds + 1 if program in {"gensim", "firth"} else 2):
        vectors = WORK / f"{program}-{seed}-{options.epochs}.bin"
        kept = vectors.with_suffix(".json")
        if program == "firth" or not kept.exists():
            spent = cost(whole_process(program, wiki100(), vectors, seed, epochs=options.epochs), 1)
            scores = run(peers_python(), "one_evaluation.py", vectors, DATA)
            kept.write_text(json.dumps(scores | {"cpu-s": spent.cpu, "peak MB": spent.peak / 1e6}))
        result = json.loads(kept.read_text())
        print(f"{program}, seed {seed}: {result}", file=sys.stderr, flush=True)
        for column in columns:
            found[column].append(result[column])
    shown = (spread(values, 3 if max(values) < 1 else 0) for values in found.values())
    print(f"| {program} | {' | '.join(shown)} |", flush=True)
