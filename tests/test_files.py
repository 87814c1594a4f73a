import contextlib
import hashlib
import os

import pytest

from firth import files
from firth.errors import OutputExistsError
from firth.files import new_file, new_folder, sha256_of


def test_new_file__takes_its_place_at_the_end(tmp_path):
    path = tmp_path / "a"
    with new_file(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a"]


def test_new_file__never_overwrites_unasked(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(OutputExistsError, match="exists already"), new_file(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "old"
    with new_file(path, overwrite=True) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_new_file_and_folder__a_failure_leaves_the_old_whole_and_nothing_else(tmp_path, failure):
    path, folder = tmp_path / "a", tmp_path / "f"
    path.write_text("old")
    folder.mkdir()
    (folder / "x").write_text("old")
    with pytest.raises(type(failure)), new_file(path, overwrite=True) as temporary:
        temporary.write_text("half")
        raise failure
    with pytest.raises(type(failure)), new_folder(folder, overwrite=True) as temporary:
        (temporary / "x").write_text("half")
        raise failure
    assert path.read_text() == (folder / "x").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["a", "f"]


@pytest.mark.parametrize("system", ["linux", "other"])
def test_new_folder__takes_the_place_of_the_old(tmp_path, system, monkeypatch):
    monkeypatch.setattr(files.sys, "platform", system)
    folder = tmp_path / "f"
    for content in ("first", "second"):
        with new_folder(folder, overwrite=True) as temporary:
            (temporary / "x").write_text(content)
        assert (folder / "x").read_text() == content
        assert os.listdir(tmp_path) == ["f"]


def test_new_folder__keeps_the_old_if_the_new_cannot_be_renamed(tmp_path, monkeypatch):
    monkeypatch.setattr(files.sys, "platform", "other")
    folder = tmp_path / "f"
    with new_folder(folder) as temporary:
        (temporary / "x").write_text("old")
    rename = type(folder).rename

    def failing(self, target):
        if self.name.endswith(".tmp"):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(type(folder), "rename", failing)
    with pytest.raises(OSError, match="Input/output"), new_folder(folder, overwrite=True) as temporary:
        (temporary / "x").write_text("new")
    assert (folder / "x").read_text() == "old"
    assert os.listdir(tmp_path) == ["f"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_new_folder__another_process_made_one_of_that_name_meanwhile(tmp_path, monkeypatch, overwrite):
    folder = tmp_path / "f"
    rename = os.rename

    def late(source, target):
        folder.mkdir()
        (folder / "x").write_text("the other's")
        monkeypatch.setattr(os, "rename", rename)
        rename(source, target)

    monkeypatch.setattr(os, "rename", late)
    expected = contextlib.nullcontext() if overwrite else pytest.raises(OutputExistsError, match="exists already")
    with expected, new_folder(folder, overwrite=overwrite) as temporary:
        (temporary / "x").write_text("ours")
    assert (folder / "x").read_text() == ("ours" if overwrite else "the other's")
    assert os.listdir(tmp_path) == ["f"]


def test_new_folder__files_have_the_users_usual_permissions(tmp_path):
    with new_folder(tmp_path / "f"):
        pass
    (tmp_path / "g").mkdir()
    assert (tmp_path / "f").stat().st_mode == (tmp_path / "g").stat().st_mode


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have such locks")
def test_remove_abandoned__leaves_what_is_in_use(tmp_path, monkeypatch):
    abandoned = tmp_path / ".a.x.tmp"
    abandoned.mkdir()
    (abandoned / "half").write_text("…")
    (tmp_path / "kept").mkdir()
    files.remove_abandoned(tmp_path)
    assert abandoned.exists()  # it is too young to tell
    monkeypatch.setattr(files, "ABANDONED_SECONDS", 0)
    with new_folder(tmp_path / "b") as unfinished:
        files.remove_abandoned(tmp_path)
        assert not abandoned.exists()
        assert unfinished.exists()
    assert sorted(os.listdir(tmp_path)) == ["b", "kept"]


def test_sha256_of__a_file_or_some_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "CHUNK_BYTES", 7)
    path, content = tmp_path / "a", bytes(range(100))
    path.write_bytes(content)
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()
    for first, size in [(0, 20), (30, 21), (90, 50), (200, 1), (5, 0)]:
        assert sha256_of(path, first, size) == hashlib.sha256(content[first : first + size]).hexdigest()
