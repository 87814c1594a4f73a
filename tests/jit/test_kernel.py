import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import firth.kernels
from firth.jit import cache, target
from firth.jit.background import background_compile
from firth.jit.kernel import Kernel, compiled
from firth.training.rounds import KERNELS
from firth.training.warm_up import warm_up

needs_compiler = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")


class Line(NamedTuple):
    slope: float
    points: np.ndarray


@compiled
def value_at(line, place):
    return line.slope * line.points[place]


@compiled
def measure(line, places, count, weight, shift, flag):
    total = 0.0
    for i in range(count):
        total += value_at(line, places[i, 0])
        places[i, 1] += 1
    return total * weight + shift, count if flag else -count


def example():
    places = np.array([[0, 5], [2, 6]], np.int32)
    return Line(2.0, np.array([1.0, 10.0, 100.0], np.float32)), places, 2, np.float32(0.5), np.uint64(3), True


@pytest.fixture
def own_kernels(tmp_path, monkeypatch):
    """An empty cache of kernels, and kernels that nothing was loaded for."""
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "kernels")
    for of_these in (value_at, measure):
        if target.is_enabled():
            monkeypatch.setattr(of_these, "loaded", {})
    return tmp_path / "kernels"


def test_kernel__takes_numbers_arrays_and_named_tuples_and_gives_numbers(own_kernels):
    arguments = example()
    assert measure(*arguments) == (104.0, 2)
    assert arguments[1].tolist() == [[0, 6], [2, 7]]
    assert value_at(arguments[0], 1) == 20.0
    wide = Line(2, np.array([3.0]))  # other types, other machine code
    assert value_at(wide, 0) == 6.0


@needs_compiler
def test_kernel__is_compiled_once_and_then_loaded(own_kernels, monkeypatch):
    assert measure(*example()) == (104.0, 2)
    assert len(list(own_kernels.iterdir())) == 1
    monkeypatch.setattr(measure, "loaded", {})
    monkeypatch.setattr("firth.jit.codegen.compile_kernel", None)
    assert measure(*example()) == (104.0, 2)


@needs_compiler
@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:40], lambda b: b"", lambda b: b"{}\n" + b])
def test_kernel__is_compiled_again_where_its_file_is_damaged(own_kernels, monkeypatch, damage):
    measure(*example())
    (path,) = own_kernels.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    monkeypatch.setattr(measure, "loaded", {})
    assert measure(*example()) == (104.0, 2)
    assert path.read_bytes() == whole


@needs_compiler
def test_kernel__refuses_what_it_would_misread(own_kernels):
    line, places, *rest = example()
    with pytest.raises(TypeError, match="C-contiguous"):
        measure(line, np.asfortranarray(places), *rest)
    with pytest.raises(AttributeError):
        measure(line, "places", *rest)


@needs_compiler
def test_kernel__takes_an_array_that_may_not_be_written(own_kernels):
    line = Line(2.0, np.array([1.0, 10.0], np.float32))
    line.points.flags.writeable = False
    assert value_at(line, 1) == 20.0


@needs_compiler
@pytest.mark.long
@pytest.mark.parametrize(
    ("module", "settings", "kernel"),
    [
        ("firth.training.warm_up", {}, "rounds.train_rounds"),
        ("firth.training.warm_up", {"batch_size": 1024}, "rounds.train_rounds"),
        ("firth.tutorial.warm_up", {}, "minibatch.train_batches"),
    ],
)
def test_beside__compiles_what_the_training_then_loads(own_kernels, monkeypatch, module, settings, kernel, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    background_compile.start({"a_kernel"}, module, json.dumps(settings))
    background_compile.wait_for("another")
    assert background_compile.process is not None
    background_compile.wait_for("a_kernel")
    assert background_compile.process is None
    (made,) = tmp_path.rglob(f"{kernel}-*.kernel")
    if module == "firth.training.warm_up":
        line = f"import firth; firth.train([['a', 'b']] * 200, epochs=1, **{settings})"
        before = made.stat().st_mtime_ns
        subprocess.run([sys.executable, "-c", line], check=True)
        assert made.stat().st_mtime_ns == before
        assert len(list(tmp_path.rglob(f"{kernel}-*.kernel"))) == 1


@needs_compiler
@pytest.mark.parametrize("settings", [{}, {"objective": "hierarchical-softmax"}, {"shards": 2}], ids=str)
def test_beside__what_a_warm_up_compiles_is_waited_for(settings, monkeypatch):
    called, call = set(), Kernel.__call__
    monkeypatch.setattr(Kernel, "__call__", lambda self, *args: called.add(self.__name__) or call(self, *args))
    warm_up(**settings)
    assert "train_rounds" in called
    assert called <= KERNELS


def test_beside__does_nothing_where_no_process_can_start(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    background_compile.start({"a_kernel"}, "this")
    assert background_compile.process is None
    background_compile.wait_for("a_kernel")


@needs_compiler
def test_start__compiled_kernels_are_run_without_numba():
    lines = "import sys, firth; firth.train([['a', 'b']] * 200, epochs=1); print('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", lines], check=True)
    assert subprocess.check_output([sys.executable, "-c", lines], text=True) == "False\n"


@pytest.mark.long
def test_training__works_where_nothing_can_be_cached(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    line = "import firth; print(len(firth.train([['a', 'b']] * 200, epochs=1)))"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "file")}
    assert subprocess.check_output([sys.executable, "-c", line], env=environment, text=True) == "2\n"


def indices_from_the_end(source):
    """The indices in some code that are seen to count from the end: -1, and so on."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript):
            index = node.slice
            for part in index.elts if isinstance(index, ast.Tuple) else [index]:
                if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
                    yield ast.unparse(node)


def test_kernels__count_no_index_from_the_end():
    assert list(indices_from_the_end("last = row[-1] + rows[0, -n] + row[n - 1] + row[: -1]")) == [
        "row[-1]",
        "rows[0, -n]",
    ]
    sources = Path(firth.kernels.__file__).parent.rglob("*.py")
    paths = [path for path in sources if not path.stem.endswith("_llvm")]  # these are run by Python
    assert len(paths) > 20
    for path in paths:
        assert not list(indices_from_the_end(path.read_text(encoding="utf-8"))), path
