"""The fast tests with the lowest version of every dependency, and with the newest on every Python that is found.

    python -m tools.versions                          # the lowest versions, on this Python
    python -m tools.versions python3.12 python3.13    # the newest, on these
    python -m tools.versions --intel-mac              # the last Numba that has wheels for Macs with Intel's processors
    python -m tools.versions --bare                   # the newest, without what some Pythons have no wheels of

Each gets an environment of its own, `.venv-lowest`, `.venv-intel-mac`, `.venv-bare` or `.venv-NAME`.
"""

import argparse
import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
INTEL_MAC = ["numba==0.62.1", "llvmlite==0.45.1", "numpy<2.4"]
NOT_EVERYWHERE = ["orjson", "zstandard"]
"""What a Python without the global lock (3.14t) has no wheels of."""


def lowest() -> list[str]:
    """What firth needs, each at the lowest version that it says will do."""
    of_tables, of_tests = PROJECT["optional-dependencies"]["tables"], PYPROJECT["dependency-groups"]["test"]
    return [needs.replace(">=", "==") for needs in PROJECT["dependencies"] + of_tables + of_tests]


def tested(python: str, name: str, more: list[str], without: list[str]) -> int:
    """Make the environment, and run the tests in it; return pytest's exit status."""
    folder = ROOT / f".venv-{name}"
    own = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not own.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    subprocess.run([own, "-m", "pip", "install", "-q", "pip>=25.1"], check=True)  # which knows dependency groups
    command = [own, "-m", "pip", "install", "-q", *more, "-e", ".", "--group", "test"]
    subprocess.run(command, cwd=ROOT, check=True)
    if without:
        subprocess.run([own, "-m", "pip", "uninstall", "-q", "-y", *without], check=True)
    print(f"{name}:", ", ".join(PROJECT["dependencies"]) if not more else ", ".join(more), flush=True)
    return subprocess.run([own, "-m", "pytest", "-q", "-m", "not long"], cwd=ROOT, check=False).returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs="*", help="with the newest versions, on these")
    parser.add_argument("--intel-mac", action="store_true", help=f"with {', '.join(INTEL_MAC)}")
    parser.add_argument("--bare", action="store_true", help=f"without {', '.join(NOT_EVERYWHERE)}")
    asked = parser.parse_args()
    failures = [tested(python, Path(python).name, [], []) for python in asked.pythons]
    if asked.intel_mac:
        failures.append(tested(sys.executable, "intel-mac", INTEL_MAC, []))
    if asked.bare:
        failures.append(tested(sys.executable, "bare", [], NOT_EVERYWHERE))
    sys.exit(max(failures or [tested(sys.executable, "lowest", lowest(), [])]))


if __name__ == "__main__":
    main()
