"""Machine code that comes with the package: which is used, and when it is left alone."""

import json

import numpy as np
import pytest

from firth.jit import cache, kernel, shipped, target
from firth.kernels.linalg.bfloat16 import add_widened

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")


def called():
    """Call a kernel that is not loaded yet."""
    rows, steps, out = np.ones((3, 4), np.float32), np.full((3, 4), 0x3F80, np.uint16), np.zeros((3, 4), np.float32)
    new = kernel.Kernel(add_widened.function)
    new(rows, steps, out, 0, 3)
    assert (out == 2).all()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Machine code of one kernel for this very machine, as if it had come with the package."""
    arguments = np.ones((1, 1), np.float32), np.ones((1, 1), np.uint16), np.ones((1, 1), np.float32), 0, 1
    signature, words = [], []
    for argument in arguments:
        kernel.flatten(argument, signature, words)
    name = shipped.file_name(add_widened.function, tuple(signature))
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / name).write_bytes(add_widened._compile(arguments, name.removesuffix(".kernel")).to_bytes())
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    monkeypatch.setattr(shipped, "processor", lambda: ("some", "+a,+b,-c"))
    monkeypatch.setattr(shipped.platform, "system", lambda: "Some")
    monkeypatch.setattr(shipped.platform, "machine", lambda: "machine")
    shipped.folder_here.cache_clear()
    yield tmp_path
    shipped.folder_here.cache_clear()


def index(package, *targets, sources=None):
    """Write what the package says of its machine code; each target is its folder, and what it needs."""
    named = [
        {"folder": folder, "system": system, "machine": machine, "features": features}
        for folder, system, machine, features in targets
    ]
    text = json.dumps({"sources": sources or cache.sources_digest(), "targets": named})
    (package / shipped.INDEX).write_text(text, "utf-8")


GOOD = ("here", "Some", "machine", ["+a"])


def test_kernel__runs_what_was_shipped_and_compiles_nothing(package, monkeypatch, tmp_path):
    index(package, ("better", "Some", "machine", ["+a", "+c"]), GOOD)
    monkeypatch.setattr(kernel.Kernel, "_compile", None)
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "none")
    called()
    assert shipped.folder_here() == package / "here"


@pytest.mark.parametrize(
    "wrong",
    [
        {"targets": [("here", "Other", "machine", [])]},
        {"targets": [("here", "Some", "other", [])]},
        {"targets": [("here", "Some", "machine", ["+c"])]},
        {"targets": [GOOD], "sources": "of other sources"},
        {"targets": []},
    ],
    ids=str,
)
def test_folder_here__is_none_for_another_system_machine_processor_or_source(package, wrong):
    index(package, *wrong["targets"], sources=wrong.get("sources"))
    assert shipped.folder_here() is None
    called()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"sources": 1, "targets": {}}'])
def test_folder_here__is_none_where_the_index_is_no_index(package, content):
    (package / shipped.INDEX).write_text(content)
    assert shipped.folder_here() is None


def test_kernel__is_compiled_where_the_shipped_file_is_damaged(package, monkeypatch, tmp_path):
    index(package, GOOD)
    (file,) = (package / "here").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    compiled = []
    real = kernel.Kernel._compile
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "none")
    monkeypatch.setattr(kernel.Kernel, "_compile", lambda *args: compiled.append(args) or real(*args))
    called()
    assert len(compiled) == 1


def test_find__is_of_firths_own_kernels_only(package):
    """Those of others may have the same names."""
    index(package, GOOD)

    def add_widened(rows):
        """Of another module."""

    assert shipped.find(add_widened, ()) is None
