"""Runs the trainings, in a process of its own, and prints a line of JSON for each as it ends.

python -m tools.arm64.runner note FILE        # here: writes into a file which kernels they called
python -m tools.arm64.runner planted FOLDER   # on an ARM processor: with kernels that were compiled elsewhere
"""

import json
import pickle
import sys
from pathlib import Path
from typing import Any

from firth.jit.background import background_compile
from firth.jit.cache import MachineCode
from firth.jit.kernel import Kernel
from firth.jit.linking import linked
from tools.arm64.kernels import Wanted, file_name, noted
from tools.arm64.trainings import sha256, trainings


def run_all(names: list[str]) -> None:
    """Run all trainings; before each, its name is put at the end of `names`."""
    for name, training in trainings().items():
        names.append(name)
        print(json.dumps({"training": name, "sha256": sha256(training())}), flush=True)


def plant(folder: Path) -> None:
    """From now on, kernels come from a folder, and nothing is compiled."""

    def load(kernel: Any, signature: tuple[Any, ...], arguments: tuple[Any, ...]) -> Any:
        name = file_name(kernel, signature)
        found = MachineCode.from_bytes((folder / name).read_bytes())
        if found is None:
            sys.exit(f"{folder / name} is not whole: remove it, and run this again")
        return linked(found, signature)

    Kernel._load = load  # type: ignore[method-assign]
    background_compile.start = lambda *_: None  # type: ignore[method-assign]


def main() -> None:
    how, path = sys.argv[1], Path(sys.argv[2])
    names: list[str] = []
    if how == "planted":
        plant(path)
        run_all(names)
        return
    found: list[Wanted] = []
    with noted(found, names):
        run_all(names)
    path.write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main()
