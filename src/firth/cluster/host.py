"""What runs on a machine of the cluster: an actor with one object, whose methods are called from the driver.

Calls are done one after the other, except those in concurrency groups of their own.
"""

from __future__ import annotations

import importlib
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

from firth._version import __version__
from firth.cluster.peers import HAND_OVER, Peers
from firth.jit import target

PING = "ping"
CONCURRENCY_GROUPS = {PING: 1, HAND_OVER: 1}
"""Of an actor, each with its number of threads."""


def versions() -> dict[str, str]:
    """What must be the same on all machines: Python's version to the minor, those of the others whole."""
    python = ".".join(platform.python_version_tuple()[:2])
    compiler = "on" if target.is_enabled() else "off"
    libraries = {name: version(name) for name in ("numpy", "numba")}
    return {"Python": python, "firth": __version__, "the compiler": compiler} | libraries


class Host:
    """An actor: it holds one object, which is made on its machine."""

    def __init__(self, ray: Any = None) -> None:
        self.object: Any = None
        self.peers = Peers(ray or importlib.import_module("ray"))

    def versions(self) -> dict[str, str]:
        """Those of this machine."""
        return versions()

    def ping(self) -> bool:
        """Answer, while other calls are at work."""
        return True

    def meet(self, given_up: int, number: int, actors: Sequence[Any]) -> None:
        """See `Peers.meet`."""
        self.peers.meet(given_up, number, actors)

    def take(self, attempt: int, what: str, sender: int, value: Any, *pieces: bytes) -> None:
        """See `Peers.take`."""
        self.peers.take(attempt, what, sender, value, *pieces)

    def make(self, module: str, name: str, *arguments: Any) -> bool:
        """Make the object: an instance of a class, by its module and name, which gets this machine's peers first."""
        self.object = None  # an older one takes memory
        self.object = getattr(importlib.import_module(module), name)(self.peers, *arguments)
        return True

    def run(self, function: Callable[[Any], Any], item: Any) -> Any:
        """What a function comes to for an item."""
        return function(item)

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method of the object."""
        return getattr(self.object, method)(*arguments)
