import os
import time

import pytest

from firth.jit import cache
from firth.jit.cache import MachineCode

DAY_SECONDS = 24 * 3600
CODE = MachineCode("entry", ("int64", "float64"), b"\x7fELF\n\0")


def test_machine_code__survives_bytes():
    assert MachineCode.from_bytes(CODE.to_bytes()) == CODE


def folder_for(sources, monkeypatch, tmp_path):
    """The folder for machine code of a package that has these files, besides those that it had."""
    for name, content in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    return cache.cache_folder.__wrapped__()


@pytest.mark.parametrize("changed", ["jit/codegen.py", "kernels/linalg/rows.py", "kernels/new.py", "arrays.py"])
def test_cache_folder__is_another_when_a_source_of_machine_code_changes(monkeypatch, tmp_path, changed):
    package = {"jit/codegen.py": "1", "kernels/linalg/rows.py": "2", "arrays.py": "3", "config.py": "4"}
    first = folder_for(package, monkeypatch, tmp_path)
    assert folder_for(package, monkeypatch, tmp_path) == first
    assert folder_for({changed: "5"}, monkeypatch, tmp_path) != first


def test_cache_folder__is_the_same_when_another_source_changes(monkeypatch, tmp_path):
    first = folder_for({"jit/codegen.py": "1", "config.py": "4"}, monkeypatch, tmp_path)
    assert folder_for({"config.py": "5"}, monkeypatch, tmp_path) == first


def test_cache_folder__the_sources_of_machine_code_are_there():
    assert all((cache.PACKAGE / source).exists() for source in cache.SOURCES)


def test_cache_folder__is_another_for_another_compiler(monkeypatch, tmp_path):
    first = folder_for({"kernels/a.py": "1"}, monkeypatch, tmp_path)
    monkeypatch.setattr(cache, "_version_file", lambda package: b"99.0")
    assert folder_for({}, monkeypatch, tmp_path) != first


def test_cache_folder__is_another_for_another_processor(monkeypatch, tmp_path):
    first = folder_for({"kernels/a.py": "1"}, monkeypatch, tmp_path)
    monkeypatch.setenv("NUMBA_CPU_NAME", "haswell")
    assert folder_for({}, monkeypatch, tmp_path) != first


def test_is_compiled__once_the_job_is_done(monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(cache, "is_enabled", lambda: True)
    assert not cache.is_compiled("rounds")
    cache.mark_compiled("rounds")
    assert cache.is_compiled("rounds")
    assert not cache.is_compiled("tutorial")
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "cannot" / "be")
    cache.mark_compiled("rounds")  # nothing to keep it in: no error


@pytest.fixture
def new_folder(tmp_path, monkeypatch):
    """The folder in use, which is not there yet, beside one that nobody has used for long."""
    old = tmp_path / ("0" * 16)
    old.mkdir()
    (old / "rows-1.kernel").touch()
    os.utime(old / "rows-1.kernel", (time.time() - 91 * DAY_SECONDS,) * 2)
    new = tmp_path / ("1" * 16)
    monkeypatch.setattr(cache, "cache_folder", lambda: new)
    cache._note_use.cache_clear()
    yield new
    cache._note_use.cache_clear()


def test_keep__old_folders_go_with_the_first_kernel_of_a_new_one(new_folder):
    cache.keep("dot-1", CODE)
    assert cache.find("dot-1") == CODE
    assert [path.name for path in new_folder.parent.iterdir()] == [new_folder.name]


def test_keep__a_folder_in_use_never_goes(new_folder):
    cache.keep("dot-1", CODE)
    os.utime(new_folder / "dot-1.kernel", (0, 0))
    cache.keep("dot-2", CODE)
    assert cache.find("dot-1") == CODE


def test_find__notes_that_the_folder_is_used_once_in_a_process(new_folder):
    cache.keep("dot-1", CODE)
    assert cache.find("no-such") is None
    assert not (new_folder / "used").exists()
    cache.find("dot-1")
    used = new_folder / "used"
    assert time.time() - used.stat().st_mtime < 60
    os.utime(used, (0, 0))
    cache.find("dot-1")
    assert used.stat().st_mtime == 0


def test_find__works_in_a_folder_that_can_only_be_read(new_folder, monkeypatch):
    cache.keep("dot-1", CODE)

    def refused(*_, **__):
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.touch", refused)
    assert cache.find("dot-1") == CODE
