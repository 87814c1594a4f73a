"""Coverage-guided fuzzing of every format that is read: does any file crash, hang, or eat memory?

    python -m tools.fuzz --minutes 60
    python -m tools.fuzz --minutes 10 tar zip

atheris (libFuzzer) is installed in an environment of its own. Each format has its share of the minutes, a process of
its own, and bounds: five seconds and 300 MB of memory for a file of 64 KiB at most. What covers new code is kept in
`tests/strangers/found`; what does harm is kept beside it, under the name `harm-…`, and reported.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
FUZZ = ROOT / ".venv-fuzz"
LONGEST, SECONDS, MEGABYTES = 1 << 16, 5, 300
KEPT_BYTES, KEPT_INPUTS = 4096, 150
"""What is kept is small, and not too much."""


def fuzz_python() -> Path:
    """The Python of an environment that has atheris, made the first time."""
    python = FUZZ / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", FUZZ], check=True)
        install = [python, "-m", "pip", "install", "-q", "-e", f"{ROOT}[ann,tables]", "atheris"]
        subprocess.run(install, check=True)
    return python


def child(name: str, options: list[str]) -> None:
    """Feed one reader, in this process, until libFuzzer ends it."""
    import atheris

    kernels = [module.name for module in pkgutil.walk_packages([str(ROOT / "src/firth/kernels")], "firth.kernels.")]
    with atheris.instrument_imports(include=["firth", "json", "csv"], exclude=kernels):  # which Numba has to understand
        from firth.errors import FirthError
        from tests.strangers import READERS, whole

    read = READERS[name]
    parent = tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)

    def one(content: bytes) -> None:
        folder = Path(parent) / "input"
        folder.mkdir()
        try:
            with contextlib.suppress(FirthError):
                read(content, folder)
        finally:
            shutil.rmtree(folder)

    made = Path(tempfile.mkdtemp(dir=parent))
    for content in whole(name, made):
        one(content)  # what is imported and compiled the first time belongs to no input
    atheris.Setup([os.environ["FIRTH_FUZZ"], *options], one)
    atheris.Fuzz()


def fuzz(name: str, seconds: float) -> tuple[int, int, list[Path]]:
    """Fuzz one format; return how many inputs were tried and kept, and the paths of those that did harm."""
    from tests.strangers import FOUND, found, pack, whole

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (made := folder / "made").mkdir()
        (inputs := folder / "inputs").mkdir()
        (smallest := folder / "smallest").mkdir()
        (harm := folder / "harm").mkdir()
        known = found(name)
        seeds = [*known.items(), *((f"whole-{n}", content) for n, content in enumerate(whole(name, made)))]
        for title, content in seeds:
            (inputs / title).write_bytes(content)
        bounds = [f"-max_len={LONGEST}", f"-timeout={SECONDS}", f"-malloc_limit_mb={MEGABYTES}", "-rss_limit_mb=2500"]
        program = folder / "fuzz"  # libFuzzer starts itself again to merge
        program.write_text(
            f"#!/bin/sh\ncd {ROOT}\nFIRTH_FUZZ=$0 exec {sys.executable} -m tools.fuzz --child {name} $@\n"
        )
        program.chmod(0o755)
        command = [program, *bounds]
        log = folder / "log"
        tried = 0
        ends = time.monotonic() + seconds
        while (left := int(ends - time.monotonic())) > 0:  # libFuzzer ends at the first harm: go on after it
            options = [f"-max_total_time={left}", f"-artifact_prefix={harm}/", "-print_final_stats=1", inputs]
            with log.open("wb") as output:
                subprocess.run([*command, *options], stdout=output, stderr=subprocess.STDOUT, check=False)
            said = log.read_text(errors="replace")
            if counted := re.search(r"stat::number_of_executed_units:\s+(\d+)", said):
                tried += int(counted.group(1))
            else:
                print(said[-3000:])
                break
        for path in harm.iterdir():
            if not any(subprocess.run([*command, path], capture_output=True, check=False).returncode for _ in range(2)):
                path.unlink()  # on a busy machine, the others had the time
        for path in inputs.iterdir():
            if path.stat().st_size > KEPT_BYTES and not path.name.startswith("whole-"):
                path.unlink()
        with log.open("wb") as output:
            subprocess.run(
                [*command, "-merge=1", f"-artifact_prefix={folder}/", smallest, inputs],
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        contents = {path.name[:12]: path.read_bytes() for path in smallest.iterdir()}
        small = sorted((len(c), n) for n, c in contents.items() if len(c) <= KEPT_BYTES)[:KEPT_INPUTS]
        kept = {n: contents[n] for _, n in small} | {n: c for n, c in known.items() if n.startswith("harm-")}
        kept |= {f"harm-{path.name[-12:]}": path.read_bytes() for path in harm.iterdir()}
        FOUND.mkdir(exist_ok=True)
        (FOUND / f"{name}.zip").write_bytes(pack(kept.items()))
        done = [FOUND / f"{name}.zip" / f"harm-{path.name[-12:]}" for path in harm.iterdir()]
        for path in harm.iterdir():
            print(f"  {path.name.partition('-')[0]}: {path.read_bytes()[:80]!r}")
        return tried, len(kept), done


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="for all formats together (default: 60)")
    parser.add_argument("formats", nargs="*", help="only these")
    given = parser.parse_args()
    python = fuzz_python()
    if Path(sys.executable).parent != python.parent:  # the readers need firth, and this environment has it
        os.execv(python, [str(python), "-m", "tools.fuzz", *sys.argv[1:]])
    with contextlib.redirect_stdout(io.StringIO()):
        from tests.strangers import READERS
    names = given.formats or list(READERS)
    harmful = 0
    print("| format | files tried | kept | harm done |\n| --- | ---: | ---: | ---: |")
    for name in names:
        tried, kept, harm = fuzz(name, 60 * given.minutes / len(names))
        harmful += len(harm)
        print(f"| {name} | {tried:,} | {kept:,} | {len(harm)} |", flush=True)
    sys.exit(1 if harmful else 0)


if __name__ == "__main__":
    main()
