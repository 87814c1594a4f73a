"""What the benchmarks share: the corpus, a clock for whole processes, the peers' own environment."""

from __future__ import annotations

import argparse
import json
import lzma
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("FIRTH_TEST_DATA", ROOT.parent / "shared" / "data"))
PEERS = ROOT / ".venv-peers"
WORK = Path(tempfile.gettempdir()) / "firth-benchmarks"

SETTINGS = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-3, "min_count": 5}
"""The usual settings, the same for everyone; the learning rate falls from 0.025."""


def arguments(description: str, **defaults: int) -> argparse.Namespace:
    """The benchmark's command line: whole numbers, each with its default."""
    parser = argparse.ArgumentParser(description=description)
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"(default: {default})")
    return parser.parse_args()


def wiki100() -> Path:
    """The corpus as a plain text file, unpacked once."""
    WORK.mkdir(exist_ok=True)
    path = WORK / "wiki100.txt"
    if not path.exists():
        packed = DATA / "wiki100.txt.xz"
        if not packed.exists():
            sys.exit(f"{packed} is not there: set FIRTH_TEST_DATA to the folder of corpora")
        with lzma.open(packed) as file, path.with_suffix(".tmp").open("wb") as plain:
            shutil.copyfileobj(file, plain)
        path.with_suffix(".tmp").rename(path)
    return path


def peers_python() -> Path:
    """The Python of an environment that has gensim, made the first time."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "gensim==4.4.0", "fasttext", "word2vec"], check=True)
    return python


def whole_process(
    program: str, corpus: Path, output: Path, seed: int, *, epochs: int = 1, threads: int = 1
) -> list[object]:
    """The command that trains one program from a text file to saved vectors. fastText and word2vec.c have no seed."""
    if program == "word2vec.c":
        flags = {
            "size": "vector_size",
            "window": "window",
            "negative": "negative",
            "sample": "sample",
            "min-count": "min_count",
        }
        settings = [word for flag, name in flags.items() for word in (f"-{flag}", SETTINGS[name])]
        return [
            peers_python().parent / "word2vec", "-train", corpus, "-output", output, "-cbow", 0, "-hs", 0,
            "-alpha", 0.025, "-iter", epochs, "-binary", 1, "-threads", threads, *settings,
        ]  # fmt: skip
    interpreter = sys.executable if program == "firth" else peers_python()
    return [interpreter, Path(__file__).parent / "whole.py", program, corpus, output, seed, epochs, threads]


class Cost(NamedTuple):
    """What a process took: seconds by the clock, seconds of processors, bytes of memory at the peak."""

    wall: float
    cpu: float
    peak: int


def cost(command: Sequence[object], threads: int | None = None) -> Cost:
    """Run a command as a process of its own, on the first `threads` processors only where that can be had."""
    words = [str(word) for word in command]
    if threads and shutil.which("taskset"):
        words = ["taskset", "-c", f"0-{threads - 1}", *words]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    began = time.perf_counter()
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        errors = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{errors.decode(errors='replace')}")
    return Cost(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def own_peak() -> int:
    """This process's greatest memory, in bytes, where the system tells it without that of the one it was begun by."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def words_of(corpus: Path) -> int:
    """How many words a text has; counted line by line, for a process's peak counts that of the one it was begun by."""
    with corpus.open("rb") as file:
        return sum(len(line.split()) for line in file)


def cut(corpus: Path, megabytes: float) -> Path:
    """The beginning of a corpus, to the end of a line."""
    path = WORK / f"{corpus.stem}-{megabytes:g}.txt"
    if not path.exists():
        with corpus.open("rb") as file:
            path.write_bytes(file.read(int(megabytes * 1e6)) + file.readline())
    return path


def run(python: Path | str, script: str, *options: object, cpu: bool = False) -> dict:
    """Run one of this folder's scripts in a process of its own; it prints one JSON object last."""
    command = [str(python), str(Path(__file__).parent / script), *map(str, options)]
    if cpu and shutil.which("taskset"):
        command = ["taskset", "-c", "0", *command]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return json.loads(output.splitlines()[-1])


def machine() -> str:
    """One line about this machine."""
    name = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        name = next(line.split(": ")[1] for line in info.read_text().splitlines() if line.startswith("model name"))
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


def spread(values: list[float], digits: int = 3) -> str:
    """The median, and the least and the greatest."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"
