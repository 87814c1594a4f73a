import os
import subprocess
import sys

import pytest

from firth.kernels import compiler


def folder_for(sources, monkeypatch, tmp_path):
    for name, content in sources.items():
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(compiler, "__file__", str(tmp_path / "compiler.py"))
    return compiler.cache_folder.__wrapped__()


def test_cache_folder__is_another_when_any_kernel_source_changes(monkeypatch, tmp_path):
    first = folder_for({"a.py": "1", "b.py": "2"}, monkeypatch, tmp_path)
    assert folder_for({"a.py": "1", "b.py": "2"}, monkeypatch, tmp_path) == first
    helper_changed = folder_for({"b.py": "3"}, monkeypatch, tmp_path)
    assert helper_changed != first
    assert folder_for({"c.py": ""}, monkeypatch, tmp_path) not in {first, helper_changed}


def test_cache_folder__is_another_for_another_compiler(monkeypatch, tmp_path):
    first = folder_for({"a.py": "1"}, monkeypatch, tmp_path)
    monkeypatch.setattr(compiler.numba, "__version__", "99.0")
    assert folder_for({}, monkeypatch, tmp_path) != first


def test_is_compiled__once_the_job_is_done(monkeypatch, tmp_path):
    monkeypatch.setattr(compiler, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(compiler, "is_enabled", lambda: True)
    assert not compiler.is_compiled("rounds")
    compiler.mark_compiled("rounds")
    assert compiler.is_compiled("rounds")
    assert not compiler.is_compiled("tutorial")
    monkeypatch.setattr(compiler, "cache_folder", lambda: tmp_path / "cannot" / "be")
    compiler.mark_compiled("rounds")  # nothing to keep it in: no error


@pytest.mark.long
def test_training__works_where_nothing_can_be_cached(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    line = "import firth; print(len(firth.train([['a', 'b']] * 200, epochs=1)))"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "file")}
    assert subprocess.check_output([sys.executable, "-c", line], env=environment, text=True) == "2\n"
