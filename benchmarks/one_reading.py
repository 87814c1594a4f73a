"""Encode a text once: one_reading.py TEXT THREADS."""

import json
import sys
import tempfile
import time

import firth
from common import own_peak

with tempfile.TemporaryDirectory() as folder:
    firth.encode(["so that the kernels are compiled"], f"{folder}/first")
    wall, cpu = time.perf_counter(), time.process_time()
    firth.encode(sys.argv[1], f"{folder}/corpus", threads=int(sys.argv[2]))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps({"wall": wall, "cpu": cpu, "peak": own_peak()}))
