"""The machines of a Ray cluster that work for one driver: found, checked, called, waited for, replaced when lost.

Of Ray only the core is used: actors, objects, and the list of its nodes. Nothing is restarted by Ray: the driver knows
which state a new machine has to begin from.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from firth.cluster.host import CONCURRENCY_GROUPS, PING, Host, versions
from firth.cluster.peers import HAND_OVER
from firth.errors import ClusterError, FirthError, shortened

PING_SECONDS, SILENT_SECONDS = 2.0, 30.0
"""After which a node that has not come to its result is asked whether it is alive; and is lost, if it does not answer.
"""
TOLD_SECONDS, GATHER_SECONDS = 10.0, 600.0
"""After which it is said what is waited for, then after twice as long; and machines are no longer waited for."""
LOOK_SECONDS = 2.0
"""Between looks for machines that have come."""
START_SECONDS = 120.0
"""For an actor to start: Python, firth and its imports, on a slow disk."""
MOST_FAILURES = 5
"""Of one machine in one part of the work, before that ends: it is not chance any more."""
Result = TypeVar("Result")


class NodesLostError(Exception):
    """Some nodes have died, or do not answer: what was asked of all is to be done again by the others."""


@dataclass(eq=False)
class Node:
    """A machine, with the actor that works there; and the state that its user notes of it."""

    id: str
    address: str
    cpus: int
    actor: Any
    store_bytes: int
    ping: Any = None
    pinged: float = 0.0
    state: Any = None

    @property
    def key(self) -> int:
        """What tells its actor from those of before on the same machine."""
        return id(self.actor)

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method of its object; references among the arguments are resolved there. Returns a reference."""
        return self.actor.call.remote(method, *arguments)

    def meet(self, given_up: int, number: int, actors: Any) -> Any:
        """Tell it who is there, while it works (`firth.cluster.peers.Peers.meet`). Returns a reference."""
        return self.actor.meet.options(concurrency_group=HAND_OVER).remote(given_up, number, actors)

    def run(self, function: Callable[[Any], Any], item: Any) -> Any:
        """Run a function there. Returns a reference."""
        return self.actor.run.remote(function, item)

    def __str__(self) -> str:
        return f"{self.address} ({self.id[:8]})"


@dataclass(frozen=True)
class Wanted:
    """How many machines are to work: `count`, or as many as there are up to `most`; and how many nodes each makes."""

    count: int | None = None
    most: int = 1 << 30
    of_machine: int = 1


