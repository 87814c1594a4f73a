"""The fast tests with the lowest version of every dependency, and with the newest on every Python that is found.

    python -m tools.versions                          # the lowest versions, on this Python
    python -m tools.versions python3.12 python3.13    # the newest, on these

Each gets an environment of its own, `.venv-lowest` or `.venv-NAME`.
"""

import argparse
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]


def lowest() -> list[str]:
    """What firth needs, each at the lowest version that it says will do."""
    of_tables, of_tests = PROJECT["optional-dependencies"]["tables"], PYPROJECT["dependency-groups"]["test"]
    return [needs.replace(">=", "==") for needs in PROJECT["dependencies"] + of_tables + of_tests]


def tested(python: str, name: str, more: list[str]) -> int:
    """Make the environment, and run the tests in it; return pytest's exit status."""
    folder = ROOT / f".venv-{name}"
    if not (folder / "bin" / "python").exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    own = folder / "bin" / "python"
    subprocess.run([own, "-m", "pip", "install", "-q", "pip>=25.1"], check=True)  # which knows dependency groups
    command = [own, "-m", "pip", "install", "-q", *more, "-e", ".", "--group", "test"]
    subprocess.run(command, cwd=ROOT, check=True)
    print(f"{name}:", ", ".join(PROJECT["dependencies"]) if not more else ", ".join(more), flush=True)
    return subprocess.run([own, "-m", "pytest", "-q", "-m", "not long"], cwd=ROOT, check=False).returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs="*", help="with the newest versions, on these")
    pythons = parser.parse_args().pythons
    if pythons:
        failures = [tested(python, python.rpartition("/")[2], []) for python in pythons]
    else:
        failures = [tested(sys.executable, "lowest", lowest())]
    sys.exit(max(failures))


if __name__ == "__main__":
    main()
