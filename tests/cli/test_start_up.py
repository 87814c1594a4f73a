"""Looking up a vector must not load the compiler, nor anything else that takes its time."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import firth.cli
from firth.cli.common import COMMANDS, cli

SIMILAR = "import sys; sys.argv = ['firth', 'similar', {folder!r}, 'king']; import firth.cli; firth.cli.main()"
MODULES_OF_SIMILAR = {
    "",
    *("._version", ".arrays", ".config", ".data_frames", ".errors", ".history", ".missing_values", ".model"),
    *(".html_table", ".model_folder", ".phrases", ".settings"),
    *(".cli", ".cli.common", ".cli.options", ".cli.query"),
    *(".storage", ".storage.files", ".storage.folders", ".storage.locks", ".storage.system", ".storage.tensors"),
    *(".vectors", ".vectors.changing", ".vectors.comparing", ".vectors.lookup", ".vectors.nearest"),
    *(".vectors.neighbors", ".vectors.subwords", ".vectors.word_vectors"),
    ".vocabulary",
}
"""All of firth that a look-up in a model needs: each more makes the command start later."""


def loaded_by(line):
    """The modules that are loaded when a line of Python has run, without those of NumPy and click."""
    script = (
        "import sys, atexit, numpy, click, dataclasses, json, hashlib, locale\n"
        "before = set(sys.modules)\n"
        "atexit.register(lambda: print('LOADED', *sorted(set(sys.modules) - before)))\n"
    )
    run = subprocess.run([sys.executable, "-c", script + line], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    return set(run.stdout.partition("LOADED ")[2].split())


@pytest.mark.parametrize(
    "line",
    [
        "import firth",
        "from firth import load, WordVectors, export",
        "import firth.cli",
        "from firth import load; load({folder!r}).most_similar('king')",
        SIMILAR,
        "import firth.gensim; firth.gensim.KeyedVectors.load({folder!r}).most_similar('king')",
        "from firth.gensim import FastText, Phrases, Word2Vec; Word2Vec(); Phrases()",
    ],
)
def test_start__loads_neither_the_compiler_nor_the_trainer(model, tmp_path, line):
    loaded = loaded_by(line.format(folder=str(model.save(tmp_path / "m"))))
    assert "firth" in loaded
    assert not loaded & {
        "numba",
        "llvmlite",
        "tqdm",
        "firth.kernels",
        "firth.training.rounds",
        "firth.training.train",
        "zstandard",
    }


def test_similar__loads_what_it_needs_and_no_more(model, tmp_path):
    loaded = loaded_by(SIMILAR.format(folder=str(model.save(tmp_path / "m"))))
    assert {name.removeprefix("firth") for name in loaded if name.partition(".")[0] == "firth"} == MODULES_OF_SIMILAR
    assert not loaded & {"bz2", "csv", "difflib", "logging", "lzma", "safetensors", "shutil", "tempfile", "zipfile"}


def test_commands__are_those_that_their_modules_add():
    assert firth.cli.cli is cli
    for module in pkgutil.iter_modules(firth.cli.__path__):
        importlib.import_module(f"firth.cli.{module.name}")
    added = {name: command.callback.__module__.rpartition(".")[2] for name, command in cli.commands.items()}
    assert added == COMMANDS


def test_names__are_all_there():
    for name in firth.__all__:
        assert getattr(firth, name) is not None
    assert set(firth.__all__) <= set(dir(firth))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = firth.nonsense
