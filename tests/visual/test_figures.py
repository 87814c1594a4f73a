import io
import re

import numpy as np
import pytest

from firth.errors import FirthError, FormatError, OutputExistsError, VectorNotFiniteError, WordNotFoundError
from firth.vectors.word_vectors import WordVectors
from firth.visual.figures import draw_curves, draw_similarities, draw_words, place_labels
from firth.vocabulary import Vocabulary

pytest.importorskip("matplotlib", reason="the extra firth[pictures] is not installed")

WORDS = [f"word{i}" for i in range(40)] + ["$x$", "</text>", "мир"]
VECTORS = WordVectors(
    Vocabulary(WORDS, [1] * len(WORDS)),
    np.random.default_rng(0).normal(size=(len(WORDS), 8)).astype(np.float32),
)
AREA = np.array([[0.0, 0], [1000, 700]])


def overlap(a, b):
    return (a[:, 0] < b[:, 1]).all() if a.ndim == 3 else bool((a[0] < b[1]).all() and (b[0] < a[1]).all())


@pytest.mark.parametrize("seed", range(5))
def test_place_labels__hide_neither_each_other_nor_a_point(seed):
    random = np.random.default_rng(seed)
    points = random.normal([500, 350], 60, (60, 2))  # a crowd
    sizes = np.stack([random.uniform(20, 90, 60), np.full(60, 16)], axis=1)
    corners = place_labels(points, sizes, AREA)
    boxes = np.stack([corners, corners + sizes], axis=1)
    assert not any(overlap(boxes[i], boxes[j]) for i in range(60) for j in range(i))
    dots = np.stack([points - 2, points + 2], axis=1)
    assert not any(overlap(box, dot) for box in boxes for dot in dots)
    assert (boxes >= AREA[0]).all()
    assert (boxes <= AREA[1]).all()


def test_place_labels__alone_a_label_is_beside_its_point():
    (corner,) = place_labels(np.array([[500.0, 350]]), np.array([[40.0, 16]]), AREA)
    assert np.allclose(corner, [506, 342])


def test_place_labels__where_there_is_no_room():
    with pytest.raises(FirthError, match="no room for the 9 labels"):
        place_labels(np.full((9, 2), 50.0), np.full((9, 2), 60.0), np.array([[0.0, 0], [100, 100]]))


@pytest.mark.long
@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_draw__every_kind_in_every_format_and_twice_the_same(tmp_path, ending):
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    for name, draw in {
        "words": lambda path: draw_words(VECTORS, WORDS, path, overwrite=True),
        "heat": lambda path: draw_similarities(VECTORS, WORDS[:5] + WORDS[-3:], path, overwrite=True),
        "curve": lambda path: draw_curves({"a": [3.0, 2, 1], "b": [2.5, 2]}, path, overwrite=True),
    }.items():
        path = draw(tmp_path / f"{name}.{ending}")
        content = path.read_bytes()
        assert content.startswith(starts[ending])
        draw(path)
        assert path.read_bytes() == content


def test_draw__without_a_file_is_a_picture_that_a_notebook_shows():
    drawn = draw_words(VECTORS, WORDS[:9], inches=(4.0, 3.0))
    png, about = drawn._repr_png_()
    assert png == draw_words(VECTORS, WORDS[:9], inches=(4.0, 3.0)).png
    assert about == {"width": 384}
    assert int.from_bytes(png[16:20], "big") == 600  # 150 to an inch
    assert repr(drawn) == f"Picture({len(png):,} bytes of PNG)"
    assert draw_similarities(VECTORS, WORDS[:3]).png.startswith(b"\x89PNG")
    assert draw_curves({"a": [1.0]}).png.startswith(b"\x89PNG")


def luminance(color):
    """The relative luminance of colors (…, 3) from 0 to 1, as WCAG 2 defines it."""
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted((luminance(np.array(one)), luminance(np.array(other))))
    return (high + 0.05) / (low + 0.05)


DRAWN = {
    "words": lambda path=None: draw_words(VECTORS, WORDS[:9], path),
    "curves": lambda path=None: draw_curves({"a": [3.0, 2, 1], "b": [2.5, 2, 2]}, path),
    "similarities": lambda path=None: draw_similarities(VECTORS, WORDS[:5], path),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_draw__in_a_notebook_a_picture_is_readable_on_any_ground(kind):
    from matplotlib.image import imread

    pixels = imread(io.BytesIO(DRAWN[kind]().png)).astype(np.float64)
    assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1], 3] == 0).all()
    assert (pixels[..., 3] == 0).mean() > 0.2
    margin = pixels[-int(0.11 * len(pixels)) :]  # the names of words, of epochs, or of the axis
    colors = margin[margin[..., 3] == 1][:, :3]
    assert len(colors) > 100
    for ground in ([1.0, 1, 1], np.full(3, 0x11 / 255)):  # JupyterLab's, light and dark
        assert min(contrast(color, ground) for color in np.unique(colors, axis=0)) > 4


@pytest.mark.parametrize("kind", DRAWN)
def test_draw__in_a_file_a_picture_is_on_white(kind, tmp_path):
    from matplotlib.image import imread

    assert (imread(DRAWN[kind](tmp_path / "x.png"))[[0, -1], [0, -1]] == 1).all()


def test_draw_words__all_words_stand_there_as_text(tmp_path):
    content = draw_words(VECTORS, WORDS, tmp_path / "x.svg").read_text("utf-8")
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", content)
    assert {"word0", "word39", "$x$", "&lt;/text&gt;", "мир"} <= set(shown)


def test_draw__what_cannot_be_drawn(tmp_path):
    with pytest.raises(FirthError, match="two different ones"):
        draw_words(VECTORS, ["word1", "word1"], tmp_path / "x.png")
    with pytest.raises(WordNotFoundError):
        draw_words(VECTORS, ["word1", "nobody"], tmp_path / "x.png")
    broken = WordVectors(["a", "b"], [[1, 0], [np.nan, 0]])
    for draw in (draw_words, draw_similarities):
        with pytest.raises(VectorNotFiniteError, match="'b'"):
            draw(broken, ["a", "b"], tmp_path / "x.png")
    with pytest.raises(FormatError, match="name ends with"):
        draw_words(VECTORS, WORDS, tmp_path / "x.gif")
    with pytest.raises(FirthError, match="2 to 60"):
        draw_similarities(VECTORS, ["word1"], tmp_path / "x.png")
    with pytest.raises(FirthError, match="no loss to draw"):
        draw_curves({"a": []}, tmp_path / "x.png")
    assert not list(tmp_path.iterdir())
    draw_curves({"a": [1.0]}, tmp_path / "x.png")
    with pytest.raises(OutputExistsError):
        draw_curves({"a": [1.0]}, tmp_path / "x.png")
