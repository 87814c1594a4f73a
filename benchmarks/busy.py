"""Two threads and one on a machine that has other things to do: a process that never rests on every core.

A thread that the system takes the core from must not make the others wait: two threads should take no longer than one.
"""

import os
import subprocess
import sys
import time
from statistics import median

import firth
from common import SETTINGS, arguments, cut, machine, wiki100

options = arguments(__doc__.splitlines()[0], repeats=5, megabytes=10)
encoded = firth.encode(cut(wiki100(), options.megabytes))


def seconds(threads: int) -> float:
    """Of one epoch."""
    began = time.perf_counter()
    firth.train(encoded, epochs=1, threads=threads, progress=False, **SETTINGS)
    return time.perf_counter() - began


seconds(2)
quiet = [(seconds(1), seconds(2)) for _ in range(options.repeats)]
others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
try:
    busy = [(seconds(1), seconds(2)) for _ in range(options.repeats)]
finally:
    for other in others:
        other.kill()
print(machine())
print("| | one thread, s | two threads, s |\n| --- | ---: | ---: |")
for name, times in (("nobody else", quiet), (f"{len(others)} other processes", busy)):
    print(f"| {name} | {median(t[0] for t in times):.2f} | {median(t[1] for t in times):.2f} |")
