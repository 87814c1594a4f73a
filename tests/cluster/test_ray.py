"""Trainings on Ray's own local cluster, whose machines are processes here, and are killed."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import firth
from firth.cluster.peers import WITH_CALL_BYTES
from firth.corpus import on_nodes
from firth.errors import ClusterError
from firth.jit import target
from firth.training.by_nodes import ByNodes
from firth.training.checkpoints import Checkpoints

pytest.importorskip("ray", reason="Ray is not installed: pip install 'firth[ray]'")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are found and stopped in /proc"),
    pytest.mark.skipif(not target.is_enabled(), reason="processes of their own, with the compiler on"),
    pytest.mark.filterwarnings("default"),  # Ray's own
]
SETTINGS = {"vector_size": 100, "epochs": 6, "shards": 8, "period_tokens": 1500, "sample": 0, "progress": False}
STORE_BYTES = 120 << 20


@pytest.fixture(scope="module")
def sentences():
    rng = np.random.default_rng(3)
    topics = rng.integers(0, 20, (8000, 1))
    of_topic, others = topics * 10 + rng.integers(0, 10, (8000, 12)), rng.integers(0, 200, (8000, 12))
    ids = np.where(rng.random((8000, 12)) < 0.6, of_topic, others)
    return [[f"w{word}" for word in sentence] for sentence in ids.tolist()]


@pytest.fixture(scope="module")
def cluster():
    """A head without processors."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_IGNORE_UNHANDLED_ERRORS": "1"}
    import ray
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": STORE_BYTES}
    found = Cluster(initialize_head=True, head_node_args=head)
    yield found
    ray.shutdown()
    found.shutdown()


@pytest.fixture(scope="module")
def alone(sentences):
    """What one machine comes to without Ray."""
    return sha256(firth.train(sentences, **SETTINGS))


@pytest.fixture
def three_machines(cluster):
    set_machines(cluster, 3)
    return cluster


def set_machines(cluster, count):
    """So many machines of one processor."""
    while len(cluster.worker_nodes) > count:
        cluster.remove_node(min(cluster.worker_nodes, key=str))
    while len(cluster.worker_nodes) < count:
        cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)


def sha256(model):
    return hashlib.sha256(model.vectors.tobytes() + model.output_vectors.tobytes()).hexdigest()


