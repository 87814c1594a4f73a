"""What may befall a process and its disk, really done: the last good state stays whole, and the cause is named."""

import contextlib
import errno
import hashlib
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import firth
from firth import threads
from firth.corpus import scanning
from firth.errors import FirthError, OutputExistsError
from firth.jit import target
from firth.reporting.events import Progress
from firth.storage import files
from firth.training import rounds
from firth.training.checkpoints import Checkpoints, Identity
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")

SETTINGS = {"vector_size": 16, "epochs": 2, "sample": 0, "min_count": 1, "progress": False}


def digest(path: Path) -> str:
    """The SHA-256 of a file, or of all files of a folder."""
    found = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            found.update(f"{file.relative_to(path.parent)}\0".encode())
            found.update(file.read_bytes())
    return found.hexdigest()


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> Path:
    numbers = np.random.default_rng(0).zipf(1.3, 300_000) % 1500
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("\n".join(" ".join(f"w{n}" for n in line) for line in numbers.reshape(-1, 20)))
    return path


@pytest.fixture(scope="module")
def trained(text, tmp_path_factory) -> firth.Word2Vec:
    return firth.train(text, cache=tmp_path_factory.mktemp("cache"), **SETTINGS)


# --- kills -----------------------------------------------------------------------------------------------------------

CHILD = """
import sys, time
import firth
from firth.training import checkpoints
from firth import model
stage, text, threads = sys.argv[1:]
settings = dict(vector_size=16, epochs=4, sample=0, min_count=1, progress=False, cache="cache", threads=int(threads))

def begun():
    print("begun", flush=True)

def training():
    return firth.train(text, checkpoints="checkpoints", resume=True, **settings)

if stage == "encoding":
    begun()
    firth.encode(text, cache="cache")
elif stage == "training":
    firth.encode(text, cache="cache")
    checkpoints.Checkpoints.are_due = lambda self, *, epoch_done: epoch_done
    begun()
    training().save("product", overwrite=True)
elif stage == "checkpointing":
    firth.encode(text, cache="cache")
    checkpoints.Checkpoints.are_due = lambda self, *, epoch_done: True
    slow = checkpoints.write_tensor
    checkpoints.write_tensor = lambda *a: (slow(*a), time.sleep(0.01))
    begun()
    training().save("product", overwrite=True)
elif stage == "saving":
    made = firth.load("../trained.firth")
    begun()
    for _ in range(20):
        made.save("product", overwrite=True)
elif stage == "indexing":
    from firth.vectors.index import build_index
    made = firth.load("../trained.firth")
    begun()
    index = build_index(made, threads=1)
    index.measured = type(index.measured)(index.measured.recall, 1.0, 1.0)  # but for the time it took
    index.save("product", overwrite=True)
elif stage == "exporting":
    made = firth.load("../trained.firth")
    begun()
    for _ in range(5):
        for ending in (".txt", ".bin", ".tsv", ".safetensors"):
            made.export("product" + ending, overwrite=True)
print("done", flush=True)
"""
KILLS = 17


def child(stage: str, text: Path, folder: Path, threads: int = 1) -> subprocess.Popen:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", CHILD, stage, str(text), str(threads)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"begun\n"
    return process


def products(folder: Path) -> dict[str, str]:
    """The hashes of all that a child is to make."""
    return {path.name: digest(path) for path in sorted(folder.glob("product*"))} | {
        path.name: digest(path) for path in (folder / "cache").glob("[!.]*")
    }


@pytest.mark.long
@pytest.mark.parametrize("stage", ["encoding", "training", "checkpointing", "saving", "indexing", "exporting"])
def test_kill__at_any_moment_and_again_gives_the_same_bits(stage, text, trained, tmp_path):
    """Six stages, 17 kills each: a hundred and two."""
    if stage == "indexing":
        pytest.importorskip("faiss")
    trained.save(tmp_path / "trained.firth")
    process = child(stage, text, tmp_path / "undisturbed")
    begun = time.monotonic()
    assert process.communicate()[0] == b"done\n"
    lasts = time.monotonic() - begun
    wanted = products(tmp_path / "undisturbed")
    assert wanted
    moments, kills, folder = random.Random(stage), 0, tmp_path / "killed"
    while kills < KILLS:
        process = child(stage, text, folder)
        time.sleep(moments.random() * lasts)
        process.kill()
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            shutil.rmtree(folder)  # it was done before
            continue
        kills += 1
        for name, found in products(folder).items():
            assert found == wanted[name], f"{name} is there, and not whole"
        if kills % 3 == 0 or kills == KILLS:  # some are killed several times before they come to their end
            process = child(stage, text, folder, threads=2)
            assert process.communicate()[0] == b"done\n"
            assert products(folder) == wanted
            shutil.rmtree(folder)


