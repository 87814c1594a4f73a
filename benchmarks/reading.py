"""Reading: from a source to the encoded corpus, MB a second, on one and two threads; plain ASCII and mixed text, and
tokens in Python's lists, and in a column of a Parquet file.

The mixed text is made of the plain one: words with capitals, in Cyrillic, with accents, with punctuation around them.
"""

import random
import sys

from common import WORK, arguments, cut, machine, run, spread, wiki100

CYRILLIC = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопярстувщхыз")


def disguised(word, draw):
    kind, marked = draw.random(), draw.random() < 0.1
    if kind < 0.15:
        other = word.capitalize()
    elif kind < 0.25:
        other = word.translate(CYRILLIC).capitalize()
    else:
        other = word.replace("e", "é").replace("a", "Ä") if kind < 0.30 else word
    return other + draw.choice([",", ".", ";", " —", "’s", "\u2009"]) if marked else other


def mixed(plain):
    path = WORK / "mixed.txt"
    if not path.exists():
        draw = random.Random(1)
        words = [disguised(word, draw) for word in plain.read_text("ascii")[:45_000_000].split(" ")]
        path.write_text(" ".join(words), "utf-8")
    return path


options = arguments(__doc__, repeats=5)
plain = wiki100()
print(machine())
for name, path, kind in (
    ("plain ASCII", plain, "text"),
    ("mixed text", mixed(plain), "text"),
    ("lists of tokens", cut(plain, 30), "lists"),
    ("column of lists", cut(plain, 30), "column"),
):
    size = path.stat().st_size / 1e6
    runs = {t: [run(sys.executable, "one_reading.py", path, t, kind) for _ in range(options.repeats)] for t in (1, 2)}
    ratios = [one["wall"] / two["wall"] for one, two in zip(runs[1], runs[2], strict=True)]
    peak = f"; peak {max(two['peak'] for two in runs[2]) / 1e6:.0f} MB" if kind == "text" else ""  # not of the lists
    print(
        f"{name}, {size:.0f} MB: {spread([size / one['cpu'] for one in runs[1]], 0)} MB / cpu-s on one thread;"
        f" two threads by the clock {spread([size / two['wall'] for two in runs[2]], 0)} MB/s,"
        f" {spread(ratios, 2)} times one{peak}"
    )
