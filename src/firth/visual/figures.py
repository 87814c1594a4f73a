"""Pictures for papers: chosen words with labels that do not overlap, learning curves, similarities as a heat map.

PNG, SVG or PDF, by the file's ending; without a file, a picture that a notebook shows. Needs the extra
`firth[pictures]`. In a notebook, a picture has no ground of its own, and its ink is readable on a light one and a dark
one.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from firth.arrays import Float64
from firth.errors import FirthError, FormatError, shortened
from firth.missing_values import as_list, text_of_word
from firth.storage.files import atomic_file
from firth.vectors.word_vectors import WordVectors, refuse_other_than_vectors
from firth.visual.projection import pca

UNDATED: dict[str, dict[str, None]] = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
"""By a file's ending, metadata without the date: the same picture is the same bytes."""
INCHES, DOTS_PER_INCH = (7.0, 5.0), 150
CSS_PIXELS_PER_INCH = 96
INK = "#777777"
"""As far from white as from the black of dark notebooks: the contrast to each is above 4."""
ON_ANY_GROUND = dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), "none") | dict.fromkeys(
    ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK
)
"""matplotlib's settings of a picture that a notebook shows."""
MOST_IN_A_HEAT_MAP = 60
STEP_PIXELS, DIRECTIONS = 6.0, 16
"""Where labels are tried: around their points, farther and farther out."""


@dataclass(frozen=True, repr=False)
class Picture:
    """A picture in no file, which a notebook shows: a PNG, and how wide it is shown, in CSS pixels."""

    png: bytes
    width: int

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return self.png, {"width": self.width}

    def __repr__(self) -> str:
        return f"Picture({len(self.png):,} bytes of PNG)"


@dataclass
class _Sheet:
    """What is drawn on, and what comes of it: the file, or a picture."""

    figure: Any
    axes: Any
    result: Any = None


@overload
def draw_words(
    vectors: WordVectors, words: Sequence[str], path: None = None, *, inches: tuple[float, float] = INCHES
) -> Picture: ...
@overload
def draw_words(
    vectors: WordVectors,
    words: Sequence[Any],
    path: str | Path,
    *,
    inches: tuple[float, float] = INCHES,
    overwrite: bool = False,
) -> Path: ...
def draw_words(
    vectors: WordVectors,
    words: Sequence[Any],
    path: str | Path | None = None,
    *,
    inches: tuple[float, float] = INCHES,
    overwrite: bool = False,
) -> Any:
    """Draw words where PCA of their vectors, scaled to length 1, puts them; return the file, or without one a picture.

    Labels hide neither each other nor a point. Raises `FirthError` if there is no room for all: ask for more `inches`.
    """
    refuse_other_than_vectors(vectors=vectors)
    words = _different(words)
    if len(words) < 2:
        raise FirthError("a picture of words needs two different ones at least")
    projection = pca(vectors.unit_vectors(words))
    with _sheet(path, inches, overwrite) as sheet:
        figure, axes = sheet.figure, sheet.axes
        axes.scatter(*projection.positions.T, s=14, color="#3b82c4", zorder=2)
        axes.margins(0.08)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(projection.made, fontsize=7, color=INK)
        figure.tight_layout()
        figure.canvas.draw()
        texts = [
            axes.annotate(word, (0, 0), xycoords="figure pixels", fontsize=9, va="bottom", parse_math=False)
            for word in words
        ]
        boxes = np.array([text.get_window_extent() for text in texts])
        sizes = boxes[:, 1] - boxes[:, 0]
        points = axes.transData.transform(projection.positions)
        corners = place_labels(points, sizes, np.array(axes.get_window_extent()))
        back = axes.transAxes.inverted()
        for text, point, corner, size in zip(texts, points, corners, sizes, strict=True):
            text.remove()
            axes.annotate(
                text.get_text(), back.transform(corner),
                xycoords="axes fraction", fontsize=9, va="bottom", parse_math=False,
            )  # fmt: skip
            nearest = np.clip(point, corner, corner + size)
            if math.dist(point, nearest) > 2 * STEP_PIXELS:
                line = back.transform(np.array([point, nearest]))
                axes.plot(*line.T, transform=axes.transAxes, color="0.6", linewidth=0.6, zorder=1)
    return sheet.result


def _different(words: Sequence[Any]) -> list[str]:
    if isinstance(words, str):
        raise FirthError(f"wanted a list of words, not one string, {shortened(words)}")
    return list(dict.fromkeys(text_of_word(word) for word in as_list(words)))


