"""The machines of a Ray cluster that work for one driver: found, checked, called, waited for, replaced when lost.

Ray is imported here alone. Of it only the core is used: actors, objects, and the list of its nodes. Nothing is
restarted by Ray: the driver knows which state a new machine has to begin from.
"""

from __future__ import annotations

import importlib
import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from firth.cluster.host import Host, versions
from firth.cpu import usable_threads
from firth.errors import ClusterError, FirthError, shortened

PING_SECONDS, SILENT_SECONDS = 2.0, 30.0
"""After which a node that has not come to its result is asked whether it is alive; and is lost, if it does not answer.
"""
TOLD_SECONDS, GATHER_SECONDS = 10.0, 600.0
"""After which it is said what is waited for; and no longer waited for."""
LOOK_SECONDS = 2.0
"""Between looks for machines that have come."""
MOST_FAILURES = 5
"""Of one part of the work, before it ends: it is not chance any more."""
KNOCK_SECONDS = 10.0
"""For a cluster's head to answer."""
START_SECONDS = 120.0
"""For an actor to start: Python, firth and its imports, on a slow disk."""

LOCAL = "local"
"""The address of a cluster that is started on this machine, to try it: each of its nodes is a process."""

Result = TypeVar("Result")


class NodesLostError(Exception):
    """Some nodes have died, or do not answer: what was asked of all is to be done again by the others."""


@dataclass
class Node:
    """A machine, with the actor that works there."""

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

    def call(self, method: str, *arguments: Any, returns: int = 1) -> Any:
        """Call a method of its object; references among the arguments are resolved there. Returns references."""
        return self.actor.call.options(num_returns=returns).remote(method, *arguments)

    def __str__(self) -> str:
        return f"{self.address} ({self.id[:8]})"


