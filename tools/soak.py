"""An hour of training and asking in a loop: memory and file descriptors must stay as they are.

    python -m tools.soak --minutes 60

One thread trains models, saves, loads, exports and reads them, with checkpoints; sixteen ask a model for neighbors and
analogies meanwhile. Every ten seconds it is noted what the process holds. The first fifth of the time is for caches to
fill; then the medians of the second and the last fifth are compared.
"""

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import firth

ASKING = 16
GROWTH = 0.02
"""Of the memory: more than this between the second and the last fifth of the time is a leak."""


def held() -> tuple[float, int, int]:
    """Megabytes of memory, open files, threads."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6, len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def lines(seed: int) -> list[str]:
    """Ten thousand lines of a small language."""
    return [" ".join(f"w{(i * j + seed) % 997}" for j in range(1, 21)) for i in range(10_000)]


def train(number: int, folder: Path) -> firth.Word2Vec:
    """Everything once: text to model to files and back."""
    text = folder / "text.txt"
    text.write_text("\n".join(lines(number % 5)))
    out = {"checkpoints": folder / "checkpoints", "cache": folder / "cache"}
    model = firth.train(text, vector_size=32, epochs=2, min_count=1, sample=0, seed=number, progress=False, **out)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    model.save(folder / "model.firth", overwrite=True)
    for name in ("a.txt", "a.bin", "a.tsv", "a.safetensors"):
        model.export(folder / name, overwrite=True)
        firth.load(folder / name)
    return firth.load(folder / "model.firth")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60, help="(default: 60)")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        asked = [train(0, folder)]
        questions, over, wrong = [0] * ASKING, threading.Event(), []

        def ask(thread: int) -> None:
            while not over.is_set():
                model = asked[-1]
                words = model.words[thread::ASKING][:20]
                try:
                    found = model.most_similar(words, topn=5)
                    model.analogy(*words[:3])
                    if [near[0][0] for near in found] != [model.most_similar(w, topn=1)[0][0] for w in words]:
                        wrong.append(words)
                except Exception as error:  # whatever it is, the soak has failed
                    wrong.append(error)
                questions[thread] += 2 * len(words) + 1
                time.sleep(0.05)

        threads = [threading.Thread(target=ask, args=(t,)) for t in range(ASKING)]
        for thread in threads:
            thread.start()
        notes, began, trained, noted = [], time.monotonic(), 1, 0.0
        while (now := time.monotonic() - began) < 60 * minutes:
            asked[:] = [train(trained, folder)]
            trained += 1
            if now >= noted:
                notes.append(held())
                noted += 10
        over.set()
        for thread in threads:
            thread.join()
    fifth = max(1, len(notes) // 5)
    print("| | second fifth | last fifth |\n| --- | ---: | ---: |")
    flat = True
    for column, name in enumerate(("memory, MB", "open files", "threads")):
        before = median(note[column] for note in notes[fifth : 2 * fifth] or notes)
        after = median(note[column] for note in notes[-fifth:])
        print(f"| {name} | {before:,.0f} | {after:,.0f} |")
        flat &= after <= before * (1 + GROWTH)
    print(f"\n{trained:,} models trained, {sum(questions):,} questions by {ASKING} threads, {len(wrong)} answers wrong")
    sys.exit(0 if flat and not wrong else f"not flat, or wrong: {wrong[:3]}")


if __name__ == "__main__":
    main()
