"""What firth does on macOS and Windows, as far as that can be seen on another system; files in use: `test_windows`."""

import ast
import ctypes
import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

import firth
from firth import cpu
from firth.cli import common
from firth.corpus import paths
from firth.corpus.remote import as_address, is_address
from firth.errors import FirthError
from firth.jit.background import BackgroundCompile
from firth.reporting import progress_bar
from firth.storage import caches, system
from firth.visual import tensorboard
from tests.helpers.commands import in_locale

PACKAGE = Path(firth.__file__).parent
pytestmark = pytest.mark.skipif(os.name != "posix", reason="other systems are simulated on one of POSIX's")


def test_threads__are_the_machines_where_the_system_has_no_affinity(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cpu.usable_threads() == os.cpu_count()


def test_flush__reaches_the_disk_itself_on_macos(monkeypatch, tmp_path):
    (tmp_path / "a").write_text("x")
    called = []
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(fcntl, "fcntl", lambda descriptor, command: called.append(command))
    monkeypatch.setattr(os, "fsync", lambda descriptor: called.append("fsync"))
    system.flush(tmp_path / "a")
    system.flush(tmp_path)
    assert called == [51, 51]  # F_FULLFSYNC of <sys/fcntl.h>

    def unknown(*_):
        raise OSError(45, "Operation not supported")

    monkeypatch.setattr(fcntl, "fcntl", unknown)
    system.flush(tmp_path / "a")
    assert called[2:] == ["fsync"]


def test_exchange__of_folders_is_one_step_on_macos(monkeypatch, tmp_path):
    real = ctypes.CDLL(None)

    class Libc:
        def __init__(self, name):
            pass

        def renamex_np(self, new, old, flags):
            assert flags == 2  # RENAME_SWAP of <sys/stdio.h>
            return real.renameat2(-100, new, -100, old, 2)

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", Libc)
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / f"was {name}").touch()
    assert system.exchange(tmp_path / "a", tmp_path / "b")
    assert os.listdir(tmp_path / "a") == ["was b"]
    monkeypatch.setattr(sys, "platform", "win32")
    assert not system.exchange(tmp_path / "a", tmp_path / "b")


def test_interruption__of_windows_own_signal_is_noted():
    code = """
import os, signal
signal.SIGBREAK = signal.SIGUSR1
from firth.training.checkpoints import interruptions
with interruptions() as asked:
    os.kill(os.getpid(), signal.SIGUSR1)
    print(asked.signal == signal.SIGBREAK)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_projector__does_not_share_its_port_with_another_server_on_windows(monkeypatch, tmp_path):
    asked = []

    class Probe:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def setsockopt(self, *option):
            asked.append(option)

        def bind(self, _):
            raise OSError("in use")

    monkeypatch.setattr(tensorboard, "can_serve", lambda: True)
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", -5, raising=False)
    monkeypatch.setattr(socket, "socket", Probe)
    with pytest.raises(FirthError, match="port 6006 is in use"), tensorboard.serve_folder(tmp_path):
        pass
    assert asked == [(socket.SOL_SOCKET, -5, 1)]


def test_program__that_python_is_packed_into_is_not_started_again(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    background = BackgroundCompile()
    background.start({"kernel"}, "no.such.module")
    assert background.process is None
    assert not tensorboard.can_serve()


@pytest.mark.parametrize("encoding", ["cp437", "cp1252"])
def test_similar__words_that_a_console_cannot_show_are_escaped(tmp_path, model, encoding):
    model.save(tmp_path / "m.firth")
    done = in_locale("similar", tmp_path / "m.firth", "мир", "Zoë", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert rb"\u043c\u0438\u0440" in done.stdout
    assert "Zoë".encode(encoding) in done.stdout


def test_bar__is_not_shown_where_there_is_no_console(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert not progress_bar.wanted(None)
    assert not progress_bar.wanted(True)


def test_hint__of_a_path_can_be_typed_into_its_systems_shell(monkeypatch):
    assert common.quoted("a b") == "'a b'"
    monkeypatch.setattr(os, "name", "nt")
    assert common.quoted("C:\\words.firth") == "C:\\words.firth"
    assert common.quoted("C:\\my words.firth") == '"C:\\my words.firth"'


def test_cache__is_usable_where_something_can_be_written(tmp_path, monkeypatch):
    assert caches._is_usable(tmp_path / "new")
    assert os.listdir(tmp_path / "new") == []
    (tmp_path / "file").touch()
    assert not caches._is_usable(tmp_path / "file")
    monkeypatch.setattr(os, "access", lambda *_: True)  # as on Windows, of any folder
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert not caches._is_usable(tmp_path)


def refuse(*_, **__):
    raise PermissionError(13, "Access is denied")


def test_cache__of_temporary_files_is_one_for_all_processes_where_there_are_no_permissions(tmp_path, monkeypatch):
    monkeypatch.setattr(caches.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.delattr(os, "getuid")
    (tmp_path / "firth-user").mkdir()
    (tmp_path / "firth-user").chmod(0o777)  # what Windows says of any folder
    assert caches._temporary() == caches._temporary() == tmp_path / "firth-user"


def test_files__have_one_order_on_all_systems(monkeypatch):
    names = ["b.txt", "A.txt", "a.txt", "B.txt", "a/z.txt", "Á.txt"]
    wanted = ["A.txt", "B.txt", "a/z.txt", "a.txt", "b.txt", "Á.txt"]
    for kind in (Path, PureWindowsPath):
        assert [path.as_posix() for path in paths._in_order(map(kind, names))] == wanted
    monkeypatch.setattr(paths, "Path", PureWindowsPath)
    assert paths._is_in("C:\\text\\Of\\me", "C:\\Text")
    assert not paths._is_in("D:\\texts", "C:\\text")  # another drive


def test_addresses__are_not_drives_of_windows():
    for path in ("C:\\text\\a.txt", "C:/text/a.txt", "c:a.txt", "C://text", "\\\\server\\share\\a.txt"):
        assert not is_address(path)
        assert as_address(PureWindowsPath(path)) is None
    assert as_address(PureWindowsPath("s3://bucket/key")) == "s3://bucket/key"


def test_text_files__have_the_same_bytes_on_all_systems():
    """Whatever writes text names its encoding, and how lines end: both are others on Windows."""
    written = []
    for source in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                modes = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                opens_text = node.func.attr == "open" and modes[:1] in (["w"], ["a"], ["x"])
                if opens_text or node.func.attr == "write_text":
                    written.append(f"{source.name}:{node.lineno}")
                    named = {keyword.arg for keyword in node.keywords}
                    assert "newline" in named, written[-1]
                    assert "encoding" in named or {"utf-8", "ascii"} & set(modes), written[-1]
    assert len(written) > 10