class Nodes:
    """Those that work now: `wanted` of them, or as many as there are, and so many of each machine."""

    def __init__(self, ray: Any, wanted: int | None, report: Callable[[str], None], of_machine: int = 1):
        self.ray, self.wanted, self.report, self.of_machine = ray, wanted, report, of_machine
        self.alive: list[Node] = []
        self.starting: list[tuple[Node, Any, float]] = []
        self.unfit: set[str] = set()
        self.looked = 0.0
        self.has_begun = False
        exceptions = ray.exceptions
        self.lost_errors = (
            exceptions.RayActorError,
            exceptions.ObjectLostError,
            exceptions.WorkerCrashedError,
            exceptions.NodeDiedError,
            exceptions.OutOfMemoryError,
            exceptions.GetTimeoutError,
        )

    # ── coming and going ─────────────────────────────────────────────────────────────────────────────────────────────

    def gather(self, least: int | None = None) -> list[Node]:
        """Wait until as many as wanted are there, or at least so many; return those that have come.

        Raises `ClusterError` when they do not come, or are of other versions.
        """
        needed = least or self.wanted or 1
        began = time.monotonic()
        told = began + TOLD_SECONDS
        come: list[Node] = []
        while True:
            come += self.newcomers(at_once=True)
            if len(self.alive) >= needed and not (self.starting and least is None):
                self.has_begun = True
                return come
            now = time.monotonic()
            if now - began > GATHER_SECONDS:
                raise ClusterError(f"waited {GATHER_SECONDS:.0f} s for {self.what_is_missing(needed)}")
            if now > told:
                told = now + (told - began)
                self.report(f"waiting for {self.what_is_missing(needed)}")
            time.sleep(0.05)

    def what_is_missing(self, needed: int) -> str:
        """What was asked for, and what is there."""
        there = Counter(map(_cpus, self._ray_nodes()))
        kinds = ", ".join(f"{machines(count)} of {cpus} CPUs" for cpus, count in sorted(there.items())) or "none"
        free = self.ray.available_resources().get("CPU", 0)
        return (
            f"{machines(needed)} with all CPUs free, of which {len(self.alive)} work. The cluster has {kinds}; free are"
            f" {free:.0f} CPUs"
        )

    def newcomers(self, *, at_once: bool = False) -> list[Node]:
        """Those that have become ready. Where some are missing, actors are started on machines that have none."""
        now = time.monotonic()
        if at_once or now - self.looked > LOOK_SECONDS:
            self.looked = now
            self._start_missing()
        ready = []
        for entry in list(self.starting):
            node, reference, began = entry
            if self.ray.wait([reference], timeout=0)[0]:
                self.starting.remove(entry)
                if self._is_fit_now(node, reference):
                    self.alive.append(node)
                    ready.append(node)
            elif now - began > START_SECONDS:
                self.starting.remove(entry)
                self._kill(node)
        return ready

    def _start_missing(self) -> None:
        used = Counter([node.id for node in self.alive] + [node.id for node, _, _ in self.starting])
        missing = len(self._ray_nodes()) * self.of_machine if self.wanted is None else self.wanted - used.total()
        for found in self._ray_nodes():
            if found["NodeID"] not in self.unfit:
                for _ in range(min(self.of_machine - used[found["NodeID"]], missing)):
                    missing -= 1
                    node = self._start_on(found)
                    self.starting.append((node, node.actor.versions.remote(), time.monotonic()))

    def _start_on(self, found: dict[str, Any]) -> Node:
        """Start an actor on a machine, with all its CPUs."""
        cpus, affinity = (
            _cpus(found) // self.of_machine,
            self.ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy,
        )
        actor = self.ray.remote(concurrency_groups={"ping": 1})(Host).options(
            num_cpus=cpus,
            max_restarts=0,
            scheduling_strategy=affinity(found["NodeID"], soft=False),
        )
        store = int(found["Resources"].get("object_store_memory", 0))
        return Node(found["NodeID"], found["NodeManagerAddress"], cpus, actor.remote(), store)

    def _is_fit_now(self, node: Node, reference: Any) -> bool:
        """Whether a new node can work. One that comes later and cannot is left alone, and said."""
        try:
            return self._is_fit(node, reference)
        except ClusterError as error:
            if not self.has_begun:
                raise
            self.unfit.add(node.id)
            self.report(f"left out: {error}")
            return False

    def _is_fit(self, node: Node, reference: Any) -> bool:
        """Whether a new node's actor is there. Raises `ClusterError` if it has other versions than the driver."""
        try:
            theirs, ours = self.ray.get(reference, timeout=PING_SECONDS), versions()
        except self.ray.exceptions.RayTaskError as error:
            raise ClusterError(f"firth cannot start on {node}: {shortened(str(error.cause or error))}") from error
        except self.lost_errors as error:
            if "ModuleNotFoundError" in str(error) or "No module named" in str(error):
                raise ClusterError(
                    f"firth is not installed on {node}: install the same version on every machine"
                ) from error
            return False
        if different := [
            f"{name} {theirs[name]} there, {ours[name]} here" for name in ours if theirs[name] != ours[name]
        ]:
            self._kill(node)
            raise ClusterError(
                f"{node} has other versions: {'; '.join(different)}. The same on all machines come to the same bits"
            )
        return True

    def _ray_nodes(self) -> list[dict[str, Any]]:
        """The machines that are alive and have CPUs, always in the same order."""
        found = [node for node in self.ray.nodes() if node["Alive"] and _cpus(node) > 0]
        return sorted(found, key=lambda node: str(node["NodeID"]))

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def results(self, references: Sequence[Any]) -> list[Any]:
        """What some calls came to, in their order.

        Raises `NodesLostError` when a machine has died, or does not answer; what failed there for another reason is
        raised as it is, if it is an error of firth's, and as a `ClusterError` if not.
        """
        pending = list(references)
        while pending:
            done, pending = self.ray.wait(pending, num_returns=1, timeout=PING_SECONDS)
            for reference in done:
                self._get(reference)
            if not done:
                self._ping_all()
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
            raise ClusterError(self._explained(cause or error)) from error

    def _explained(self, cause: BaseException) -> str:
        exceptions = self.ray.exceptions
        if isinstance(cause, exceptions.ObjectStoreFullError | exceptions.OutOfDiskError):
            return (
                f"a machine's object store is full ({shortened(str(cause))}): start Ray with more, ray start"
                " --object-store-memory, or use a smaller vocabulary"
            )
        return f"the work failed on a machine: {type(cause).__name__}: {cause}"

    def _ping_all(self) -> None:
        """Ask all whether they are alive. One that has not answered for long is killed, and lost."""
        now = time.monotonic()
        for node in self.alive:
            if node.ping is not None and self.ray.wait([node.ping], timeout=0)[0]:
                self._get(node.ping)
                node.ping = None
            if node.ping is None:
                node.ping, node.pinged = node.actor.ping.options(concurrency_group="ping").remote(), now
            elif now - node.pinged > SILENT_SECONDS:
                self._kill(node)
                raise NodesLostError(f"{node} has not answered for {SILENT_SECONDS:.0f} s")

    def again_where_lost(self, work: Callable[[], Result]) -> Result:
        """What work comes to, begun again by those that are left when a machine is lost."""
        reason = ""
        for _ in range(MOST_FAILURES):
            try:
                return work()
            except NodesLostError as error:
                reason = str(error)
                self.tell_lost(self.drop_lost())
                self.gather(1)
        raise ClusterError(f"the work failed {MOST_FAILURES} times, the last time: {reason}")

    def tell_lost(self, lost: Sequence[Node]) -> None:
        """Say which machines were lost, and who does their work."""
        names = ", ".join(map(str, lost)) or "a machine"
        self.report(f"{names} was lost: its work is done again by {machines(len(self.alive))}")

    def drop_lost(self) -> list[Node]:
        """Leave out those that do not answer now; return them."""
        pings = [node.actor.ping.options(concurrency_group="ping").remote() for node in self.alive]
        deadline = time.monotonic() + SILENT_SECONDS
        lost = []
        for node, ping in zip(self.alive, pings, strict=True):
            try:
                self.ray.get(ping, timeout=max(0.1, deadline - time.monotonic()))
            except (*self.lost_errors, self.ray.exceptions.RayError):
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