def place_labels(points: Float64, sizes: Float64, area: Float64) -> Float64:
    """The lower left corners (n, 2) of labels of these sizes (n, 2), each near its point (n, 2), none over another or
    over a point, all within the area ((left, bottom), (right, top)). All in pixels.
    """
    low, high = area
    placed = np.zeros((0, 2, 2))
    dots = np.stack([points - 3, points + 3], axis=1)
    corners = np.empty_like(points)
    angles = 2 * math.pi * np.arange(DIRECTIONS) / DIRECTIONS
    rings = np.arange(1, 2 + math.ceil(math.dist(low, high) / STEP_PIXELS))
    for i, (point, size) in enumerate(zip(points, sizes, strict=True)):
        ways = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        middles = point + (rings[:, None, None] * STEP_PIXELS + size / 2 * np.abs(ways)) * ways
        tried = np.concatenate([middles.reshape(-1, 2) - size / 2, middles.reshape(-1, 2) + size / 2], axis=1)
        tried = tried.reshape(-1, 2, 2)
        free = (tried[:, 0] >= low).all(axis=1) & (tried[:, 1] <= high).all(axis=1)
        apart: Any
        for taken in (dots, placed):
            apart = (tried[:, None, 0] >= taken[None, :, 1]) | (tried[:, None, 1] <= taken[None, :, 0])
            free &= apart.any(axis=2).all(axis=1)
        if not free.any():
            raise FirthError(f"there is no room for the {len(points)} labels: draw fewer words, or a larger picture")
        box = tried[np.argmax(free)]
        placed = np.concatenate([placed, box[None]])
        corners[i] = box[0]
    return corners


@overload
def draw_curves(losses: Mapping[str, Sequence[float]], path: None = None) -> Picture: ...
@overload
def draw_curves(losses: Mapping[str, Sequence[float]], path: str | Path, *, overwrite: bool = False) -> Path: ...
def draw_curves(
    losses: Mapping[str, Sequence[float]], path: str | Path | None = None, *, overwrite: bool = False
) -> Any:
    """Draw the loss of each epoch, for one training or several by name; return the file, or without one a picture."""
    if not losses or not all(len(curve) for curve in losses.values()):
        raise FirthError("there is no loss to draw: a model that was trained knows it, a file of vectors does not")
    with _sheet(path, INCHES, overwrite) as sheet:
        axes = sheet.axes
        for name, curve in losses.items():
            axes.plot(range(1, len(curve) + 1), curve, marker="o", markersize=3, label=name)
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss (nats a pair)")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(color=INK, alpha=0.15)
        if len(losses) > 1:
            axes.legend(frameon=False)
        sheet.figure.tight_layout()
    return sheet.result


@overload
def draw_similarities(vectors: WordVectors, words: Sequence[str], path: None = None) -> Picture: ...
@overload
def draw_similarities(
    vectors: WordVectors, words: Sequence[str], path: str | Path, *, overwrite: bool = False
) -> Path: ...
def draw_similarities(
    vectors: WordVectors, words: Sequence[str], path: str | Path | None = None, *, overwrite: bool = False
) -> Any:
    """Draw the cosines between words as a heat map, in the order given; return the file, or without one a picture."""
    refuse_other_than_vectors(vectors=vectors)
    words = _different(words)
    if not 2 <= len(words) <= MOST_IN_A_HEAT_MAP:
        raise FirthError(f"a heat map holds 2 to {MOST_IN_A_HEAT_MAP} different words, not {len(words)}")
    units = vectors.unit_vectors(words)
    side = max(3.0, 1.5 + 0.33 * len(words))
    with _sheet(path, (side + 0.8, side), overwrite) as sheet:
        figure, axes = sheet.figure, sheet.axes
        cosines = units @ units.T
        image = axes.imshow(cosines, cmap="RdBu_r", vmin=-1, vmax=1)
        ticks = range(len(words))
        axes.set_xticks(ticks, words, rotation=60, ha="right", rotation_mode="anchor", parse_math=False)
        axes.set_yticks(ticks, words, parse_math=False)
        if len(words) <= 20:
            for i in ticks:
                for j in ticks:
                    shade = "white" if abs(cosines[i, j]) > 0.6 else "black"
                    axes.text(j, i, f"{cosines[i, j]:.2f}", ha="center", va="center", fontsize=6, color=shade)
        figure.colorbar(image, label="cosine", shrink=0.8)
        figure.tight_layout()
    return sheet.result


@contextmanager
def _sheet(path: str | Path | None, inches: tuple[float, float], overwrite: bool) -> Iterator[_Sheet]:
    """A figure and its axes. At the end they are written to the file, completely or not at all, or become a picture."""
    ending = ".png" if path is None else Path(path).suffix.lower()
    if ending not in UNDATED:
        raise FormatError(f"a picture's name ends with {', '.join(UNDATED)}, not {shortened(ending)}")
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise FirthError("pictures need an extra: pip install 'firth[pictures]'") from error
    with mpl.rc_context(ON_ANY_GROUND if path is None else {}):
        figure = Figure(figsize=inches, dpi=DOTS_PER_INCH)
        sheet = _Sheet(figure, figure.add_subplot())
        yield sheet
        if path is None:
            drawn = io.BytesIO()
            figure.savefig(drawn, format="png", metadata=UNDATED[".png"])
            sheet.result = Picture(drawn.getvalue(), round(inches[0] * CSS_PIXELS_PER_INCH))
            return
    sheet.result = path = Path(path)
    settings = {"svg.hashsalt": "firth", "svg.fonttype": "none", "pdf.fonttype": 42}
    with atomic_file(path, overwrite=overwrite) as temporary, mpl.rc_context(settings):
        figure.savefig(temporary, format=ending[1:], metadata=UNDATED[ending])
