"""What a benchmark finds: rows with the machine, the date and the command, kept as JSON, shown as a table.

A cell is a number, text, nothing, or the median, the least and the greatest of several numbers as a list of three. What
documents show is made from the files in `benchmarks/results` by `python -m benchmarks.tables`.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).parents[1] / "results"
NOT_NOTED = "not noted"
"""In the place of a machine or a date that nobody wrote down."""
SIGNIFICANT = 6
"""Digits that are kept of a number."""

Cell = float | str | None | list[float]


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, and how many digits its numbers are shown with; None if it is text."""

    name: str
    digits: int | None = None


@dataclass(frozen=True)
class Result:
    """What one benchmark found."""

    name: str  # of the file, without .json
    what: str
    command: str
    columns: tuple[Column, ...]
    rows: list[list[Cell]]
    machine: str = NOT_NOTED
    date: str = NOT_NOTED
    version: str | None = None  # firth's
    note: str = ""

    @classmethod
    def read(cls, path: Path) -> Result:
        """The result in a file. Raises `ValueError` if it is not whole."""
        content = json.loads(path.read_text("utf-8"))
        columns = tuple(Column(**column) for column in content.pop("columns"))
        found = cls(name=path.stem, columns=columns, **content)
        if wrong := [row for row in found.rows if len(row) != len(columns)]:
            raise ValueError(f"{path} has rows that are not as wide as its {len(columns)} columns: {wrong[0]}")
        return found

    def write(self, folder: Path = RESULTS) -> Path:
        """Write the file, a row a line; return its path."""
        head = {key: value for key, value in asdict(self).items() if key not in {"name", "rows"} and value != ""}
        lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}," for key, value in head.items()]
        rows = ",\n".join(
            "    " + json.dumps([_rounded(cell) for cell in row], ensure_ascii=False) for row in self.rows
        )
        path = folder / f"{self.name}.json"
        path.write_text("{\n" + "\n".join(lines) + '\n  "rows": [\n' + rows + "\n  ]\n}\n", "utf-8")
        return path

    def table(self) -> str:
        """A table in Markdown, with what it was measured on below."""
        names = [column.name for column in self.columns]
        rules = ["---" if column.digits is None else "---:" for column in self.columns]
        shown = [[_shown(cell, column) for cell, column in zip(row, self.columns, strict=True)] for row in self.rows]
        return "\n".join(f"| {' | '.join(row)} |" for row in [names, rules, *shown]) + f"\n\n{self.caption()}"

    def caption(self) -> str:
        """What the table is, and where and how it was measured."""
        machine = self.machine if self.machine != NOT_NOTED else f"Machine {NOT_NOTED}"
        date = self.date if self.date != NOT_NOTED else f"date {NOT_NOTED}"
        sentences = [f"{self.what}.", self.note, f"{machine}, {date}.", f"`{self.command}`"]
        return _wrapped(f"*{' '.join(filter(None, sentences))}*")


def _wrapped(text: str, columns: int = 120) -> str:
    """Lines that are not too long, cut at spaces outside code."""
    lines = [""]
    for piece in re.findall(r"(?:`[^`]*`|\S)+", text):
        if len(lines[-1]) + 1 + len(piece) > columns:
            lines.append("")
        lines[-1] = f"{lines[-1]} {piece}".strip()
    return "\n".join(lines)


def _rounded(cell: Cell) -> Cell:
    if isinstance(cell, list):
        return [float(f"{number:.{SIGNIFICANT}g}") for number in cell]
    return float(f"{cell:.{SIGNIFICANT}g}") if isinstance(cell, float) else cell


def _shown(cell: Cell, column: Column) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    digits = column.digits or 0
    if isinstance(cell, list):
        middle, least, greatest = (f"{number:,.{digits}f}" for number in cell)
        return f"{middle} ({least} to {greatest})"
    return f"{cell:,.{digits}f}"


def spread(values: Iterable[float]) -> Cell:
    """A cell of several numbers: the median, the least and the greatest; or of one."""
    values = list(values)
    return [median(values), min(values), max(values)] if len(values) > 1 else float(values[0])


def counted(number: int, what: str) -> str:
    """One seed, three seeds."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def arguments(description: str | None, **defaults: float | str) -> argparse.Namespace:
    """A benchmark's command line: numbers or words, each with its default; and whether to keep what is found."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in defaults.items():
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=type(default), default=default, help=f"(default: {default})")
    parser.add_argument("--save", action="store_true", help="keep what is found, for the documents' tables")
    return parser.parse_args()


def found_now(name: str, what: str, columns: Sequence[Column], rows: list[list[Cell]], note: str = "") -> Result:
    """A result of this machine, today, by the command that runs."""
    import firth

    today = datetime.date.today().isoformat()
    return Result(name, what, _command(), tuple(columns), rows, machine(), today, firth.__version__, note)


def finish(
    name: str, what: str, columns: Sequence[Column], rows: list[list[Cell]], *, save: bool, note: str = ""
) -> None:
    """Show what was found; and keep it in `benchmarks/results`, if asked to."""
    found = found_now(name, what, columns, rows, note)
    print(found.table())
    if save:
        print(f"kept in {found.write()}; python -m benchmarks.tables puts it into the documents")


def _command() -> str:
    """The command that runs now."""
    spec = sys.modules["__main__"].__spec__
    options = [word for word in sys.argv[1:] if word != "--save"]
    return shlex.join(["python", "-m", spec.name if spec else "benchmarks", *options])


def machine() -> str:
    """This machine, in a line, as lscpu knows it: processor, cores, second-level cache."""
    try:
        output = subprocess.run(["lscpu"], check=True, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"})
        known = dict(re.findall(r"^([^:\n]+):\s*(.*)$", output.stdout, re.MULTILINE))
    except (OSError, subprocess.CalledProcessError):
        known = {}
    name = known.get("Model name") or platform.processor() or platform.machine()
    model = (
        f" (family {known['CPU family']}, model {known['Model']})" if {"CPU family", "Model"} <= known.keys() else ""
    )
    cache = f", L2 {known['L2 cache']}" if "L2 cache" in known else ""
    return f"{name}{model}, {os.cpu_count()} cores{cache}, {platform.system()}, Python {platform.python_version()}"
