"""Prints constraints that hold each dependency of firth at the lowest version it supports.

python tools/lowest_dependencies.py > lowest.txt; PIP_CONSTRAINT=lowest.txt make test
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def lowest(requirement: str) -> str:
    """`numpy==1.26` for `numpy>=1.26`; what follows a semicolon stays."""
    return re.sub(r">=", "==", requirement, count=1)


def main() -> None:
    """Print a line for each dependency that a user installs."""
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    for requirement in project["dependencies"]:
        print(lowest(requirement))


if __name__ == "__main__":
    main()