# --- disks -----------------------------------------------------------------------------------------------------------


def saves(folder: Path, trained) -> None:
    trained.save(folder / "out.firth", overwrite=True)


def exports(ending: str):
    return lambda folder, trained: trained.export(folder / f"out{ending}", overwrite=True)


def indexes(folder: Path, trained) -> None:
    faiss_index(trained).save(folder / "out.index", overwrite=True)


def faiss_index(trained):
    pytest.importorskip("faiss")
    from firth.vectors.index import build_index

    if not hasattr(trained, "kept_index"):
        trained.kept_index = build_index(trained, threads=1)
    return trained.kept_index


def encodes(folder: Path, trained) -> None:
    """Into a cache, with saves on the way."""
    firth.encode([["a", "b"]] * 1000, folder / f"encoded-{len(os.listdir(folder))}")


def encodes_text(folder: Path, trained) -> None:
    """Text in a file, into a cache, with a save after every block; another text each time, or it would be known."""
    text = folder.with_name("text.txt")
    text.write_text("\n".join(f"w{n % 700} {time.perf_counter_ns()}" for n in range(2000)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("firth.corpus.decoding.BLOCK_BYTES", 1 << 13)
        patched.setattr("firth.corpus.numbering.BLOCKS_BETWEEN_SAVES", 1)
        firth.encode(text, cache=folder)


def maps(folder: Path, trained) -> None:
    pytest.importorskip("sklearn")
    firth.word_map(trained, projection="pca").save(folder / "out.html", overwrite=True)


def checkpoints(folder: Path, trained) -> None:
    parameters = rounds.Parameters(trained.vectors, trained.output_vectors)
    Checkpoints(folder / "checkpoints").save(Identity(trained.config, "x", "y"), rounds.Done(), [], parameters)


WRITES = {
    "save": saves,
    "export text": exports(".txt"),
    "export binary": exports(".bin"),
    "export tsv": exports(".tsv"),
    "export safetensors": exports(".safetensors"),
    "index": indexes,
    "encode": encodes,
    "encode text": encodes_text,
    "map": maps,
    "checkpoint": checkpoints,
}


def good(folder: Path) -> dict[str, str]:
    """What is there, under its own name, by its hash."""
    return {path.name: digest(path) for path in folder.iterdir()}


@contextlib.contextmanager
def mounted(folder: Path, options: str):
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    if not done:
        pytest.skip("a file system of a given size needs the right to mount one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def leave(disk: Path, free: int) -> None:
    """Fill a disk until so many bytes are free."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    state = os.statvfs(disk)
    with ballast.open("wb") as file:
        file.write(bytes(max(0, state.f_bavail * state.f_frsize - free)))


@pytest.mark.parametrize(
    "write", [pytest.param(one, marks=pytest.mark.long) if one == "map" else one for one in WRITES]
)
def test_disk_full__at_each_write_names_the_cause_and_leaves_what_was_there(write, trained, tmp_path):
    with mounted(tmp_path / "disk", "size=8m") as disk:
        WRITES[write](disk, trained)
        before = good(disk)
        failures = 0
        for free in range(0, 4 << 20, 4096):
            leave(disk, free)
            try:
                WRITES[write](disk, trained)
            except OSError as error:
                failures += 1
                assert "No space left on device" in str(error)
                assert str(disk) in str(error)
                (disk / "ballast").unlink()
                assert {n: h for n, h in good(disk).items() if n != "ballast"} == before
            else:
                break
        else:
            raise AssertionError("it never had room enough")
        assert failures >= 2


@pytest.mark.parametrize("write", WRITES)
def test_read_only_disk__is_named(write, trained, tmp_path):
    with mounted(tmp_path / "disk", "size=8m") as disk:
        WRITES[write](disk, trained)
        before = good(disk)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(OSError, match="Read-only file system") as refused:
            WRITES[write](disk, trained)
        assert str(disk) in str(refused.value)
        assert good(disk) == before


def test_train__into_a_folder_that_cannot_be_written_to_is_refused_before_the_work(text, tmp_path):
    with mounted(tmp_path / "disk", "size=8m") as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        command = [sys.executable, "-m", "firth", "train", str(text), "-o", str(disk / "m.firth"), "--quiet"]
        begun = time.monotonic()
        done = subprocess.run([*command, "--cache", str(tmp_path / "c")], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "Read-only file system" in done.stderr
        assert str(disk) in done.stderr
        assert "Traceback" not in done.stderr
        assert time.monotonic() - begun < 10
        assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("failing", ["fsync", "rename", "replace"])
def test_disk_that_fails__leaves_what_was_there(write, failing, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(files.sys, "platform", "other")  # where two folders cannot change names in one step
    WRITES[write](tmp_path, trained)
    WRITES[write](tmp_path, trained)
    real = getattr(os, failing)
    failures = 0
    for number in range(100):
        calls = []

        def sometimes(*arguments, number=number, calls=calls, **more):
            calls.append(arguments)
            if len(calls) == number + 1:
                raise OSError(errno.EIO, "Input/output error")
            return real(*arguments, **more)

        before = good(tmp_path)
        with monkeypatch.context() as patched:
            patched.setattr(os, failing, sometimes)
            try:
                WRITES[write](tmp_path, trained)
            except OSError as error:
                failures += 1
                assert "Input/output error" in str(error)
            else:
                break
        after = good(tmp_path)
        assert before.keys() <= after.keys()
        assert not [name for name in after if name.startswith(".") and name not in before], "a rest was left"
        for name, found in before.items():
            if found != after[name]:  # it was written whole, and then not flushed
                assert failing == "fsync"
    assert failures == number == len(calls)


# --- other processes, threads and clocks -----------------------------------------------------------------------------


def command(text: Path, folder: Path, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "firth", "train", str(text), "-o", str(folder / "m.firth"), "--cache",
        str(folder / "cache"), "--quiet", "--vector-size", "16", "--epochs", "12", "--threads", "1",
        "--sample", "0", "--min-count", "1", *more,
    ]  # fmt: skip


REFUSALS = (
    "another process is training now",
    "exists already",  # that process has just ended
    "go on with it",  # that one has ended, and is about to remove its checkpoints
)


@pytest.mark.parametrize("overwrite", [[], pytest.param(["--overwrite"], marks=pytest.mark.long)])
def test_two_processes__with_the_same_output_do_not_meet(text, tmp_path, overwrite):
    if overwrite:
        subprocess.run(command(text, tmp_path, "--epochs", "1"), check=True)
    running = [
        subprocess.Popen(command(text, tmp_path, *overwrite), stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    said = [process.communicate(timeout=120)[1] for process in running]
    codes = [process.returncode for process in running]
    assert 0 in codes
    for code, complaint in zip(codes, said, strict=True):
        assert code == 0 or any(reason in complaint for reason in REFUSALS), complaint
    assert len(firth.load(tmp_path / "m.firth").history) == 12
    assert sorted(os.listdir(tmp_path)) == ["cache", "m.firth"]


def test_alone__a_process_that_was_killed_leaves_the_folder_free(tmp_path):
    kept, other = Checkpoints(tmp_path / "c"), Checkpoints(tmp_path / "c")
    with kept.alone(), pytest.raises(OutputExistsError, match="another process is training"), other.alone():
        pass
    lines = f"from firth.training.checkpoints import Checkpoints\nwith Checkpoints({str(tmp_path / 'c')!r}).alone():\n"
    lines += " print('held', flush=True)\n import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", lines], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(OutputExistsError), kept.alone():
            pass
        process.kill()
    with kept.alone():
        pass
    assert not (tmp_path / "c").exists()


def test_cache__removed_under_a_running_training_changes_nothing(text, trained, tmp_path):
    def watch(event):
        if isinstance(event, Progress):
            shutil.rmtree(tmp_path / "cache", ignore_errors=True)

    model = firth.train(text, cache=tmp_path / "cache", **SETTINGS | {"progress": watch})
    assert (model.vectors == trained.vectors).all()


def test_cache__removed_under_a_running_encoding_is_named_or_made_again(text, tmp_path):
    def watch(reading):
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)

    with pytest.raises(OSError, match="No such file or directory") as refused:
        firth.encode(text, cache=tmp_path / "cache", report=watch)
    assert str(tmp_path / "cache") in str(refused.value)
    assert len(firth.encode(text, cache=tmp_path / "cache")) == 300_000


def test_clock__going_back_changes_nothing(text, trained, tmp_path, monkeypatch):
    now = time.time()
    steps = iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: now - 3600 * next(steps))
    model = firth.train(text, cache=tmp_path / "cache", checkpoints=tmp_path / "c", **SETTINGS | {"progress": True})
    assert (model.vectors == trained.vectors).all()
    model.save(tmp_path / "m.firth")
    assert (firth.load(tmp_path / "m.firth").vectors == trained.vectors).all()


PROCESSES = """
import hashlib, multiprocessing, sys
import firth

def train(text, cache, threads, queue):
    settings = dict(vector_size=16, epochs=2, sample=0, min_count=1, progress=False)
    model = firth.train(text, cache=cache, threads=threads, **settings)
    queue.put(hashlib.sha256(model.vectors.tobytes()).hexdigest())

if __name__ == "__main__":
    text, cache, method = sys.argv[1:]
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    train(text, cache + "-of-the-parent", 2, queue)  # threads that were there before must do no harm
    started = [context.Process(target=train, args=(text, cache, threads, queue)) for threads in (1, 2)]
    for process in started:
        process.start()
    print(*(queue.get(timeout=60) for _ in range(3)))
    for process in started:
        process.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes__forked_or_spawned_train_to_the_same_bits(method, text, trained, tmp_path):
    """They share a cache, and encode the text at the same time."""
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    (tmp_path / "processes.py").write_text(PROCESSES)
    command = [sys.executable, tmp_path / "processes.py", text, tmp_path / "cache", method]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert set(done.stdout.split()) == {hashlib.sha256(trained.vectors.tobytes()).hexdigest()}


def test_thread__that_raises_ends_the_encoding_and_leaves_nothing(text, tmp_path, monkeypatch):
    scan = scanning.Scanner.scan
    calls = []

    def failing(self, block):
        calls.append(block)
        if len(calls) == 2:
            raise MemoryError("no more")
        return scan(self, block)

    monkeypatch.setattr(scanning.Scanner, "scan", failing)
    monkeypatch.setattr("firth.corpus.decoding.BLOCK_BYTES", 1 << 16)
    before = set(threading.enumerate())  # other tests may have left some to the garbage collector
    with pytest.raises(MemoryError, match="no more"):
        firth.encode(text, cache=tmp_path / "cache", threads=3)
    assert not os.listdir(tmp_path / "cache")
    assert not set(threading.enumerate()) - before


def test_thread__that_raises_ends_the_training(monkeypatch):
    before = set(threading.enumerate())
    with threads.ThreadPool(3) as some, pytest.raises(FirthError, match="lights out"):
        some.run(lambda thread: (_ for _ in ()).throw(FirthError("lights out")) if thread == 1 else thread)
    assert not set(threading.enumerate()) - before


def test_queries__from_sixteen_threads_while_another_trains(text, trained, tmp_path):
    """What was asked is answered as ever, and the training comes to the same bits."""
    words = trained.words[:40]
    right = {word: trained.most_similar(word, topn=3) for word in words}
    fresh = WordVectors(Vocabulary(trained.words, trained.vocabulary.counts), trained.vectors)
    over, wrong, asked = threading.Event(), [], []

    def ask():
        while not over.is_set():
            for word in words:
                if fresh.most_similar(word, topn=3) != right[word]:
                    wrong.append(word)
                asked.append(word)

    asking = [threading.Thread(target=ask) for _ in range(16)]
    for thread in asking:
        thread.start()
    model = firth.train(text, cache=tmp_path / "cache", threads=1, **SETTINGS)
    over.set()
    for thread in asking:
        thread.join()
    assert not wrong
    assert len(asked) > 100
    assert (model.vectors == trained.vectors).all()
