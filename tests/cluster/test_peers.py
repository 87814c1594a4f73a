"""What machines hand each other, on a fake Ray, and with threads."""

import threading
import time
import weakref

import numpy as np
import pytest

from firth.cluster import peers as hand_overs
from firth.cluster.peers import Peers, StaleCallError
from tests.helpers.fake_ray import FakeRay, Machine, exceptions


class Line:
    """An actor of one machine, for another one: `take` as Ray would call it, with the error that it ends with."""

    def __init__(self, ray, peers):
        self.ray, self.peers, self.error = ray, peers, None
        self.take, self.values = self, []

    def options(self, concurrency_group):
        return self

    def remote(self, *arguments):
        reference = self.ray.put(None)
        reference.error = self.error
        if self.error is None:
            self.values.append(arguments[3:])
            self.peers.take(*arguments)
        return reference


class ListRay(FakeRay):
    """It gets lists of references, as Ray does, and waits."""

    def wait(self, references, num_returns=1, timeout=None):
        time.sleep(timeout)
        return super().wait(references, num_returns)

    def get(self, references, timeout=None):
        return [reference.value() for reference in references]


@pytest.fixture
def three(monkeypatch):
    """Machines that know each other, and work on attempt 1."""
    monkeypatch.setattr(hand_overs, "LOOK_SECONDS", 0.01)
    ray = ListRay([Machine("0")])
    found = [Peers(ray) for _ in range(3)]
    lines = [Line(ray, peers) for peers in found]
    for number, peers in enumerate(found):
        peers.meet(0, number, lines)
        peers.begin(1)
    return found


def test_get__gives_what_others_handed_over_in_the_order_that_is_asked_for(three):
    first, second, third = three
    third.give("letter", [0], "c")
    second.give("letter", [0], "b")
    second.give("number", [0], 2)
    assert first.get("letter", [1, 2]) == ["b", "c"]
    assert first.get("number", [1]) == [2]
    assert dict(first.each("nothing", [])) == {}


def test_others__begin_with_the_next_machine(three):
    assert [peers.others for peers in three] == [[1, 2], [2, 0], [0, 1]]
    assert [peers.count for peers in three] == [3, 3, 3]


def test_get__keeps_nothing_of_what_it_gave(three):
    first, second, _ = three
    second.give("array", [0], np.zeros(3))
    for _, array in first.each("array", [1]):
        kept = weakref.ref(array)
    del array
    second.actors[0].values.clear()
    assert kept() is None


@pytest.mark.parametrize("size", [1, 89_999, 90_000, 90_001, 300_000])
def test_give__sends_arrays_in_pieces_with_the_call_and_they_come_as_they_were(three, size):
    first, second, _ = three
    rng = np.random.default_rng(size)
    value = [(rng.random(size // 8 + 1), "between"), rng.integers(0, 9, size, np.uint8), np.zeros((0, 3))]
    second.give("arrays", [0, 2], value)
    for ((floats, text), whole, empty), given in [(first.get("arrays", [1])[0], second.actors[0].values.pop())]:
        assert text == "between"
        assert (floats == value[0][0]).all()
        assert (whole == value[1]).all()
        assert (empty.shape, floats.dtype, whole.dtype) == ((0, 3), np.float64, np.uint8)
        assert floats.flags.writeable
        assert max(len(piece) for piece in given[1:]) <= hand_overs.PIECE_BYTES


def test_give__puts_what_is_large_into_the_object_store_once(three):
    first, value = three[0], np.zeros(hand_overs.WITH_CALL_BYTES + 1, np.uint8)
    first.give("array", [1, 2], value)
    (one,), (other,) = (line.values.pop() for line in first.actors[1:])
    assert one is other
    assert (one.value() == value).all()
    first.give("array", [1], value)  # Ray puts it there itself
    assert first.actors[1].values.pop()[0] is value


def test_take__throws_away_what_belongs_to_an_attempt_that_was_given_up(three):
    first, second, _ = three
    second.give("letter", [0], "early")
    first.meet(1, 0, first.actors)
    second.give("letter", [0], "late")
    second.meet(1, 1, first.actors)
    second.begin(2)
    second.give("letter", [0], "new")
    first.begin(2)
    assert first.get("letter", [1]) == ["new"]
    assert not first.received


def test_take__keeps_what_comes_before_its_attempt_begins(three):
    first, second, _ = three
    second.begin(2)
    second.give("letter", [0], "b")
    first.begin(2)
    assert first.get("letter", [1]) == ["b"]


def test_begin__refuses_an_attempt_that_was_given_up(three):
    three[0].meet(4, 0, three[0].actors)
    with pytest.raises(StaleCallError, match="attempt 4 was given up"):
        three[0].begin(4)


def test_meet__who_waits_for_an_attempt_that_is_given_up_raises_and_keeps_its_number_until_then(three):
    first, errors = three[0], []

    def wait():
        try:
            first.get("letter", [1])
        except StaleCallError as error:
            errors.append(str(error))

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    first.meet(1, 1, first.actors[:2])
    waiting.join(10)
    assert errors == ["attempt 1 was given up, the next is 2"]
    assert (first.number, first.count) == (0, 3)
    first.begin(2)
    assert (first.number, first.count) == (1, 2)


@pytest.mark.parametrize("wait", [lambda peers: peers.get("letter", [1]), Peers.settle], ids=["get", "settle"])
def test_wait__raises_the_error_of_what_was_lost_on_its_way(three, wait):
    three[0].actors[1].error = exceptions.RayActorError("the actor is dead")
    three[0].give("letter", [1, 2], "a")
    with pytest.raises(exceptions.RayActorError, match="the actor is dead"):
        wait(three[0])
    assert three[2].get("letter", [0]) == ["a"]


def test_settle__waits_until_all_has_come(three):
    first, late = three[0], threading.Event()
    reference = first.ray.put("taken")
    packed, reference.packed = reference.packed, None
    first.on_the_way.append(reference)
    settling = threading.Thread(target=lambda: (first.settle(), late.set()), daemon=True)
    settling.start()
    assert not late.wait(0.1)
    reference.packed = packed
    assert late.wait(10)
