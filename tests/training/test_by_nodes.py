"""Shards on several machines, which a fake Ray makes of this process: the same bits whoever trains, and dies."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

import firth
from firth.cluster import nodes as cluster
from firth.cluster import peers
from firth.cluster.nodes import Nodes, Wanted
from firth.config import TrainingConfig
from firth.errors import ClusterError, ConfigError
from firth.kernels.word2vec.blocks import Parameters
from firth.reporting.events import NOTHING
from firth.training import rounds
from firth.training.by_nodes import ByNodes, shards_of
from firth.training.shards import PARTS
from tests.helpers.fake_ray import FakeRay, Machine
from tests.helpers.rounds import first_parameters, random_corpus, sha256, train

CONFIG = TrainingConfig(vector_size=20, sample=0.02, shards=8, period_tokens=30)
OVERLAPPING = dataclasses.replace(CONFIG, overlap=0.5)
TOKENS = random_corpus()


@pytest.fixture(scope="module")
def alone():
    """What one machine comes to without a cluster: the bits, and the losses."""
    parameters, events = train(TOKENS, CONFIG, epochs=1)
    assert len(events) > 1
    return sha256(parameters), [event.loss for event in events]


@pytest.fixture(scope="module")
def alone_overlapping():
    """The same of a training whose shards overlap, of two epochs."""
    parameters, events = train(TOKENS, OVERLAPPING, epochs=2)
    return sha256(parameters), [event.loss for event in events]


def fake(machines, **options):
    return FakeRay([Machine(str(number)) for number in range(machines)], **options)


def train_on(ray, wanted=None, config=CONFIG, epochs=1):
    nodes = Nodes(ray, Wanted(wanted), ray.reports.append)
    nodes.gather()
    parameters = first_parameters(TOKENS, config, 0)
    steps = ByNodes(nodes, None, None, epochs, nowhere(parameters) if config.overlap else None)
    try:
        events = list(rounds.train(TOKENS, config, parameters, epochs=epochs, threads=1, steps=steps))
    finally:
        nodes.close()
    return sha256(parameters), [event.loss for event in events]


def nowhere(parameters):
    """Arrays in which nothing is yet."""
    return Parameters(*(np.full_like(array, np.nan) for array in parameters))


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(cluster, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(cluster, "PING_SECONDS", 0.0)
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.0)


@pytest.mark.parametrize("machines", [1, 2, 3, 4, 5, 8])
def test_train__comes_to_the_same_bits_on_any_number_of_machines(machines, alone):
    assert train_on(fake(machines)) == alone


@pytest.mark.parametrize("machines", [1, 2, 3, 5, 8])
def test_train__with_an_overlap_comes_to_the_same_bits_on_any_number_of_machines(machines, alone_overlapping):
    assert train_on(fake(machines), config=OVERLAPPING, epochs=2) == alone_overlapping


@pytest.mark.parametrize("machines", [1, 3, 5])
def test_train__comes_to_the_same_bits_through_object_stores(machines, alone, monkeypatch):
    monkeypatch.setattr(peers, "WITH_CALL_BYTES", 0)
    assert train_on(fake(machines)) == alone


@pytest.mark.long
def test_train__machines_that_own_no_rows_come_to_the_same_bits(alone):
    ray = fake(PARTS + 1)
    assert train_on(ray) == alone
    assert Counter(ray.calls)["combined"] == len(alone[1]) * PARTS * PARTS


def test_train__machines_with_more_processors_train_more_shards(alone):
    ray = FakeRay([Machine("0", cpus=1), Machine("1", cpus=3)])
    assert train_on(ray) == alone
    assert shards_of(8, [1, 3]) == [range(2), range(2, 8)]
    assert shards_of(2, [1, 1, 1]) == [range(1), range(1, 1), range(1, 2)]


CALLS_OF_A_PERIOD = ["train"] * 3 + ["combine"] * 3
HAND_OVERS_OF_A_PERIOD = ["changes"] * 6 + ["moments"] * 4 + ["directions"] * 4 + ["combined"] * 6
FIRST_CALLS = 9  # three machines meet, load, and say whether they see the text


def test_train__makes_the_calls_that_the_next_tests_let_fail(alone):
    ray = fake(3)
    train_on(ray)
    assert ray.calls[:FIRST_CALLS] == ["meet"] * 3 + ["load"] * 3 + ["sees_text"] * 3
    assert ray.calls[-3:] == ["rows"] * 3
    found, size = ray.calls[FIRST_CALLS:-3], len(CALLS_OF_A_PERIOD + HAND_OVERS_OF_A_PERIOD)
    assert len(found) == size * len(alone[1])
    for first in range(0, len(found), size):
        assert Counter(found[first : first + size]) == Counter(CALLS_OF_A_PERIOD + HAND_OVERS_OF_A_PERIOD)


@pytest.mark.parametrize("machines", [1, 2, 5])
def test_train__the_driver_calls_each_machine_twice_a_period(machines, alone):
    ray = fake(machines)
    train_on(ray)
    of_driver = Counter(ray.calls)
    assert of_driver["train"] == of_driver["combine"] == machines * len(alone[1])
    assert set(ray.calls) - set(HAND_OVERS_OF_A_PERIOD) == {"meet", "load", "sees_text", "train", "combine", "rows"}
    assert of_driver["meet"] == machines


HOW = ["actor", *(pytest.param(how, marks=pytest.mark.long) for how in ("machine", "sender", "hangs", "dropped"))]


@pytest.mark.parametrize("how", HOW)
def test_train__comes_to_the_same_bits_whichever_call_a_machine_dies_in(how, alone, impatient):
    calls = FIRST_CALLS + 2 * len(CALLS_OF_A_PERIOD + HAND_OVERS_OF_A_PERIOD)
    for call in range(calls):
        ray = fake(3, dies_at={call: how})
        assert train_on(ray) == alone, (call, how)
        if how == "machine":
            assert not all(machine.alive for machine in ray.machines)
        by_driver = ray.calls[call] == "meet"  # which does not die of it
        assert any("was lost" in report for report in ray.reports) or (how == "sender" and by_driver)


@pytest.mark.parametrize("how", HOW)
def test_train__with_an_overlap_comes_to_the_same_bits_whichever_call_a_machine_dies_in(
    how, alone_overlapping, impatient
):
    """What it had learned and not given is learned again, from the state of a period before."""
    calls = FIRST_CALLS + 3 + 3 * len(CALLS_OF_A_PERIOD + HAND_OVERS_OF_A_PERIOD)
    for call in range(2, calls, 3):
        ray = fake(3, dies_at={call: how})
        assert train_on(ray, config=OVERLAPPING, epochs=2) == alone_overlapping, (call, how)


def test_train__with_an_overlap_new_machines_begin_from_two_states(alone_overlapping, impatient):
    ray = fake(4, dies_at={40: "actor", 90: "machine", 150: "actor", 230: "machine"})
    assert train_on(ray, wanted=3, config=OVERLAPPING, epochs=2) == alone_overlapping
    assert sum("joined" in report for report in ray.reports) >= 2


def test_train__with_an_overlap_all_machines_may_be_lost(alone_overlapping, impatient):
    first = 4  # it meets, loads two states, and says whether it sees the text; then two calls a period, of which two
    end = first + 4 + 2  # are an epoch, after which the driver fetches two states
    for call in (first + 2, end + 2):
        ray = fake(1, dies_at={call: "actor"})
        assert train_on(ray, config=OVERLAPPING, epochs=2) == alone_overlapping
        assert any("has, by 1 of its periods" in report for report in ray.reports)
    for call in (end - 2, end - 1):  # one of the two
        ray = fake(1, dies_at={call: "actor"})
        assert train_on(ray, config=OVERLAPPING, epochs=2) == alone_overlapping
        assert any("has, by 2 of its periods" in report for report in ray.reports)


def test_train__survives_one_loss_after_the_other_and_takes_new_machines_in(alone, impatient):
    ray = fake(4, dies_at={12: "machine", 20: "actor", 31: "machine", 44: "actor"})
    assert train_on(ray, wanted=3) == alone
    assert sum("was lost" in report for report in ray.reports) >= 3
    assert sum("joined" in report for report in ray.reports) >= 2
    assert sum(machine.alive for machine in ray.machines) == 2


def test_train__says_what_to_do_when_all_machines_are_lost(impatient, monkeypatch):
    monkeypatch.setattr(cluster, "GATHER_SECONDS", 0.2)
    with pytest.raises(ClusterError, match=r"waited 0.2 s for 1 machine with all CPUs free.*The cluster has none"):
        train_on(fake(1, dies_at={4: "machine"}))


def test_train__goes_back_to_the_state_of_the_driver_when_all_machines_are_lost(alone, impatient):
    ray = fake(1, dies_at={3 + 2: "actor"})  # it meets, loads, says whether it sees the text; two calls a period
    assert train_on(ray) == alone
    assert any("has, by 1 of its periods" in report for report in ray.reports)
    last_call = 3 + 2 * len(alone[1])
    ray = fake(1, dies_at={last_call: "actor"})  # when the driver fetches the state
    assert train_on(ray) == alone
    assert any(f"has, by {len(alone[1])} of its periods" in report for report in ray.reports)


def test_train__gives_a_period_up_that_always_fails(impatient):
    dies = dict.fromkeys(range(FIRST_CALLS, 500), "actor")
    with pytest.raises(ClusterError, match=f"failed {cluster.MOST_FAILURES} times"):
        train_on(fake(2, dies_at=dies))


def test_train__goes_on_from_a_state_of_one_machine_on_several(alone):
    parameters = first_parameters(TOKENS, CONFIG, 0)
    event = next(rounds.train(TOKENS, CONFIG, parameters, epochs=1, threads=1))
    ray = fake(3)
    nodes = Nodes(ray, Wanted(3), ray.reports.append)
    nodes.gather()
    steps = ByNodes(nodes, None, None, 1, None)
    rest = list(rounds.train(TOKENS, CONFIG, parameters, epochs=1, threads=1, done=event.done, steps=steps))
    assert (sha256(parameters), [event.loss, *(e.loss for e in rest)]) == alone


def test_train__goes_on_from_two_states_of_some_machines_on_others(alone_overlapping):
    """After each period: the driver's states are those that a checkpoint would have."""
    parameters, done = first_parameters(TOKENS, OVERLAPPING, 0), NOTHING
    begin, losses = nowhere(parameters), []
    while done.epochs < 2:
        steps = None
        if machines := len(losses) % 3:  # or this one alone
            nodes = Nodes(fake(machines), Wanted(machines), print)
            nodes.gather()
            steps = ByNodes(nodes, None, None, 2, begin)
        settings = {"epochs": 2, "threads": 1, "done": done, "begin": begin, "steps": steps}
        event = next(rounds.train(TOKENS, OVERLAPPING, parameters, **settings))
        if steps is not None:
            steps.fetch()
        parameters, begin = (Parameters(*(array.copy() for array in of)) for of in (parameters, begin))
        done = event.done
        losses.append(event.loss)
    assert (sha256(parameters), losses) == alone_overlapping


