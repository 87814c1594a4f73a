"""Where the time of a training goes, statement by statement of the kernels, on one core, by the processor's counter.

The kernels that are measured are firth's own, with a look at the counter behind each statement (`_lib/instrument.py`);
they are compiled into a folder that is removed. What takes less than a hundredth is summed up.
"""

import os
import tempfile

FOLDER = tempfile.TemporaryDirectory()
os.environ["NUMBA_CACHE_DIR"] = FOLDER.name  # before firth is imported: this machine code is nobody else's

import time  # noqa: E402

import numpy as np  # noqa: E402

from benchmarks._lib.instrument import NOTES, Instrumented, kernel_named  # noqa: E402
from benchmarks._lib.internals import set_up, train_one_epoch  # noqa: E402
from benchmarks._lib.results import Cell, Column, arguments, finish  # noqa: E402

TREE = {"objective": "hierarchical-softmax"}
KINDS = {
    "skip-gram": ({}, "compute_skip_gram_block,add_partition"),
    "cbow": ({"architecture": "cbow"}, "compute_cbow_block,add_partition"),
    "tree": (TREE, "compute_tree_block,add_partition"),
    "cbow-tree": (TREE | {"architecture": "cbow"}, "compute_cbow_tree_block,add_partition"),
}
SMALL = 0.01
SHOWN = 90
"""Characters of a statement."""


def main() -> None:
    options = arguments(__doc__, kind="skip-gram", kernels="", megabytes=10)
    settings, usual = KINDS[options.kind]
    instrumented = Instrumented()
    for name in (options.kernels or usual).split(","):
        instrumented.add(kernel_named(name))
    setup = set_up(settings, options.megabytes)
    train_one_epoch(setup)  # compiles
    NOTES[:] = 0
    train_one_epoch(setup, few=True)  # sets the clock
    NOTES[:-1] = 0
    began = time.process_time()
    train_one_epoch(setup)
    seconds = time.process_time() - began
    cycles = NOTES[: len(instrumented.labels), 0]
    blocks = int(NOTES[instrumented.firsts[0], 1])
    rows = rows_of(instrumented.labels, cycles / cycles.sum(), seconds / blocks * 1e6)
    columns = [Column("statement"), Column("µs a block", 2), Column("of the time", 3)]
    what = f"Where the time goes: {options.kind}, {options.megabytes} MB of `wiki100`, {blocks:,} blocks"
    note = f"NumPy's own matrix product comes to {product_speed():.0f} GFlop a second of the processor."
    name = "phases" if options.kind == "skip-gram" else f"phases-{options.kind}"
    finish(name, what, columns, rows, save=options.save, note=note)


def rows_of(labels: list[str], fractions: np.ndarray, microseconds: float) -> list[list[Cell]]:
    """A row for each statement that takes long, in the order of the code; then the others, and all."""
    rows: list[list[Cell]] = [
        [f"`{label[:SHOWN]}`" if number else label, microseconds * fraction, float(fraction)]
        for number, (label, fraction) in enumerate(zip(labels, fractions.tolist(), strict=True))
        if fraction >= SMALL
    ]
    small = float(fractions[fractions < SMALL].sum())
    rows.append([f"{int((fractions < SMALL).sum())} statements that take less", microseconds * small, small])
    return [*rows, ["in all", microseconds, 1.0]]


def product_speed() -> float:
    """GFlop a second of the processor in NumPy's matrix product."""
    square = np.random.default_rng(0).random((1024, 1024), np.float32)
    began = time.process_time()
    for _ in range(10):
        square @ square
    return 10 * 2 * 1024**3 / (time.process_time() - began) / 1e9


if __name__ == "__main__":
    main()
    FOLDER.cleanup()
