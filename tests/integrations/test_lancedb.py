"""LanceDB: the recipe of docs/how-to/databases.md finds the neighbors that firth finds."""

import pytest

from tests.helpers.recipes import assert_same, models, names_after

NEEDS = ["lancedb>=0.20", "pyarrow>=21"]

pytest.importorskip("lancedb")


@pytest.mark.parametrize("kind", models())
def test_lancedb__finds_the_neighbors_that_firth_finds(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = models()[kind]
    names = names_after("LanceDB", model)
    assert_same(names["found"], model, names["asked"])
