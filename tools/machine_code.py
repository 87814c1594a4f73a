"""Machine code of all kernels for usual processors, for the wheel: who installs it need not compile anything.

    python -m tools.machine_code             # into src/firth/machine_code; before a wheel is built
    python -m tools.machine_code --check     # and how long the first training then waits, without a cache

Every kind of training runs, small, and what it calls is noted. Then that is compiled for each target, whatever this
machine is.
"""

import argparse
import importlib
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from firth.jit import shipped
from firth.jit.cache import MachineCode, sources_digest
from tools.arm64 import kernels
from tools.arm64.kernels import Wanted

V2 = "+cx16,+popcnt,+sahf,+sse3,+sse4.1,+sse4.2,+ssse3"
V3 = f"{V2},+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe,+xsave"
V4 = f"{V3},+avx512bw,+avx512cd,+avx512dq,+avx512f,+avx512vl"


def compiled_for_x86(wanted: Wanted) -> MachineCode:
    """A kernel's machine code for the processor that the environment has."""
    kernel = getattr(importlib.import_module(wanted.module), wanted.function)
    made: MachineCode = kernel._compile(wanted.arguments, wanted.file.removesuffix(".kernel"))
    return made


def compiled_for_arm(wanted: Wanted) -> MachineCode:
    """A kernel's machine code for an ARM processor of any kind."""
    made, _ = kernels.compiled(wanted)
    return made


class Target(NamedTuple):
    """Processors that machine code is made for, with the name and features that LLVM has for them."""

    folder: str
    machine: str
    name: str
    features: str
    compiled: Callable[[Wanted], MachineCode]

    def index(self) -> dict[str, object]:
        """What firth needs to know of it."""
        features = [feature for feature in self.features.split(",") if feature.startswith("+")]
        return {"folder": self.folder, "system": "Linux", "machine": self.machine, "features": features}


TARGETS = (
    Target("linux-x86-64-v4", "x86_64", "x86-64-v4", f"{V4},-prefer-256-bit", compiled_for_x86),
    Target("linux-x86-64-v3", "x86_64", "x86-64-v3", V3, compiled_for_x86),
    Target("linux-aarch64", "aarch64", kernels.PROCESSOR["NUMBA_CPU_NAME"], "", compiled_for_arm),
)
"""The best first."""


def noted() -> list[Wanted]:
    """The kernels that all kinds of training call."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "wanted"
        command = [sys.executable, "-m", "tools.arm64.runner", "note", file]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found: list[Wanted] = pickle.loads(file.read_bytes())
        return found


def compile_for(target: Target, output: Path, wanted: list[Wanted]) -> int:
    """Compile kernels for a target by several processes; return how many bytes they take."""
    folder = output / target.folder
    folder.mkdir(parents=True)
    os.environ |= {"NUMBA_CPU_NAME": target.name, "NUMBA_CPU_FEATURES": target.features}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return sum(pool.map(partial(compile_into, folder, target.compiled), wanted))


def compile_into(folder: Path, compiled: Callable[[Wanted], MachineCode], wanted: Wanted) -> int:
    """Write a kernel's machine code into a folder."""
    return (folder / wanted.file).write_bytes(compiled(wanted).to_bytes())


def make(output: Path) -> None:
    """Compile all kernels for all targets."""
    wanted = noted()
    print(f"{len(wanted)} kernels", flush=True)
    if output.exists():
        shutil.rmtree(output)
    for target in TARGETS:
        began = time.perf_counter()
        size = compile_for(target, output, wanted)
        print(f"{target.folder}: {size / 1e6:.1f} MB, {time.perf_counter() - began:.0f} s", flush=True)
    index = {"sources": sources_digest(), "targets": [target.index() for target in TARGETS]}
    (output / shipped.INDEX).write_text(json.dumps(index, indent=1) + "\n", "utf-8")


FIRST = """
import sys, time, firth
began = time.perf_counter()
firth.train(["the king and the queen", "a man and a woman"] * 50, progress=False, min_count=1)
print(time.perf_counter() - began, "numba" in sys.modules)
"""


def check() -> None:
    """Train a little where nothing was compiled before. Exit with a message if that needed a compiler."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        command = [sys.executable, "-c", FIRST]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
        seconds, loads_compiler = told.split()
    print(f"the first training took {float(seconds):.2f} s")
    if loads_compiler == "True":
        sys.exit("it loaded the compiler: a kernel is missing, or this processor is none of the targets")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=shipped.FOLDER, help="a folder (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="make nothing; train with what there is")
    arguments = parser.parse_args()
    if arguments.check:
        check()
    else:
        make(arguments.output)


if __name__ == "__main__":
    main()
