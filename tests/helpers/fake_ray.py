"""What of Ray `firth.cluster` uses, within this process, where machines die at the call that a test names.

The calls of an actor are done one after the other, in a thread; but of all threads only one runs at a time, until it
waits for another machine or is done. So all happens in the same order each time. Calls in a concurrency group are done
at once. What is given to calls, and what they come to, is pickled, as on its way to another machine, and lost with it.
"""

from __future__ import annotations

import pickle
import threading
import weakref
from collections import deque
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar


class RayError(Exception):
    pass


class RayTaskError(RayError):
    def __init__(self, cause):
        super().__init__(str(cause))
        self.cause = cause


def _error(name):
    return type(name, (RayError,), {})


LOST = ("RayActorError", "ObjectLostError", "WorkerCrashedError", "NodeDiedError", "OutOfMemoryError")
OTHERS = ("ActorUnschedulableError", "GetTimeoutError", "ObjectStoreFullError", "OutOfDiskError")
exceptions = SimpleNamespace(
    RayError=RayError, RayTaskError=RayTaskError, **{name: _error(name) for name in (*LOST, *OTHERS)}
)


MOST_WAITS = 50_000
"""While nothing happens: pings, which are answered, do not count."""


class Packed:
    """A value, pickled. What comes out cannot be written to, as what Ray gives."""

    def __init__(self, value):
        buffers = []
        self.pickled = pickle.dumps(value, 5, buffer_callback=buffers.append)
        self.buffers = [bytes(buffer.raw()) for buffer in buffers]

    def value(self):
        return pickle.loads(self.pickled, buffers=self.buffers)


@dataclass(eq=False)
class Reference:
    """A value, packed, or an error; on a machine, or with the driver. Or neither, as long as the call is not done."""

    machine: Machine | None
    packed: Packed | None = None
    error: Exception | None = None

    @property
    def is_done(self):
        return self.packed is not None or self.error is not None

    def value(self):
        if self.error:
            raise self.error
        if not self.is_done:
            raise exceptions.GetTimeoutError("no answer")
        if self.machine is not None and not self.machine.alive:
            raise exceptions.ObjectLostError("the machine is gone")
        return self.packed.value()


@dataclass
class Machine:
    id: str
    cpus: int = 1
    store: int = 1 << 30
    alive: bool = True
    starts: bool = True

    def told(self):
        resources = {"CPU": self.cpus, "object_store_memory": self.store}
        return {
            "NodeID": self.id,
            "NodeManagerAddress": f"10.0.0.{self.id}",
            "Alive": self.alive,
            "Resources": resources,
        }


class KilledError(BaseException):
    """The thread's actor is dead."""


