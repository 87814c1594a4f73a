"""How long a first answer takes: `firth similar` beside `import numpy`; and the first compilation."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import firth
from benchmarks._lib.corpora import ROOT, cut, wiki100
from benchmarks._lib.results import Cell, Column, arguments, finish, spread

TINY = "import firth; firth.train(['a b c d'] * 99, min_count=1, epochs=1)"


def seconds(*command: object, **more: str) -> float:
    """By the clock, of a process that has its bytecode."""
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run([str(c) for c in command], check=True, capture_output=True, env=usual | more, cwd=ROOT)
    return time.perf_counter() - start


def main() -> None:
    options = arguments(__doc__, repeats=9, megabytes=100)
    corpus = cut(wiki100(), options.megabytes)
    similar, numpy = [], []
    with tempfile.TemporaryDirectory() as folder:
        model = firth.train(corpus, epochs=1, progress=False)
        path = model.save(Path(folder) / "m.firth")
        for _ in range(options.repeats):
            similar.append(seconds(sys.executable, "-m", "firth", "similar", path, "king"))
            numpy.append(seconds(sys.executable, "-c", "import numpy"))
        seconds(sys.executable, "-c", TINY)
        cached = seconds(sys.executable, "-c", TINY)
        first = [seconds(sys.executable, "-c", TINY, NUMBA_CACHE_DIR=f"{folder}/{i}") - cached for i in range(3)]
    rows: list[list[Cell]] = [
        [f"`firth similar`, {len(model.words):,} words", spread(similar)],
        ['`python -c "import numpy"`', spread(numpy)],
        ["the difference, run by run", spread(a - b for a, b in zip(similar, numpy, strict=True))],
        ["first compilation of the kernels, once", spread(first)],
    ]
    finish("start", "From the command to the answer", [Column(""), Column("seconds", 3)], rows, save=options.save)


if __name__ == "__main__":
    main()
