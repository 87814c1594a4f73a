"""The benchmarks start, know the kernels that they look into, and their results are what the documents show."""

import importlib.util
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import suite, tables
from benchmarks._lib.results import RESULTS, Column, Result, machine
from firth.jit import target

ROOT = Path(__file__).parents[1]
PROGRAMS = [
    *(f"benchmarks.{path.parent.name}.{path.stem}" for path in sorted(ROOT.glob("benchmarks/[cps]*/[a-z]*.py"))),
    *("benchmarks.suite", "benchmarks.tables", "tools.fuzz", "tools.soak", "tools.versions"),
]
PARTS_OF_OTHERS = {"benchmarks.compare.settings_grid", "benchmarks.compare.settings_table"}


def result(*rows, version="1.0"):
    columns = (Column("measurement"), Column("ratio", 2))
    return Result("a", "What it is", "python -m a", columns, list(rows), "a machine", "2026-11-29", version)


def test_tables__of_the_documents_are_what_the_results_say():
    found = tables.documents()
    assert len(found) > 5
    for path, text in found.items():
        assert path.read_text("utf-8") == text, f"python -m benchmarks.tables writes another {path.name}"


def test_tables__every_result_is_shown_in_one_place():
    text = "\n".join(path.read_text("utf-8") for path in tables.documents())
    shown = re.findall(r"<!-- table: ([\w-]+) -->", text)
    kept = {path.stem for path in RESULTS.glob("*.json") if not path.stem.startswith((suite.PREFIX, "phases-"))}
    assert sorted(shown) == sorted(kept)


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_results__say_what_where_when_and_by_which_command(path):
    found = Result.read(path)
    assert found.what
    assert found.machine
    assert found.date
    assert found.rows
    module = found.command.removeprefix("python -m ").split()[0]
    assert importlib.util.find_spec(module), f"{path.name}: there is no {module}"


def test_results__come_back_from_their_file(tmp_path):
    some = result(["x", [1.5, 1.0, 2.0]], ["ü", None], ["z", 3])
    assert Result.read(some.write(tmp_path)) == some


def test_results__rows_of_another_width_are_refused(tmp_path):
    path = replace(result(["x"])).write(tmp_path)
    with pytest.raises(ValueError, match="not as wide as its 2 columns"):
        Result.read(path)


def test_table__shows_spreads_and_leaves_out_what_is_not_there():
    shown = result(["x", [1234.5, 1.0, 2.0]], ["y", None]).table().split("\n")
    assert shown[2:4] == ["| x | 1,234.50 (1.00 to 2.00) |", "| y |  |"]
    assert shown[-1] == "*What it is. a machine, 2026-11-29. `python -m a`*"


def test_table__says_that_a_machine_was_not_noted():
    caption = replace(result(), machine="not noted", date="not noted").caption()
    assert "Machine not noted, date not noted." in caption


def test_machine__is_not_named_by_its_host():
    import socket

    assert socket.gethostname() not in machine().split()


def test_suite__a_slowdown_beyond_the_tolerance_is_named():
    before = result(["reading", 1.0], ["training", 2.0], ["gone", 1.0])
    now = result(["reading", 1.3], ["training", 2.3], ["new", 9.0], version="2.0")
    table, slower = suite.compared(now, before, tolerance=0.25)
    assert slower == ["reading: 1.30 times what it was"]
    assert [row[-1] for row in table.rows] == [pytest.approx(1.3), pytest.approx(1.15), None]


def test_suite__compares_with_the_newest_release(tmp_path):
    for version in ("0.9.0", "0.10.0", "0.2.0"):
        replace(result(["x", 1.0], version=version), name=f"suite-{version}").write(tmp_path)
    assert suite.last_release(tmp_path).version == "0.10.0"
    assert suite.last_release(tmp_path / "nothing") is None


def test_suite__of_the_last_release_has_what_is_measured_now():
    source = (ROOT / "benchmarks" / "suite.py").read_text("utf-8")
    for name, _ in suite.last_release().rows:
        assert f'"{name}": ' in source


def python(*words):
    command = [sys.executable, *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)


KERNELS = """
from benchmarks.profile.phases import KINDS, kernel_named
[kernel_named(name) for _, names in KINDS.values() for name in names.split(",")]
"""


@pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")
def test_phases__know_the_kernels_by_their_names():
    done = python("-c", KERNELS)
    assert done.returncode == 0, done.stderr


TRAINED = """
import hashlib, sys
import numpy as np
from benchmarks._lib.instrument import NOTES, Instrumented, kernel_named
from firth.training import rounds
from firth.config import TrainingConfig
from firth.training.schedule import Tokens, initial_parameters
instrumented = Instrumented()
for name in sys.argv[1:]:
    instrumented.add(kernel_named(name))
ids = np.random.default_rng(0).integers(0, 50, 5000).astype(np.int32)
tokens, config = Tokens(ids, np.arange(0, 5001, 20), np.bincount(ids)), TrainingConfig(vector_size=8, sample=0)
parameters = initial_parameters(50, 8, 1)
list(rounds.train(tokens, config, parameters, epochs=1, threads=1))
print(hashlib.sha256(parameters.inputs.tobytes()).hexdigest())
print(*(NOTES[first, 1] for first in instrumented.firsts), NOTES[:-1, 0].min() >= 0)
"""


@pytest.mark.long
@pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")
def test_phases__kernels_that_are_timed_come_to_the_same_bits(tmp_path, monkeypatch):
    as_they_are = python("-c", TRAINED)
    assert as_they_are.returncode == 0, as_they_are.stderr
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    timed = python("-c", TRAINED, "compute_skip_gram_block", "add_partition")
    assert timed.returncode == 0, timed.stderr
    (digest, _), (of_timed, counts) = as_they_are.stdout.splitlines(), timed.stdout.splitlines()
    assert of_timed == digest
    blocks, rounds, cycles_are_right = counts.split()
    assert int(blocks) == -(-5000 // 16)
    assert int(rounds) <= int(blocks)
    assert cycles_are_right == "True"


@pytest.mark.long
@pytest.mark.parametrize("program", sorted(set(PROGRAMS) - PARTS_OF_OTHERS))
def test_benchmark__starts(program):
    done = python("-m", program, "--help")
    assert done.returncode == 0, done.stderr
    assert "usage: " in done.stdout
