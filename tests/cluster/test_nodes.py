"""The machines of a cluster, found, checked and waited for; on a fake Ray."""

import pytest

from firth.cluster import nodes as cluster
from firth.cluster.host import Host, versions
from firth.cluster.nodes import Nodes, Wanted
from firth.errors import ClusterError
from tests.helpers.fake_ray import FakeRay, Machine


def nodes_of(ray, wanted=None):
    return Nodes(ray, Wanted(wanted), ray.reports.append)


class Held:
    """What a host makes."""

    def __init__(self, peers, number):
        self.peers, self.number = peers, number

    def plus(self, more):
        return self.number + more


def test_host__makes_an_object_that_knows_its_peers_and_calls_it():
    host = Host(FakeRay([]))
    host.make("tests.cluster.test_nodes", "Held", 3)
    assert host.call("plus", 4) == 7
    assert host.object.peers is host.peers
    assert host.ping()


def test_versions__are_those_that_decide_about_bits():
    assert set(versions()) == {"Python", "firth", "the compiler", "numpy", "numba"}
    assert versions()["Python"].count(".") == 1


def test_gather__takes_all_machines_with_processors_or_as_many_as_wanted():
    ray = FakeRay([Machine("0", cpus=0), Machine("2"), Machine("1", cpus=4), Machine("3", alive=False)])
    nodes = nodes_of(ray)
    nodes.gather()
    assert [(node.id, node.cpus) for node in nodes.alive] == [("1", 4), ("2", 1)]
    one = nodes_of(ray, wanted=1)
    one.gather()
    assert len(one.alive) == 1


def test_gather__says_what_is_missing_and_gives_up(monkeypatch):
    monkeypatch.setattr(cluster, "TOLD_SECONDS", 0.05)
    monkeypatch.setattr(cluster, "GATHER_SECONDS", 0.4)
    ray = FakeRay([Machine("0", cpus=4), Machine("1", cpus=4), Machine("2")])
    wanted = r"4 machines with all CPUs free, of which 3 work. The cluster has 1 machine of 1 CPU, 2 machines of 4 CPUs"
    with pytest.raises(ClusterError, match=f"waited 0.4 s for {wanted}"):
        nodes_of(ray, wanted=4).gather()
    assert ray.reports[0].startswith("waiting for 4 machines")
    assert 1 < len(ray.reports) < 6


def test_gather__refuses_other_versions_and_names_them():
    ray = FakeRay([Machine("0"), Machine("1")], versions={"1": versions() | {"numpy": "1.0"}})
    with pytest.raises(ClusterError, match=r"10.0.0.1 .* has other versions: numpy 1.0 there, .* here"):
        nodes_of(ray).gather()


def test_newcomers__of_other_versions_are_left_out_while_others_work(monkeypatch):
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.0)
    ray = FakeRay([Machine("0")], versions={"1": versions() | {"firth": "0.0"}})
    nodes = nodes_of(ray, wanted=2)
    nodes.gather(1)
    ray.machines += [Machine("1"), Machine("2")]
    while len(nodes.alive) < 2:
        nodes.newcomers()
    assert [node.id for node in nodes.alive] == ["0", "2"]
    assert "left out" in ray.reports[0]
    assert "firth 0.0 there" in ray.reports[0]


def test_several_nodes_may_share_a_machine_to_try_it():
    ray = FakeRay([Machine("0", cpus=7)])
    nodes = Nodes(ray, Wanted(3, of_machine=3), ray.reports.append)
    nodes.gather()
    assert [node.cpus for node in nodes.alive] == [2, 2, 2]


def test_gather__takes_at_most_so_many_of_all():
    ray = FakeRay([Machine(str(number)) for number in range(5)])
    nodes = Nodes(ray, Wanted(None, most=2), ray.reports.append)
    nodes.gather()
    assert len(nodes.alive) == 2


def test_gather__tries_a_machine_that_did_not_start_after_the_others_and_says_why(monkeypatch):
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(cluster, "TOLD_SECONDS", 0.1)
    monkeypatch.setattr(cluster, "GATHER_SECONDS", 0.5)
    ray = FakeRay([Machine("0", starts=False), Machine("1", starts=False)])
    with pytest.raises(ClusterError, match=r"The last that did not start: 10.0.0.\d .*no room for it"):
        nodes_of(ray, wanted=1).gather()
    assert 2 < len(ray.actors) < 20
    ray.machines.append(Machine("2"))
    nodes = nodes_of(ray, wanted=1)
    nodes.gather()
    assert [node.id for node in nodes.alive] == ["2"]


def test_results__tells_who_is_waited_for(monkeypatch):
    monkeypatch.setattr(cluster, "TOLD_SECONDS", 0.0)
    monkeypatch.setattr(cluster, "SILENT_SECONDS", 0.05)
    ray = FakeRay([Machine("0"), Machine("1")], dies_at={0: "hangs"})
    nodes = nodes_of(ray)
    nodes.gather()
    calls = [node.run(len, "abc") for node in nodes.alive]
    with pytest.raises(cluster.NodesLostError, match=r"10.0.0.0 .*: no answer for 0.05 s"):
        nodes.results(calls, nodes.alive)
    assert "waiting for 10.0.0.0 (0)" in ray.reports