class Turn(threading.Thread):
    """What an actor does for a call: a thread that runs when it is told to, until it waits."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.is_over, self.is_killed, self.seen = work, False, False, -1
        self.may_run, self.has_stopped = threading.Semaphore(0), threading.Semaphore(0)
        self.start()

    def run(self):
        self.may_run.acquire()
        try:
            if not self.is_killed:
                self.work()
        except KilledError:
            pass
        self.is_over = True
        self.has_stopped.release()

    def go_on(self):
        self.may_run.release()
        self.has_stopped.acquire()

    def pause(self):
        self.has_stopped.release()
        self.may_run.acquire()
        if self.is_killed:
            raise KilledError


@dataclass(eq=False)
class Actor:
    ray: FakeRay
    machine: Machine
    object: Any = None
    is_killed: bool = False
    hangs: bool = False
    waiting: deque[tuple[str, list[Any], Reference]] = field(default_factory=deque)
    turn: Turn | None = None
    unanswered: list[Reference] = field(default_factory=list)

    @property
    def alive(self):
        return self.machine.alive and not self.is_killed

    @property
    def can_go_on(self):
        """Whether there is something to do for it, or something new to see for what it does."""
        if not self.alive or self.hangs:
            return False
        if self.turn is not None:
            return self.turn.seen != self.ray.changes
        arguments = self.waiting[0][1] if self.waiting else [Reference(None)]
        return all(one.is_done for one in arguments if isinstance(one, Reference))

    def go_on(self):
        if self.turn is None:
            call = self.waiting.popleft()
            self.turn = Turn(lambda: self.ray.do(self, *call))
        self.turn.seen = self.ray.changes
        self.turn.go_on()
        if self.turn is not None and self.turn.is_over:
            self.turn = None
            self.ray.changes += 1

    def die(self):
        """All that is asked of it fails."""
        self.is_killed = True
        self.ray.changes += 1
        for reference in [*self.unanswered, *(reference for *_, reference in self.waiting)]:
            if not reference.is_done:
                reference.error = exceptions.RayActorError("the actor is dead")
        turn, self.turn = self.turn, None
        if turn is not None and turn is not threading.current_thread() and not turn.is_over:
            turn.is_killed = True
            turn.go_on()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Method(self, name)

    def __reduce__(self):
        return _actor, (id(self.ray), self.ray.actors.index(self))


def _actor(ray, number):
    return FakeRay.all[ray].actors[number]


@dataclass
class Method:
    actor: Actor
    name: str
    group: str | None = None

    def options(self, concurrency_group):
        return Method(self.actor, self.name, concurrency_group)

    def remote(self, *arguments):
        return self.actor.ray.call(self.actor, self.name, arguments, self.group)


class SeenByActor:
    """Ray, as what runs in an actor uses it."""

    def __init__(self, ray, actor):
        self.ray, self.actor = ray, actor

    def put(self, value):
        return Reference(self.actor.machine, Packed(value))

    def wait(self, references, num_returns, timeout):
        found = self.ray.wait(references, num_returns)
        if timeout and not found[0]:
            self.actor.turn.pause()
        return found

    def get(self, references):
        return [reference.value() for reference in references]


class Arrival:
    """The condition that an actor waits with for others: others run meanwhile."""

    def __init__(self, actor):
        self.actor = actor

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def notify_all(self):
        pass

    def wait(self, timeout):
        assert timeout > 0
        self.actor.turn.pause()
        return False


@dataclass(eq=False)
class FakeRay:
    """A cluster of some machines. `dies_at` counts calls of objects' methods, and what actors are told and handed, from
    0, as they are done.
    """

    machines: list[Machine]
    dies_at: dict[int, str] = field(
        default_factory=dict
    )  # "actor" or "machine", before it has done the call; "sender", an actor that calls; "dropped", or "hangs"
    calls: list[str] = field(default_factory=list)
    exceptions = exceptions
    actors: list[Actor] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    changes: int = 0
    waits: tuple[int, int] = 0, 0  # the changes so far, and how often was waited since
    all: ClassVar = weakref.WeakValueDictionary()  # by their ids, for actors that are unpickled

    def __post_init__(self):
        self.all[id(self)] = self

    @property
    def util(self):
        affinity = lambda node_id, soft: node_id  # noqa: E731
        return SimpleNamespace(scheduling_strategies=SimpleNamespace(NodeAffinitySchedulingStrategy=affinity))

    def nodes(self):
        return [machine.told() for machine in self.machines]

    def available_resources(self):
        used = sum(actor.machine.cpus for actor in self.actors if actor.alive)
        return {"CPU": sum(machine.cpus for machine in self.machines if machine.alive) - used}

    def remote(self, concurrency_groups):
        assert set(concurrency_groups) == {"ping", "hand-over"}

        def of_class(cls):
            def options(scheduling_strategy, num_cpus, max_restarts):
                assert max_restarts == 0
                machine = next(m for m in self.machines if m.id == scheduling_strategy)

                def start():
                    actor = Actor(self, machine)
                    actor.object = cls(SeenByActor(self, actor))
                    actor.object.peers.arrived = Arrival(actor)
                    self.actors.append(actor)
                    return actor

                return SimpleNamespace(remote=start)

            return SimpleNamespace(options=options)

        return of_class

    def put(self, value):
        return Reference(None, Packed(value))

    def kill(self, actor):
        actor.die()
        self.go_on()

    def wait(self, references, num_returns=1, timeout=None):
        done = [reference for reference in references if reference.is_done]
        before, count = self.waits
        self.waits = self.changes, count + 1 if before == self.changes else 0
        assert count < MOST_WAITS, "all wait for each other"
        return done[:num_returns], [reference for reference in references if reference not in done[:num_returns]]

    def get(self, reference, timeout=None):
        return reference.value()

    def call(self, actor, name, arguments, group):
        packed = [one if isinstance(one, Reference) else Packed(one) for one in arguments]
        reference = Reference(actor.machine)
        if not actor.machine.starts:
            reference.error = exceptions.ActorUnschedulableError("no room for it")
        elif not actor.alive:
            reference.error = exceptions.RayActorError("the actor is dead")
        elif group is None:
            actor.waiting.append((name, packed, reference))
        else:
            self.do(actor, name, packed, reference)
        caller = threading.current_thread()
        if not isinstance(caller, Turn):
            self.go_on()
        elif caller.is_killed:
            raise KilledError
        return reference

    def go_on(self):
        """Let all actors do what they can."""
        while able := [actor for actor in self.actors if actor.can_go_on]:
            able[0].go_on()

    def do(self, actor, name, packed, reference):
        """Do a call now, in the thread of the actor that it is of, or of the one that makes it."""
        actor.unanswered.append(reference)
        self.changes += name != "ping"
        how = self._how_it_ends(name, packed)
        if how == "dropped":  # the call is lost, and nobody dies
            reference.error = exceptions.RayActorError("unavailable")
        elif how == "sender":
            self._die(*(a for a in self.actors if a.turn is threading.current_thread()))
        elif how == "hangs":
            actor.hangs = True
        elif how:
            actor.machine.alive = how != "machine"
            self._die(*(a for a in self.actors if a is actor or (a.machine is actor.machine and how == "machine")))
        if reference.error or actor.hangs:
            return
        try:
            given = [one.value() for one in packed]
        except RayError as error:
            reference.error = error
            return
        try:
            if name == "versions" and actor.machine.id in self.versions:
                found = self.versions[actor.machine.id]
            else:
                found = getattr(actor.object, name)(*given)
        except Exception as error:
            reference.error = RayTaskError(error)
        else:
            reference.packed = Packed(found)

    def _how_it_ends(self, name, packed):
        """How the machine dies, if it dies at this call."""
        if name not in {"call", "run", "meet", "take"}:
            return None
        number = {"call": 0, "take": 1}.get(name)
        self.calls.append(name if number is None else packed[number].value())
        return self.dies_at.get(len(self.calls) - 1)

    @staticmethod
    def _die(*actors):
        for actor in actors:
            if actor.turn is threading.current_thread():
                actor.turn.is_killed = True
            actor.die()
        if getattr(threading.current_thread(), "is_killed", False):
            raise KilledError
