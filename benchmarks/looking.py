"""Neighbors, index, map and scores: times, recall, sizes, and equality with gensim's scores.

Needs the extras [ann], [map] and [browser], and Chromium for the page's figures.
"""

import shutil
import time
from functools import partial
from statistics import median

import numpy as np

import firth
from common import DATA, WORK, arguments, machine, peers_python, run, wiki100
from firth.vectors import WordVectors
from firth.vocabulary import Vocabulary


def timed(work, repeats=1):
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begun)
    return median(seconds), result


def random_vectors(n, width=100):
    random = np.random.default_rng(0)
    numbers = random.standard_normal((n, width), np.float32)
    return WordVectors(Vocabulary([f"w{i}" for i in range(n)], range(n, 0, -1)), numbers), random


def neighbors():
    vectors, random = random_vectors(70_000)
    ids = random.integers(0, 70_000, 10_000)
    words = [f"w{i}" for i in ids]
    units = vectors.vectors * vectors.inverse_norms[:, None]
    ratios = []
    for _ in range(5):
        product, _ = timed(lambda: [units[ids[s : s + 256]] @ units.T for s in range(0, 10_000, 256)])
        ours, _ = timed(lambda: vectors.most_similar(words))
        ratios.append(ours / product)
    one, _ = timed(lambda: vectors.most_similar("w1"), 50)
    print(f"10,000 queries on 70,000 × 100: {ours:.2f} s, {median(ratios):.2f} times the matrix product")
    print(f"one query: {one * 1e3:.2f} ms")


def index(model):
    random = np.random.default_rng(0)
    units = model.vectors * model.inverse_norms[:, None]
    numbers = units[random.integers(0, len(units), 1_000_000)]
    numbers += 0.06 * random.standard_normal(numbers.shape, np.float32)  # a million words, near to real ones
    large = WordVectors(Vocabulary([f"w{i}" for i in range(len(numbers))], [1] * len(numbers)), numbers)
    seconds, built = timed(lambda: firth.build_index(large))
    m = built.measured
    print(f"index of 1,000,000 × 100: built in {seconds:.0f} s, recall@10 {m.recall:.3f}")
    print(f"  in batches {m.seconds * 1e3:.2f} ms a query, exact {m.exact_seconds * 1e3:.2f} ms: {m.speedup:.1f} times")
    one, _ = timed(lambda: built.most_similar("w5"), 30)
    exact, _ = timed(lambda: large.most_similar("w5"), 10)
    print(f"  one query {one * 1e3:.2f} ms, exact {exact * 1e3:.1f} ms: {exact / one:.0f} times")


def map_of(path, projection):
    return firth.word_map(firth.load(path), words=30_000, projection=projection)


def maps(path):
    for projection in ("pca", "tsne"):
        seconds, page = timed(partial(map_of, path, projection))
        saved = page.save(WORK / f"map-{projection}.html", overwrite=True)
        print(f"map of 30,000 words, {projection}: {seconds:.1f} s, {saved.stat().st_size / 1e6:.1f} MB")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(saved.as_uri())
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
    last = frames[int(0.95 * len(frames))]
    print(f"  in Chromium, no graphics card: painted after {painted:.0f} ms, map drawn after {ready:.0f} ms;")
    print(f"  {len(frames)} frames of zooming and dragging: median {median(frames):.1f} ms, 95% below {last:.1f} ms")


def scores(path):
    model = firth.load(path)
    theirs = run(peers_python(), "one_evaluation.py", path, DATA)
    ours = {
        "WordSim-353": firth.evaluate(model, DATA / "wordsim353.tsv").spearman,
        "SimLex-999": firth.evaluate(model, DATA / "simlex999.txt").spearman,
        "analogies": firth.evaluate(model, DATA / "questions-words.txt", first_words=30_000).add,
    }
    for name, score in ours.items():
        print(f"{name}: {score:.6f}, gensim's {theirs[name]:.6f}")


arguments(__doc__)
vectors = WORK / "looking.bin"
if not vectors.exists():
    firth.train(wiki100(), epochs=5).export(vectors)
print(machine())
neighbors()
index(firth.load(vectors))
maps(vectors)
scores(vectors)
