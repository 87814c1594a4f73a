"""Encoding by the machines of a cluster, on a fake Ray: the bytes that one machine writes."""

import json

import pytest

import firth
from firth.cluster import nodes as cluster
from firth.cluster.nodes import Nodes
from firth.config import TrainingConfig
from firth.corpus import on_nodes
from firth.corpus.encoding import encode
from firth.errors import SourceError
from firth.reporting.events import Reading
from tests.helpers.fake_ray import FakeRay, Machine
from tests.helpers.pieces import bytes_of

PIECE_BYTES = 300


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(cluster, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.0)


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(f"the cat number {n % 7} saw Élan {n} times" for n in range(100)), "utf-8")
    return path


def encoded(source, cache, ray=None, events=None, **settings):
    ray = ray or FakeRay([Machine("0"), Machine("1"), Machine("2")])
    nodes = Nodes(ray, None, ray.reports.append)
    nodes.gather()
    config = TrainingConfig.of(settings)
    report = (lambda _: None) if events is None else events.append
    return on_nodes.encode_on_nodes(
        source, nodes, config=config, cache=cache, threads=1, report=report, piece_bytes=PIECE_BYTES
    )


@pytest.fixture(params=["shared", "of their own"])
def disks(request, monkeypatch):
    """Machines that see the driver's folder, or not."""
    if request.param != "shared":
        monkeypatch.setattr(on_nodes, "text_of", never_seen)
    return request.param


def never_seen(path):
    return None


@pytest.mark.usefixtures("disks")
def test_encode_on_nodes__writes_the_bytes_of_encode_where_that_finds_them(text, tmp_path):
    corpus = encoded(text, tmp_path / "cache")
    assert bytes_of(corpus.folder) == bytes_of(encode(text, cache=tmp_path / "other").folder)
    assert encode(text, cache=tmp_path / "cache").folder == corpus.folder


@pytest.mark.usefixtures("disks")
@pytest.mark.parametrize("how", ["actor", "machine", "hangs"])
def test_encode_on_nodes__writes_the_same_bytes_when_machines_die(how, text, tmp_path):
    wanted = bytes_of(encode(text, cache=tmp_path / "other").folder)
    for number, call in enumerate((0, 1, 5, 12)):
        ray = FakeRay([Machine("0"), Machine("1"), Machine("2")], dies_at={call: how, call + 2: how})
        assert bytes_of(encoded(text, tmp_path / f"cache{number}", ray).folder) == wanted
        assert any("was lost" in report for report in ray.reports)


def test_encode_on_nodes__finds_what_it_wrote_unless_the_content_is_another(text, tmp_path):
    first = encoded(text, tmp_path / "cache")
    events = []
    assert encoded(text, tmp_path / "cache", events=events, seed=7).folder == first.folder
    assert [event.is_kept for event in events] == [True]
    text.write_text(text.read_text("utf-8").replace("cat", "dog"), "utf-8")  # of the same size
    again = encoded(text, tmp_path / "cache")
    assert again.folder != first.folder
    assert "dog" in again.words(20)
    for known in (tmp_path / "cache").glob("pieces-*.json"):
        known.write_text(json.dumps({"corpus": "away", "digests": 1}))
    assert encoded(text, tmp_path / "cache").folder == again.folder


def test_encode_on_nodes__tells_how_far_the_reading_has_come(text, tmp_path):
    events = []
    encoded(text, tmp_path / "cache", events=events)
    assert len(events) > 5
    assert all(isinstance(event, Reading) for event in events)
    assert events[-1].bytes_read == events[-1].total_bytes == text.stat().st_size


def test_encode_on_nodes__what_is_small_or_in_memory_is_encoded_here(tmp_path):
    small = tmp_path / "small.txt"
    small.write_text("a b a b")
    ray = FakeRay([Machine("0")])
    for source in (small, [["a", "b"]] * 100, ["a b"] * 100, iter([["a", "b"]] * 100), firth.encode(["a b a"])):
        assert len(encoded(source, tmp_path / "cache", ray)) >= 3
    assert ray.calls == []


def test_encode_on_nodes__a_machine_that_does_not_see_a_file_is_an_error_before_the_work(text, tmp_path, monkeypatch):
    monkeypatch.setattr("firth.corpus.pieces.stamp_of", refuse)
    ray = FakeRay([Machine("0"), Machine("1")])
    with pytest.raises(SourceError, match=r"on 10.0.0.0 .*the file must be there on all of them"):
        encoded(text, tmp_path / "cache", ray)
    assert ray.calls == ["run"] * 2


def refuse(path):
    raise SourceError(f"cannot read {path}")
