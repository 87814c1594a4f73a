import dataclasses
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import firth
from firth.config import TrainingConfig
from firth.errors import ConfigError, FormatError, OutputExistsError
from firth.jit import target
from firth.reporting.events import Progress
from firth.training import rounds, schedule
from firth.training.checkpoints import NAME, SHARE, Checkpoints, Identity, TrainingInterrupted

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")

SETTINGS = {"vector_size": 20, "epochs": 3, "sample": 0, "min_count": 1}


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Half a million words: several chunks an epoch."""
    numbers = np.random.default_rng(0).zipf(1.3, 500_000) % 2000
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("\n".join(" ".join(f"w{n}" for n in line) for line in numbers.reshape(-1, 20)))
    return path


@pytest.fixture(scope="module")
def undisturbed(text, tmp_path_factory):
    return firth.train(text, progress=False, cache=tmp_path_factory.mktemp("cache"), **SETTINGS)


def assert_same(model, other):
    assert model.vectors.tobytes() == other.vectors.tobytes()
    assert model.output_vectors.tobytes() == other.output_vectors.tobytes()
    assert model.history == other.history
    assert model.config == other.config


def interrupted_after(events, folder, text, monkeypatch, **settings):
    """Train until so many reports have come, with a checkpoint at each."""
    monkeypatch.setattr(Checkpoints, "are_due", lambda *_, **__: True)
    seen = []

    def watch(event):
        if isinstance(event, Progress):
            seen.append(event)
            if len(seen) > events:
                raise RuntimeError("lights out")

    with pytest.raises(RuntimeError, match="lights out"):
        firth.train(text, progress=watch, checkpoints=folder, **SETTINGS | settings)
    return seen


@pytest.mark.parametrize("events", [1, 3, 4, 5, 9, 11])
@pytest.mark.parametrize("threads", [1, 3])
def test_resume__ends_with_the_same_bits(events, threads, text, undisturbed, tmp_path, monkeypatch):
    interrupted_after(events, tmp_path / "c", text, monkeypatch)
    assert_same(firth.resume(tmp_path / "c", threads=threads, progress=False), undisturbed)


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
@pytest.mark.parametrize("events", [2, 7])
def test_resume__goes_on_with_the_mean_that_negatives_are_moved_to(events, architecture, text, tmp_path, monkeypatch):
    undisturbed = firth.train(text, progress=False, architecture=architecture, **SETTINGS)
    interrupted_after(events, tmp_path / "c", text, monkeypatch, architecture=architecture)
    assert any(Checkpoints(tmp_path / "c").newest().done.noise_mean)
    assert_same(firth.resume(tmp_path / "c", progress=False), undisturbed)


def test_resume__several_times(text, undisturbed, tmp_path, monkeypatch):
    interrupted_after(2, tmp_path / "c", text, monkeypatch)
    for _ in range(3):
        interrupted_after(2, tmp_path / "c", text, monkeypatch, resume=True)
    assert_same(firth.train(text, progress=False, checkpoints=tmp_path / "c", resume=True, **SETTINGS), undisturbed)


def test_resume__without_a_checkpoint_starts_from_the_beginning(text, undisturbed, tmp_path):
    model = firth.train(text, progress=False, checkpoints=tmp_path / "c", resume=True, **SETTINGS)
    assert_same(model, undisturbed)
    with pytest.raises(FormatError, match="no checkpoint"):
        firth.resume(tmp_path / "nothing")
    with pytest.raises(ConfigError, match="checkpoints=FOLDER"):
        firth.train(text, resume=True)


def test_resume__of_a_stream_needs_the_source_again(undisturbed, text, tmp_path, monkeypatch):
    lines = text.read_text().splitlines()
    interrupted_after(3, tmp_path / "c", lines, monkeypatch)
    with pytest.raises(FormatError, match="give the source again"):
        firth.resume(tmp_path / "c")
    assert_same(firth.resume(tmp_path / "c", lines, progress=False), undisturbed)


def test_train__an_interrupted_training_is_not_lost_by_starting_anew(text, tmp_path, monkeypatch):
    interrupted_after(1, tmp_path / "c", text, monkeypatch)
    with pytest.raises(OutputExistsError, match="go on with it"):
        firth.train(text, progress=False, checkpoints=tmp_path / "c", **SETTINGS)


@pytest.mark.parametrize("version", [{}, {"version": rounds.VERSION + 1}])
def test_resume__of_another_version_of_the_rounds_is_refused(text, tmp_path, monkeypatch, version):
    """It would end with the numbers of neither version; the first ones had none."""
    interrupted_after(1, tmp_path / "c", text, monkeypatch)
    for path in (tmp_path / "c").glob("*/state.json"):
        state = json.loads(path.read_text())
        del state["version"]
        path.write_text(json.dumps(state | version))
    with pytest.raises(ConfigError, match="another version of firth"):
        firth.resume(tmp_path / "c", progress=False)


def test_resume__another_setting_or_text_is_named(text, tmp_path, monkeypatch):
    interrupted_after(1, tmp_path / "c", text, monkeypatch)
    again = {"progress": False, "checkpoints": tmp_path / "c", "resume": True}
    with pytest.raises(ConfigError, match="window was 5, now 3"):
        firth.train(text, **again, **SETTINGS | {"window": 3})
    with pytest.raises(ConfigError, match="the text is another"):
        firth.train([["a", "b"]] * 100, **again, **SETTINGS)


@pytest.mark.parametrize("damage", ["cut", "changed", "removed", "state"])
def test_resume__a_damaged_checkpoint_is_passed_over_for_the_one_before(
    damage, text, undisturbed, tmp_path, monkeypatch
):
    interrupted_after(4, tmp_path / "c", text, monkeypatch)
    first, second = sorted((tmp_path / "c").iterdir())
    file = second / ("state.json" if damage == "state" else "outputs.safetensors")
    content = file.read_bytes()
    if damage == "removed":
        file.unlink()
    else:
        file.write_bytes(content[: len(content) // 2] if damage != "changed" else content[:-1] + b"!")
    assert Checkpoints(tmp_path / "c").newest().path == first
    assert_same(firth.resume(tmp_path / "c", progress=False), undisturbed)


def test_checkpoints__two_are_kept(text, tmp_path, monkeypatch):
    interrupted_after(6, tmp_path / "c", text, monkeypatch)
    assert [p.name for p in sorted((tmp_path / "c").iterdir())] == [f"{NAME}000005", f"{NAME}000006"]
    kept = Checkpoints(tmp_path / "c")
    kept.remove()
    assert not (tmp_path / "c").exists()


def test_checkpoints__cost_no_more_than_their_share(tmp_path):
    kept = Checkpoints(tmp_path, seconds_between=100)
    kept.cost = 0.5
    for waited, at_an_epochs_end, between in (
        (40, False, False),
        (60, True, False),
        (99, True, False),
        (101, True, True),
    ):
        kept.last = time.monotonic() - waited
        assert kept.are_due(epoch_done=True) == (at_an_epochs_end and waited * SHARE >= 0.5)
        assert kept.are_due(epoch_done=False) == between
    identity = Identity(TrainingConfig(vector_size=3), "x", "y")
    kept.save(identity, rounds.Done(), [], schedule.initial_parameters(5, 3, 1))
    assert 0 < kept.cost < 5


def test_checkpoint__gives_back_the_parameters(tmp_path):
    parameters = schedule.initial_parameters(7, 5, 1)
    parameters.outputs[:, :5] = np.arange(35).reshape(7, 5)
    done = rounds.Done(2, 5, 1 / 3, 12, (0.5, float(np.float32(0.1))))
    identity = Identity(TrainingConfig(vector_size=5), "x", "y")
    Checkpoints(tmp_path).save(identity, done, [{"epoch": 1, "loss": 0.1, "pairs": 3}], parameters)
    found = Checkpoints(tmp_path).newest()
    assert (found.done, found.identity) == (done, identity)
    again = schedule.initial_parameters(7, 5, 2)
    found.restore(again)
    assert all((a == b).all() for a, b in zip(again, parameters, strict=True))
    with pytest.raises(FormatError, match="another training"):
        found.restore(schedule.initial_parameters(8, 5, 1))
    assert identity.differences(dataclasses.replace(identity, corpus="z")) == ["the text is another"]


def test_train__in_another_thread_leaves_signals_alone(text, tmp_path):
    before, models = signal.getsignal(signal.SIGINT), []
    thread = threading.Thread(
        target=lambda: models.append(firth.train(text, progress=False, checkpoints=tmp_path / "c", **SETTINGS))
    )
    thread.start()
    thread.join()
    assert len(models) == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_train__a_signal_ends_it_after_a_checkpoint(text, undisturbed, tmp_path):
    def watch(event):
        if isinstance(event, Progress) and event.done.chunks == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(TrainingInterrupted, match="--resume goes on") as stopped:
        firth.train(text, progress=watch, checkpoints=tmp_path / "c", **SETTINGS)
    assert stopped.value.exit_code == 143
    assert_same(firth.resume(tmp_path / "c", progress=False), undisturbed)


def command(text, folder, *more):
    return [
        sys.executable, "-m", "firth", "train", str(text), "-o", str(folder / "m.firth"), "--quiet",
        "--vector-size", "20", "--epochs", "30", "--sample", "0", "--min-count", "1", "--cache", str(folder / "cache"),
        *more,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.long)]
)
def test_command__stopped_says_how_to_go_on_and_does(number, code, text, tmp_path):
    with subprocess.Popen(command(text, tmp_path), stderr=subprocess.PIPE, text=True) as process:
        wait_for(tmp_path / "cache")
        time.sleep(0.7)
        process.send_signal(number)
        _, complaint = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("it was done before it could be stopped")
    assert process.returncode == code
    if (tmp_path / "m.firth.training.checkpoints").is_dir():  # else it was still reading
        assert "the same command with --resume goes on" in complaint
    subprocess.run(command(text, tmp_path, "--resume"), check=True)
    assert (tmp_path / "m.firth" / "model.json").is_file()
    assert not (tmp_path / "m.firth.training.checkpoints").exists()


def wait_for(path):
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not come about")


HOOKED = """
import sys
from firth.training import checkpoints
from firth import cli
checkpoints.Checkpoints.are_due = lambda self, *, epoch_done: True
cli.main()
"""


@pytest.mark.long
def test_command__killed_at_random_moments_ends_with_the_same_bits(text, tmp_path):
    """With a checkpoint at every chunk: kills come while one is written, too."""
    began = time.perf_counter()
    subprocess.run(command(text, tmp_path / "whole"), check=True)
    whole_seconds = time.perf_counter() - began
    whole = firth.load(tmp_path / "whole" / "m.firth")
    moments, kills = random.Random(1), 0
    folder = tmp_path / "killed"
    shutil.copytree(tmp_path / "whole" / "cache", folder / "cache")
    arguments = command(text, folder, "--resume")
    for _ in range(100):
        line = [sys.executable, "-c", HOOKED, *arguments[3:]]
        with subprocess.Popen(line, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(0.3 + moments.random() * whole_seconds / 5)
                break
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
    else:
        subprocess.run(arguments, check=True)
    assert kills > 5
    assert_same(firth.load(folder / "m.firth"), whole)
