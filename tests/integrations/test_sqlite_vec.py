"""sqlite-vec: the recipe of docs/how-to/databases.md finds the neighbors that firth finds.

It takes a Python that can load extensions: `python -m tools.integrations --python /usr/bin/python3 sqlite_vec`.
"""

import sqlite3

import pytest

from tests.helpers.recipes import assert_same, models, names_after

NEEDS = ["sqlite-vec>=0.1.6"]

pytest.importorskip("sqlite_vec")
if not hasattr(sqlite3.Connection, "enable_load_extension"):
    pytest.skip("this Python was built without SQLite's extensions; Debian's has them", allow_module_level=True)


@pytest.mark.parametrize("kind", models())
def test_sqlite_vec__finds_the_neighbors_that_firth_finds(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = models()[kind]
    names = names_after("sqlite-vec", model)
    assert_same(names["found"], model, names["asked"])
