"""The tutorial's pipeline beside TensorFlow's: whole processes, from text to trained vectors and files.

TensorFlow runs the notebook's steps (`tensorflow_tutorial.py`), firth `tutorial --faithful`, in turn. The first run has
an empty cache of kernels.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from common import DATA, ROOT, arguments, machine, spread

TENSORFLOW = ROOT / ".venv-tensorflow"
FIRTH = """
import json, resource, sys, time
begun = time.perf_counter()
from firth import tutorial
from firth.examples import training_examples
imported = time.perf_counter()
*_, result = tutorial.run(sys.argv[1], sys.argv[2], faithful=True, optimizer=sys.argv[3])
done = time.perf_counter()
tutorial.make_examples(result.corpus, faithful=True, seed=1)
print(json.dumps({"import": imported - begun, "work": done - imported, "generate": time.perf_counter() - done,
                  "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, "loss": result.history[-1].loss}))
"""


def tensorflow_python() -> Path:
    python = TENSORFLOW / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", TENSORFLOW], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "tensorflow", "tqdm"], check=True)
    return python


def run(*command: object, **environment: str) -> tuple[float, dict]:
    start = time.perf_counter()
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    usual = os.environ | quiet | environment
    usual.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # or Python would compile firth's sources, and not TensorFlow's, each time
    output = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True, env=usual).stdout
    return time.perf_counter() - start, json.loads(output.splitlines()[-1])


options = arguments(__doc__, repeats=3)
text = DATA / "shakespeare.txt"
theirs, ours = [], {"adam": [], "lazy-adam": []}
with tempfile.TemporaryDirectory() as folder:
    for repeat in range(options.repeats + 1):
        if repeat:
            theirs.append(run(tensorflow_python(), Path(__file__).parent / "tensorflow_tutorial.py", text))
        for optimizer, runs in ours.items():
            found = run(sys.executable, "-c", FIRTH, text, f"{folder}/{optimizer}-{repeat}", optimizer)
            if repeat:  # the first fills the cache
                runs.append(found)
    first = [
        run(sys.executable, "-c", FIRTH, text, f"{folder}/{i}", "adam", NUMBA_CACHE_DIR=f"{folder}/c{i}")
        for i in range(3)
    ]

print(machine())
total = median(seconds for seconds, _ in theirs)
work = median(found["total"] - found["seconds"]["import"] for _, found in theirs)
generate = median(found["seconds"]["generate"] for _, found in theirs)
print(
    f"TensorFlow: {spread([s for s, _ in theirs], 1)} s, {work:.1f} s of it after the import; examples {generate:.1f} s"
)
for optimizer, runs in ours.items():
    seconds = [s for s, _ in runs]
    after = median(found["work"] for _, found in runs)
    print(
        f"firth, {optimizer:9}: {spread(seconds, 2)} s, {after:.2f} s of it after the import;"
        f" {total / median(seconds):.1f} and {work / after:.1f} times faster"
    )
ours_generate = median(found["generate"] for runs in ours.values() for _, found in runs)
print(f"examples: {ours_generate * 1e3:.0f} ms, {generate / ours_generate:.0f} times faster")
print(f"first run: {spread([s for s, _ in first], 1)} s, {total / median(s for s, _ in first):.1f} times faster")
peak = median(found["peak"] for _, found in ours["adam"]) / 1e6
their_peak = median(found["peak_bytes"] for _, found in theirs) / 1e6
print(f"memory: {peak:.0f} MB, {peak / their_peak:.2f} of TensorFlow's {their_peak:.0f} MB")
