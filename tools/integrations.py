"""The tests of `tests/integrations`, each with the programs that it needs: a check before a release.

    python -m tools.integrations                  # all
    python -m tools.integrations torch spacy      # tests/integrations/test_torch.py and test_spacy.py
    python -m tools.integrations --python python3.13 torch

Each file gets an environment of its own under `build/integrations`, with what its `NEEDS` names. A file whose
tests were all skipped has failed.
"""

import argparse
import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests" / "integrations"
ENVIRONMENTS = ROOT / "build" / "integrations"  # not in .cache, which `make docs` empties
NO_TESTS_RAN = 5  # pytest's exit status


def needs(file: Path) -> list[str]:
    """The packages that a file of tests names in its `NEEDS`."""
    for statement in ast.parse(file.read_text("utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "NEEDS":
            return list(ast.literal_eval(statement.value))
    raise SystemExit(f"{file} does not say what it NEEDS")


def version_of(python: str | Path) -> str:
    """A Python's version, such as 3.12: of what its environments are named by, as many are called python."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def tested(python: str, name: str) -> int:
    """Make the environment of one integration, and run its tests in it; return pytest's exit status."""
    file = TESTS / f"test_{name}.py"
    folder = ENVIRONMENTS / f"{version_of(python)}-{name}"
    own = folder / "bin" / "python"
    if not own.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    subprocess.run([own, "-m", "pip", "install", "-q", "pip>=25.1"], check=True)  # which knows dependency groups
    install = [own, "-m", "pip", "install", "-q", *needs(file), "-e", ".", "--group", "test"]
    subprocess.run(install, cwd=ROOT, check=True)
    print(f"{name}: {', '.join(needs(file))}", flush=True)
    command = [own, "-m", "pytest", "-q", "-p", "no:cacheprovider", file]
    run = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    print(run.stdout, flush=True)
    return run.returncode if " passed" in run.stdout else run.returncode or NO_TESTS_RAN


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = sorted(file.stem.removeprefix("test_") for file in TESTS.glob("test_*.py"))
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(every))
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    failed = [name for name in arguments.names or every if tested(arguments.python, name)]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
