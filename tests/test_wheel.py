import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.long
def test_wheel__holds_every_module_and_works_where_it_is_installed(tmp_path):
    pytest.importorskip("hatchling", reason="needs the dependency group check")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("firth-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("firth/")}
        archive.extractall(tmp_path / "installed")
    source = ROOT / "src"
    modules = {
        str(p.relative_to(source))
        for p in (source / "firth").rglob("*")
        if p.suffix in {".py", ".pyi", ".typed", ".html", ".css", ".js", ".json", ".kernel"}
    }
    assert held == modules
    line = "import firth; print(firth.__file__, firth.train([['a', 'b']] * 200, epochs=1)['a'].shape)"
    run = subprocess.run(
        [sys.executable, "-c", line],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed"), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr == ""
    assert str(tmp_path / "installed") in run.stdout
    assert "(100,)" in run.stdout


@pytest.mark.long
def test_sdist__builds_the_same_wheel_and_its_tests_pass(tmp_path):
    pytest.importorskip("hatchling", reason="needs the dependency group check")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path], cwd=ROOT, check=True)
    (packed,) = tmp_path.glob("firth-*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = (path for path in tmp_path.iterdir() if path.is_dir())
    for name in ("mkdocs.yml", "docs/index.md", "docs/api/training.md", "CITATION.cff", "CONTRIBUTING.md"):
        assert (source / name).is_file()
    for name, tree in (("of-source", source), ("of-here", ROOT)):
        build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path / name]
        subprocess.run([*build, tree], check=True)
    contents = []
    for wheel in tmp_path.glob("of-*/firth-*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            contents.append({name: archive.read(name) for name in archive.namelist() if name.startswith("firth/")})
    assert contents[0] == contents[1]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "tests/training/test_rounds.py",
        "tests/corpus/test_corpus.py",
        "tests/formats",
    ]
    environment = os.environ | {"PYTHONPATH": str(source / "src")}
    subprocess.run(command, cwd=source, env=environment, check=True)
