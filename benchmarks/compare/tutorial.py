"""The tutorial's pipeline beside TensorFlow's: whole processes, from text to trained vectors and files.

TensorFlow runs the notebook's steps (`one_tensorflow_tutorial`), firth `tutorial --faithful`, in turn. The first run
has an empty cache of kernels.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from statistics import median
from typing import Any

from benchmarks._lib.corpora import DATA, ROOT
from benchmarks._lib.processes import environment_python, worker
from benchmarks._lib.results import Cell, Column, arguments, finish, spread

FIRTH = """
import json, resource, sys, time
begun = time.perf_counter()
from firth.tutorial import walkthrough
from firth.tutorial.examples import training_examples
imported = time.perf_counter()
*_, result = walkthrough.run(sys.argv[1], sys.argv[2], faithful=True, optimizer=sys.argv[3])
done = time.perf_counter()
walkthrough.make_examples(result.corpus, faithful=True, seed=1)
print(json.dumps({"work": done - imported, "generate": time.perf_counter() - done,
                  "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}))
"""
Run = tuple[float, dict[str, Any]]


def timed(command: list[object], **environment: str) -> Run:
    """Seconds of a process, and the JSON object that it prints."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    usual = os.environ | quiet | environment
    # or Python would compile firth's sources, and not TensorFlow's, each time
    usual.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.perf_counter()
    done = subprocess.run(
        [str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True, env=usual, cwd=ROOT
    )
    return time.perf_counter() - began, json.loads(done.stdout.splitlines()[-1])


def row(name: str, runs: list[Run], theirs: list[Run]) -> list[Cell]:
    """Seconds whole and after the imports, how many times faster than TensorFlow, and memory."""
    seconds, work = [s for s, _ in runs], median(found["work"] for _, found in runs)
    total, their_work = median(s for s, _ in theirs), median(found["work"] for _, found in theirs)
    memory = median(found["peak"] for _, found in runs)
    is_peer = runs is theirs
    return [
        name,
        spread(seconds),
        None if is_peer else total / median(seconds),
        work,
        None if is_peer else their_work / work,
        memory,
    ]


def main() -> None:
    options = arguments(__doc__, repeats=3)
    text = DATA / "shakespeare.txt"
    tensorflow = environment_python("tensorflow", "tensorflow", "tqdm")
    theirs: list[Run] = []
    ours: dict[str, list[Run]] = {"adam": [], "lazy-adam": []}
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(options.repeats + 1):
            if repeat:
                theirs.append(timed(worker(tensorflow, "one_tensorflow_tutorial", text)))
            for optimizer, runs in ours.items():
                found = timed([sys.executable, "-c", FIRTH, text, f"{folder}/{optimizer}-{repeat}", optimizer])
                if repeat:  # the first fills the cache
                    runs.append(found)
        first = [
            timed([sys.executable, "-c", FIRTH, text, f"{folder}/{i}", "adam"], NUMBA_CACHE_DIR=f"{folder}/c{i}")
            for i in range(3)
        ]
    rows = [
        row("TensorFlow", theirs, theirs),
        row("firth, dense Adam", ours["adam"], theirs),
        row("firth, lazy Adam", ours["lazy-adam"], theirs),
        row("firth, first run (compiles)", first, theirs),
    ]
    columns = [
        Column(""),
        Column("whole process, s", 2),
        Column("times faster", 1),
        Column("after the imports, s", 2),
        Column("times faster", 1),
        Column("memory, MB", 0),
    ]
    what = "The notebook's pipeline on the tutorial's text, whole processes in turn"
    finish("tutorial", what, columns, rows, save=options.save)


if __name__ == "__main__":
    main()
