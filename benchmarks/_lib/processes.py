"""Processes that are timed, and the environment of the peers."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._lib.corpora import ROOT, SETTINGS

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def environment_python(name: str, *packages: str) -> Path:
    """The Python of an environment with some packages, made the first time."""
    python = ROOT / f".venv-{name}" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", ROOT / f".venv-{name}"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
    return python


def peers_python() -> Path:
    """The Python that has gensim, fastText and word2vec.c."""
    return environment_python("peers", "gensim==4.4.0", "fasttext", "word2vec")


def python_of(program: str) -> Path | str:
    """The Python that a program runs in."""
    return sys.executable if program == "firth" else peers_python()


def worker(python: Path | str, name: str, *options: object) -> list[object]:
    """The command that runs one of `benchmarks/_workers`, in the root of the repository."""
    return [python, "-m", f"benchmarks._workers.{name}", *options]


def run(python: Path | str, name: str, *options: object, cpu: bool = False) -> dict[str, Any]:
    """Run a worker, and return the JSON object that it prints last; with `cpu`, on the first processor only."""
    command = [str(word) for word in worker(python, name, *options)]
    if cpu and shutil.which("taskset"):
        command = ["taskset", "-c", "0", *command]
    environment = os.environ | ONE_THREAD
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


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
    return worker(python_of(program), "one_whole", program, corpus, output, seed, epochs, threads)


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
    began = time.perf_counter()
    with subprocess.Popen(
        words, cwd=ROOT, env=os.environ | ONE_THREAD, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        errors = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{errors.decode(errors='replace')}")
    return Cost(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def own_peak() -> int:
    """This process's peak memory in bytes; where the system tells it, without that of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
