import sys

import pytest

from firth.errors import FirthError
from firth.gensim import KeyedVectors


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
