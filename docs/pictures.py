"""Draws the pictures of the README and the tutorial: `python docs/pictures.py [shakespeare.txt]`.

The text is for the learning curves. The bars of speed are those of the README's table.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from firth.reporting.events import EpochMetrics
from firth.tutorial.examples import negative_samples, skipgrams
from firth.tutorial.walkthrough import NUM_NS, SEED, WINDOW_SIZE, run, toy_sentence

FOLDER = Path(__file__).parent / "pictures"
README = Path(__file__).parents[1] / "README.md"
INK, QUIET, TARGET, CONTEXT, NOISE = "#24292f", "#6e7781", "#0969da", "#1a7f37", "#bc4c00"
PUBLISHED_LOSS = """1.6094 1.5928 1.5616 1.4914 1.3952 1.2956 1.2020 1.1152 1.0345 .9595
                    .8901 .8260 .7671 .7131 .6638 .6189 .5780 .5408 .5071 .4763"""
PUBLISHED_ACCURACY = """.2013 .6795 .6954 .6172 .5940 .6089 .6407 .6751 .7047 .7325
                        .7584 .7830 .8053 .8234 .8412 .8548 .8686 .8792 .8890 .8951"""


def svg(width: int, height: int, parts: Sequence[str]) -> str:
    """A picture on a white ground, readable in light and dark."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="14">\n<rect width="{width}" height="{height}" fill="white"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def text(x: float, y: float, content: str, color: str = INK, anchor: str = "middle", more: str = "") -> str:
    """A line of text."""
    return f'<text x="{x:g}" y="{y:g}" fill="{color}" text-anchor="{anchor}" {more}>{escape(content)}</text>'


def box(x: float, y: float, width: float, content: str, color: str, *, filled: bool) -> list[str]:
    """A word in a box."""
    inside = color if filled else "white"
    rectangle = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="28" rx="5" fill="{inside}" stroke="{color}"/>'
    return [rectangle, text(x + width / 2, y + 19, content, "white" if filled else color)]


def windows() -> str:
    """The skip-gram windows of the sentence: a row a target."""
    tokens, words, ids = toy_sentence()
    pairs = {tuple(pair) for pair in skipgrams(ids, len(words), window_size=WINDOW_SIZE).pairs.tolist()}
    cell, parts = 92, []
    for row in range(len(tokens)):
        y = 40 + 38 * row
        for column, token in enumerate(tokens):
            x = 20 + cell * column
            if column == row:
                parts += box(x, y, cell - 8, token, TARGET, filled=True)
            elif abs(column - row) <= WINDOW_SIZE and (ids[row], ids[column]) in pairs:
                parts += box(x, y, cell - 8, token, CONTEXT, filled=False)
            else:
                parts.append(text(x + (cell - 8) / 2, y + 19, token, "#c8ccd0"))
        found = [j for j in range(len(tokens)) if j != row and abs(j - row) <= WINDOW_SIZE]
        parts.append(text(20 + cell * 8 + 6, y + 19, f"{len(found)} pairs", QUIET, "start"))
    parts.append(
        text(20, 24, f"A target and the words within a window of {WINDOW_SIZE}: {len(pairs)} pairs", INK, "start")
    )
    return svg(840, 350, parts)


def example() -> str:
    """One training example: the target, its true context, and negative samples."""
    _, words, ids = toy_sentence()
    target, context = skipgrams(ids, len(words), window_size=WINDOW_SIZE).pairs[0].tolist()
    negatives = negative_samples([context], NUM_NS, len(words), reserved=1, seed=SEED)[0].tolist()
    parts = [text(20, 40, "target", QUIET, "start"), text(20, 110, "contexts", QUIET, "start")]
    parts += [text(20, 150, "labels", QUIET, "start"), *box(120, 20, 100, words[target], TARGET, filled=True)]
    for i, word in enumerate([context, *negatives]):
        x = 120 + 116 * i
        color = CONTEXT if i == 0 else NOISE
        parts.append(f'<path d="M170 48 C170 75 {x + 50} 65 {x + 50} 90" fill="none" stroke="{color}" opacity=".6"/>')
        parts += box(x, 90, 100, words[word], color, filled=i == 0)
        parts.append(text(x + 50, 150, "1" if i == 0 else "0", color, more='font-weight="bold"'))
    return svg(720, 170, parts)


