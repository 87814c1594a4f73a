import importlib

import pytest

from firth.corpus.python_docs import manual_paragraphs, python_docs
from firth.errors import SourceError


@pytest.mark.long
def test_python_docs__is_prose_enough_to_learn_from_and_written_once(tmp_path):
    path = python_docs(tmp_path)
    text = path.read_text()
    assert len(text.split()) > 200_000
    assert ">>>" not in text
    assert "the" in text.split()
    written = path.stat().st_mtime_ns
    assert python_docs(tmp_path) == path
    assert path.stat().st_mtime_ns == written


@pytest.mark.long
def test_python_docs__is_the_same_every_time():
    assert list(manual_paragraphs()) == list(manual_paragraphs())


def test_python_docs__a_python_without_sources_says_what_to_do(tmp_path, monkeypatch):
    module = importlib.import_module("firth.corpus.python_docs")  # firth.corpus.python_docs may be the function
    monkeypatch.setattr(module, "manual_paragraphs", lambda: iter(()))
    with pytest.raises(SourceError, match="train on a text of your own"):
        python_docs(tmp_path)
