"""Fixtures for corpora."""

import pytest

from tests.helpers.text import TEXT


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    return path
