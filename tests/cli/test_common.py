"""What all commands share: errors, exit codes, help, pipes and locales."""

import subprocess
import sys

import numpy as np
import pytest

import firth
from tests.helpers.commands import in_locale


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "none.txt", "-o", "m"], 1, "there is no file or folder 'none.txt'"),
        (["train", "none.txt"], 2, "Missing option '-o'"),
        (["train", "none.txt", "-o", "m", "--window", "0"], 1, "window must be a whole number from 1"),
        (["train", "none.txt", "-o", "m", "--window", "x"], 2, "'x' is not a valid integer"),
        (["train", "-", "a.txt", "-o", "m"], 2, "cannot be mixed"),
        (["similar", "none", "x"], 1, "there is no model none"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_command__errors_are_one_line_and_have_their_exit_codes(run, arguments, code, message):
    got, out, err = run(*arguments)
    assert (got, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_help__teaches(run):
    code, out, _ = run("--help")
    assert code == 0
    for command in ("demo", "train", "similar", "analogy", "export", "info"):
        assert f"\n  {command} " in out
    assert "king" in run("analogy", "--help")[1]


def test_similar__into_a_closed_pipe_does_not_complain(saved):
    line = f"{sys.executable} -m firth similar {saved} king queen the | head -1"
    run = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert run.stderr == ""


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_output__to_a_pipe_is_utf8_in_every_locale(saved, options):
    done = in_locale("similar", saved, "king", *options)
    assert (done.returncode, done.stderr) == (0, b"")
    assert {"élan", "мир", "Zoë"} <= set(done.stdout.decode().replace('"', " ").replace(",", " ").split())


def test_output__what_the_encoding_asked_for_cannot_hold_is_escaped(saved):
    done = in_locale("similar", saved, "king", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, b"")
    words = [line.split()[1] for line in done.stdout.splitlines()]
    assert {"élan".encode("latin-1"), rb"\u043c\u0438\u0440"} <= set(words)


def test_output__csv_to_a_pipe_is_utf8(saved):
    done = in_locale("stability", saved, saved, "--csv", "-n", "3")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "мир" in done.stdout.decode()


def test_explore__what_is_piped_into_it_is_utf8_in_every_locale(saved):
    done = in_locale("explore", saved, typed="мир ~ мир\n".encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"1.0000" in done.stdout


def test_compare__words_are_utf8_in_every_locale(tmp_path):
    path = firth.WordVectors(["мир", "king", "axe"], np.eye(3, 2, dtype=np.float32)).save(tmp_path / "v.firth")
    done = in_locale("compare", path, path, "мир")
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert "мир" in done.stdout.decode("utf-8")


def test_similar__a_word_is_utf8_in_every_locale(saved):
    done = in_locale("similar", saved, "мир")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"king" in done.stdout
