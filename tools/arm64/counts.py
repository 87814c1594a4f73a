"""What kernels call and spill on an ARM processor, beside a table of what they did when it was last looked at.

With other versions of the compilers the machine code is another one: spills are then not compared. Calls always are.
"""

import json
import sys
from pathlib import Path
from typing import Any

import llvmlite
import numba

from tools.arm64.kernels import Counts

TABLE = Path(__file__).with_name("counts.json")
MAY_CALL = {"memcpy", "memmove", "memset", "sched_yield"}
"""Of a C library. The results of others, as `expf`, differ from library to library; `fmaf` is slow, too."""


def compilers() -> dict[str, str]:
    """The versions of what makes the machine code."""
    return {
        "python": ".".join(map(str, sys.version_info[:2])),
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
    }


def table(counts: dict[str, Counts]) -> dict[str, Any]:
    """What is kept: the vectors spilled or reloaded by each kernel that does so, and by which compilers."""
    return {"compilers": compilers(), "spills": {name: found.spills for name, found in counts.items()}}


def complaints(counts: dict[str, Counts], known: dict[str, Any] | None = None) -> list[str]:
    """What is worse than in a table, by default the one that is kept."""
    known = known or json.loads(TABLE.read_text("utf-8"))
    wrong = []
    for name, found in counts.items():
        for called in sorted(set(found.calls) - MAY_CALL):
            wrong.append(f"{name} calls {called} on ARM, whose results differ among C libraries, or which is slow")
        spills = known["spills"].get(name)
        if known["compilers"] != compilers():
            continue
        if spills is None:
            wrong.append(f"{name} is not in {TABLE.name}: look at it, and run this with --save-counts")
        elif found.spills > spills:
            wrong.append(f"{name} spills or reloads {found.spills} vectors on ARM, where it was {spills}")
    return wrong
