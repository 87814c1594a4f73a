"""Is firth slower than it was? A few short measurements, compared with those of the last release.

    python -m benchmarks.suite            # what `make bench` runs: a minute; exit 1 if anything is slower
    python -m benchmarks.suite --save     # keeps them as those of this version, when it is released

Everything is measured on generated text. Each figure is a ratio: processor seconds over those of a fixed loop in plain
Numba, in turn, so that machines, and a machine's moods, can be compared; the start of the command is over that of
`import numpy`. Of several repeats the least counts: other work on a machine only makes things slower.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numba
import numpy as np

import firth
from benchmarks._lib.corpora import ROOT
from benchmarks._lib.results import RESULTS, Cell, Column, Result, arguments, found_now

WORDS, VOCABULARY, SENTENCE, TOPICS = 1_000_000, 20_000, 20, 100
ROWS, WIDTH, STEPS = 20_000, 112, 400_000
TOLERANCE = 0.25
"""A ratio that is greater than the last release's by more than this is a slowdown: more than a busy machine's moods
come to. On a quiet one `--tolerance 0.1` will do; on a processor of another kind, compare with a run of the old code.
"""
PREFIX = "suite-"


@numba.njit(cache=False)
def _calibration(rows: Any, ids: Any) -> float:
    """What training does, in plain loops: rows from all over memory are multiplied, and changed a little."""
    total = np.float32(0)
    for step in range(ids.shape[0] - 1):
        a, b = ids[step], ids[step + 1]
        product = np.float32(0)
        for column in range(rows.shape[1]):
            product += rows[a, column] * rows[b, column]
        rate = np.float32(1e-3) / (np.float32(1) + product * product)
        for column in range(rows.shape[1]):
            rows[a, column] += rate * rows[b, column]
        total += product
    return total


def calibrated() -> Callable[[], float]:
    """A function that gives the processor seconds of the fixed loop."""
    rng = np.random.default_rng(0)
    rows, ids = rng.normal(0, 0.1, (ROWS, WIDTH)).astype(np.float32), zipf(rng, ROWS, STEPS)
    _calibration(rows, ids[:2])  # compiles

    def seconds() -> float:
        return cpu_seconds(lambda: _calibration(rows.copy(), ids))

    return seconds


def cpu_seconds(work: Callable[[], Any]) -> float:
    """Processor seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def zipf(rng: np.random.Generator, most: int, count: int) -> np.ndarray:
    """Numbers below `most`, drawn by Zipf's law."""
    weights = 1 / np.arange(1, most + 1)
    return np.searchsorted(np.cumsum(weights), rng.random(count) * weights.sum()).clip(0, most - 1)


def generated_text(folder: Path) -> Path:
    """Sentences of words drawn by Zipf's law, half of them from a topic, so that there is something to learn."""
    rng = np.random.default_rng(1)
    ids = zipf(rng, VOCABULARY, WORDS).reshape(-1, SENTENCE)
    topics = rng.integers(0, TOPICS, (len(ids), 1))
    of_topic = rng.random(ids.shape) < 0.5
    ids = np.where(of_topic, ids // TOPICS * TOPICS + topics, ids)
    path = folder / "text.txt"
    path.write_text("\n".join(" ".join(f"w{word:x}" for word in sentence) for sentence in ids.tolist()) + "\n")
    return path


def start_of(*command: object) -> float:
    """Processor seconds of a process that has its bytecode."""
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *map(str, command)], check=True, capture_output=True, env=usual, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ratio(measure: Callable[[], float], calibrate: Callable[[], float], repeats: int) -> float:
    """The least that is measured over the least of the calibration, in turn; the first time is not counted."""
    measure()
    calibrate()
    found = [(measure(), calibrate()) for _ in range(repeats)]
    return min(seconds for seconds, _ in found) / min(seconds for _, seconds in found)


def measurements(folder: Path) -> dict[str, tuple[Callable[[], float], Callable[[], float]]]:
    """What is measured, and over what."""
    text, loop = generated_text(folder), calibrated()
    encoded = firth.encode(text, folder / "encoded")
    model = firth.train(encoded, epochs=1, progress=False)
    saved = model.save(folder / "model.firth")

    def training(**settings: Any) -> Callable[[], float]:
        return lambda: cpu_seconds(lambda: firth.train(encoded, epochs=1, threads=1, progress=False, **settings))

    def reading() -> float:
        with tempfile.TemporaryDirectory(dir=folder) as new:
            return cpu_seconds(lambda: firth.encode(text, Path(new) / "c", threads=1))

    def looking() -> float:
        return cpu_seconds(lambda: [model.most_similar(word) for word in model.words[:100]])

    return {
        "training, defaults": (training(), loop),
        "training, CBOW": (training(architecture="cbow"), loop),
        "training, hierarchical softmax": (training(objective="hierarchical-softmax"), loop),
        "reading": (reading, loop),
        "100 look-ups, one by one": (looking, loop),
        "start of `firth similar`": (
            lambda: start_of("-m", "firth", "similar", saved, model.words[0]),
            lambda: start_of("-c", "import numpy"),
        ),
    }


def measured(repeats: int) -> Result:
    """All measurements, as those of this version."""
    with tempfile.TemporaryDirectory() as temporary:
        rows: list[list[Cell]] = [
            [name, ratio(measure, calibrate, repeats)]
            for name, (measure, calibrate) in measurements(Path(temporary)).items()
        ]
    columns = [Column("measurement"), Column("processor seconds over the calibration's", 2)]
    return found_now(f"{PREFIX}{firth.__version__}", "The short suite, on generated text", columns, rows)


def last_release(folder: Path = RESULTS) -> Result | None:
    """What was kept of the newest version."""
    kept = sorted(folder.glob(f"{PREFIX}*.json"), key=lambda path: _version(path.stem.removeprefix(PREFIX)))
    return Result.read(kept[-1]) if kept else None


def _version(text: str) -> list[int]:
    """A version as numbers, in the order of releases."""
    return [int(part) for part in text.split(".") if part.isdigit()]


def compared(now: Result, last: Result, tolerance: float) -> tuple[Result, list[str]]:
    """A table of both, and what is slower than allowed. What only one of them has is not compared."""
    before = {str(name): value for name, value in last.rows}
    rows: list[list[Cell]] = []
    slower = []
    for name, value in now.rows:
        was = before.get(str(name))
        change = value / was if isinstance(value, float) and isinstance(was, float) else None
        rows.append([name, value, was, change])
        if change is not None and change > 1 + tolerance:
            slower.append(f"{name}: {change:.2f} times what it was")
    columns = (*now.columns, Column(f"in {last.version}", 2), Column("times that", 2))
    return replace(now, columns=columns, rows=rows), slower


def main() -> None:
    options = arguments(__doc__, repeats=15, tolerance=TOLERANCE)
    now, last = measured(options.repeats), last_release()
    slower: list[str] = []
    if last is None:
        print(now.table())
    else:
        table, slower = compared(now, last, options.tolerance)
        print(table.table())
    path = now.write() if options.save else now.write(Path(tempfile.gettempdir()))
    print(f"written to {path}")
    if slower and not options.save:
        sys.exit(
            f"slower than {last.version if last else ''} by more than {options.tolerance:.0%}: {'; '.join(slower)}"
        )


if __name__ == "__main__":
    main()
