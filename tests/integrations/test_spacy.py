"""spaCy reads what firth exports: `python -m spacy init vectors`."""

import subprocess
import sys

import numpy as np
import pytest

import firth
from firth.errors import UnwritableWordError

NEEDS = ["spacy>=3.7"]

spacy = pytest.importorskip("spacy", reason="needs spaCy")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of spaCy's own


def loaded(path, folder, *options):
    """The pipeline of spaCy with the vectors of a file."""
    command = [sys.executable, "-m", "spacy", "init", "vectors", "en", path, folder, *options]
    subprocess.run(command, check=True, capture_output=True)
    return spacy.load(folder)


@pytest.mark.parametrize("name", ["vectors.vec", "vectors.txt"])
def test_spacy__has_the_same_vectors_and_cosines(model, tmp_path, name):
    model.export(tmp_path / name, counts=False)
    nlp = loaded(tmp_path / name, tmp_path / "nlp")
    assert nlp.vocab.vectors.shape == model.vectors.shape
    for word in model.words:
        np.testing.assert_array_equal(nlp.vocab[word].vector, model[word])
    king, queen = nlp.vocab["king"], nlp.vocab["queen"]
    assert king.similarity(queen) == pytest.approx(model.similarity("king", "queen"), rel=1e-5)


def test_spacy__gives_unknown_words_no_vector_and_means_them_in(model, tmp_path):
    model.export(tmp_path / "vectors.vec")
    nlp = loaded(tmp_path / "vectors.vec", tmp_path / "nlp")
    doc = nlp("the king unheard")
    assert [token.has_vector for token in doc] == [True, True, False]
    assert not doc[2].vector.any()
    np.testing.assert_allclose(doc.vector, (model["the"] + model["king"]) / 3, rtol=1e-6)


def test_spacy__finds_words_in_any_case_if_told_to(model, tmp_path):
    nlp = spacy.blank("en")
    nlp.vocab.vectors = spacy.vectors.Vectors(
        strings=nlp.vocab.strings, data=np.array(model.vectors), keys=list(model.words), attr="LOWER"
    )
    assert [token.has_vector for token in nlp("King KING king unheard")] == [True, True, True, False]
    np.testing.assert_array_equal(nlp("King")[0].vector, model["king"])
    model.export(tmp_path / "vectors.vec")
    by_text = loaded(tmp_path / "vectors.vec", tmp_path / "by_text")
    assert not by_text("King")[0].has_vector


def test_spacy__has_phrases_as_their_joined_words(tmp_path):
    vectors = firth.WordVectors(["new york", "king"], [[1, 2], [3, 4]])
    with pytest.raises(UnwritableWordError):
        vectors.export(tmp_path / "vectors.vec")
    with pytest.warns(firth.FirthWarning):
        vectors.export(tmp_path / "vectors.vec", spaces="replace")
    nlp = loaded(tmp_path / "vectors.vec", tmp_path / "nlp")
    assert nlp.vocab["new_york"].vector.tolist() == [1, 2]
    assert nlp("new_york")[0].has_vector
    assert not nlp("new york")[0].has_vector
