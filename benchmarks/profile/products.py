"""How near the products of skip-gram come to what a core can do at all: the roofline of this processor.

Each product is that of the usual settings: blocks of 16 centers, each with its own window, and eight negatives; of
vectors that are in the L1 cache. The limit is a loop of multiply-adds that wait for nothing. Without AVX-512 (also by
`NUMBA_CPU_NAME=haswell`) the table is `products-avx2`.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from benchmarks._lib.results import Cell, Column, arguments, finish
from firth.arrays import aligned_zeros
from firth.config import TrainingConfig
from firth.jit.instructions import Builder, Value
from firth.jit.kernel import compiled
from firth.jit.lowering import replaces
from firth.jit.simd import List, accumulate, broadcast, index, multiply_add
from firth.kernels.linalg.product_tiles_llvm import WIDE
from firth.kernels.linalg.products import BAND_ROWS, matmul_nn_shifted, matmul_nt_banded, matmul_tn_banded
from firth.kernels.word2vec.blocks import Context
from firth.kernels.word2vec.windows import weigh_windows
from firth.training.workers import new_windows

CENTERS, NEGATIVES, WINDOW = 16, 8, 5
BLOCKS, TIMES, TURNS = 64, 50, 21
SUMS, STEPS = 12 if WIDE else 6, 1000
"""Vectors that the limit adds to: as many as there are registers for, without waiting for one another."""


def multiply_add_often(numbers: Any) -> None:
    """Add the product of two vectors to each of some vectors, `STEPS` times."""


@replaces(multiply_add_often)
def _multiply_add_often(builder: Builder, numbers: List) -> None:
    a, b = (broadcast(builder, numbers.number(index(i))) for i in range(2))

    def add(_: Value, sums: list[Value]) -> list[Value]:
        return [multiply_add(builder, a, b, total) for total in sums]

    for place, total in enumerate(accumulate(builder, [numbers.zeros] * SUMS, index(0), index(STEPS), 1, add)):
        numbers.store(total, index(16 * place))


@compiled
def run_limit(times, numbers):  # type: ignore[no-untyped-def]
    for _ in range(times):
        multiply_add_often(numbers)


@compiled
def run_scores(blocks, X, of_x, Z, of_z, size, bands, S):  # type: ignore[no-untyped-def]
    for block in range(blocks):
        matmul_nt_banded(X, of_x, Z, of_z, size, bands[block % BLOCKS], S)


@compiled
def run_inputs(blocks, tokens, G, bands, Z, of_z, size, weights, shift, out, squares):  # type: ignore[no-untyped-def]
    for block in range(blocks):
        matmul_nn_shifted(
            G, tokens[block % BLOCKS], bands[block % BLOCKS], 16, Z, of_z, weights, shift, size, out, squares
        )


@compiled
def run_outputs(blocks, G, X, of_x, size, bands, out, squares):  # type: ignore[no-untyped-def]
    for block in range(blocks):
        matmul_tn_banded(G, X, of_x, size, bands[block % BLOCKS], out, squares)


def blocks_of_text(rng: Any) -> tuple[Any, Any, Any, int]:
    """The bands of blocks in a long sentence, of columns and of rows; their tokens; and all scores that count."""
    columns, rows, tokens, scores = [], [], [], 0
    for _ in range(BLOCKS):
        windows = new_windows(np.ones(WINDOW, np.float32), 32, CENTERS, 2 * CENTERS)
        windows.reach[:] = rng.integers(1, WINDOW + 1, CENTERS)
        before = int((windows.reach[0] - np.arange(CENTERS)).max())
        n = before + int((windows.reach[1] + np.arange(CENTERS)).max()) + 1
        weigh_windows(Context(CENTERS, n, before), windows)
        windows.tokens_of[CENTERS // BAND_ROWS :] = 0, n
        columns.append(windows.tokens_of)
        rows.append(windows.centers_of)
        tokens.append(n)
        scores += int(2 * windows.reach[0].sum()) + n * NEGATIVES
    return np.array(columns), np.array(rows), np.array(tokens), scores


def seconds_of(run: Any, *given: Any) -> float:
    """Processor time of one call, the median of several."""
    run(*given)
    found = []
    for _ in range(TURNS):
        began = time.process_time()
        run(*given)
        found.append(time.process_time() - began)
    return statistics.median(found)


def main() -> None:
    options = arguments(__doc__, size=TrainingConfig().vector_size)
    rng, size, width = np.random.default_rng(1), options.size, -(-options.size // 16) * 16
    columns, rows, tokens, scores = blocks_of_text(rng)
    outputs = CENTERS + NEGATIVES
    X, Z, S = aligned_zeros(40, width), aligned_zeros(outputs, width), aligned_zeros(40, 32)
    X[:, :size], Z[:, :size] = rng.normal(size=(40, size)), rng.normal(size=(outputs, size))
    of_x, of_z = np.arange(40, dtype=np.int32), np.arange(outputs, dtype=np.int32)
    G = 1e-3 * rng.normal(size=S.shape).astype(np.float32)
    of_inputs, of_outputs, squares = aligned_zeros(40, width), aligned_zeros(outputs, width), np.zeros(48, np.float32)
    weights, shift = np.ones(40, np.float32), aligned_zeros(1, width)
    numbers = aligned_zeros(1, 16 * SUMS)[0]

    limit = 100 * STEPS * SUMS * 32 / seconds_of(run_limit, 100, numbers)
    given = {
        "scores": (run_scores, X, of_x, Z, of_z, size, columns, S),
        "changes of the input vectors": (
            run_inputs, tokens, G, rows, Z, of_z, size, weights, shift, of_inputs, squares,
        ),
        "changes of the output vectors": (run_outputs, G, X, of_x, size, columns, of_outputs, squares),
    }  # fmt: skip
    table: list[list[Cell]] = []
    for name, (run, *arrays) in given.items():
        seconds = seconds_of(run, BLOCKS * TIMES, *arrays) / TIMES
        speed = computed(name, columns, rows, tokens, size) / seconds
        useful = 2 * size * scores / seconds
        table.append([name, seconds / BLOCKS * 1e6, speed / 1e9, speed / limit, useful / limit])
    shown = [Column("product"), Column("µs a block", 2), Column("GFlop/s", 0), Column("of the limit", 2),
             Column("of the limit, pairs and negatives alone", 2)]  # fmt: skip
    bits = 512 if WIDE else 256
    what = f"The products of skip-gram, vectors of {size}, registers of {bits} bits. Limit: {limit / 1e9:.0f} GFlop/s"
    finish("products" if WIDE else "products-avx2", what, shown, table, save=options.save)


def computed(name: str, columns: Any, rows: Any, tokens: Any, size: int) -> float:
    """The floating point operations of a product's bands, with the scores beside pairs in them."""
    part = 16 if WIDE else 8
    width = -(-size // part) * part
    if "input" in name:
        of_rows = sum(
            BAND_ROWS * (int(last - first) + NEGATIVES)
            for block, n in zip(rows, tokens, strict=True)
            for first, last in block[: -(-int(n) // BAND_ROWS)]
        )
        return 2.0 * width * of_rows
    bands = columns[:, : (CENTERS + NEGATIVES) // BAND_ROWS]
    return 2.0 * width * BAND_ROWS * float((bands[:, :, 1] - bands[:, :, 0]).sum())


if __name__ == "__main__":
    main()
