"""Looking up a vector must not load the compiler, nor anything else that takes its time."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "line",
    [
        "import firth",
        "from firth import load, WordVectors, export",
        "import firth.cli",
        "from firth import load; load({folder!r}).most_similar('king')",
        "import sys; sys.argv = ['firth', 'similar', {folder!r}, 'king']; import firth.cli; firth.cli.main()",
    ],
)
def test_start__loads_neither_the_compiler_nor_the_trainer(model, tmp_path, line):
    folder = str(model.save(tmp_path / "m"))
    script = (
        "import sys, atexit\n"
        "heavy = {'numba', 'llvmlite', 'tqdm', 'firth.kernels', 'firth.rounds', 'firth.training', 'zstandard'}\n"
        "atexit.register(lambda: print('HEAVY', sorted(heavy & set(sys.modules))))\n" + line.format(folder=folder)
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    assert "HEAVY []" in run.stdout


def test_names__are_all_there():
    import firth

    for name in firth.__all__:
        assert getattr(firth, name) is not None
    assert set(firth.__all__) <= set(dir(firth))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = firth.nonsense