def _cpus(node: dict[str, Any]) -> int:
    return int(node["Resources"].get("CPU", 0))


@contextmanager
def connected(wanted: int | None, address: str | None, report: Callable[[str], None]) -> Iterator[Nodes]:
    """The nodes of a cluster: of the one that this process is connected to, or that at an address, or that which runs
    on this machine; with the address "local", of one that is started here, and ends when the work does.

    Raises `ClusterError` where Ray is not installed, or no cluster is there.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")  # of calls whose period was given up
    ray = _imported()
    ours = not ray.is_initialized()
    if ours:
        _connect(ray, address, wanted or 1)
    elif address is not None and address != "auto" and not _is_here(ray, address):
        raise ClusterError(
            f"this process is connected to another cluster than {shortened(address)}: ray.shutdown() first"
        )
    nodes = Nodes(ray, wanted, report, of_machine=(wanted or 1) if ours and address == LOCAL else 1)
    try:
        nodes.gather()
        yield nodes
    finally:
        nodes.close()
        if ours:
            ray.shutdown()


def _imported() -> Any:
    try:
        ray = importlib.import_module("ray")
        importlib.import_module("ray.util.scheduling_strategies")
    except ImportError as error:
        raise ClusterError("training on several machines needs an extra: pip install 'firth[ray]'") from error
    return ray


def _connect(ray: Any, address: str | None, wanted: int) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == LOCAL:
        quiet |= {"include_dashboard": False, "num_cpus": max(usable_threads(), wanted)}
    address = address or os.environ.get("RAY_ADDRESS") or "auto"
    try:
        if address != LOCAL:
            _knock(_address_here() if address == "auto" else address)
        ray.init(address=address, **quiet)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"there is no Ray cluster {'here' if address == 'auto' else 'at ' + shortened(address)} ({error}). Start"
            " one with `ray start --head`, and on the other machines `ray start --address HEAD:6379`; or try it on this"
            ' machine alone with the address "local". If one is there, it may want a token: set RAY_AUTH_MODE=token'
        ) from error
    except RuntimeError as error:
        raise ClusterError(f"Ray refuses this machine: {error}") from error


def _address_here() -> str:
    """That of the cluster which this machine belongs to, as Ray has written it down; else "auto"."""
    with suppress(ImportError, AttributeError, OSError):
        utils = importlib.import_module("ray._common.utils")
        return Path(utils.get_ray_address_file(None)).read_text("utf-8").strip() or "auto"
    return "auto"


def _knock(address: str) -> None:
    """Raise `OSError` if nobody listens at an address: Ray would wait for a minute and more."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), KNOCK_SECONDS).close()


def _is_here(ray: Any, address: str) -> bool:
    return str(ray.get_runtime_context().gcs_address) == address.removeprefix("ray://")
