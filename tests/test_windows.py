"""What firth does with files needs no more than Windows allows, by a stand-in as strict: `tests.helpers.windows`.

The real system is not needed for any of it, and has more surprises than these.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import firth
from firth.cli import cli
from firth.corpus import encoding
from firth.errors import OutputExistsError
from firth.jit import target
from firth.storage import system
from firth.storage.files import atomic_file, atomic_folder, remove_abandoned
from firth.storage.kept import kept, remove
from firth.storage.locks import file_lock
from firth.training.checkpoints import Checkpoints
from tests.helpers import windows

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the stand-in looks into Linux's /proc")
is_compiled = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")
SENTENCES = [["a", "king", "and", "a", "queen"], ["the", "queen", "and", "the", "king"]] * 40
TEXT = "\n".join(" ".join(sentence) for sentence in SENTENCES)
OF_FILES = [
    *("storage", "test_model.py", "test_phrases.py", "corpus/test_corpus.py", "corpus/test_encoding.py"),
    *("corpus/test_numbering.py", "corpus/test_pieces.py", "corpus/test_on_nodes.py", "formats/test_fasttext.py"),
    *("formats/test_export.py", "training/test_checkpoints.py", "training/test_by_nodes.py"),
]
OF_POSIX = [
    "test_new_file_and_folder__have_the_users_usual_permissions",
    "test_new_file_and_folder__those_they_replace_keep_their_permissions",
    "test_everything_that_is_written__has_the_users_usual_permissions",
    "test_pickle__of_altered_output_vectors_is_refused",  # which are read when the model is loaded, there
    "test_corpus__cut_short_is_not_believed",  # which holds open what is to be replaced
]


@pytest.fixture
def strict(monkeypatch):
    windows.become_windows(monkeypatch)


def train(source, **options):
    return firth.train(source, vector_size=8, epochs=1, min_count=1, threads=1, progress=False, **options)


@pytest.mark.long
def test_windows__tests_of_all_that_writes_files_pass_where_files_in_use_stay():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.helpers.windows", "-m", "not long"]
    command += ["-k", " and ".join(f"not {name}" for name in OF_POSIX), *(f"tests/{name}" for name in OF_FILES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


@pytest.mark.long
def test_stand_in__refuses_what_is_open_or_mapped(strict, tmp_path):
    for use in (lambda path: path.open("rb"), lambda path: np.memmap(path, "u1", "r")):
        path = tmp_path / "f" / "a"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"abc")
        used = use(path)
        with pytest.raises(PermissionError, match="Close what uses it, or choose another path"):
            system.rename(path.parent, tmp_path / "g")
        with pytest.raises(PermissionError), atomic_file(path, overwrite=True) as temporary:
            temporary.write_bytes(b"new")
        assert not system.remove_file(path)
        assert not system.remove_folder(path.parent)
        assert os.listdir(path.parent) == ["a"]
        getattr(used, "close", lambda: None)()
        del used
        assert system.remove_folder(path.parent)


def test_rename__waits_for_who_looks_at_a_new_file_for_a_moment(strict, monkeypatch, tmp_path):
    monkeypatch.setattr(system, "SECONDS_TO_RETRY", 30)
    (tmp_path / "a").write_text("new")
    scanner = (tmp_path / "a").open()
    threading.Timer(0.1, scanner.close).start()
    system.rename(tmp_path / "a", tmp_path / "b")
    assert os.listdir(tmp_path) == ["b"]


@pytest.mark.parametrize("verify", [True, False])
def test_save__over_the_loaded_model_leaves_both_whole(strict, tmp_path, model, vectors, verify):
    path = model.save(tmp_path / "m.firth")
    loaded = firth.load(path, verify=verify)
    before = loaded.vectors.copy(), loaded.output_vectors.copy()
    loaded.rotated(-np.eye(10)).save(path, overwrite=True)
    assert (loaded.vectors == before[0]).all()
    assert (loaded.output_vectors == before[1]).all()
    assert (firth.load(path).vectors == -before[0]).all()
    assert os.listdir(tmp_path) == ["m.firth"]


@pytest.mark.parametrize("suffix", [".npy", ".safetensors", ".parquet", ".csv", ".jsonl", ".txt", ".bin", ".tsv"])
def test_export__over_the_file_it_came_from(strict, tmp_path, vectors, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"v{suffix}"
    firth.export(vectors, path)
    loaded = firth.load(path)
    before = loaded.vectors.copy()
    firth.export(loaded, path, overwrite=True)
    assert (firth.load(path).vectors == before).all()
    assert not loaded.vectors.flags.writeable


@is_compiled
@pytest.mark.parametrize("tables_bytes", [1, 1 << 20])
def test_encode__leaves_nothing_behind(strict, tmp_path, tables_bytes):
    (tmp_path / "a.txt").write_text(TEXT)
    for folder in (tmp_path / "of its own", None):
        corpus = firth.encode(tmp_path / "a.txt", folder, cache=tmp_path / "cache", tables_bytes=tables_bytes)
        assert len(corpus) == 400
        assert not [path for path in corpus.folder.parent.iterdir() if path.name.startswith(".")]


@is_compiled
@pytest.mark.parametrize("phrases", [0, 2])
def test_encode__what_is_damaged_in_the_cache_is_replaced(strict, tmp_path, phrases):
    (tmp_path / "a.txt").write_text(TEXT)
    options = {"cache": tmp_path / "cache", "phrase_passes": phrases, "phrase_threshold": 0, "sample": 0}
    train(tmp_path / "a.txt", **options)
    for damaged in (tmp_path / "cache").rglob("words.jsonl"):
        damaged.unlink()
    train(tmp_path / "a.txt", **options)
    assert list((tmp_path / "cache").rglob("words.jsonl"))


@is_compiled
def test_train__of_what_is_in_memory_removes_its_files(strict, own_cache):
    corpus = encoding.encode(SENTENCES)
    train(corpus, sample=0, validation=0.3)
    assert corpus.folder.is_dir()
    del corpus
    train(SENTENCES, phrase_passes=3)
    assert os.listdir(own_cache) == []


@is_compiled
def test_train__with_checkpoints_resumes_and_removes_them(strict, tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    options = {"cache": tmp_path / "cache", "checkpoints": tmp_path / "c"}
    whole = train(tmp_path / "a.txt", cache=tmp_path / "cache")

    def interrupt(event):
        if Checkpoints(tmp_path / "c").newest():
            raise KeyboardInterrupt

    folder = Checkpoints(tmp_path / "c", seconds_between=0)
    with pytest.raises(KeyboardInterrupt):
        firth.train(
            tmp_path / "a.txt",
            vector_size=8,
            epochs=9,
            min_count=1,
            progress=interrupt,
            **options | {"checkpoints": folder},
        )
    found = Checkpoints(tmp_path / "c").newest()
    assert found is not None
    again = firth.resume(tmp_path / "c", progress=False)
    assert again.config.epochs == 9
    assert len(again) == len(whole)
    Checkpoints(tmp_path / "c").remove()
    assert sorted(os.listdir(tmp_path)) == ["a.txt", "cache"]


@is_compiled
def test_cache__a_corpus_in_use_stays_whole_and_goes_later(strict, tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    corpus = firth.encode(tmp_path / "a.txt", cache=tmp_path / "corpora")
    (one,) = kept(tmp_path)
    assert remove([one]) == [one]
    said = CliRunner().invoke(cli, ["cache", "--clear", "--cache", str(tmp_path)]).output
    assert said.splitlines()[0] == "not removed, because of another program that uses it or a lack of permission: 1"
    assert "removed 0.0 MB" in said
    corpus.check()
    assert firth.encode(tmp_path / "a.txt", cache=tmp_path / "corpora").folder == corpus.folder
    del corpus
    assert remove([one]) == []
    assert os.listdir(tmp_path / "corpora") == []


def test_lock__of_one_process_at_a_time_leaves_no_file(strict, tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    with file_lock(folder, alone=True) as first:
        with file_lock(folder, alone=True) as second:
            assert (first, second) == (True, False)
        assert sorted(os.listdir(tmp_path)) == [".f.lock", "f"]
        with pytest.raises(OutputExistsError, match="another process is training"), Checkpoints(folder).alone():
            pass
    with file_lock(folder, alone=True) as third:
        assert third
    assert os.listdir(tmp_path) == ["f"]
    with pytest.raises(FileNotFoundError), file_lock(tmp_path / "gone"):
        pass
    assert os.listdir(tmp_path) == ["f"]


def test_abandoned__folders_go_and_those_in_use_stay(strict, tmp_path):
    dead = tmp_path / ".x.tmp"
    dead.mkdir()
    (tmp_path / ".x.tmp.lock").touch()  # of a process that was killed
    long_ago = time.time() - 1000
    with atomic_folder(tmp_path / "new") as alive:
        (alive / "a").write_text("b")
        for folder in (dead, alive):
            os.utime(folder, (long_ago, long_ago))
        remove_abandoned(tmp_path)
        assert not dead.exists()
        assert alive.exists()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["new"]
