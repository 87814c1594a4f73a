"""Encode a text once: one_reading TEXT THREADS KIND; as text, or its tokens as lists, or those in a column."""

import json
import sys
import tempfile
import time
from pathlib import Path

import firth
from benchmarks._lib.processes import own_peak

path, threads, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with tempfile.TemporaryDirectory() as folder:
    source = path
    if kind != "text":
        source = [line.split() for line in Path(path).read_text("utf-8").split("\n")]
    if kind == "column":
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.table({"tokens": source}), f"{folder}/table.parquet")
        source = firth.column(f"{folder}/table.parquet", "tokens")
    firth.encode(["so that the kernels are compiled"], f"{folder}/first")
    firth.encode([["and", "those", "for", "lists"]], f"{folder}/second")
    wall, cpu = time.perf_counter(), time.process_time()
    firth.encode(source, f"{folder}/corpus", threads=threads)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps({"wall": wall, "cpu": cpu, "peak": own_peak()}))
