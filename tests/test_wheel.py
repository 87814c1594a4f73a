import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.long
def test_wheel__holds_every_module_and_works_where_it_is_installed(tmp_path):
    pytest.importorskip("hatchling", reason="building a wheel needs the [check] extra")
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
        if p.suffix in {".py", ".typed", ".html", ".css", ".js"}
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
