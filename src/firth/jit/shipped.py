"""Machine code that comes with the package, for usual processors: where there is some, nothing is compiled.

`python -m tools.machine_code` makes it before a release. It is left alone where it is not of these sources, or needs
what the processor lacks.
"""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firth.jit.cache import PACKAGE, MachineCode, sources_digest
from firth.jit.target import processor

FOLDER = PACKAGE / "machine_code"
INDEX = "index.json"
"""Says of which sources the machine code is, and for which targets: of each its folder, system, machine, and the
features that a processor must have; the best target first.
"""


def find(function: Callable[..., Any], signature: tuple[Any, ...]) -> MachineCode | None:
    """The machine code of a kernel for arguments of these types, or None if none was shipped."""
    folder = folder_here()
    if folder is None or not function.__module__.startswith("firth."):
        return None
    try:
        return MachineCode.from_bytes((folder / file_name(function, signature)).read_bytes())
    except OSError:
        return None


def file_name(function: Callable[..., Any], signature: tuple[Any, ...]) -> str:
    """Where the machine code of a kernel for arguments of these types is, in a target's folder."""
    digest = hashlib.sha256(repr(signature).encode()).hexdigest()[:16]
    return f"{function.__module__}.{function.__name__}-{digest}.kernel"


@functools.cache
def folder_here() -> Path | None:
    """The folder of the best target that this machine can run, if there is one."""
    try:
        index = json.loads((FOLDER / INDEX).read_bytes())
        if index["sources"] != sources_digest():
            return None
        features = set(processor()[1].split(","))
        for target in index["targets"]:
            here = target["system"], target["machine"]
            if here == (platform.system(), platform.machine()) and features.issuperset(target["features"]):
                return FOLDER / str(target["folder"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None
