"""Encoding by the machines of a cluster, on a fake Ray: the bytes that one machine writes."""

import json
import os

import pytest

import firth
from firth.cluster import nodes as cluster
from firth.cluster.nodes import Nodes, Wanted
from firth.config import TrainingConfig
from firth.corpus import on_nodes
from firth.corpus.cutting import cut
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


def encoded(source, cache, ray=None, events=None, wanted=None, **settings):
    ray = ray or FakeRay([Machine("0"), Machine("1"), Machine("2")])
    nodes = Nodes(ray, Wanted(wanted), ray.reports.append)
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


@pytest.mark.long
@pytest.mark.usefixtures("disks")
@pytest.mark.parametrize("how", ["actor", "machine", "hangs", "dropped"])
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


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("there is no such file", "on 10.0.0.1 .*: there is no such file. Or encode the text here"),
        ((1, 2, "a"), "text.txt has another content there: copy it as it is, with its time"),
        ((1, 3, "b"), "text.txt has another time of change there"),
    ],
    ids=str,
)
def test_encode_on_nodes__a_machine_with_other_files_is_an_error_before_the_work(
    told, message, text, tmp_path, monkeypatch
):
    made = []

    def files_of(pieces):
        made.append(1)
        if len(made) == 3 and isinstance(told, str):  # the driver and the first machine have looked
            raise SourceError(told)
        return on_nodes.Files(pieces, {str(text): told if len(made) == 3 else (1, 2, "b")})

    monkeypatch.setattr(on_nodes.Files, "of", files_of)
    ray = FakeRay([Machine("0"), Machine("1")])
    with pytest.raises(SourceError, match=message):
        encoded(text, tmp_path / "cache", ray)
    assert ray.calls == ["run"] * 2


def test_files__of_a_piece_are_known_by_sizes_times_and_both_ends(text):
    here = on_nodes.Files.of(cut(text, TrainingConfig(), PIECE_BYTES))
    assert on_nodes.what_differs(here) is None
    status = text.stat()
    text.write_bytes(b"x" + text.read_bytes()[1:])
    os.utime(text, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "another content" in on_nodes.what_differs(here)
    text.unlink()
    assert "there" in on_nodes.what_differs(here)


def test_encode_on_nodes__a_machine_that_comes_later_without_the_files_is_left_out(text, tmp_path, monkeypatch):
    told = [None, None, None, "no such file"]  # the driver, and both machines, look first

    def files_of(pieces):
        if (error := told.pop(0) if told else None) is not None:
            raise SourceError(error)
        return on_nodes.Files(pieces, {})

    monkeypatch.setattr(on_nodes.Files, "of", files_of)
    ray = FakeRay([Machine("0"), Machine("1"), Machine("2")], dies_at={9: "machine"})
    wanted = bytes_of(encode(text, cache=tmp_path / "other").folder)
    assert bytes_of(encoded(text, tmp_path / "cache", ray, wanted=2).folder) == wanted
    assert any("left out: on 10.0.0.2" in report for report in ray.reports)
