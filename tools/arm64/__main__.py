"""Whether trainings come to the same bits on an ARM processor as here: a check before a release.

    python -m tools.arm64                # all of it: four minutes of processor time, later one
    python -m tools.arm64 --counts       # only what the machine code calls and spills, without qemu or a network
    python -m tools.arm64 --save-counts  # the same, and keep today's counts in counts.json

Every kind of training runs here, which shows the kernels that it needs. These are compiled for an ARM processor, and
run by qemu with Debian's Python and the wheels that users get. The SHA-256 of all vectors are compared. Needs apt and
dpkg (Debian, Ubuntu) and the network, the first time; no root. What is downloaded and made is kept in a folder.

What qemu cannot show: how fast kernels are there, and errors by an order of memory accesses that only ARM allows.
"""

import argparse
import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from firth.jit import cache
from tools.arm64 import kernels, machine
from tools.arm64.counts import TABLE, complaints, table

FOLDER = machine.ROOT / ".cache" / "arm64"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where all is kept (default: %(default)s)")
    parser.add_argument("--counts", action="store_true", help="compile and count, and run nothing")
    parser.add_argument("--save-counts", action="store_true", help=f"the same, and write {TABLE.name}")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="that compile (default: %(default)s)")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)

    here = dict(run_here(folder))
    compiled = folder / f"compiled-{sources_digest()}"
    for old in set(folder.glob("compiled-*")) - {compiled}:
        shutil.rmtree(old)
    wanted = pickle.loads((folder / "wanted").read_bytes())
    print(f"compiling {len(wanted)} kernels for an ARM processor", flush=True)
    counts = dict(kernels.compile_all(compiled, wanted, arguments.processes))
    if arguments.save_counts:
        TABLE.write_text(json.dumps(table(counts), indent=1, sort_keys=True) + "\n", "utf-8")
    wrong = complaints(counts)
    if not arguments.counts and not arguments.save_counts:
        wrong += compared(here, run_there(machine.made(folder), compiled))
    if wrong:
        sys.exit("\n".join(wrong))
    print("nothing is wrong")


def run_here(folder: Path) -> Iterator[tuple[str, str]]:
    """The SHA-256 of each training on this machine; the kernels that it needs are listed in a file `wanted`."""
    print("training on this machine", flush=True)
    command = [sys.executable, "-m", "tools.arm64.runner", "note", folder / "wanted"]
    yield from told(command, dict(os.environ))


def run_there(there: machine.Machine, compiled: Path) -> Iterator[tuple[str, str]]:
    """The SHA-256 of each training on the ARM machine."""
    print(f"training on an ARM machine, by {there.qemu}", flush=True)
    yield from told(there.command("-m", "tools.arm64.runner", "planted", compiled), there.environment())


def told(command: list[str | Path], environment: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What the runner tells of each training, as it ends."""
    with subprocess.Popen(command, env=environment, cwd=machine.ROOT, stdout=subprocess.PIPE, text=True) as run:
        for line in run.stdout or ():
            one = json.loads(line)
            yield one["training"], one["sha256"]
    if run.returncode:
        sys.exit(f"the trainings ended with status {run.returncode}: {' '.join(map(str, command))}")


def compared(here: dict[str, str], there: Iterator[tuple[str, str]]) -> list[str]:
    """Say of each training whether it is the same there; give those that are not, and those that are missing."""
    found, began = {}, time.perf_counter()
    for name, digest in there:
        found[name] = digest
        took, began = time.perf_counter() - began, time.perf_counter()
        print(f"{took:6.1f} s  {digest[:12]}  {name}{'' if digest == here.get(name) else ': NOT the same'}", flush=True)
    return [f"other bits on ARM: {name}" for name in here if here[name] != found.get(name)]


def sources_digest() -> str:
    """What machine code is made from, here: another one, another folder of kernels."""
    digest = hashlib.sha256(cache.sources_digest().encode() + Path(kernels.__file__).read_bytes())
    return f"{digest.hexdigest()[:12]}-{'-'.join(machine.version(package) for package in machine.SAME_HERE)}"


if __name__ == "__main__":
    main()
