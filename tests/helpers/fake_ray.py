"""What of Ray `firth.cluster` uses, within this process, where machines die at the call that a test names.

Calls are done at once. What they come to is pickled, as on its way to another machine, and lost with the machine.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


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


@dataclass(eq=False)
class Reference:
    """A value, pickled, or an error; on a machine, or with the driver."""

    machine: Machine | None
    pickled: bytes = b""
    error: Exception | None = None
    hangs: bool = False

    def value(self):
        if self.error:
            raise self.error
        if self.machine is not None and not self.machine.alive:
            raise exceptions.ObjectLostError("the machine is gone")
        return pickle.loads(self.pickled)


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


@dataclass
class Actor:
    ray: FakeRay
    machine: Machine
    object: Any
    alive: bool = True
    hangs: bool = False

    def __getattr__(self, name):
        return Method(self, name)


@dataclass
class Method:
    actor: Actor
    name: str
    returns: int = 1

    def options(self, num_returns=1, concurrency_group=None):
        return Method(self.actor, self.name, num_returns)

    def remote(self, *arguments):
        found = self.actor.ray.do(self.actor, self.name, arguments, self.returns)
        return found if self.returns > 1 else found[0]


@dataclass
class FakeRay:
    """A cluster of some machines. `dies_at` counts calls of objects' methods, from 0, as they are done."""

    machines: list[Machine]
    dies_at: dict[int, str] = field(
        default_factory=dict
    )  # "actor" or "machine", before it has done the call; "dropped", or "hangs"
    calls: list[str] = field(default_factory=list)
    exceptions = exceptions
    actors: list[Actor] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)

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
        def of_class(cls):
            def options(scheduling_strategy, num_cpus, max_restarts):
                assert max_restarts == 0
                machine = next(m for m in self.machines if m.id == scheduling_strategy)

                def start():
                    self.actors.append(Actor(self, machine, cls()))
                    return self.actors[-1]

                return SimpleNamespace(remote=start)

            return SimpleNamespace(options=options)

        return of_class

    def put(self, value):
        return Reference(None, pickle.dumps(value, 5))

    def kill(self, actor):
        actor.alive = False

    def wait(self, references, num_returns=1, timeout=None):
        done = [reference for reference in references if not reference.hangs]
        return done[:num_returns], [reference for reference in references if reference not in done[:num_returns]]

    def get(self, reference, timeout=None):
        if reference.hangs:
            raise exceptions.GetTimeoutError("no answer")
        return reference.value()

    def do(self, actor, name, arguments, returns):  # noqa: PLR0911
        if not actor.machine.starts:
            return [Reference(None, error=exceptions.ActorUnschedulableError("no room for it"))]
        if name in {"call", "run"}:
            self.calls.append(arguments[0] if name == "call" else name)
            how = self.dies_at.get(len(self.calls) - 1)
            if how == "dropped":  # the call is lost, and nobody dies
                return [Reference(None, error=exceptions.RayActorError("unavailable")) for _ in range(returns)]
            if how == "hangs":
                actor.hangs = True
            elif how:
                actor.alive = False
                actor.machine.alive = how != "machine"
        if actor.hangs and actor.alive:
            return [Reference(None, hangs=True) for _ in range(returns)]
        if not (actor.alive and actor.machine.alive):
            error = exceptions.RayActorError("the actor is dead")
            return [Reference(None, error=error) for _ in range(returns)]
        try:
            if any(isinstance(one, Reference) and one.hangs for one in arguments):
                return [Reference(None, hangs=True) for _ in range(returns)]
            given = [
                one.value() if isinstance(one, Reference) else pickle.loads(pickle.dumps(one)) for one in arguments
            ]
            if name == "versions" and actor.machine.id in self.versions:
                found = self.versions[actor.machine.id]
            else:
                found = getattr(actor.object, name)(*given)
        except RayError as error:
            return [Reference(None, error=error) for _ in range(returns)]
        except Exception as error:
            return [Reference(None, error=RayTaskError(error)) for _ in range(returns)]
        return [Reference(actor.machine, pickle.dumps(one, 5)) for one in (found if returns > 1 else [found])]
