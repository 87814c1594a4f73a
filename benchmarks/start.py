"""How long a first answer takes: `firth similar` beside `import numpy`; and the first compilation."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import firth
from common import arguments, machine, spread, wiki100

options = arguments(__doc__, repeats=9)
environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def seconds(*command: object, **more: str) -> float:
    start = time.perf_counter()
    subprocess.run([str(c) for c in command], check=True, capture_output=True, env=environment | more)
    return time.perf_counter() - start


with tempfile.TemporaryDirectory() as folder:
    model = Path(folder) / "m.firth"
    firth.train(wiki100(), epochs=1, progress=False).save(model)
    similar, numpy = [], []
    for _ in range(options.repeats):
        similar.append(seconds(sys.executable, "-m", "firth", "similar", model, "king"))
        numpy.append(seconds(sys.executable, "-c", "import numpy"))
    tiny = "import firth; firth.train(['a b c d'] * 99, min_count=1, epochs=1)"
    seconds(sys.executable, "-c", tiny)
    cached = seconds(sys.executable, "-c", tiny)
    first = [seconds(sys.executable, "-c", tiny, NUMBA_CACHE_DIR=f"{folder}/{i}") - cached for i in range(3)]

print(machine())
print(f"firth similar, 68,000 words:     {spread(similar)} s")
print(f"python -c 'import numpy':        {spread(numpy)} s")
print(f"difference, run by run:          {spread([a - b for a, b in zip(similar, numpy, strict=True)])} s")
print(f"first compilation:               {spread(first, 1)} s")