def speed() -> str:
    """Words a second on one core, firth's and gensim's, from the table in the README."""
    table = re.findall(r"^\| (gensim|firth)[^,]*, ([\w-]+) \| ([\d,]+) ", README.read_text("utf-8"), re.MULTILINE)
    speeds = {(kind, program): int(number.replace(",", "")) for program, kind, number in table}
    greatest, parts = max(speeds.values()), []
    for row, kind in enumerate(("skip-gram", "CBOW")):
        parts.append(text(20, 52 + 84 * row, kind, INK, "start", 'font-weight="bold"'))
        for line, (program, color) in enumerate((("gensim", QUIET), ("firth", TARGET))):
            y, width = 24 + 84 * row + 30 * line, 440 * speeds[kind, program] / greatest
            parts.append(text(170, y + 16, program, color, "end"))
            parts.append(f'<rect x="180" y="{y}" width="{width:.1f}" height="22" rx="3" fill="{color}"/>')
            times = f" ({speeds[kind, 'firth'] / speeds[kind, 'gensim']:.0f}×)" if program == "firth" else ""
            parts.append(text(188 + width, y + 16, f"{speeds[kind, program] / 1000:.1f}{times}", color, "start"))
    parts.append(text(180, 204, "million words a second of processor time, one thread", QUIET, "start"))
    return svg(760, 220, parts)


def curves(history: Sequence[EpochMetrics]) -> str:
    """Loss and accuracy by epoch, beside the published ones."""
    parts = []
    for column, (title, top, ours, published) in enumerate(
        [
            ("loss (nats)", 1.8, [m.loss for m in history], PUBLISHED_LOSS),
            ("accuracy", 1.0, [m.accuracy for m in history], PUBLISHED_ACCURACY),
        ]
    ):
        left, bottom, width, height = 60 + 430 * column, 250, 340, 200
        xs = [left + width * i / (len(history) - 1) for i in range(len(history))]

        def line(values: Sequence[float], xs: Sequence[float] = xs, top: float = top) -> str:
            return " ".join(f"{x:.1f},{250 - 200 * v / top:.1f}" for x, v in zip(xs, values, strict=True))

        parts.append(text(left, 30, title, INK, "start", 'font-weight="bold"'))
        parts += [text(left - 8, bottom - height * part + 5, f"{top * part:.1f}", QUIET, "end") for part in (0, 0.5, 1)]
        parts += [text(xs[i], bottom + 20, str(i + 1), QUIET) for i in (0, 4, 9, 14, 19)]
        parts.append(f'<path d="M{left} {bottom - height}V{bottom}H{left + width}" fill="none" stroke="{QUIET}"/>')
        for values, color, dash in ((list(map(float, published.split())), NOISE, "4 4"), (ours, TARGET, "")):
            style = f'fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"'
            parts.append(f'<polyline points="{line(values)}" {style}/>')
    parts += [text(120, 292, "firth tutorial --faithful", TARGET, "start"), text(330, 292, "published", NOISE, "start")]
    return svg(880, 305, parts)


def main() -> None:
    """Write the pictures that can be drawn."""
    (FOLDER / "speed.svg").write_text(speed(), "utf-8")
    (FOLDER / "windows.svg").write_text(windows(), "utf-8")
    (FOLDER / "example.svg").write_text(example(), "utf-8")
    if len(sys.argv) > 1:
        with tempfile.TemporaryDirectory() as output:
            events = run(sys.argv[1], output, faithful=True)
            history = [event for event in events if isinstance(event, EpochMetrics)]
        (FOLDER / "curves.svg").write_text(curves(history), "utf-8")


if __name__ == "__main__":
    main()
