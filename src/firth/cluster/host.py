"""What runs on a machine of the cluster: an actor with one object, whose methods are called from the driver."""

from __future__ import annotations

import importlib
import platform
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from firth._version import __version__
from firth.jit import target


def versions() -> dict[str, str]:
    """What must be the same on all machines: Python's version to the minor, those of the others whole."""
    python = ".".join(platform.python_version_tuple()[:2])
    compiler = "on" if target.is_enabled() else "off"
    libraries = {name: version(name) for name in ("numpy", "numba")}
    return {"Python": python, "firth": __version__, "the compiler": compiler} | libraries


class Host:
    """An actor: it holds one object, which is made on its machine."""

    def __init__(self) -> None:
        self.object: Any = None

    def versions(self) -> dict[str, str]:
        """Those of this machine."""
        return versions()

    def ping(self) -> bool:
        """Answer, while other calls are at work."""
        return True

    def make(self, module: str, name: str, *arguments: Any) -> bool:
        """Make the object: an instance of a class, by its module and name."""
        self.object = None  # an older one takes memory
        self.object = getattr(importlib.import_module(module), name)(*arguments)
        return True

    def run(self, function: Callable[[Any], Any], item: Any) -> Any:
        """What a function comes to for an item."""
        return function(item)

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method of the object."""
        return getattr(self.object, method)(*arguments)