class Nodes:
    """The machines that work now."""

    def __init__(self, ray: Any, wanted: Wanted, report: Callable[[str], None]):
        self.ray, self.wanted, self.report = ray, wanted, report
        self.alive: list[Node] = []
        self.starting: list[tuple[Node, Any, float]] = []
        self.unfit: set[str] = set()
        self.failures: Counter[str] = Counter()  # to start, by machine: those with fewer are tried first
        self.last_failure = ""
        self.looked = 0.0
        self.has_begun = False
        errors = ray.exceptions
        self.lost_errors = (
            errors.RayActorError,
            errors.ObjectLostError,
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.OutOfMemoryError,
            errors.GetTimeoutError,
        )

    # ── coming and going ─────────────────────────────────────────────────────────────────────────────────────────────

    def gather(self, least: int | None = None) -> None:
        """Wait until as many as wanted are there, or at least so many.

        Raises `ClusterError` when they do not come, or are of other versions.
        """
        needed = least or self.wanted.count or 1
        began = time.monotonic()
        told = began + TOLD_SECONDS
        while True:
            self.newcomers()
            if len(self.alive) >= needed and not (self.starting and least is None):
                self.has_begun = True
                return
            now = time.monotonic()
            if now - began > GATHER_SECONDS:
                raise ClusterError(f"waited {GATHER_SECONDS:g} s for {self.what_is_missing(needed)}")
            if now > told:
                told = now + (told - began)
                self.report(f"waiting for {self.what_is_missing(needed)}")
            time.sleep(0.05)

    def what_is_missing(self, needed: int) -> str:
        """What was asked for, and what is there."""
        there = Counter(map(_cpus, self._ray_nodes()))
        kinds = ", ".join(f"{machines(count)} of {_of_cpus(cpus)}" for cpus, count in sorted(there.items())) or "none"
        free = self.ray.available_resources().get("CPU", 0)
        wanted = f"{machines(needed)} with all CPUs free, of which {len(self.alive)} work"
        if len(self.alive) >= needed:
            wanted = f"{machines(len(self.starting))} to start, beside {len(self.alive)} that work"
        reason = f". The last that did not start: {self.last_failure}" if self.last_failure else ""
        return f"{wanted}. The cluster has {kinds}; free are {_of_cpus(int(free))}{reason}"

    def newcomers(self) -> None:
        """Take those in that have become ready. Now and then, actors are started where some are missing."""
        now = time.monotonic()
        if now - self.looked > LOOK_SECONDS or not (self.alive or self.starting or self.failures):
            self.looked = now
            self._start_missing()
        for entry in list(self.starting):
            node, reference, began = entry
            if self.ray.wait([reference], timeout=0)[0]:
                self.starting.remove(entry)
                if self._is_fit_now(node, reference):
                    self.alive.append(node)
            elif now - began > START_SECONDS:
                self.starting.remove(entry)
                self._has_not_started(node, f"no answer in {START_SECONDS:g} s: are its CPUs free?")

    def _start_missing(self) -> None:
        """Start actors on machines that have none, those first that have failed least."""
        used = Counter([node.id for node in self.alive] + [node.id for node, _, _ in self.starting])
        there, of_machine = self._ray_nodes(), self.wanted.of_machine
        there.sort(key=lambda found: self.failures[found["NodeID"]])
        wanted = len(there) * of_machine if self.wanted.count is None else self.wanted.count
        missing = min(wanted, self.wanted.most) - used.total()
        for found in there:
            if found["NodeID"] not in self.unfit:
                for _ in range(min(of_machine - used[found["NodeID"]], missing)):
                    missing -= 1
                    node = self._start_on(found)
                    self.starting.append((node, node.actor.versions.remote(), time.monotonic()))

    def _start_on(self, found: dict[str, Any]) -> Node:
        """Start an actor on a machine, with all its CPUs."""
        cpus = _cpus(found) // self.wanted.of_machine
        affinity = self.ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        actor = self.ray.remote(concurrency_groups=CONCURRENCY_GROUPS)(Host).options(
            num_cpus=cpus,
            max_restarts=0,
            scheduling_strategy=affinity(found["NodeID"], soft=False),
        )
        store = int(found["Resources"].get("object_store_memory", 0))
        return Node(found["NodeID"], found["NodeManagerAddress"], cpus, actor.remote(), store)

    def _is_fit_now(self, node: Node, reference: Any) -> bool:
        """Whether a new node can work. One that comes later and cannot is left out."""
        try:
            return self._is_fit(node, reference)
        except ClusterError as error:
            if not self.has_begun:
                raise
            self.leave_out(node, error)
            return False

    def _is_fit(self, node: Node, reference: Any) -> bool:
        """Whether a new node's actor is there. Raises `ClusterError` if it has other versions than the driver."""
        try:
            theirs, ours = self.ray.get(reference, timeout=PING_SECONDS), versions()
        except self.ray.exceptions.RayTaskError as error:
            raise ClusterError(f"firth cannot start on {node}: {shortened(str(error.cause or error))}") from error
        except self.ray.exceptions.RayError as error:
            if "No module named" in str(error):
                raise ClusterError(
                    f"firth is not installed on {node}: install the same version on every machine"
                ) from error
            self._has_not_started(node, str(error))
            return False
        different = [
            f"{name} {theirs.get(name)} there, {ours[name]} here" for name in ours if theirs.get(name) != ours[name]
        ]
        if different:
            self._kill(node)
            raise ClusterError(
                f"{node} has other versions: {'; '.join(different)}. The same on all machines come to the same bits"
            )
        return True

    def _has_not_started(self, node: Node, reason: str) -> None:
        self.failures[node.id] += 1
        self.last_failure = f"{node}, {shortened(reason)}"
        self._kill(node)

    def leave_out(self, node: Node, error: Exception) -> None:
        """Go on without a machine, for good, and say why."""
        self.unfit.add(node.id)
        self.alive = [other for other in self.alive if other is not node]
        self._kill(node)
        self.report(f"left out: {error}")

    def _ray_nodes(self) -> list[dict[str, Any]]:
        """The machines that are alive and have CPUs, always in the same order."""
        found = [node for node in self.ray.nodes() if node["Alive"] and _cpus(node) > 0]
        return sorted(found, key=lambda node: str(node["NodeID"]))

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def put(self, value: Any) -> Any:
        """A reference to a value in the object store of this machine."""
        try:
            return self.ray.put(value)
        except self.ray.exceptions.RayError as error:
            self._explain(error, "this machine")

    def results(self, references: Sequence[Any], of: Sequence[Node] = ()) -> list[Any]:
        """What some calls came to, in their order. If it is said of which nodes they are, so is who is waited for.

        Raises `NodesLostError` when a machine has died, or does not answer; what failed there for another reason is
        raised as it is, if it is an error of firth's, and as a `ClusterError` if not.
        """
        pending = list(references)
        began = time.monotonic()
        told = began + 6 * TOLD_SECONDS
        while pending:
            done, pending = self.ray.wait(pending, num_returns=1, timeout=PING_SECONDS)
            for reference in done:
                self._get(reference)
            if not done:
                self._ping_all()
            if of and pending and (now := time.monotonic()) > told:
                told = now + (told - began)
                late = [str(node) for node, reference in zip(of, references, strict=True) if reference in pending]
                self.report(f"waiting for {', '.join(late)}")
        return [self._get(reference) for reference in references]

    def some_results(self, references: Sequence[Any]) -> list[tuple[Any, Any]]:
        """Those of some calls that have come to their results, with these; none, if that takes long. Raises as
        `results` does.
        """
        done, _ = self.ray.wait(references, num_returns=1, timeout=PING_SECONDS)
        if not done:
            self._ping_all()
        return [(reference, self._get(reference)) for reference in done]

    def has_failed(self, reference: Any) -> bool:
        """Whether a call was lost with its machine."""
        if not self.ray.wait([reference], timeout=0)[0]:
            return False
        try:
            self._get(reference)
        except NodesLostError:
            return True
        return False

    def _get(self, reference: Any) -> Any:
        try:
            return self.ray.get(reference, timeout=SILENT_SECONDS)
        except self.lost_errors as error:
            raise NodesLostError(shortened(str(error))) from error
        except self.ray.exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, self.lost_errors):
                raise NodesLostError(shortened(str(cause))) from error
            if isinstance(cause, FirthError):
                raise cause from None
            self._explain(cause or error, str(getattr(error, "ip", "") or "a machine"))
        except self.ray.exceptions.RayError as error:
            self._explain(error, "a machine")

    def _explain(self, cause: BaseException, where: str) -> NoReturn:
        """Raise a `ClusterError` that says what failed on a machine."""
        errors = self.ray.exceptions
        if isinstance(cause, errors.ObjectStoreFullError | errors.OutOfDiskError):
            raise ClusterError(
                f"the object store of {where} is full ({shortened(str(cause))}): start Ray with more, ray start"
                " --object-store-memory, or use a smaller vocabulary"
            ) from cause
        raise ClusterError(f"the work failed on {where}: {type(cause).__name__}: {cause}") from cause

    def _ping_all(self) -> None:
        """Ask all whether they are alive. Those that have not answered for long are killed, and lost."""
        now = time.monotonic()
        silent = []
        for node in self.alive:
            if node.ping is not None and self.ray.wait([node.ping], timeout=0)[0]:
                self._get(node.ping)
                node.ping = None
            if node.ping is None:
                node.ping, node.pinged = self._ping(node), now
            elif now - node.pinged > SILENT_SECONDS:
                silent.append(node)
                self._kill(node)
        if silent:
            raise NodesLostError(f"{', '.join(map(str, silent))}: no answer for {SILENT_SECONDS:g} s")

    @staticmethod
    def _ping(node: Node) -> Any:
        return node.actor.ping.options(concurrency_group=PING).remote()

    def again_where_lost(self, work: Callable[[], Result]) -> Result:
        """What work comes to, begun again by those that are left when a machine is lost."""
        failures: Counter[str] = Counter()
        while True:
            try:
                return work()
            except NodesLostError as error:
                lost = self.drop_lost()
                self.tell_lost(lost)
                failures.update([node.id for node in lost] or ["nobody"])
                if max(failures.values()) >= MOST_FAILURES:
                    raise ClusterError(f"the work failed {MOST_FAILURES} times, the last time: {error}") from error
                self.gather(1)

    def tell_lost(self, lost: Sequence[Node]) -> None:
        """Report the lost machines, and how many go on."""
        names = ", ".join(map(str, lost))
        what = f"{names} was lost: its work" if lost else "a call was lost: it"
        self.report(f"{what} is done again by {machines(len(self.alive))}")

    def drop_lost(self) -> list[Node]:
        """Leave out those that do not answer now; return them."""
        pings = [self._ping(node) for node in self.alive]
        deadline = time.monotonic() + SILENT_SECONDS
        lost = []
        for node, ping in zip(self.alive, pings, strict=True):
            try:
                self.ray.get(ping, timeout=max(0.1, deadline - time.monotonic()))
            except self.ray.exceptions.RayError:
                lost.append(node)
                self._kill(node)
            node.ping = None
        self.alive = [node for node in self.alive if node not in lost]
        return lost

    def _kill(self, node: Node) -> None:
        with suppress(Exception):
            self.ray.kill(node.actor)

    def close(self) -> None:
        """End all actors."""
        for node in [*self.alive, *(node for node, _, _ in self.starting)]:
            self._kill(node)
        self.alive, self.starting = [], []


def machines(count: int) -> str:
    """So many of them, in words."""
    return f"{count} machine{'s' * (count != 1)}"


def _of_cpus(count: int) -> str:
    return f"{count} CPU{'s' * (count != 1)}"


def _cpus(node: dict[str, Any]) -> int:
    return int(node["Resources"].get("CPU", 0))