def test_train__refuses_machines_whose_object_store_is_too_small():
    ray = FakeRay([Machine("0"), Machine("1", store=1000)])
    with pytest.raises(ClusterError, match=r"object store of 10.0.0.1 .* needs .* --object-store-memory"):
        train_on(ray)


def test_train__a_machine_that_comes_later_and_has_no_room_is_left_out(alone, impatient):
    ray = FakeRay([Machine("0"), Machine("1"), Machine("2", store=1000)], dies_at={6: "machine"})
    assert train_on(ray, wanted=2) == alone
    assert any("left out: the object store of 10.0.0.2" in report for report in ray.reports)


def test_train__an_error_on_a_machine_is_told_and_not_tried_again(monkeypatch):
    def fails(*arguments):
        raise ZeroDivisionError("here")

    monkeypatch.setattr("firth.training.replica.Replica.train_until_late", fails)
    with pytest.raises(ClusterError, match="the work failed on a machine: ZeroDivisionError: here"):
        train_on(fake(2))


# ── what is asked for ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"nodes": 4}, "4 nodes have nothing to share: shards is 1. Set shards to 4 or more"),
        ({"nodes": "all"}, "shards is 1. Set shards to 8"),
        ({"nodes": 4, "shards": 3}, "shards is 3. Set shards to 4 or more"),
        ({"nodes": 0}, 'whole number from 1 to 10,000, or "all", not 0'),
        ({"nodes": "many", "shards": 8}, "not 'many'"),
        ({"nodes": True, "shards": 8}, "not True"),
    ],
    ids=str,
)
def test_train__refuses_nodes_that_make_no_sense(settings, message):
    with pytest.raises(ConfigError, match=message):
        firth.train([["a", "b"]], **settings)


def test_train__one_node_needs_no_ray(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    sentences = [["the", "king", "and", "the", "queen"], ["a", "man", "and", "a", "woman"]] * 20
    assert len(firth.train(sentences, nodes=1, vector_size=4, epochs=1, progress=False)) == 7
    with pytest.raises(ClusterError, match=r"needs an extra: pip install 'firth\[ray\]'"):
        firth.train(sentences, nodes=2, shards=2, progress=False)