def actors():
    """The processes of firth's actors."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cmdline").read_bytes().startswith(b"ray::Host"):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_until(is_so):
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def reports(events):
    return [event.text for event in events if type(event).__name__ == "OnCluster"]


class TrainingInBackground(threading.Thread):
    """A training whose events are kept, while the test does harm."""

    def __init__(self, *arguments, **settings):
        super().__init__(daemon=True)
        self.arguments, self.settings = arguments, settings
        self.events, self.model, self.error = [], None, None

    def run(self):
        try:
            self.model = firth.train(*self.arguments, **self.settings | {"progress": self.events.append})
        except Exception as error:
            self.error = error

    def wait_for(self, kind):
        deadline = time.monotonic() + 60
        while self.is_alive() and not any(type(event).__name__ == kind for event in self.events):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def result(self):
        self.join(120)
        assert not self.is_alive()
        if self.error:
            raise self.error
        return self.model


@pytest.mark.parametrize("machines", [1, 2, 3, 4])
def test_train__has_the_bits_of_one_machine_on_raylets(machines, cluster, sentences, alone):
    set_machines(cluster, machines)
    assert sha256(firth.train(sentences, nodes="all", ray=cluster.address, **SETTINGS)) == alone


@pytest.mark.parametrize("machines", [1, 3])
def test_train__with_an_overlap_has_the_bits_of_one_machine_on_raylets(machines, cluster, sentences):
    set_machines(cluster, machines)
    settings = SETTINGS | {"overlap": 0.75}
    alone = sha256(firth.train(sentences, **settings))
    assert sha256(firth.train(sentences, nodes="all", ray=cluster.address, **settings)) == alone


def test_train__has_the_bits_of_one_machine_with_arrays_that_go_through_the_object_stores(three_machines):
    many = [[f"w{number % 5000}" for number in range(first, first + 20)] for first in range(0, 40_000, 20)]
    settings = SETTINGS | {"vector_size": 300, "shards": 3, "epochs": 1, "min_count": 1, "period_tokens": 4000}
    assert WITH_CALL_BYTES < 2 * 5000 * 300 * 2 / 3  # changes of an owner's rows
    alone = firth.train(many, **settings)
    assert sha256(firth.train(many, nodes=3, ray=three_machines.address, **settings)) == sha256(alone)


def test_train__survives_killed_actors_and_machines_with_the_same_bits(three_machines, sentences):
    rng, kills = np.random.default_rng(8), 0
    kinds = [SETTINGS | {"epochs": 40, "overlap": part} for part in (0, 0.5)]
    both = [sha256(firth.train(sentences, **settings)) for settings in kinds]
    for settings, alone in zip(3 * kinds, 3 * both, strict=True):
        training = TrainingInBackground(sentences, nodes=3, ray=three_machines.address, **settings)
        training.start()
        training.wait_for("Progress")
        while training.is_alive() and kills < 20:
            time.sleep(float(rng.uniform(0.1, 1.5)))
            victims = actors()
            if len(victims) > 1 and rng.random() < 0.75:
                os.kill(int(rng.choice(victims)), signal.SIGKILL)
                kills += 1
            elif len(victims) > 1:
                three_machines.remove_node(min(three_machines.worker_nodes, key=str), allow_graceful=False)
                kills += 1
                set_machines(three_machines, 3)
        assert sha256(training.result()) == alone
        assert any("was lost" in report for report in reports(training.events))
        if kills >= 20:
            break
    assert kills >= 20


HANDED = ["changes", "moments", "directions", "combined"]
STEPS = [("firth.training.shard_node", "ShardNode", method, None) for method in ("train", "combine")]
STEPS += [("firth.cluster.peers", "Peers", method, what) for method in ("give", "take") for what in HANDED]


def die_at(step):
    """Have this process killed when a method is called; or, when it is called for one kind of what is handed over."""
    module, name, method, what = step
    cls = getattr(__import__(module, fromlist=[name]), name)
    real = getattr(cls, method)

    def dies(self, *arguments):
        if what is None or any(isinstance(one, str) and one == what for one in arguments):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, *arguments)

    setattr(cls, method, dies)


def test_train__survives_a_kill_at_each_step_of_a_period_and_at_a_checkpoint(
    three_machines, tmp_path, sentences, alone, monkeypatch
):
    """One machine of three is killed when it begins a step: in the first period after all three are there again."""
    steps = list(STEPS)

    def train(by_nodes, *arguments):
        if steps and by_nodes.circle:  # or else machines still wait in the attempt that failed
            wait_until(lambda: by_nodes.nodes.newcomers() or len(by_nodes.nodes.alive) == 3)
            by_nodes.nodes.results([by_nodes.nodes.alive[0].run(die_at, steps.pop())])
        return real_train(by_nodes, *arguments)

    real_train = ByNodes._train
    monkeypatch.setattr(ByNodes, "_train", train)
    kept, events = Checkpoints(tmp_path / "kept", seconds_between=0), []
    settings = SETTINGS | {"progress": events.append, "checkpoints": kept}
    model = firth.train(sentences, nodes=3, ray=three_machines.address, **settings)
    assert not steps
    assert sha256(model) == alone
    assert sum("was lost" in report for report in reports(events)) == len(STEPS)


def test_train__reads_pieces_on_all_machines_and_survives_kills_meanwhile(
    three_machines, tmp_path, sentences, monkeypatch
):
    text = tmp_path / "text.txt"
    text.write_text("\n".join(" ".join(sentence) for sentence in sentences))
    settings = SETTINGS | {"epochs": 12}
    alone = sha256(firth.train(text, cache=tmp_path / "alone", **settings))
    monkeypatch.setattr(on_nodes, "PIECE_BYTES", 12_000)
    for shared, killed in ((True, 0), (True, 2), (False, 2)):
        if not shared:
            monkeypatch.setattr(on_nodes, "sees", lambda nodes, node, seen: False)
        on_cluster = {"nodes": 3, "ray": three_machines.address, "cache": tmp_path / f"cache-{shared}-{killed}"}
        wait_until(lambda: not actors())  # those of the training before
        training = TrainingInBackground(text, **on_cluster, **settings)
        training.start()
        training.wait_for("Reading")
        for _ in range(killed):
            os.kill(actors()[0], signal.SIGKILL)
            time.sleep(0.3)
        assert sha256(training.result()) == alone
        assert sum(type(event).__name__ == "Reading" for event in training.events) > 20
        assert bool(killed) == any("was lost" in report for report in reports(training.events))


def test_train__notices_a_machine_that_hangs(three_machines, sentences, alone, monkeypatch):
    from firth.cluster import nodes

    monkeypatch.setattr(nodes, "SILENT_SECONDS", 4.0)
    training = TrainingInBackground(sentences, nodes=3, ray=three_machines.address, **SETTINGS)
    training.start()
    training.wait_for("Progress")
    os.kill(actors()[0], signal.SIGSTOP)
    assert sha256(training.result()) == alone
    assert any("was lost" in report for report in reports(training.events))


def test_train__a_driver_killed_again_and_again_goes_on_from_its_checkpoints_on_other_machines(
    three_machines, tmp_path, sentences
):
    text, kept = tmp_path / "text.txt", tmp_path / "kept"
    text.write_text("\n".join(" ".join(sentence) for sentence in sentences))
    settings = SETTINGS | {"epochs": 40, "overlap": 0.5}
    alone = sha256(firth.train(text, **settings))
    settings = f"ray={three_machines.address!r}, " + ", ".join(f"{key}={value!r}" for key, value in settings.items())
    script = (
        "import firth; from firth.training.checkpoints import Checkpoints; from pathlib import Path\n"
        f"kept = Checkpoints(Path({str(kept)!r}), seconds_between=0)\n"
        f"firth.train(Path({str(text)!r}), checkpoints=kept, resume=kept.folder.exists(), nodes=int('%d'), {settings})"
    )
    rng, newest = np.random.default_rng(5), None
    for machines in (2, 3, 1, 2):
        driver = subprocess.Popen([sys.executable, "-c", script % machines], stderr=subprocess.PIPE)
        wait_until(lambda: driver.poll() is not None or set(kept.glob("checkpoint-*")) - {newest})  # noqa: B023
        time.sleep(float(rng.uniform(0, 1)))
        assert driver.poll() is None, driver.stderr.read()
        driver.kill()
        driver.communicate()
        newest = max(kept.glob("checkpoint-*"), key=lambda path: path.stat().st_mtime_ns)
    events = []
    model = firth.resume(kept, nodes=3, ray=three_machines.address, progress=events.append)
    assert sha256(model) == alone
    done = [event for event in events if type(event).__name__ == "Progress"]
    assert len(done) < 40 * 8  # not all anew


def test_train__validation_frozen_words_and_a_start_are_as_on_one_machine(three_machines, sentences):
    start = firth.train(sentences[:500], vector_size=20, epochs=1, progress=False)
    settings = {"start": start, "frozen": ["w1", "w2"], "vector_size": 20, "epochs": 2, "shards": 5, "validation": 0.1}
    models = [
        firth.train(sentences, progress=False, **settings, **where)
        for where in ({}, {"nodes": 2, "ray": three_machines.address})
    ]
    assert sha256(models[0]) == sha256(models[1])
    assert models[0].history == models[1].history
    assert (models[1]["w1"] == start["w1"]).all()


def test_train__says_within_seconds_what_a_cluster_lacks(three_machines, sentences, monkeypatch):
    from firth.cluster import nodes

    monkeypatch.setattr(nodes, "GATHER_SECONDS", 14.0)
    events, began = [], time.monotonic()
    with pytest.raises(
        ClusterError, match=r"7 machines with all CPUs free, of which 3 work. The cluster has 3 machines"
    ):
        firth.train(sentences, nodes=7, ray=three_machines.address, **SETTINGS | {"progress": events.append})
    assert time.monotonic() - began < 30
    assert reports(events)[0].startswith("waiting for 7 machines")


def test_train__too_small_an_object_store_is_refused_before_the_work(three_machines):
    many = [[f"w{number}" for number in range(first, first + 20)] for first in range(0, 400_000, 20)]
    with pytest.raises(
        ClusterError, match=r"the object store of .* has .* MB, and the exchange of 400,000 vectors needs"
    ):
        firth.train(
            many, nodes=2, ray=three_machines.address, shards=2, min_count=1, vector_size=100, epochs=1, progress=False
        )


def test_command__trains_on_the_cluster(three_machines, tmp_path, sentences):
    text = tmp_path / "text.txt"
    text.write_text("\n".join(" ".join(sentence) for sentence in sentences[:1000]))
    common = [
        sys.executable,
        "-m",
        "firth",
        "train",
        str(text),
        "--shards",
        "4",
        "--epochs",
        "1",
        "--vector-size",
        "20",
    ]
    on_cluster = ["--nodes", "all", "--ray", three_machines.address]
    for name, more in (("here", []), ("there", on_cluster)):
        command = [*common, "-o", str(tmp_path / name), "--cache", str(tmp_path / "cache"), *more]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    here, there = (firth.load(tmp_path / name) for name in ("here", "there"))
    assert sha256(here) == sha256(there)
