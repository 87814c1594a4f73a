"""A path, or anything else, in place of a model: said before anything is done with it."""

from pathlib import Path

import numpy as np
import pytest

import firth
from firth.errors import ConfigError
from firth.visual.figures import draw_similarities, draw_words
from firth.visual.tensorboard import write_projector

VECTORS = firth.WordVectors(["a", "b"], np.eye(2))
TAKE_VECTORS = {
    "align": lambda wrong: firth.align(wrong, VECTORS),
    "align with": lambda wrong: firth.align(VECTORS, wrong),
    "alacarte": lambda wrong: firth.alacarte(wrong, transform=np.eye(2)),
    "build_index": firth.build_index,
    "compare": lambda wrong: firth.compare(VECTORS, wrong),
    "drift": lambda wrong: firth.drift(wrong, VECTORS),
    "drift beside": lambda wrong: firth.drift(VECTORS, VECTORS, topn=1, baseline=wrong),
    "evaluate": lambda wrong: firth.evaluate(wrong, "pairs.txt"),
    "export": lambda wrong: firth.export(wrong, "words.txt"),
    "load_index": lambda wrong: firth.load_index(wrong, "m.index"),
    "stability": lambda wrong: firth.stability([VECTORS, wrong]),
    "train_more": lambda wrong: firth.train_more(wrong, ["a b"]),
    "word_map": firth.word_map,
    "draw_words": lambda wrong: draw_words(wrong, ["a", "b"]),
    "draw_similarities": lambda wrong: draw_similarities(wrong, ["a", "b"]),
    "write_projector": lambda wrong: write_projector(wrong, "logs"),
    "TextVectors": lambda wrong: firth.TextVectors(wrong).fit(["a"]),
}


@pytest.mark.parametrize("take", TAKE_VECTORS.values(), ids=TAKE_VECTORS)
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("m.firth", r"not 'm.firth': firth.load\('m.firth'\)$"),
        (Path("m.firth"), r"firth.load\('m.firth'\)$"),
        (None, "not None$"),
        ({"a": 1}, "not {'a': 1}$"),
    ],
    ids=str,
)
def test_what_is_no_model__is_refused_with_how_to_load_one(take, wrong, said):
    if wrong is None and take is TAKE_VECTORS["drift beside"]:
        pytest.skip("no baseline is asked for")
    with pytest.raises(ConfigError, match=f"must be a model or WordVectors, .*{said}"):
        take(wrong)


def test_train_more__of_vectors_alone_says_how_to_start_from_them():
    with pytest.raises(ConfigError, match="start=vectors"):
        firth.train_more(VECTORS, ["a b"])


def test_stability__of_one_path_is_not_that_of_its_letters():
    with pytest.raises(ValueError, match="two models at least"):
        firth.stability("m.firth")
