import contextlib
import hashlib
import os

import pytest

import firth
from firth.errors import FormatError, OutputExistsError
from firth.storage import files
from firth.storage.files import atomic_file, atomic_folder, sha256_of
from firth.visual.tensorboard import write_projector


def test_new_file__takes_its_place_at_the_end(tmp_path):
    path = tmp_path / "a"
    with atomic_file(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a"]


def test_new_file__never_overwrites_unasked(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(OutputExistsError, match="exists already"), atomic_file(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "old"
    with atomic_file(path, overwrite=True) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_new_file_and_folder__a_failure_leaves_the_old_whole_and_nothing_else(tmp_path, failure):
    path, folder = tmp_path / "a", tmp_path / "f"
    path.write_text("old")
    folder.mkdir()
    (folder / "x").write_text("old")
    with pytest.raises(type(failure)), atomic_file(path, overwrite=True) as temporary:
        temporary.write_text("half")
        raise failure
    with pytest.raises(type(failure)), atomic_folder(folder, overwrite=True) as temporary:
        (temporary / "x").write_text("half")
        raise failure
    assert path.read_text() == (folder / "x").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["a", "f"]


@pytest.mark.parametrize("system", ["linux", "other"])
def test_new_folder__takes_the_place_of_the_old(tmp_path, system, monkeypatch):
    monkeypatch.setattr(files.sys, "platform", system)
    folder = tmp_path / "f"
    for content in ("first", "second"):
        with atomic_folder(folder, overwrite=True) as temporary:
            (temporary / "x").write_text(content)
        assert (folder / "x").read_text() == content
        assert os.listdir(tmp_path) == ["f"]


def test_new_folder__keeps_the_old_if_the_new_cannot_be_renamed(tmp_path, monkeypatch):
    monkeypatch.setattr(files.sys, "platform", "other")
    folder = tmp_path / "f"
    with atomic_folder(folder) as temporary:
        (temporary / "x").write_text("old")
    rename = type(folder).rename

    def failing(self, target):
        if self.name.endswith(".tmp"):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(type(folder), "rename", failing)
    with pytest.raises(OSError, match="Input/output"), atomic_folder(folder, overwrite=True) as temporary:
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
    with expected, atomic_folder(folder, overwrite=overwrite) as temporary:
        (temporary / "x").write_text("ours")
    assert (folder / "x").read_text() == ("ours" if overwrite else "the other's")
    assert os.listdir(tmp_path) == ["f"]


@pytest.fixture(params=[0o022, 0o002, 0o077], ids=oct)
def umask(request):
    """The permissions that are taken from new files."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder):
    """The permissions of all files and folders below."""
    return {path.relative_to(folder).as_posix(): path.stat().st_mode & 0o7777 for path in folder.rglob("*")}


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have such permissions")
def test_new_file_and_folder__have_the_users_usual_permissions(tmp_path, umask):
    with atomic_file(tmp_path / "file") as temporary:
        temporary.unlink()  # as safetensors does
        temporary.touch(0o600)
    with atomic_folder(tmp_path / "folder") as temporary:
        (temporary / "inside").write_text("x")
    usual = 0o666 & ~umask
    assert modes(tmp_path) == {"file": usual, "folder": 0o777 & ~umask, "folder/inside": usual}


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have such permissions")
def test_new_file_and_folder__those_they_replace_keep_their_permissions(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder").chmod(0o750)
    with atomic_file(tmp_path / "file", overwrite=True) as temporary:
        temporary.write_text("new")
    with atomic_folder(tmp_path / "folder", overwrite=True):
        pass
    assert modes(tmp_path) == {"file": 0o640, "folder": 0o750}


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have such permissions")
def test_everything_that_is_written__has_the_users_usual_permissions(model, tmp_path, umask, own_cache):
    """Models with subwords, exports, checkpoints, encoded corpora, maps, the projector's folder."""
    text = tmp_path / "text.txt"
    text.write_text("the king and the queen\n" * 40)
    out = tmp_path / "out"
    out.mkdir()
    kept = []

    def stop(event):
        if checkpoints := list((out / "checkpoints").glob("checkpoint-*")):
            kept.append(checkpoints)
            raise firth.StopTraining

    trained = firth.train(
        text, epochs=9, min_count=1, vector_size=4, max_n=3, buckets=50, progress=stop, checkpoints=out / "checkpoints"
    )
    trained.save(out / "subwords.firth")
    model.save(out / "model.firth")
    model.save(out / "model.firth", overwrite=True)
    for name in ("v.txt", "v.bin", "v.tsv", "v.safetensors"):
        model.export(out / name)
    trained.export(out / "fasttext.bin")
    firth.encode(text, out / "encoded")
    firth.word_map(model, projection="pca").save(out / "map.html")
    write_projector(model, out / "projector")
    assert kept
    for folder, fewest in ((out, 25), (own_cache, 4)):
        paths = list(folder.rglob("*"))
        wrong = {
            p: oct(m) for p in paths if (m := p.stat().st_mode & 0o777) != (0o777 if p.is_dir() else 0o666) & ~umask
        }
        assert not wrong
        assert len(paths) >= fewest


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have such locks")
def test_remove_abandoned__leaves_what_is_in_use(tmp_path, monkeypatch):
    abandoned = tmp_path / ".a.x.tmp"
    abandoned.mkdir()
    (abandoned / "half").write_text("…")
    (tmp_path / "kept").mkdir()
    files.remove_abandoned(tmp_path)
    assert abandoned.exists()  # it is too young to tell
    monkeypatch.setattr(files, "ABANDONED_SECONDS", 0)
    with atomic_folder(tmp_path / "b") as unfinished:
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


def test_atomic_file__has_no_name_of_a_packed_file(tmp_path):
    with pytest.raises(FormatError, match="pack that"), atomic_file(tmp_path / "page.html.gz"):
        pass
    assert not list(tmp_path.iterdir())
