"""The memory that this process may still take."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

MEMINFO, CONTROL_GROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Bytes that are free, or that the system would free; without Linux half of all, and 0 where nothing is known.

    A container's limit counts.
    """
    found = []
    with suppress(OSError, ValueError, StopIteration):
        lines = MEMINFO.read_text("ascii").splitlines()
        found.append(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")))
    with suppress(OSError, ValueError):  # "max" is no number
        limit, used = ((CONTROL_GROUP / f"memory.{name}").read_text("ascii") for name in ("max", "current"))
        found.append(max(0, int(limit) - int(used)))
    if not found and hasattr(os, "sysconf"):
        with suppress(OSError, ValueError):
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
    return min(found, default=0)
