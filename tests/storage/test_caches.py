import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import platformdirs
import pytest

from firth.storage import caches

pytestmark = pytest.mark.skipif(os.name != "posix", reason="homes and users are POSIX's here")


@pytest.fixture(autouse=True)
def own_temporary(tmp_path, monkeypatch):
    """A folder for temporary files of each test's own; and nothing remembered."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    caches.user_cache.cache_clear()
    yield tmp_path / "tmp"
    caches.user_cache.cache_clear()


def test_user_cache__is_the_usual_one_where_that_can_be_written_to(tmp_path, monkeypatch, recwarn):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "new" / "cache"))
    assert caches.user_cache() == tmp_path / "new" / "cache" / "firth"
    assert caches.user_cache().is_dir()
    assert not recwarn


@pytest.mark.parametrize("usual", ["~/.cache/firth", "/dev/null/firth", "/proc/firth"])
def test_user_cache__is_a_temporary_one_of_the_user_alone_where_there_is_no_other(own_temporary, monkeypatch, usual):
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: Path(usual))
    with pytest.warns(UserWarning, match=r"written to: .*--cache .*NUMBA_CACHE_DIR.*XDG_CACHE_HOME") as warned:
        (found,) = {caches.user_cache(), caches.user_cache()}
    assert len(warned) == 1
    assert found == own_temporary / f"firth-{os.getuid()}"
    assert stat.S_IMODE(found.stat().st_mode) == 0o700
    assert not Path("~").exists()


@pytest.mark.parametrize("made", ["link", "open to others", "file"])
def test_user_cache__what_somebody_else_may_have_made_is_not_trusted(own_temporary, tmp_path, monkeypatch, made):
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: Path("/dev/null/firth"))
    (tmp_path / "elsewhere").mkdir()
    folder = own_temporary / f"firth-{os.getuid()}"
    if made == "link":
        folder.symlink_to(tmp_path / "elsewhere")
    elif made == "file":
        folder.touch()
    else:
        folder.mkdir()
        folder.chmod(0o777)
    with pytest.warns(UserWarning, match="cannot be written to"):
        found = caches.user_cache()
    assert found not in {folder, tmp_path / "elsewhere"}
    assert found.parent == own_temporary
    assert stat.S_IMODE(found.stat().st_mode) == 0o700


@pytest.mark.parametrize("home", [None, "/dev/null", ""])
def test_command__trains_without_a_home(tmp_path, own_temporary, small_text, home):
    kernels = caches_of_kernels()
    environment = {name: value for name, value in os.environ.items() if name not in {"HOME", "XDG_CACHE_HOME"}}
    environment |= {"TMPDIR": str(own_temporary), "NUMBA_CACHE_DIR": kernels} | ({} if home is None else {"HOME": home})
    # without a HOME, the home is looked up by the user's number: here there is nobody of that number
    nobody = "import pwd; pwd.getpwuid = lambda number: {}[number]; "
    script = nobody + "import sys; from firth.cli import main; sys.argv[0] = 'firth'; main()"
    command = [sys.executable, "-P", "-c", script, "train", str(small_text), "-o", str(tmp_path / "m")]
    result = subprocess.run(
        [*command, "--epochs", "1", "--vector-size", "4"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "saved to" in result.stdout
    assert result.stderr.count("cannot be written to") == 1
    assert "Traceback" not in result.stderr
    assert list((own_temporary / f"firth-{os.getuid()}" / "corpora").iterdir())
    assert not (tmp_path / "~").exists()


def caches_of_kernels():
    """Where this machine's compiled kernels are, so that they need not be compiled again."""
    from firth.jit import cache

    return str(cache.cache_folder().parent.parent)
