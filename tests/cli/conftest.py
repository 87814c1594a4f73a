"""Fixtures for commands."""

import sys

import pytest

from firth import cli


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command in this process: its exit code, output and error output."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["firth", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit:
            cli.main()
        return exit.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def saved(model, tmp_path):
    return model.save(tmp_path / "m.firth")
