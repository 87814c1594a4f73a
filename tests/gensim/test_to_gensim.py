import sys

import numpy as np
import pytest

from firth.errors import FirthError
from firth.gensim import KeyedVectors


def test_to_gensim__gives_gensims_own_vectors_with_the_same_numbers(model):
    gensim = pytest.importorskip("gensim.models")
    theirs = model.to_gensim()
    assert isinstance(theirs, gensim.KeyedVectors)
    assert theirs.index_to_key == model.words
    assert theirs.get_vecattr("king", "count") == model.count("king")
    np.testing.assert_array_equal(theirs.vectors, model.vectors)
    found, expected = theirs.most_similar("king"), model.most_similar("king")
    assert [word for word, _ in found] == [word for word, _ in expected]
    np.testing.assert_allclose([n for _, n in found], [n for _, n in expected], atol=1e-6)


def test_to_gensim__says_what_is_missing(vectors, monkeypatch):
    for name in ("gensim", "gensim.models"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(FirthError, match="pip install gensim"):
        vectors.to_gensim()


def test_keyed_vectors__are_made_of_firths_own(vectors):
    wv = KeyedVectors.of(vectors)
    assert wv.index_to_key == vectors.words
    assert wv.get_vecattr("king", "count") == vectors.count("king")
    wv.vectors[0] = 0
    assert vectors.vectors[0].any()
    assert wv.to_firth().vocabulary == vectors.vocabulary
