"""Line charts for the benchmarks' pictures, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
INK, QUIET = "#24292f", "#6e7781"
COLORS = "#0969da", "#bc4c00", "#1a7f37", "#8250df"
WIDTH, HEIGHT, LEFT, TOP = 300, 190, 60, 50


class Panel(NamedTuple):
    """A chart: what is drawn over what, and for each name its points (x, y). With `log`, both axes are logarithmic."""

    title: str
    x: str
    series: dict[str, list[tuple[float, float]]]
    log: bool = False


def text(x: float, y: float, content: str, color: str = QUIET, anchor: str = "middle") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="{color}" text-anchor="{anchor}">{escape(content)}</text>'


def scale(values: Sequence[float], log: bool) -> tuple[float, float]:
    """Where an axis begins and ends."""
    if log:
        return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return min(0.0, *values), max(values) * 1.05


def ticks(low: float, high: float, log: bool) -> list[tuple[float, str]]:
    if log:
        return [(e, f"{10**e:,}" if e >= 0 else f"{10.0**e:g}") for e in range(int(low), int(high) + 1)]
    step = 10 ** math.floor(math.log10(high - low))
    step = next(s for s in (step / 5, step / 2, step, 2 * step) if (high - low) / s <= 6)
    return [(i * step, f"{i * step:g}") for i in range(int(low / step), int(high / step) + 1)]


def panel(chart: Panel, left: float) -> list[str]:
    points = [point for line in chart.series.values() for point in line]
    (x0, x1), (y0, y1) = (scale([p[axis] for p in points], chart.log) for axis in (0, 1))
    bottom, right = TOP + HEIGHT, left + WIDTH

    def place(x: float, y: float) -> tuple[float, float]:
        if chart.log:
            x, y = math.log10(x), math.log10(y)
        return left + WIDTH * (x - x0) / (x1 - x0), bottom - HEIGHT * (y - y0) / (y1 - y0)

    elements = [text(left, TOP - 25, chart.title, INK, "start"), text(right, bottom + 38, chart.x, QUIET, "end")]
    elements.append(f'<path d="M{left} {TOP}V{bottom}H{right}" fill="none" stroke="{QUIET}"/>')
    for t, label in ticks(x0, x1, chart.log):
        elements.append(text(left + WIDTH * (t - x0) / (x1 - x0), bottom + 18, label))
    for t, label in ticks(y0, y1, chart.log):
        elements.append(text(left - 6, bottom - HEIGHT * (t - y0) / (y1 - y0) + 5, label, QUIET, "end"))
    for (name, line), color in zip(chart.series.items(), COLORS, strict=False):
        placed = [place(*point) for point in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        elements.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        elements += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{color}"/>' for x, y in placed]
        elements.append(text(min(placed[-1][0] + 4, right - 4), placed[-1][1] - 8, name, color, "end"))
    return elements


def draw(name: str, panels: Sequence[Panel]) -> None:
    """Write a picture of some charts side by side to docs/pictures."""
    step = WIDTH + LEFT + 30
    width, height = step * len(panels) + 10, TOP + HEIGHT + 50
    elements = [part for i, chart in enumerate(panels) for part in panel(chart, LEFT + step * i)]
    (PICTURES / f"{name}.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="13">\n<rect width="{width}" height="{height}" fill="white"/>\n'
        + "\n".join(elements)
        + "\n</svg>\n",
        "utf-8",
    )
