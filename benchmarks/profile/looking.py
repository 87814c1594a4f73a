"""Neighbors, index, map and scores: times, recall, sizes, and equality with gensim's scores.

The index, the map and the page's figures need the extras [ann], [map] and [browser], and Chromium.
"""

import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import firth
from benchmarks._lib.corpora import DATA, WORK, cut, wiki100
from benchmarks._lib.processes import peers_python, run
from benchmarks._lib.results import Cell, Column, arguments, finish, spread
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

Rows = list[list[Cell]]
WIDTH = 100


def timed(work: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """The median of the seconds, and the last result."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - began)
    return median(seconds), result


def named(vectors: np.ndarray) -> WordVectors:
    """Vectors of words w0, w1, …"""
    n = len(vectors)
    return WordVectors(Vocabulary([f"w{i}" for i in range(n)], range(n, 0, -1)), vectors)


def neighbors(_: Path, words: int) -> Rows:
    """Many queries at a time, beside the matrix product alone; and one."""
    random = np.random.default_rng(0)
    vectors = named(random.standard_normal((words, WIDTH), np.float32))
    ids = random.integers(0, words, words // 7)
    asked = [f"w{i}" for i in ids]
    units = vectors.vectors * vectors.inverse_norms[:, None]
    ratios = []
    for _repeat in range(5):
        product, _found = timed(lambda: [units[ids[s : s + 256]] @ units.T for s in range(0, len(ids), 256)])
        ours, _found = timed(lambda: vectors.most_similar(asked))
        ratios.append(ours / product)
    one, _found = timed(lambda: vectors.most_similar("w1"), 50)
    return [
        [f"{len(ids):,} queries on {words:,} × {WIDTH}, by the matrix product's time", spread(ratios)],
        ["the same, seconds", ours],
        ["one query, ms", one * 1e3],
    ]


def index(path: Path, words: int) -> Rows:
    """An index of many vectors, which are near to real ones."""
    random, model = np.random.default_rng(0), firth.load(path)
    units = model.vectors * model.inverse_norms[:, None]
    numbers = units[random.integers(0, len(units), 14 * words)]
    numbers += 0.06 * random.standard_normal(numbers.shape, np.float32)
    large = named(numbers)
    seconds, built = timed(lambda: firth.build_index(large))
    one, _ = timed(lambda: built.most_similar("w5"), 30)
    exact, _ = timed(lambda: large.most_similar("w5"), 10)
    return [
        [f"index of {len(numbers):,} × {WIDTH}, real vectors with noise added: built, seconds", seconds],
        ["its recall@10", built.measured.recall],
        ["in batches, times as fast as exact", built.measured.speedup],
        ["one query, ms", one * 1e3],
        ["one query, times as fast as exact", exact / one],
    ]


def maps(path: Path, words: int) -> Rows:
    """The map by both projections, its size, and the page in a browser."""
    rows: Rows = []
    shown = min(30_000, words)
    for projection in ("pca", "tsne"):
        seconds, page = timed(partial(firth.word_map, firth.load(path), words=shown, projection=projection))
        saved = page.save(WORK / f"map-{projection}.html", overwrite=True)
        rows.append([f"map of {shown:,} words, {projection}, seconds", seconds])
    rows.append(["its page, MB", saved.stat().st_size / 1e6])
    program = shutil.which("chromium") or shutil.which("google-chrome")
    return rows + (in_browser(saved, program) if program else [])


def in_browser(page_path: Path, program: str) -> Rows:
    """How soon the page is there in Chromium without a graphics card, and how smoothly it moves."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(page_path.as_uri())
        page.wait_for_timeout(1500)
        painted = page.evaluate("performance.getEntriesByType('paint')[0].startTime")
        ready = page.evaluate("atlas.firstPaint")
        page.evaluate("atlas.frames.splice(0)")
        page.mouse.move(640, 400)
        for _ in range(15):
            page.mouse.wheel(0, -80)
            page.wait_for_timeout(16)
        page.mouse.down()
        for step in range(60):
            page.mouse.move(640 + 4 * step, 400 + 2 * step)
        page.mouse.up()
        frames = sorted(page.evaluate("atlas.frames"))
        browser.close()
    return [
        ["the page in Chromium: painted after, ms", painted],
        ["the map drawn after, ms", ready],
        ["a frame of zooming and dragging, ms", median(frames)],
        ["95% of frames below, ms", frames[int(0.95 * len(frames))]],
    ]


def scores(path: Path, _: int) -> Rows:
    """How far scores are from gensim's."""
    model = firth.load(path)
    theirs = run(peers_python(), "one_evaluation", path, DATA)
    ours = {
        "WordSim-353": firth.evaluate(model, DATA / "wordsim353.tsv").spearman,
        "SimLex-999": firth.evaluate(model, DATA / "simlex999.txt").spearman,
        "analogies": firth.evaluate(model, DATA / "questions-words.txt", first_words=30_000).add,
    }
    return [[f"{name}, difference from gensim's", f"{abs(score - theirs[name]):.0e}"] for name, score in ours.items()]


PARTS: dict[str, Callable[[Path, int], Rows]] = {"neighbors": neighbors, "index": index, "map": maps, "scores": scores}


def main() -> None:
    options = arguments(__doc__, only=",".join(PARTS), words=70_000, megabytes=100)
    vectors = WORK / f"looking-{options.megabytes}.bin"
    if not vectors.exists():
        firth.train(cut(wiki100(), options.megabytes), epochs=5).export(vectors)
    rows: Rows = []
    for name in options.only.split(","):
        rows += PARTS[name](vectors, options.words)
    finish("looking", "Neighbors, index, map, scores", [Column(""), Column("", 3)], rows, save=options.save)


if __name__ == "__main__":
    main()
