"""DuckDB: the recipe of docs/how-to/databases.md finds the neighbors that firth finds."""

import pytest

from tests.helpers.recipes import assert_same, models, names_after

NEEDS = ["duckdb>=1.1", "pyarrow>=21"]

pytest.importorskip("duckdb")


@pytest.mark.parametrize("kind", models())
def test_duckdb__finds_the_neighbors_that_firth_finds(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = models()[kind]
    names = names_after("DuckDB", model)
    assert_same(names["found"], model, names["asked"])
    assert_same(names["found_in_file"], model, names["asked"])


def test_duckdb__joins_a_catalogue_by_numbers():
    import duckdb
    import pyarrow

    db = duckdb.connect()
    db.register("items", models()["integers"].to_arrow())
    db.register("catalogue", pyarrow.table({"id": [2**62 + 1, 2, 5], "name": ["pen", "cup", "else"]}))
    rows = db.sql("SELECT word, name FROM items JOIN catalogue ON word = id ORDER BY word").fetchall()
    assert rows == [(2, "cup"), (2**62 + 1, "pen")]
