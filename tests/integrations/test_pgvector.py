"""pgvector: the recipe of docs/how-to/databases.md finds the neighbors that firth finds, in a server of its own.

PostgreSQL and pgvector are programs of the system (Debian: apt-get install postgresql postgresql-15-pgvector). The
server lives in a temporary folder, listens on a free port of this machine alone, and ends with the tests.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.helpers.recipes import assert_same, models, names_after

NEEDS = ["psycopg[binary]>=3.2", "pgvector>=0.3.6"]

pytest.importorskip("psycopg")
pytest.importorskip("pgvector.psycopg")
NO_ROOT = {"user": "nobody", "group": "nogroup"} if hasattr(os, "getuid") and os.getuid() == 0 else {}
"""PostgreSQL refuses to run as root."""


def programs() -> Path | None:
    """The folder of PostgreSQL's programs: Debian's newest, or one of those where programs are."""
    of_debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name.zfill(4))
    folders = [*reversed(of_debian), *map(Path, os.get_exec_path())]
    needed = ("initdb", "pg_config", "pg_ctl")
    return next((folder for folder in folders if all((folder / name).exists() for name in needed)), None)


@pytest.fixture(scope="module")
def server():
    """The settings by which a new server is found, which has no password and listens on this machine alone."""
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    shared = subprocess.check_output([folder / "pg_config", "--sharedir"], text=True).strip()
    if not Path(shared, "extension", "vector.control").exists():
        pytest.skip("pgvector is not installed: apt-get install postgresql-15-pgvector")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    home = Path(tempfile.mkdtemp(prefix="firth-pgvector-"))
    if NO_ROOT:
        shutil.chown(home, **NO_ROOT)

    def run(*command):
        subprocess.run(command, check=True, cwd=home, stdout=subprocess.DEVNULL, **NO_ROOT)

    control = [folder / "pg_ctl", "-D", home / "data", "-l", home / "log", "-w"]
    try:
        run(folder / "initdb", "-D", home / "data", "-A", "trust", "-U", "firth", "-E", "UTF8")
        run(*control, "-o", f"-F -h 127.0.0.1 -p {port} -k {home}", "start")
        try:
            yield {"PGHOST": "127.0.0.1", "PGPORT": port, "PGUSER": "firth", "PGDATABASE": "postgres"}
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.mark.parametrize("kind", models())
def test_pgvector__finds_the_neighbors_that_firth_finds(kind, server, monkeypatch):
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    model = models()[kind]
    names = names_after("pgvector", model)
    try:
        assert_same(names["found"], model, names["asked"])
        db, query = names["db"], {"query": names["query"], "asked": names["asked"]}
        db.execute("SET enable_seqscan = off")
        plan = "\n".join(line for (line,) in db.execute("EXPLAIN " + names["near"], query))
        assert "items_vector_idx" in plan  # the index of the recipe is one for this query
        approximate = {word for word, _ in db.execute(names["near"], query)}
        assert len(approximate & {word for word, _ in names["found"]}) >= 4
    finally:
        names["db"].execute("DROP TABLE items")
        names["db"].close()
