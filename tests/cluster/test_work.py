"""Work that the machines of a cluster do, item by item; on a fake Ray."""

import pytest

from firth.cluster import nodes as cluster
from firth.cluster.nodes import MOST_FAILURES, Nodes, Wanted
from firth.cluster.work import NodeWorkers
from firth.errors import ClusterError, SourceError
from tests.helpers.fake_ray import FakeRay, Machine


def squared(number):
    if number < 0:
        raise SourceError("below zero")
    return 1 // (number - 100) + number * number


def workers_of(machines, **options):
    ray = FakeRay([Machine(str(number)) for number in range(machines)], **options)
    nodes = Nodes(ray, Wanted(None), ray.reports.append)
    nodes.gather()
    return NodeWorkers(nodes), ray


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(cluster, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.0)


@pytest.mark.parametrize("machines", [1, 3])
def test_map__gives_results_in_the_order_of_the_items(machines):
    workers, _ = workers_of(machines)
    assert list(workers.map(squared, iter(range(10)))) == [n * n - 1 for n in range(10)]
    assert list(workers.map(squared, [])) == []


@pytest.mark.parametrize("how", ["actor", "machine", "hangs", "dropped"])
def test_map__items_of_a_lost_machine_are_done_by_others(how):
    for call in range(10):
        workers, ray = workers_of(3, dies_at={call: how})
        assert list(workers.map(squared, range(10))) == [n * n - 1 for n in range(10)]
        assert any("was lost" in report for report in ray.reports)


def test_map__raises_what_a_function_raises():
    workers, _ = workers_of(2)
    with pytest.raises(SourceError, match="below zero"):
        list(workers.map(squared, [1, -1, 2]))
    with pytest.raises(ClusterError, match="ZeroDivisionError"):
        list(workers.map(squared, [1, 100]))


def test_map__gives_up_what_always_fails():
    workers, _ = workers_of(2, dies_at=dict.fromkeys(range(100), "actor"))
    with pytest.raises(ClusterError, match=f"failed {MOST_FAILURES} times"):
        list(workers.map(squared, [1]))
