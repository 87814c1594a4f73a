"""The machines that work together, as one of them sees them: what it hands to the others, and what they hand to it.

The driver only says who is there. Attempts of the same work are numbered, so that what comes late is of no harm.
"""

from __future__ import annotations

import itertools
import pickle
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from firth.errors import FirthError

HAND_OVER = "hand-over"
"""The concurrency group of what machines hand each other: it comes while the one that gets it is at work."""
LOOK_SECONDS = 1.0
"""Between looks whether what was handed over was lost, while a machine waits."""
WITH_CALL_BYTES, PIECE_BYTES = 1_000_000, 90_000
"""Up to which arrays go with the call, in pieces of which Ray sends each from process to process. What is larger goes
through the object stores, which take 7 ms for the smallest (`docs/design/cluster.md`).
"""


class StaleCallError(FirthError):
    """A call of an attempt that the driver has given up."""


class Peers:
    """Those of one machine, which has the number `number` among `count` in the attempt that it works on."""

    def __init__(self, ray: Any):
        self.ray = ray
        self.arrived = threading.Condition()
        self.number = 0
        self.actors: Sequence[Any] = ()
        self.met: tuple[int, Sequence[Any]] = 0, ()  # those of the next attempt
        self.attempt = self.given_up = -1
        self.received: dict[tuple[int, str, int], Any] = {}  # by the attempt, what it is, and the sender's number
        self.on_the_way: list[Any] = []

    @property
    def count(self) -> int:
        """How many machines there are."""
        return len(self.actors)

    @property
    def others(self) -> list[int]:
        """The numbers of the other machines. The one that follows comes first, so that not all give to the same."""
        return [(self.number + i) % self.count for i in range(1, self.count)]

    # ── called from other machines, while this one works ─────────────────────────────────────────────────────────────

    def meet(self, given_up: int, number: int, actors: Sequence[Any]) -> None:
        """Get to know who is there. What belongs to the attempts up to `given_up` is thrown away, and who waits for it
        raises `StaleCallError`.
        """
        with self.arrived:
            self.met, self.given_up = (number, actors), given_up
            self.received = {key: value for key, value in self.received.items() if key[0] > given_up}
            self.arrived.notify_all()

    def take(self, attempt: int, what: str, sender: int, value: Any, *pieces: bytes) -> None:
        """Take what another machine hands over: a value, or one taken apart, with the pieces of its arrays."""
        if pieces:
            value = value.joined(pieces)
        with self.arrived:
            if attempt > self.given_up:
                self.received[attempt, what, sender] = value
                self.arrived.notify_all()

    # ── called by this machine ───────────────────────────────────────────────────────────────────────────────────────

    def begin(self, attempt: int) -> None:
        """Work on an attempt from now on, with those who are there. Raises `StaleCallError` if it was given up."""
        with self.arrived:
            self.attempt, self.on_the_way = attempt, []
            self.check()
            self.number, self.actors = self.met

    def check(self) -> None:
        """Raise `StaleCallError` if the attempt was given up."""
        if self.attempt <= self.given_up:
            raise StaleCallError(f"attempt {self.attempt} was given up, the next is {self.given_up + 1}")

    def give(self, what: str, receivers: Collection[int], value: Any) -> None:
        """Hand the same to some machines. It is copied before this returns, and freed where all have taken it."""
        given: tuple[Any, ...] = (value,)
        apart, pieces = TakenApart.of(value)
        if 0 < sum(apart.sizes) <= WITH_CALL_BYTES:
            given = apart, *pieces()
        elif apart.sizes and len(receivers) > 1:
            given = (self.ray.put(value),)
        for receiver in receivers:
            take: Any = self.actors[receiver].take.options(concurrency_group=HAND_OVER)
            self.on_the_way.append(take.remote(self.attempt, what, self.number, *given))

    def each(self, what: str, senders: Collection[int]) -> Iterator[tuple[int, Any]]:
        """What some machines hand over, in the order in which it comes, each with the number of its sender.

        Raises Ray's error if one of them has not got what it was handed, and `StaleCallError` as `check` does.
        """
        missing = set(senders)
        while missing:
            for sender in self._wait_for(what, missing):
                missing.remove(sender)
                yield sender, self._pop(what, sender)

    def get(self, what: str, senders: Collection[int]) -> list[Any]:
        """What some machines hand over, in their order. Raises as `each` does."""
        found = dict(self.each(what, senders))
        return [found[sender] for sender in senders]

    def settle(self) -> None:
        """Wait until all that was handed over has come. Raises as `each` does."""
        while self.on_the_way:
            self.check()
            self._look(LOOK_SECONDS)

    def _wait_for(self, what: str, senders: Collection[int]) -> list[int]:
        """Those of some machines that have handed something over: at least one."""
        while True:
            with self.arrived:
                self.check()
                if found := [sender for sender in senders if (self.attempt, what, sender) in self.received]:
                    return found
                has_come = self.arrived.wait(LOOK_SECONDS)
            if not has_come:
                self._look(0)

    def _pop(self, what: str, sender: int) -> Any:
        """What a machine has handed over, which is not kept."""
        with self.arrived:
            self.check()
            return self.received.pop((self.attempt, what, sender))

    def _look(self, seconds: float) -> None:
        """Raise Ray's error if something was lost on its way, after waiting so long for all to come."""
        if self.on_the_way:
            count = len(self.on_the_way)
            done, self.on_the_way = self.ray.wait(self.on_the_way, num_returns=count, timeout=seconds)
            self.ray.get(done)


class TakenApart(NamedTuple):
    """A value without the content of its arrays, which have these sizes in bytes."""

    pickled: bytes
    sizes: list[int]

    @classmethod
    def of(cls, value: Any) -> tuple[TakenApart, Callable[[], list[bytes]]]:
        """A value taken apart, and what cuts its arrays into pieces."""
        arrays: list[pickle.PickleBuffer] = []
        pickled = pickle.dumps(value, 5, buffer_callback=arrays.append)
        contents = [array.raw() for array in arrays]

        def pieces() -> list[bytes]:
            return [bytes(one[i : i + PIECE_BYTES]) for one in contents for i in range(0, len(one), PIECE_BYTES)]

        return cls(pickled, [len(one) for one in contents]), pieces

    def joined(self, pieces: Iterable[bytes]) -> Any:
        """The value again. Its arrays may be written to."""
        rest = iter(pieces)
        arrays = [bytearray().join(itertools.islice(rest, -(-size // PIECE_BYTES))) for size in self.sizes]
        return pickle.loads(self.pickled, buffers=arrays)
