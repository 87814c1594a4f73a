"""To a Ray cluster: that of this machine, one at an address, or one that is started here to try it.

Ray is imported here alone.
"""

from __future__ import annotations

import importlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from firth.cluster.nodes import Nodes, Wanted
from firth.cpu import usable_threads
from firth.errors import ClusterError, shortened
from firth.jit import target

LOCAL = "local"
"""The address of a cluster that is started on this machine, to try it: each of its nodes is a process."""
LOWEST_RAY = (2, 60)
"""In older ones a call that waits for another machine holds up the question whether its own is alive."""
KNOCK_SECONDS = 10.0
"""For a cluster's head to answer."""


@contextmanager
def connected(
    count: int | None, address: str | None, report: Callable[[str], None], *, most: int = 1 << 30
) -> Iterator[Nodes]:
    """So many machines of a cluster, or all there are up to `most`: of the cluster that this process is connected to,
    or that at an address, or that of this machine. With the address "local", of one that is started here, and ends
    when the work does.

    Raises `ClusterError` where Ray is not installed, or no cluster is there.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")  # of calls whose period was given up
    ray = _imported()
    if not target.is_enabled():
        raise ClusterError(
            "with the compiler off (NUMBA_DISABLE_JIT) the bits would depend on the number of machines: switch it on"
        )
    address = address or os.environ.get("RAY_ADDRESS") or "auto"
    ours = not ray.is_initialized()
    if ours:
        _connect(ray, address, count or 1)
    elif address != "auto" and str(ray.get_runtime_context().gcs_address) != address:
        raise ClusterError(
            f"this process is connected to another cluster than {shortened(address)}: ray.shutdown() first"
        )
    nodes = Nodes(ray, Wanted(count, most, (count or 1) if ours and address == LOCAL else 1), report)
    try:
        nodes.gather()
        yield nodes
    finally:
        nodes.close()
        if ours:
            ray.shutdown()


def _imported() -> Any:
    """Ray. Raises `ClusterError` if it is not installed, or too old."""
    try:
        ray = importlib.import_module("ray")
        importlib.import_module("ray.util.scheduling_strategies")
    except ImportError as error:
        raise ClusterError("training on several machines needs an extra: pip install 'firth[ray]'") from error
    if tuple(map(int, ray.__version__.split(".")[:2])) < LOWEST_RAY:
        raise ClusterError(f"Ray {ray.__version__} is too old: pip install --upgrade 'firth[ray]', on all machines")
    return ray


def _connect(ray: Any, address: str, count: int) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == LOCAL:
        options |= {"include_dashboard": False, "num_cpus": max(usable_threads(), count)}
    try:
        if address != LOCAL:
            _knock(_address_here() if address == "auto" else address)
        ray.init(address=address, **options)
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
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), KNOCK_SECONDS).close()
